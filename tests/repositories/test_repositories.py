"""The repositories: dataclasses from rows, on one connection, without commits."""

import uuid
from dataclasses import replace

import pytest

from tests.factories import ACCESS, BASE_ACCOUNT, FID, SECRET
from wallet_api.crypto.audit_chain import FIRST_HEAD
from wallet_api.crypto.encryption import EncryptedKey, EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.models import AuditEvent, Deposit, NewWallet
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.repositories.deposits import DepositRepository
from wallet_api.repositories.encryption_keys import EncryptionKeyRepository
from wallet_api.repositories.migrations import MigrationRepository
from wallet_api.repositories.wallets.rows import PostgresWalletRepository
from wallet_api.services.audit.append import AuditTrail

ENCRYPTED = EncryptedKey("ab" * 48, "cd" * 12, "aes-256-gcm", "ef" * 8)
ADDRESS = "0x6485BbeDC60dc050b7a5400F454610BEdead8292"
WALLET = NewWallet(fid=FID, chain="ethereum", address=ADDRESS, encrypted_key=ENCRYPTED)
EVENT = AuditEvent(fid=FID, chain="ethereum", action="key.refused", access=ACCESS)


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
def on_pool(database, sql):
    """Run work on one connection of the pool; the database knows the secret of ENCRYPTED."""
    sql.execute("insert into encryption_keys (key_id) values (%s)", [ENCRYPTED.key_id])
    sql.execute("insert into active_encryption_keys (key_id) values (%s)", [ENCRYPTED.key_id])
    return database.run


def append(connection, event=EVENT, *, creation=False):
    """Append an entry to a user's chain, and return whether it was written."""
    audit = AuditRepository(connection)
    trail = AuditTrail(EncryptionService(Secret(SECRET)))
    entry = trail.next_entry(audit.lock_head(event.fid)(), event)
    return (audit.append_creation_later if creation else audit.append_later)(entry)()


def test_a_stored_wallet_is_returned_unchanged(on_pool):
    on_pool(lambda connection: PostgresWalletRepository(connection).insert_if_absent_later(WALLET))
    found = on_pool(lambda connection: PostgresWalletRepository(connection).get(FID, "ethereum"))
    assert (found.fid, found.chain, found.address, found.encrypted_key, found.wallet_type) == (
        *(FID, "ethereum", ADDRESS, ENCRYPTED, "trading"),
    )
    assert found.created_at == found.updated_at
    assert found.created_at.tzinfo is not None


def test_a_second_wallet_of_the_same_user_and_chain_changes_nothing(on_pool):
    other = NewWallet(fid=FID, chain="ethereum", address=BASE_ACCOUNT, encrypted_key=ENCRYPTED)

    def both(connection):
        wallets = PostgresWalletRepository(connection)
        wallets.insert_if_absent_later(WALLET)
        wallets.insert_if_absent_later(other)
        return wallets.list_for_user(FID)

    assert [wallet.address for wallet in on_pool(both)] == [ADDRESS]


def test_wallets_are_listed_for_one_user_with_the_base_account_first(on_pool):
    def fill(connection):
        wallets = PostgresWalletRepository(connection)
        wallets.insert_if_absent_later(WALLET)
        wallets.put_base_account(FID, BASE_ACCOUNT)
        wallets.put_base_account(FID + 1, BASE_ACCOUNT)
        return wallets.list_for_user(FID)

    assert [wallet.chain for wallet in on_pool(fill)] == ["base-account", "ethereum"]


def test_only_wallets_with_a_key_are_counted_as_encrypted(on_pool):
    def fill(connection):
        wallets = PostgresWalletRepository(connection)
        wallets.put_base_account(FID, BASE_ACCOUNT)
        before = wallets.any_encrypted_key()
        wallets.insert_if_absent_later(WALLET)
        return before, wallets.any_encrypted_key()

    assert on_pool(fill) == (False, True)


