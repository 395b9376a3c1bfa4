"""A process with another database's secret changes nothing."""

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.database import plant, rows
from tests.factories import ACCESS, BASE_ACCOUNT, FID, OTHER_SECRET, SECRET, service
from tests.races import race
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.errors import KeyUnreadable, SecretMismatch
from wallet_api.repositories.wallets.rows import PostgresWalletRepository
from wallet_api.services.encryption_keys.registration import SecretRegistration

pytestmark = pytest.mark.usefixtures("quick_derivation")

A_THIRD = "a third secret of quite sufficient length"
A_FOURTH = "a fourth secret of quite sufficient length"


def registration(database, secret, *previous):
    encryption = EncryptionService(Secret(secret), [Secret(older) for older in previous])
    return SecretRegistration(database, encryption)


def test_any_secret_is_accepted_by_an_empty_database_and_the_check_writes_nothing(database, sql):
    registration(database, SECRET).check()
    registration(database, OTHER_SECRET).check()
    assert sql.execute("select count(*) from encryption_keys").fetchone() == (0,)


AROUND = ["{}\n", "{}\r\n", " {}", "'{}'", '"{}"']


@pytest.mark.parametrize("around", AROUND)
def test_a_new_secret_with_surrounding_characters_encrypts_nothing(database, sql, around):
    """A copy of it easily lacks the line break or the quotes, and would open nothing."""
    framed = around.format(SECRET)
    for secrets in ([framed], [framed, OTHER_SECRET]):
        one = registration(database, *secrets)
        for act in (one.check, one.register):
            with pytest.raises(SecretMismatch) as caught:
                act()
            assert "white space or quotes around it: remove them" in caught.value.reason
        with pytest.raises(SecretMismatch):
            service(database, *secrets).ensure_trading_wallet(FID, access=ACCESS)
        assert rows(sql) == []
        # The second time there are wallets, under a secret that it names as the one before it.
        if len(secrets) == 1:
            assert sql.execute("select count(*) from encryption_keys").fetchone() == (0,)
            registration(database, OTHER_SECRET).register()
    assert sql.execute("select count(*) from encryption_keys").fetchone() == (1,)


@pytest.mark.parametrize("around", AROUND)
def test_a_database_encrypted_under_such_a_secret_works_and_can_be_rotated(
    database, sql, around, monkeypatch
):
    framed = around.format(SECRET)
    with monkeypatch.context() as before:
        # As the service was before it looked at what is around the secret.
        before.setattr(EncryptionService, "secret_is_trimmed", True)
        address = service(database, framed).ensure_trading_wallet(1, access=ACCESS).address
    again = service(database, framed)
    assert again.ensure_trading_wallet(1, access=ACCESS).address == address
    again.ensure_trading_wallet(2, access=ACCESS)
    # The copy without them is another secret. It opens nothing, and writes nothing.
    with pytest.raises(SecretMismatch):
        service(database, SECRET).ensure_trading_wallet(3, access=ACCESS)
    changed = service(database, SECRET, framed)
    assert changed.ensure_trading_wallet(1, access=ACCESS).address == address
    changed.ensure_trading_wallet(3, access=ACCESS)
    assert len(rows(sql)) == 3


def test_old_files_decrypt_under_a_previous_secret_with_a_line_break():
    framed = EncryptionService(Secret(f"{SECRET}\n"))
    key = Secret(bytes(range(32)))
    both = EncryptionService(Secret(SECRET), [Secret(f"{SECRET}\n")])
    opened = both.decrypt_legacy(*framed.encrypt_legacy(key))
    assert opened.private_key.reveal() == key.reveal()


def test_a_wrong_secret_writes_nothing(database, sql):
    service(database).ensure_trading_wallet(1, access=ACCESS)
    before = rows(sql)
    wrong = service(database, OTHER_SECRET)
    with pytest.raises(KeyUnreadable) as caught:
        wrong.ensure_trading_wallet(1, access=ACCESS)
    assert caught.value.alarm == SecretMismatch.code
    own, other = (EncryptionService(Secret(one)).key_id for one in (OTHER_SECRET, SECRET))
    assert caught.value.logged == {"key_id": own, "key_id_of_the_wallet": other}
    with pytest.raises(SecretMismatch):
        wrong.ensure_trading_wallet(FID, access=ACCESS)
    with pytest.raises(SecretMismatch):
        wrong.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    assert rows(sql) == before


def test_the_reason_explains_the_remedy_and_only_the_log_has_key_ids(database):
    service(database).ensure_trading_wallet(1, access=ACCESS)
    with pytest.raises(SecretMismatch) as caught:
        registration(database, OTHER_SECRET).check()
    ours = EncryptionService(Secret(OTHER_SECRET)).key_id
    theirs = EncryptionService(Secret(SECRET)).key_id
    assert "ENCRYPTION_SECRET_PREVIOUS" in caught.value.reason
    assert ours not in caught.value.reason
    assert theirs not in caught.value.reason
    assert caught.value.logged == {"key_id": ours, "key_ids_of_the_database": [theirs]}


