"""Retirement of secrets: none is retired that a wallet, a file or the audit log needs."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psycopg
import pytest

from tests.factories import ACCESS, BASE_ACCOUNT, OTHER_SECRET, SECRET, STORAGE_OF
from tests.services.rotations import OLD, OLD_ID, rotate, sealed
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.database.sql import QUERIES
from wallet_api.errors import SecretMismatch
from wallet_api.repositories.encryption_keys import EncryptionKeyRepository
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.encryption_keys.registry import KnownSecrets, SecretStillInUse


def secrets_of(database, encryption, *, storage="postgres"):
    return KnownSecrets(database, encryption, STORAGE_OF[storage])


def known(database, encryption):
    return {
        one.key_id: (one.state, one.wallets) for one in secrets_of(database, encryption).status()
    }


def test_the_status_counts_keys_under_each_secret(rotation, database, new_secret, sql):
    assert known(database, new_secret) == {
        OLD_ID: ("previous", 20),
        new_secret.key_id: ("current", 0),
    }
    assert known(database, OLD) == {OLD_ID: ("current", 20), new_secret.key_id: ("missing", 0)}
    rotation.run(next(rotation.pages(7)))
    assert known(database, new_secret) == {
        OLD_ID: ("previous", 13),
        new_secret.key_id: ("current", 7),
    }


def test_only_a_secret_without_wallets_can_be_retired(rotation, database, new_secret, sql):
    secrets = secrets_of(database, new_secret)
    with pytest.raises(SecretStillInUse, match=r"keys \(20\)"):
        secrets.retire(OLD_ID)
    with pytest.raises(SecretStillInUse, match="current"):
        secrets.retire(new_secret.key_id)
    rotate(rotation)
    assert secrets.retire(OLD_ID)
    assert not secrets.retire(OLD_ID)
    assert known(database, new_secret) == {
        OLD_ID: ("retired", 0),
        new_secret.key_id: ("current", 20),
    }


def test_no_secret_is_retired_while_wallet_files_may_need_it(rotation, database, new_secret):
    rotate(rotation)
    with pytest.raises(SecretStillInUse, match="WALLET_STORAGE=postgres"):
        secrets_of(database, new_secret, storage="migrating").retire(OLD_ID)
    assert known(database, new_secret)[OLD_ID] == ("previous", 0)


def test_a_secret_of_another_database_cannot_retire_one(rotation, database, new_secret):
    rotate(rotation)
    stranger = EncryptionService(Secret("a secret that nobody has ever sealed with"))
    with pytest.raises(SecretMismatch):
        secrets_of(database, stranger).retire(OLD_ID)
    secrets_of(database, new_secret).retire(OLD_ID)
    # Nor does one that was retired itself.
    with pytest.raises(SecretMismatch):
        secrets_of(database, OLD).retire(new_secret.key_id)
    assert known(database, new_secret) == {
        OLD_ID: ("retired", 0),
        new_secret.key_id: ("current", 20),
    }


def test_two_secrets_that_retire_each_other_concurrently_leave_one(
    database, new_secret, sql, monkeypatch
):
    for encryption in (OLD, new_secret):
        SecretRegistration(database, encryption).register()
    together, delete = threading.Barrier(2, timeout=10), EncryptionKeyRepository.retire

    def retire(keys, key_id):
        # Both have found that they may, the first time.
        with suppress(threading.BrokenBarrierError):
            together.wait()
        together.abort()
        return delete(keys, key_id)

    monkeypatch.setattr(EncryptionKeyRepository, "retire", retire)
    with ThreadPoolExecutor() as pool:
        done = [
            pool.submit(secrets_of(database, mine).retire, other.key_id)
            for mine, other in ((OLD, new_secret), (new_secret, OLD))
        ]
    assert sorted(str(one.exception()).startswith("New wallets") for one in done) == [False, True]
    assert sql.execute("select count(*) from active_encryption_keys").fetchone() == (1,)


def test_a_secret_that_the_audit_log_needs_is_reported_as_needed(
    rotation, database, new_secret, command, sql
):
    """After going back to the secret before it, which does not lead to the later one's log."""
    rotate(rotation)
    back = {"ENCRYPTION_SECRET_PREVIOUS": json.dumps([OTHER_SECRET])}
    assert command("rotate", group="keys", **back).status == 0
    retired = command("retire", new_secret.key_id, group="keys", **back)
    assert (retired.status, "audit log" in retired.out) == (0, True)
    sql.execute("insert into active_encryption_keys (key_id) values (%s)", [new_secret.key_id])
    told = command("retire", new_secret.key_id, "--json", group="keys", **back)
    assert (told.status, told.figures) == (0, {"retired": new_secret.key_id, "keep": True})
    both = EncryptionService(Secret(SECRET), [Secret(OTHER_SECRET)])
    assert secrets_of(database, both).list_removable() == []
    assert command("verify", group="audit", **back).status == 0
    assert command("verify", group="audit").status == 1