def test_repositories_never_commit(database, sql):
    def work(connection):
        with connection.transaction(force_rollback=True):
            keys = EncryptionKeyRepository(connection)
            keys.insert_if_absent("ef" * 8, succeeds=None, sealed_audit_root=None)
            keys.activate("ef" * 8)
            PostgresWalletRepository(connection).insert_if_absent_later(WALLET)
            DepositRepository(connection).insert_if_absent_later(deposit())
            append(connection)

    database.run(work)
    tables = ("wallets", "deposits", "wallet_audit_log", "wallet_audit_heads", "encryption_keys")
    for table in (*tables, "active_encryption_keys"):
        assert sql.execute(f"select count(*) from {table}").fetchone() == (0,)


def test_an_amount_of_78_digits_is_returned_exactly(on_pool):
    given = deposit()
    on_pool(lambda connection: DepositRepository(connection).insert_if_absent_later(given))
    found = on_pool(
        lambda connection: DepositRepository(connection).get_by_idempotency_key_later(FID, "k")()
    )
    assert found == given
    assert type(found.amount) is int


def test_a_deposit_is_found_by_its_own_user_s_key_only(on_pool):
    on_pool(lambda connection: DepositRepository(connection).insert_if_absent_later(deposit()))
    for fid, key in ((FID + 1, "k"), (FID, "K")):
        found = on_pool(
            lambda c, f=fid, k=key: DepositRepository(c).get_by_idempotency_key_later(f, k)()
        )
        assert found is None


def test_a_creation_is_confirmed_only_for_a_stored_wallet_with_that_address(on_pool):
    made = AuditEvent(
        fid=FID, chain="ethereum", action="wallet.created", access=ACCESS, address=ADDRESS
    )

    def tell(connection):
        PostgresWalletRepository(connection).insert_if_absent_later(WALLET)
        others = [
            replace(made, address=BASE_ACCOUNT),
            replace(made, chain="base-account"),
            replace(made, fid=FID + 1),
        ]
        return [append(connection, event, creation=True) for event in (*others, made)]

    assert on_pool(tell) == [False, False, False, True]


def test_a_chain_grows_by_one_and_its_head_follows(on_pool, sql):
    def grow(connection):
        audit = AuditRepository(connection)
        heads = [audit.lock_head(FID)()]
        for _ in range(3):
            append(connection)
            heads.append(audit.lock_head(FID)())
        return heads, audit.list_heads([FID, FID + 1])

    heads, listed = on_pool(grow)
    assert [head.id for head in heads] == [0, 1, 2, 3]
    assert heads[0].mac == FIRST_HEAD
    assert len({head.mac for head in heads}) == 4
    assert (listed[FID].id, listed[FID].mac) == (3, heads[3].mac)
    assert (listed[FID + 1].id, listed[FID + 1].mac) == (0, FIRST_HEAD)
    ids = sql.execute("select id from wallet_audit_log order by id").fetchall()
    assert ids == [(1,), (2,), (3,)]


def test_the_first_secret_stays_the_only_first_and_an_active_one_can_be_retired(database):
    def register(connection):
        keys = EncryptionKeyRepository(connection)
        keys.insert_if_absent("aa" * 8, succeeds=None, sealed_audit_root=None)
        keys.insert_if_absent("bb" * 8, succeeds=None, sealed_audit_root=None)
        for _ in range(2):
            keys.insert_if_absent("cc" * 8, succeeds="aa" * 8, sealed_audit_root="12" * 60)
            keys.activate("cc" * 8)
        before = keys.list_keys()
        return before, keys.retire("cc" * 8), keys.retire("cc" * 8), keys.list_keys()

    before, *retired, after = database.run(register)
    assert [(key.key_id, key.succeeds, key.sealed_audit_root) for key in before] == [
        ("aa" * 8, None, None),
        ("cc" * 8, "aa" * 8, "12" * 60),
    ]
    assert [key.active for key in before] == [False, True]
    assert retired == [True, False]
    assert [key.active for key in after] == [False, False]


def test_the_upgrade_lock_is_held_by_one_session(database):
    def both(first):
        def second(connection):
            return MigrationRepository(connection).try_lock()

        held = MigrationRepository(first).try_lock()
        while_held = database.run(second)
        MigrationRepository(first).unlock()
        return held, while_held

    assert database.run(both) == (True, False)
