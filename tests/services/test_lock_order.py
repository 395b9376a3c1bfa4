"""Concurrent transactions that begin a user's audit chain do not wait for each other in a circle.

The chain is empty when the first of them locks its head, so that it locks nothing.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import psycopg
import pytest

from tests.commands import wait_until
from tests.database import audited_actions
from tests.factories import ACCESS, BASE_ACCOUNT, FID
from wallet_api.blueprints.application import Application
from wallet_api.database import Conflict, Database
from wallet_api.repositories.audit.entries import AuditRepository, EntryIdTaken
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository
from wallet_api.repositories.wallets.batches import WalletBatchRepository
from wallet_api.repositories.wallets.rows import PostgresWalletRepository
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.wallet_files.importing import WalletImport

WITHOUT_FILES = 42
WAITING = (
    "select count(*) from pg_stat_activity"
    " where datname = current_database() and wait_event_type = 'Lock'"
)


@dataclass
class Acts:
    """Transactions that insert a row and append an entry."""

    services: Application
    importing: WalletImport

    def import_wallet(self):
        self.services.wallets.get_wallet(FID, "ethereum", access=ACCESS)

    def import_base_account(self):
        self.services.wallets.get_wallet(FID, "base-account", access=ACCESS)

    def import_batch(self):
        names = list(self.importing._files.directory.names())
        self.importing.run([name for name in names if "base" not in name])

    def create_wallet(self):
        self.services.wallets.ensure_trading_wallet(WITHOUT_FILES, access=ACCESS)

    def set_base_account(self):
        self.services.wallets.store_base_account_address(WITHOUT_FILES, BASE_ACCOUNT, access=ACCESS)


@pytest.fixture
def acts(samples, start_services, database, encryption):
    files = FilesystemWalletRepository(WalletDirectory(samples), encryption)
    registration = SecretRegistration(database, encryption)
    importing = WalletImport(database, files, encryption, registration, ACCESS, dry_run=False)
    return Acts(start_services("migrating"), importing)


@pytest.fixture
def rolled_back(monkeypatch):
    """Record why attempts of transactions were rolled back to be retried."""
    types, attempt = [], Database._attempt

    def noted(work, connection):
        try:
            return attempt(work, connection)
        except (Conflict, psycopg.errors.DeadlockDetected) as error:
            types.append(type(error))
            raise

    monkeypatch.setattr(Database, "_attempt", staticmethod(noted))
    return types


class Case(NamedTuple):
    """An act with its methods that lock the chain and insert the row.

    `begin` begins the chain after that lock, and `other` locks its head and waits for that row.
    """

    fid: int
    act: Callable[[Acts], None]
    lock: str
    insert: tuple[type, str]
    begin: Callable[[Acts], None]
    other: Callable[[Acts], None]
    actions: list[str]


CASES = {
    "import on demand": Case(
        fid=FID,
        act=Acts.import_wallet,
        lock="lock_head",
        insert=(PostgresWalletRepository, "add_copy"),
        begin=Acts.import_base_account,
        other=Acts.import_wallet,
        actions=["wallet.imported", "wallet.imported"],
    ),
    "import of a batch": Case(
        fid=FID,
        act=Acts.import_batch,
        lock="lock_heads",
        insert=(WalletBatchRepository, "insert_copies_if_absent"),
        begin=Acts.import_base_account,
        other=Acts.import_wallet,
        actions=["wallet.imported", "wallet.imported"],
    ),
    "Base Account address": Case(
        fid=WITHOUT_FILES,
        act=Acts.set_base_account,
        lock="lock_head",
        insert=(PostgresWalletRepository, "put_base_account"),
        begin=Acts.create_wallet,
        other=Acts.set_base_account,
        actions=["wallet.created", "base_account.set"],
    ),
}


@pytest.mark.parametrize("what", CASES)
def test_transactions_that_find_an_empty_chain_do_not_deadlock(
    what, acts, sql, monkeypatch, rolled_back
):
    fid, act, lock, insert, begin, other, actions = CASES[what]
    lock_chain, insert_row = getattr(AuditRepository, lock), getattr(*insert)
    locks, inserts = threading.Semaphore(1), threading.Semaphore(0)
    others = []

    def lock_first(self, users):
        locked = lock_chain(self, users)
        if not locks.acquire(blocking=False):
            return locked
        # In a pipeline, this waits for the lock.
        self._connection.execute("select 1").fetchone()
        threads.submit(begin, acts).result()
        inserts.release()
        return locked

    def insert_first(self, *arguments, **columns):
        inserted = insert_row(self, *arguments, **columns)
        if inserts.acquire(blocking=False):
            # The first transaction has the row, and the other one has the head.
            self._connection.execute("select 1").fetchone()
            others.append(threads.submit(other, acts))
            wait_until(lambda: sql.execute(WAITING).fetchone() == (1,))
        return inserted

    monkeypatch.setattr(AuditRepository, lock, lock_first)
    monkeypatch.setattr(*insert, insert_first)
    with ThreadPoolExecutor() as threads:
        threads.submit(act, acts).result()
    assert others[0].result() is None
    assert rolled_back == [EntryIdTaken]
    assert audited_actions(sql, fid) == actions