def test_a_secret_that_prevents_every_process_from_serving_can_be_retired(
    old_service, database, sql, command
):
    """Somebody with the owner's rights put it there: it succeeds itself."""
    stray = "0123456789abcdef"
    sql.execute("insert into encryption_keys (key_id, succeeds) values (%s, %s)", [stray, stray])
    sql.execute("insert into active_encryption_keys (key_id) values (%s)", [stray])
    with pytest.raises(SecretMismatch):
        SecretRegistration(database, OLD).check()
    assert command("retire", stray, group="keys").status == 0
    SecretRegistration(database, OLD).check()


def test_postgresql_itself_refuses_to_retire_a_secret_in_use(rotation, sql):
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        sql.execute("delete from active_encryption_keys where key_id = %s", [OLD_ID])


def test_a_process_with_a_retired_secret_creates_no_wallet(
    rotation, old_service, database, new_secret, sql
):
    rotate(rotation)
    secrets_of(database, new_secret).retire(OLD_ID)
    before = sealed(sql)
    with pytest.raises(SecretMismatch, match="New wallets cannot be created"):
        old_service.ensure_trading_wallet(777, access=ACCESS)
    assert sealed(sql) == before
    with pytest.raises(SecretMismatch) as caught:
        SecretRegistration(database, OLD).check()
    assert "retired" in caught.value.reason


def test_a_secret_is_not_retired_while_a_wallet_is_encrypted_under_it(
    rotation, database, new_secret, sql, database_url
):
    """Nobody has seen the row yet when the secret is to be retired."""
    rotate(rotation)
    row = (
        "insert into wallets (fid, chain, wallet_type, address, encrypted_private_key, iv, scheme,"
        " key_id) values (900, 'ethereum', 'trading', %s, repeat('ab', 48), repeat('cd', 12),"
        " 'aes-256-gcm', %s)"
    )
    refused = []

    def retire():
        try:
            secrets_of(database, new_secret).retire(OLD_ID)
        except SecretStillInUse as error:
            refused.append(str(error))

    with psycopg.connect(database_url) as maker:
        maker.execute(row, [BASE_ACCOUNT, OLD_ID])
        retiring = threading.Thread(target=retire)
        retiring.start()
        waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        while sql.execute(waiting).fetchone() == (0,):
            assert retiring.is_alive()
        maker.commit()
        retiring.join()
    assert refused == ["It still encrypts keys (1): run `wallet-api keys rotate` first."]


def test_a_table_left_by_partitioning_prevents_the_retirement_of_its_secret(
    rotation, database, new_secret, sql
):
    with sql.transaction():
        sql.execute((QUERIES / "operations/partitions.sql").read_text())
    rotate(rotation)
    with pytest.raises(SecretStillInUse, match=r"encrypts no key in .*wallets_whole"):
        secrets_of(database, new_secret).retire(OLD_ID)
    sql.execute("drop table wallets_whole")
    assert secrets_of(database, new_secret).retire(OLD_ID)


def test_a_secret_that_wallets_need_cannot_be_left_out_of_the_configuration(
    rotation, database, new_secret
):
    alone = EncryptionService(Secret(OTHER_SECRET))
    with pytest.raises(SecretMismatch) as caught:
        SecretRegistration(database, alone).check()
    assert "ENCRYPTION_SECRET_PREVIOUS" in caught.value.reason
    rotate(rotation)
    with pytest.raises(SecretMismatch):
        SecretRegistration(database, alone).check()
    secrets_of(database, new_secret).retire(OLD_ID)
    SecretRegistration(database, alone).check()


def test_a_process_without_the_next_secret_continues_to_serve(rotation, database, old_service):
    SecretRegistration(database, OLD).check()
    old_service.ensure_trading_wallet(778, access=ACCESS)
