"""Verification of Base Account addresses and imported wallets against the audit log."""

import pytest

from tests.database import plant
from tests.factories import ACCESS, BASE_ACCOUNT, OTHER_SECRET, SECRET, append_events
from tests.services.audit_faults import ANOTHER, GONE, LONG_AGO, REPLACED, TWICE, UNSET
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.models import AuditEvent
from wallet_api.services.encryption_keys.registration import SecretRegistration


def put_by_hand(sql, fid, address=ANOTHER):
    """Remember an address as the role that serves may, past the service: no trigger refuses it."""
    sql.execute(
        "insert into wallets (fid, chain, wallet_type, address)"
        " values (%s, 'base-account', 'base-account', %s)"
        " on conflict (fid, chain) do update set address = excluded.address",
        [fid, address],
    )


def test_a_base_account_address_is_compared_with_the_last_entry_about_it(log, verify, sql):
    for address in (ANOTHER, BASE_ACCOUNT, ANOTHER):
        log.store_base_account_address(3, address, access=ACCESS)
        assert verify()[0] == []
        assert verify(fid=3)[0] == []
    # One that the user had before is a replaced one, too.
    put_by_hand(sql, 3, BASE_ACCOUNT)
    assert verify()[0] == [(3, None, REPLACED)]
    assert verify(fid=3)[0] == [(3, None, REPLACED)]
    # The user sends the true one: that is remembered, and an entry says so.
    log.store_base_account_address(3, ANOTHER, access=ACCESS)
    assert verify()[0] == []


def test_a_base_account_address_without_an_entry_is_reported(log, verify, sql):
    log.ensure_trading_wallet(60, access=ACCESS)
    put_by_hand(sql, 60)
    assert verify()[0] == [(60, None, UNSET)]
    # Unless it may be older than the chains.
    assert verify(unchained_before=LONG_AGO)[0] == [(60, None, UNSET)]
    plant(sql, "update wallets set updated_at = '2020-01-01' where fid = 60")
    assert verify(unchained_before=LONG_AGO)[0] == []


def test_an_imported_base_account_address_is_compared_with_its_import(
    log, database, encryption, verify, sql
):
    put_by_hand(sql, 1)
    event = AuditEvent(
        fid=1, chain="base-account", action="wallet.imported", access=ACCESS, address=ANOTHER
    )
    database.run(lambda one: append_events(one, encryption, event))
    assert verify()[0] == []
    put_by_hand(sql, 1, BASE_ACCOUNT)
    assert verify()[0] == [(1, None, REPLACED)]


@pytest.mark.parametrize("storage", ["postgres", "migrating"])
def test_an_imported_base_account_cannot_move_back_to_its_file(
    log, database, encryption, verify, sql, storage
):
    """The file keeps an older address, and a request would import it again."""

    def import_again():
        put_by_hand(sql, 1)
        event = AuditEvent(
            fid=1, chain="base-account", action="wallet.imported", access=ACCESS, address=ANOTHER
        )
        database.run(lambda one: append_events(one, encryption, event))

    import_again()
    log.store_base_account_address(1, BASE_ACCOUNT, access=ACCESS)
    assert verify(wallet_storage=storage)[0] == []
    plant(sql, "delete from wallets where (fid, chain) = (1, 'base-account')")
    assert verify(wallet_storage=storage)[0] == [(1, None, GONE)]
    import_again()
    assert verify(wallet_storage=storage)[0] == [(1, None, TWICE)]


def test_a_missing_imported_trading_wallet_is_reported_while_migrating(
    log, database, encryption, verify, sql
):
    (address,) = sql.execute(
        "select address from wallets where (fid, chain) = (2, 'ethereum')"
    ).fetchone()
    event = AuditEvent(
        fid=2, chain="ethereum", action="wallet.imported", access=ACCESS, address=address
    )
    database.run(lambda one: append_events(one, encryption, event))
    assert verify(wallet_storage="migrating")[0] == []
    plant(sql, "delete from wallets where fid = 2 and chain = 'ethereum'")
    gone = (2, None, "the trading wallet that was created is not in PostgreSQL")
    assert verify(wallet_storage="migrating")[0] == [gone]


def test_entries_about_a_trading_wallet_say_nothing_about_a_base_account(log, verify, sql):
    """Reading or refusing it neither: only what remembers an address is compared with it."""
    log.get_wallet_with_key(3, "base-account", access=ACCESS)
    log.refuse_key(3, "base-account", access=ACCESS)
    assert verify()[0] == []


@pytest.mark.parametrize(
    ("storage", "replaced", "removed"),
    [("postgres", [REPLACED], [GONE]), ("migrating", [REPLACED], []), ("filesystem", [], [])],
)
def test_base_account_addresses_are_compared_where_rows_are_in_use(
    log, verify, sql, storage, replaced, removed
):
    """With `filesystem`, rows are left over, and entries are about files."""
    put_by_hand(sql, 3)
    assert verify(wallet_storage=storage)[0] == [(3, None, fault) for fault in replaced]
    plant(sql, "delete from wallets where (fid, chain) = (3, 'base-account')")
    assert verify(wallet_storage=storage)[0] == [(3, None, fault) for fault in removed]


@pytest.mark.parametrize("gone", [False, True])
def test_a_second_trading_wallet_of_one_user_is_reported_in_either_storage(
    log, database, encryption, verify, sql, gone
):
    event = AuditEvent(
        fid=2, chain="ethereum", action="wallet.created", access=ACCESS, address="0x" + "ab" * 20
    )
    database.run(lambda one: append_events(one, encryption, event))
    if gone:
        plant(sql, "delete from wallets where fid = 2")
    faults = [(2, None, "more than one trading wallet was created")]
    if not gone:
        faults.append((2, None, "the trading wallet was created with another address"))
    assert verify(wallet_storage="migrating") == (faults, 21)


def test_a_creation_may_be_recorded_after_the_import_under_the_next_secret(
    log, database, verify, sql
):
    first, second = (
        EncryptionService(Secret(secret), [Secret(SECRET)]) for secret in (SECRET, OTHER_SECRET)
    )
    SecretRegistration(database, second).register()
    address = log.ensure_trading_wallet(60, access=ACCESS).address
    plant(sql, "delete from wallet_audit_log where fid = 60")
    plant(sql, "delete from wallet_audit_heads where fid = 60")
    for encryption, action in ((second, "wallet.imported"), (first, "wallet.created")):
        event = AuditEvent(fid=60, chain="ethereum", action=action, access=ACCESS, address=address)
        database.run(
            lambda one, encryption=encryption, event=event: append_events(one, encryption, event)
        )
    encrypted = "update wallets set key_id = %s, encrypted_private_key = repeat('0', 96)"
    sql.execute(f"{encrypted} where fid = 60", [second.key_id])
    assert verify(OTHER_SECRET, SECRET) == ([], 22)