def test_keys_of_an_unregistered_secret_are_detected_too(database, sql):
    service(database).ensure_trading_wallet(1, access=ACCESS)
    sql.execute("alter table encryption_keys disable trigger all")
    sql.execute("delete from encryption_keys")
    with pytest.raises(SecretMismatch):
        service(database).ensure_trading_wallet(2, access=ACCESS)


def test_a_new_secret_with_the_old_one_as_previous_is_registered_as_its_successor(database, sql):
    service(database, SECRET).ensure_trading_wallet(1, access=ACCESS)
    service(database, OTHER_SECRET, SECRET).ensure_trading_wallet(2, access=ACCESS)
    old, new = (EncryptionService(Secret(secret)).key_id for secret in (SECRET, OTHER_SECRET))
    registered = sql.execute("select key_id, succeeds from encryption_keys").fetchall()
    assert set(registered) == {(old, None), (new, old)}


def test_a_clock_that_went_back_does_not_change_the_order_of_secrets(database, sql):
    """Three secrets follow each other, and the second has the latest time."""
    secrets = (SECRET, OTHER_SECRET, A_THIRD, A_FOURTH)
    ids = [EncryptionService(Secret(secret)).key_id for secret in secrets]
    later = "update encryption_keys set created_at = created_at + interval '1 hour'"
    service(database, SECRET).ensure_trading_wallet(1, access=ACCESS)
    service(database, OTHER_SECRET, SECRET).ensure_trading_wallet(2, access=ACCESS)
    plant(sql, f"{later} where key_id = '{ids[1]}'")
    service(database, A_THIRD, OTHER_SECRET, SECRET).ensure_trading_wallet(3, access=ACCESS)
    # A process with only the first one does not need the later ones yet.
    registration(database, SECRET).check()
    registration(database, A_FOURTH, A_THIRD, OTHER_SECRET, SECRET).register()
    registered = dict(sql.execute("select key_id, succeeds from encryption_keys").fetchall())
    assert registered == dict(zip(ids, [None, *ids], strict=False))


def test_a_secret_that_loses_the_race_for_an_empty_database_writes_nothing(
    database, database_url, sql
):
    """Both find the database empty; the other one commits while ours waits at the unique index."""
    winner = EncryptionService(Secret(SECRET)).key_id
    with psycopg.connect(database_url) as other, ThreadPoolExecutor(1) as thread:
        other.execute("insert into encryption_keys (key_id) values (%s)", [winner])
        ours = thread.submit(
            service(database, OTHER_SECRET).ensure_trading_wallet, FID, access=ACCESS
        )
        waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        while sql.execute(waiting).fetchone() == (0,):
            assert not ours.done()
            time.sleep(0.01)
        other.commit()
        with pytest.raises(SecretMismatch):
            ours.result()
    assert rows(sql) == []
    assert sql.execute("select key_id from encryption_keys").fetchall() == [(winner,)]


def test_one_of_several_secrets_that_race_for_an_empty_database_wins(database, sql):
    racers = [service(database, f"secret number {n} of a race for a database") for n in range(6)]

    def ensure(number):
        try:
            racers[number].ensure_trading_wallet(number + 1, access=ACCESS)
        except SecretMismatch:
            return False
        return True

    assert sum(race(ensure, range(6))) == 1
    assert len(rows(sql)) == 1
    assert sql.execute("select count(*) from encryption_keys").fetchone() == (1,)


def test_a_database_that_another_process_initializes_during_the_check_is_accepted(
    database, monkeypatch
):
    """Another process begins between the query for secrets and the query for encrypted rows."""
    look = PostgresWalletRepository.any_encrypted_key

    def begun_meanwhile(repository):
        monkeypatch.setattr(PostgresWalletRepository, "any_encrypted_key", look)
        service(database).ensure_trading_wallet(1, access=ACCESS)
        return look(repository)

    monkeypatch.setattr(PostgresWalletRepository, "any_encrypted_key", begun_meanwhile)
    registration(database, SECRET).check()
    monkeypatch.setattr(PostgresWalletRepository, "any_encrypted_key", begun_meanwhile)
    service(database).ensure_trading_wallet(2, access=ACCESS)


def test_the_secret_is_checked_once_per_process_not_once_per_wallet(database, monkeypatch):
    wallets = service(database)
    wallets.ensure_trading_wallet(1, access=ACCESS)
    monkeypatch.setattr(SecretRegistration, "_register", None)
    wallets.ensure_trading_wallet(2, access=ACCESS)


def test_a_registration_that_a_failover_lost_is_repeated(database, sql, monkeypatch):
    wallets = service(database, SECRET)
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    with sql.transaction():
        # Without the triggers that refuse it.
        sql.execute("set local session_replication_role = replica")
        sql.execute(
            "truncate wallets, wallet_audit_log, wallet_audit_heads, encryption_keys cascade"
        )
    # A promoted server begins another timeline, which new connections notice.
    look = database.replication.read_state

    def look_at_the_new_primary(connection):
        look(connection)
        connection.history = ("00000002", connection.history[1])

    monkeypatch.setattr(database.replication, "read_state", look_at_the_new_primary)
    database._pool.drain()
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS)
    assert sql.execute("select count(*) from active_encryption_keys").fetchone() == (1,)
