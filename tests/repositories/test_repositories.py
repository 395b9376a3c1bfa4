"""Rows in, dataclasses out: what each repository does on one connection, without commits."""

import uuid

import pytest

from tests.conftest import BASE_ACCOUNT, FID
from wallet_api.crypto.encryption import SealedKey
from wallet_api.models import Access, Deposit, NewWallet
from wallet_api.repositories.audit import AuditRepository
from wallet_api.repositories.deposits import DepositRepository
from wallet_api.repositories.encryption_keys import EncryptionKeyRepository
from wallet_api.repositories.migrations import MigrationRepository
from wallet_api.repositories.postgres import PostgresWalletRepository

SEALED = SealedKey("ab" * 48, "cd" * 12, "aes-256-gcm", "ef" * 8)
ADDRESS = "0x6485BbeDC60dc050b7a5400F454610BEdead8292"
WALLET = NewWallet(fid=FID, chain="ethereum", address=ADDRESS, sealed=SEALED)
ACCESS = Access(actor="user:1464243", request_id="a-test")


def deposit(**changes):
    fields = {
        "fid": FID,
        "id": uuid.uuid4(),
        "asset": "ETH",
        "amount": 2**256 - 1,
        "from_address": BASE_ACCOUNT,
        "to_address": ADDRESS,
        "chain_id": 8453,
        "idempotency_key": "k",
        "request_hash": "ab" * 32,
    }
    return Deposit(**{**fields, **changes})


@pytest.fixture
def run(database):
    """Run work on one connection of the pool."""
    return lambda work: database.run(work, repeatable=True)


def test_a_wallet_comes_back_as_it_was_put_in(run):
    run(lambda connection: PostgresWalletRepository(connection).insert_if_absent(WALLET))
    found = run(lambda connection: PostgresWalletRepository(connection).get(FID, "ethereum"))
    assert (found.fid, found.chain, found.address, found.sealed, found.wallet_type) == (
        *(FID, "ethereum", ADDRESS, SEALED, "trading"),
    )
    assert found.created_at == found.updated_at
    assert found.created_at.tzinfo is not None


def test_a_second_wallet_of_the_same_user_and_chain_changes_nothing(run):
    other = NewWallet(fid=FID, chain="ethereum", address=BASE_ACCOUNT, sealed=SEALED)

    def both(connection):
        wallets = PostgresWalletRepository(connection)
        wallets.insert_if_absent(WALLET)
        wallets.insert_if_absent(other)
        return wallets.list_for_user(FID)

    assert [wallet.address for wallet in run(both)] == [ADDRESS]


def test_wallets_are_listed_for_one_user_with_the_base_account_first(run):
    def fill(connection):
        wallets = PostgresWalletRepository(connection)
        wallets.insert_if_absent(WALLET)
        wallets.put_base_account(FID, BASE_ACCOUNT)
        wallets.put_base_account(FID + 1, BASE_ACCOUNT)
        return wallets.list_for_user(FID)

    assert [wallet.chain for wallet in run(fill)] == ["base-account", "ethereum"]


def test_only_a_wallet_with_a_key_counts_as_sealed(run):
    def fill(connection):
        wallets = PostgresWalletRepository(connection)
        wallets.put_base_account(FID, BASE_ACCOUNT)
        before = wallets.any_sealed()
        wallets.insert_if_absent(WALLET)
        return before, wallets.any_sealed()

    assert run(fill) == (False, True)


def test_repositories_never_commit(database, sql):
    def work(connection):
        with connection.transaction(force_rollback=True):
            PostgresWalletRepository(connection).insert_if_absent(WALLET)
            DepositRepository(connection).insert_if_absent(deposit())
            AuditRepository(connection).record_key_refused(FID, "ethereum", ACCESS)
            EncryptionKeyRepository(connection).insert_if_absent("ef" * 8, succeeds=None)

    database.run(work, repeatable=True)
    for table in ("wallets", "deposits", "wallet_audit_log", "encryption_keys"):
        assert sql.execute(f"select count(*) from {table}").fetchone() == (0,)


def test_an_amount_of_78_digits_comes_back_exactly(run):
    given = deposit()
    run(lambda connection: DepositRepository(connection).insert_if_absent(given))
    found = run(lambda connection: DepositRepository(connection).get_by_idempotency_key(FID, "k"))
    assert found == given
    assert type(found.amount) is int


def test_a_deposit_is_found_by_its_own_user_s_key_only(run):
    run(lambda connection: DepositRepository(connection).insert_if_absent(deposit()))
    for fid, key in ((FID + 1, "k"), (FID, "K")):
        found = run(lambda c, f=fid, k=key: DepositRepository(c).get_by_idempotency_key(f, k))
        assert found is None


def test_a_key_read_is_recorded_for_a_trading_wallet_only(run):
    def read(connection):
        wallets, audit = PostgresWalletRepository(connection), AuditRepository(connection)
        wallets.insert_if_absent(WALLET)
        wallets.put_base_account(FID, BASE_ACCOUNT)
        chains = ((FID, "ethereum"), (FID, "base-account"), (FID + 1, "ethereum"))
        return [audit.record_key_read_later(*chain, ACCESS)() for chain in chains]

    assert run(read) == [True, False, False]


def test_the_first_secret_stays_the_only_first(run):
    def register(connection):
        keys = EncryptionKeyRepository(connection)
        keys.insert_if_absent("aa" * 8, succeeds=None)
        keys.insert_if_absent("bb" * 8, succeeds=None)
        keys.insert_if_absent("cc" * 8, succeeds="aa" * 8)
        keys.insert_if_absent("cc" * 8, succeeds="aa" * 8)
        return keys.list_ids()

    assert run(register) == {"aa" * 8, "cc" * 8}


def test_the_upgrade_lock_is_held_by_one_session(database):
    def both(first):
        def second(connection):
            return MigrationRepository(connection).try_lock()

        held = MigrationRepository(first).try_lock()
        while_held = database.run(second, repeatable=True)
        MigrationRepository(first).unlock()
        return held, while_held

    assert database.run(both, repeatable=True) == (True, False)
