"""The contract of all wallet stores: PostgreSQL, files, and migrating from files."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import psycopg
import pytest

from tests.database import audit_entries, discard_rows, rows
from tests.factories import ACCESS, BASE_ACCOUNT, FID
from tests.races import race
from wallet_api.crypto import key_pairs as keys
from wallet_api.crypto.audit_chain import FIRST_HEAD
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Database, one_round_trip
from wallet_api.errors import KeyUnreadable
from wallet_api.models import MAX_FID, AuditEvent, NewWallet
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository
from wallet_api.repositories.wallet_files.migrating import MigratingWalletRepository
from wallet_api.repositories.wallets.rows import PostgresWalletRepository
from wallet_api.services.audit.append import AuditTrail
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.wallet_files.on_demand import OnDemandImport

OTHER_ACCOUNT = "0x036cbd53842c5426634e7929541ec2318f3dcf7e"
UNKNOWN_CHAINS = [
    "../../etc/passwd",
    "",
    "a/b",
    "ethereum\0",
    "Ethereum",
    "ethereum ",
    "ethereum.json/../wallet_1_ethereum",
    "solana",
    "\N{ARABIC-INDIC DIGIT THREE}",
    "x" * 10_000,
]


@dataclass
class Place:
    """One place that keeps wallets; each call works on a connection of its own."""

    kind: str
    database: Database
    folder: Path
    files: FilesystemWalletRepository
    encryption: EncryptionService

    def __post_init__(self):
        # The rows of these tests are encrypted with a secret that the database must know.
        SecretRegistration(self.database, self.encryption).register()
        self.importer = OnDemandImport(self.encryption)
        self.trail = AuditTrail(self.encryption)

    def on(self, connection):
        rows = PostgresWalletRepository(connection)
        hand_over = self.files.directory.hand_over
        return {
            "postgres": rows,
            "filesystem": self.files.with_rows(rows),
            "migrating": MigratingWalletRepository(
                rows, self.files, hand_over, partial(self.importer.run, connection, ACCESS)
            ),
        }[self.kind]

    def run(self, work):
        return self.database.run(lambda connection: work(self.on(connection)))

    def get(self, fid=FID, chain="ethereum"):
        return self.run(lambda wallets: wallets.get(fid, chain))

    def list(self, fid=FID):
        return self.run(lambda wallets: wallets.list_for_user(fid))

    def list_with_head(self, fid=FID):
        return self.run(lambda wallets: wallets.list_with_head(fid))

    def put_base_account(self, address, fid=FID):
        def work(connection):
            files = self.kind == "filesystem"
            wallets = self.files if files else PostgresWalletRepository(connection)
            wallets.put_base_account(fid, address)

        self.database.run(work)

    def new(self, fid=FID, chain="ethereum"):
        pair = keys.generate()
        encrypted = self.encryption.encrypt(
            pair.private_key, fid=fid, chain=chain, address=pair.address
        )
        return NewWallet(fid=fid, chain=chain, address=pair.address, encrypted_key=encrypted)

    def claim(self, wallet):
        """Insert a wallet, or read the one that was inserted first, as the service does."""

        def work(connection):
            wallets = self.on(connection)
            if self.kind == "filesystem":
                wallets.insert_if_absent(wallet)
                return wallets.get(wallet.fid, wallet.chain)
            with one_round_trip(connection):
                made = PostgresWalletRepository(connection).insert_if_absent_later(wallet)
            return made() or wallets.get(wallet.fid, wallet.chain)

        return self.database.run(work)

    def read_key(self, fid=FID, chain="ethereum"):
        """Read a wallet and say so, as the service does; None if there is nothing to say it of."""
        event = AuditEvent(fid=fid, chain=chain, action="key.read", access=ACCESS)

        def work(connection):
            audit = AuditRepository(connection)
            wallet = self.on(connection).get(fid, chain)
            if wallet is None or wallet.encrypted_key is None:
                return None
            with one_round_trip(connection, commit=False):
                head = audit.lock_head(fid)
            entry = self.trail.next_entry(head(), event)
            with one_round_trip(connection, begin=False):
                recorded = audit.append_later(entry)
            return wallet if recorded() else None

        return self.database.run(work)

    def key_of(self, wallet):
        return self.encryption.decrypt(
            wallet.encrypted_key, fid=wallet.fid, chain=wallet.chain, address=wallet.address
        ).reveal()


@pytest.fixture(params=["postgres", "filesystem", "migrating"])
def place(request, database, encryption, tmp_path):
    # Deep enough that "../../" ends inside the test's own folder.
    folder = tmp_path / "a" / "b" / "wallets"
    folder.mkdir(parents=True)
    files = FilesystemWalletRepository(WalletDirectory(folder), encryption)
    return Place(request.param, database, folder, files, encryption)


def kept(place, sql):
    """Return everything that is stored: rows and files."""
    return rows(sql), {path.name: path.read_bytes() for path in place.folder.glob("wallet_*")}


def test_a_stored_wallet_is_returned_unchanged(place):
    new = place.new()
    before = datetime.now(UTC) - timedelta(seconds=1)
    claimed = place.claim(new)
    for found in (claimed, place.get(), *place.list()):
        assert (found.fid, found.chain, found.wallet_type) == (FID, "ethereum", "trading")
        assert found.address == new.address
        assert place.key_of(found) == place.key_of(new)
        assert found.encrypted_key.scheme == "aes-256-gcm"
        assert before < found.created_at == found.updated_at
        assert found.created_at.utcoffset() is not None


def test_reading_a_missing_wallet_returns_none_and_writes_nothing(place, sql):
    assert place.get() is None
    assert place.get(chain="base-account") is None
    assert place.list() == []
    assert place.run(lambda wallets: wallets.get_with_head(FID, "ethereum"))[0] is None
    wallets, head = place.list_with_head()
    assert (wallets, head.fid, head.id, head.mac) == ([], FID, 0, FIRST_HEAD)
    assert place.read_key() is None
    assert kept(place, sql) == ([], {})
    assert audit_entries(sql) == []


def test_a_second_wallet_of_the_same_user_changes_nothing(place, sql):
    first = place.claim(place.new())
    before = kept(place, sql)
    second = place.claim(place.new())
    assert second.address == first.address
    assert second.created_at == first.created_at
    assert place.key_of(second) == place.key_of(first)
    assert kept(place, sql) == before


@pytest.mark.parametrize("chain", UNKNOWN_CHAINS, ids=lambda chain: ascii(chain)[:40])
def test_an_unknown_chain_has_no_wallet_and_no_file(place, sql, chain):
    outside = place.folder.parent.parent / "etc"
    outside.mkdir()
    (outside / "passwd").write_text("root")
    (outside / "passwd.json").write_text("root")
    place.claim(place.new())
    before = kept(place, sql)
    if "\0" in chain and place.kind != "filesystem":
        # PostgreSQL has no such text: psycopg refuses to ask.
        with pytest.raises(psycopg.DataError):
            place.get(chain=chain)
    else:
        assert place.get(chain=chain) is None
        assert place.read_key(chain=chain) is None
    assert audit_entries(sql) == []
    with pytest.raises((ValueError, psycopg.Error, KeyUnreadable)):
        place.claim(place.new(FID + 7, chain))
    assert kept(place, sql) == before
    assert sorted(path.name for path in outside.iterdir()) == ["passwd", "passwd.json"]


def test_a_base_account_is_replaced_by_the_last_writer(place, sql):
    place.put_base_account(OTHER_ACCOUNT)
    first = place.get(chain="base-account")
    assert (first.address, first.encrypted_key, first.wallet_type) == (
        OTHER_ACCOUNT,
        None,
        "base-account",
    )
    place.put_base_account(BASE_ACCOUNT)
    second = place.get(chain="base-account")
    assert second.address == BASE_ACCOUNT
    assert second.created_at == first.created_at
    assert second.updated_at >= first.updated_at
    before = kept(place, sql)
    place.put_base_account(BASE_ACCOUNT)
    assert kept(place, sql) == before


def test_a_base_account_has_no_key_to_read(place, sql):
    place.put_base_account(BASE_ACCOUNT)
    assert place.read_key(chain="base-account") is None
    assert place.read_key() is None
    assert audit_entries(sql) == []


def test_a_key_read_is_recorded_once_and_returns_the_key_of_the_wallet(place, sql):
    new = place.new()
    place.claim(new)
    found = place.read_key()
    assert found.address == new.address
    assert place.key_of(found) == place.key_of(new)
    assert audit_entries(sql) == [(FID, "ethereum", "key.read")]


def test_a_silently_discarded_audit_entry_prevents_the_key_read(place, sql):
    place.claim(place.new())
    discard_rows(sql, "wallet_audit_log")
    assert place.read_key() is None


@pytest.mark.parametrize("base_account_first", [True, False])
def test_wallets_are_listed_for_one_user_with_the_base_account_first(place, base_account_first):
    if base_account_first:
        place.put_base_account(BASE_ACCOUNT)
    place.claim(place.new())
    place.put_base_account(BASE_ACCOUNT)
    place.put_base_account(OTHER_ACCOUNT, fid=FID + 1)
    place.claim(place.new(FID * 10))
    assert [wallet.chain for wallet in place.list()] == ["base-account", "ethereum"]
    assert [wallet.address for wallet in place.list(FID + 1)] == [OTHER_ACCOUNT]


def test_wallets_are_listed_with_the_head_of_the_user_s_chain(place):
    place.claim(place.new(FID + 1))
    place.claim(place.new())
    for entries in range(3):
        wallets, head = place.list_with_head()
        assert described(wallets) == described(place.list())
        assert (head.fid, head.id) == (FID, entries)
        assert abs(head.now - datetime.now(UTC)) < timedelta(minutes=1)
        place.read_key()
    place.put_base_account(BASE_ACCOUNT)
    wallets, _ = place.list_with_head()
    assert [wallet.chain for wallet in wallets] == ["base-account", "ethereum"]
    assert described(wallets) == described(place.list())


def described(wallets):
    """Return what is the same at each read. A key of a file is encrypted again."""
    return [(one.chain, one.address, one.created_at, one.transaction_id) for one in wallets]


@pytest.mark.parametrize("fid", [1, MAX_FID])
def test_the_smallest_and_the_largest_fid_have_wallets(place, fid):
    new = place.new(fid)
    place.claim(new)
    place.put_base_account(BASE_ACCOUNT, fid)
    assert [wallet.address for wallet in place.list(fid)] == [BASE_ACCOUNT, new.address]
    assert place.read_key(fid).address == new.address


@pytest.mark.parametrize("fid", [0, -1, MAX_FID + 1])
def test_a_fid_out_of_bounds_gets_no_wallet(place, sql, fid):
    with pytest.raises((ValueError, psycopg.Error)):
        place.claim(place.new(fid))
    with pytest.raises((ValueError, psycopg.Error)):
        place.put_base_account(BASE_ACCOUNT, fid)
    assert kept(place, sql) == ([], {})
    if fid <= 0:
        assert place.get(fid) is None
        assert place.list(fid) == []


def test_thirty_two_threads_that_claim_one_fid_read_one_address(place, sql):
    candidates = [place.new() for _ in range(32)]
    answered = set(race(lambda candidate: place.claim(candidate).address, candidates))
    assert answered == {place.get().address}
    assert answered < {candidate.address for candidate in candidates}
    stored, files = kept(place, sql)
    assert len(stored) + len(files) == 1


def test_racing_base_accounts_leave_one_complete_address(place):
    addresses = [f"0x{number:040x}" for number in range(1, 17)]
    with ThreadPoolExecutor(16) as crowd:
        list(crowd.map(place.put_base_account, addresses))
    assert place.get(chain="base-account").address in addresses
    assert len(place.list()) == 1
