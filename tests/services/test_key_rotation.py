"""Another secret takes over: every key is sealed again, verified before and after."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from tests.conftest import ACCESS, BASE_ACCOUNT, OTHER_SECRET, SECRET
from tests.migration.conftest import plant
from tests.services.conftest import service
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.database.sql import QUERIES
from wallet_api.errors import DatabaseDamaged, KeyUnreadable, SecretMismatch
from wallet_api.repositories.audit import AuditRepository
from wallet_api.repositories.encryption_keys import EncryptionKeyRepository
from wallet_api.repositories.wallet_batches import WalletBatchRepository
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.encryption_keys.registry import KnownSecrets, SecretStillInUse
from wallet_api.services.encryption_keys.rotation import KeyRotation, RotationOutcome

USERS = range(1, 21)
OLD = EncryptionService(Secret(SECRET))
OLD_ID = OLD.key_id
_SEALED = "select fid, key_id, encrypted_private_key, iv from wallets where key_id is not null"


@pytest.fixture
def new():
    return EncryptionService(Secret(OTHER_SECRET), [Secret(SECRET)])


@pytest.fixture
def wallets(database):
    """Twenty users' wallets under the old secret, and what their keys are."""
    old = service(database)
    for fid in USERS:
        old.ensure_trading_wallet(fid, access=ACCESS)
    old.store_base_account_address(1, BASE_ACCOUNT, access=ACCESS)
    return old


@pytest.fixture
def rotation(database, wallets, new):
    SecretRegistration(database, new).register()
    return KeyRotation(database, new, ACCESS)


@pytest.fixture
def keys_of(database):
    """Return each user's key as a service with these secrets hands it out."""

    def read(*secrets):
        one = service(database, *secrets)
        return {
            fid: one.get_wallet_with_key(fid, "ethereum", access=ACCESS).private_key.reveal()
            for fid in USERS
        }

    return read


def rotate(rotation, size=7):
    return [report for page in rotation.pages(size) for report in rotation.run(page)]


def sealed(sql):
    return {fid: rest for fid, *rest in sql.execute(_SEALED).fetchall()}


def test_every_key_is_sealed_again_and_stays_the_key_that_it_was(rotation, keys_of, sql, new):
    keys, before = keys_of(SECRET), sealed(sql)
    dates = "select fid, chain, address, created_at, updated_at from wallets order by fid, chain"
    rows = sql.execute(dates).fetchall()
    assert rotation.count() == 20
    reports = rotate(rotation)
    assert [report.outcome for report in reports] == [RotationOutcome.RESEALED] * 20
    after = sealed(sql)
    assert {key_id for key_id, *_ in after.values()} == {new.key_id}
    assert all(after[fid][1] != before[fid][1] for fid in USERS)
    assert keys_of(OTHER_SECRET, SECRET) == keys
    assert sql.execute(dates).fetchall() == rows
    assert rotation.count() == 0
    assert rotate(rotation) == []


def test_each_key_that_is_sealed_again_has_one_entry(rotation, sql):
    rotate(rotation)
    entries = sql.execute("select fid from wallet_audit_log where action = 'key.resealed'")
    assert sorted(fid for (fid,) in entries) == list(USERS)


def test_a_batch_that_was_paused_before_its_entries_were_written_looks_again(
    rotation, sql, monkeypatch
):
    looks, list_heads = [], AuditRepository.list_heads

    def long_ago(self, fids):
        looks.append(fids)
        late = timedelta(seconds=61 if len(looks) == 1 else 0)
        heads = list_heads(self, fids)
        return {fid: replace(head, now=head.now - late) for fid, head in heads.items()}

    monkeypatch.setattr(AuditRepository, "list_heads", long_ago)
    rotate(rotation, size=20)
    assert len(looks) == 2
    entries = sql.execute(
        "select now() - created_at < interval '1 minute' from wallet_audit_log"
        " where action = 'key.resealed'"
    )
    assert entries.fetchall() == [(True,)] * 20


def test_no_entry_no_key_is_sealed_again(rotation, sql):
    sql.execute("alter table wallet_audit_log add constraint disk_is_full check (false) not valid")
    before = sealed(sql)
    with pytest.raises(psycopg.errors.CheckViolation):
        rotate(rotation)
    assert sealed(sql) == before


def test_an_entry_that_is_swallowed_without_a_word_is_no_entry(rotation, sql):
    sql.execute(
        "create function swallow() returns trigger language plpgsql as 'begin return null; end'"
    )
    sql.execute(
        "create trigger swallow before insert on wallet_audit_log"
        " for each row execute function swallow()"
    )
    before = sealed(sql)
    with pytest.raises(DatabaseDamaged):
        rotate(rotation)
    assert sealed(sql) == before


def test_the_key_of_another_address_is_not_sealed_again(rotation, sql):
    """It opens: somebody who had the secret put it there."""
    address = sql.execute("select address from wallets where fid = 3").fetchone()[0]
    other = OLD.encrypt(Secret(b"\x11" * 32), fid=3, chain="ethereum", address=address)
    put = "update wallets set encrypted_private_key = %s, iv = %s where fid = 3"
    plant(sql, put, [other.ciphertext, other.iv])
    reports = {report.fid: report for report in rotate(rotation)}
    assert reports[3].outcome is RotationOutcome.FAILED
    assert sealed(sql)[3] == [OLD_ID, other.ciphertext, other.iv]


@pytest.mark.parametrize(
    "damage",
    [
        "encrypted_private_key = repeat('ab', 48)",
        "iv = repeat('ab', 12)",
        f"address = '{BASE_ACCOUNT}'",
    ],
)
def test_a_wallet_that_does_not_open_is_named_and_left_as_it_is(rotation, sql, damage):
    plant(sql, f"update wallets set {damage} where fid = 3 and chain = 'ethereum'")
    before = sealed(sql)
    reports = {report.fid: report for report in rotate(rotation)}
    assert reports.pop(3).outcome is RotationOutcome.FAILED
    assert {report.outcome for report in reports.values()} == {RotationOutcome.RESEALED}
    assert sealed(sql)[3] == before[3]
    assert rotation.count() == 1


def test_a_key_that_does_not_come_back_as_it_was_is_not_committed(rotation, sql, monkeypatch):
    """Verified after it was written, too: here the row that comes back is another one's."""
    before = sealed(sql)
    list_by_keys = WalletBatchRepository.list_by_keys

    def exchanged(self, keys):
        found = list_by_keys(self, keys)
        wallets = list(found.values())
        return dict(zip(found, wallets[1:] + wallets[:1], strict=True))

    monkeypatch.setattr(WalletBatchRepository, "list_by_keys", exchanged)
    with pytest.raises(KeyUnreadable):
        rotate(rotation)
    assert sealed(sql) == before


def test_a_ciphertext_that_lost_its_key_on_the_way_is_not_committed(
    rotation, sql, monkeypatch, new
):
    """What is sealed is another key: the row would open, and to another address."""
    other = bytes.fromhex("11" * 32)
    seal = new.encrypt
    monkeypatch.setattr(new, "encrypt", lambda key, **bound_to: seal(Secret(other), **bound_to))
    before = sealed(sql)
    with pytest.raises(KeyUnreadable):
        rotate(rotation)
    assert sealed(sql) == before


def test_a_wallet_that_another_rotation_has_sealed_again_is_left_alone(
    rotation, database, new, sql
):
    page = next(rotation.pages(20))
    rotate(KeyRotation(database, new, ACCESS))
    before = sealed(sql)
    assert {report.outcome for report in rotation.run(page)} == {RotationOutcome.PRESENT}
    assert sealed(sql) == before
    entries = sql.execute("select count(*) from wallet_audit_log where action = 'key.resealed'")
    assert entries.fetchone() == (20,)


def test_one_damaged_chain_does_not_stand_in_the_way_of_the_others(rotation, sql, monkeypatch):
    monkeypatch.setattr("wallet_api.database.pool._CONFLICT_ATTEMPTS", 2)
    plant(sql, "update wallet_audit_heads set id = 0 where fid = 5")
    reports = {report.fid: report for report in rotate(rotation)}
    assert "audit verify" in reports.pop(5).reason
    assert {report.outcome for report in reports.values()} == {RotationOutcome.RESEALED}


def test_users_who_read_and_make_wallets_meanwhile_notice_nothing(
    rotation, database, keys_of, sql, new
):
    """Processes of both secrets serve, each of which knows the other's, as in a deploy."""
    keys = keys_of(SECRET)
    before, after = service(database, SECRET, OTHER_SECRET), service(database, OTHER_SECRET, SECRET)
    ended, failures, reads = threading.Event(), [], []

    def traffic(one, first):
        fid = first
        while not ended.is_set():
            user = fid % 20 + 1
            try:
                found = one.get_wallet_with_key(user, "ethereum", access=ACCESS)
                assert found.private_key.reveal() == keys[user]
                # Downwards: a rotation goes up, and would follow those who are faster for ever.
                one.ensure_trading_wallet(1_000_000 - fid, access=ACCESS)
            except Exception as error:  # noqa: BLE001 (told below)
                failures.append(error)
            reads.append(user)
            fid += 2

    threads = [
        threading.Thread(target=traffic, args=(one, first))
        for first, one in enumerate((before, after))
    ]
    for thread in threads:
        thread.start()
    while len(reads) < 20:
        ended.wait(0.01)
    rotate(rotation, size=3)
    ended.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert {sealed(sql)[fid][0] for fid in USERS} == {new.key_id}
    # The old processes went on making wallets under the old secret: another run takes those.
    rotate(rotation)
    assert rotation.count() == 0
    assert keys_of(OTHER_SECRET, SECRET) == keys


def secrets_of(database, encryption, *, wallets_in_files=False):
    return KnownSecrets(database, encryption, wallets_in_files=wallets_in_files)


def known(database, encryption):
    return {
        one.key_id: (one.state, one.wallets) for one in secrets_of(database, encryption).status()
    }


def test_the_status_counts_keys_under_each_secret(rotation, database, new, sql):
    assert known(database, new) == {OLD_ID: ("previous", 20), new.key_id: ("current", 0)}
    assert known(database, OLD) == {OLD_ID: ("current", 20), new.key_id: ("missing", 0)}
    rotation.run(next(rotation.pages(7)))
    assert known(database, new) == {OLD_ID: ("previous", 13), new.key_id: ("current", 7)}


def test_a_secret_in_use_cannot_be_retired_and_one_that_is_not_can(rotation, database, new, sql):
    secrets = secrets_of(database, new)
    with pytest.raises(SecretStillInUse, match=r"keys \(20\)"):
        secrets.retire(OLD_ID)
    with pytest.raises(SecretStillInUse, match="current"):
        secrets.retire(new.key_id)
    rotate(rotation)
    assert secrets.retire(OLD_ID)
    assert not secrets.retire(OLD_ID)
    assert known(database, new) == {OLD_ID: ("retired", 0), new.key_id: ("current", 20)}


def test_no_secret_is_retired_while_wallet_files_may_need_it(rotation, database, new):
    rotate(rotation)
    with pytest.raises(SecretStillInUse, match="WALLET_STORAGE=postgres"):
        secrets_of(database, new, wallets_in_files=True).retire(OLD_ID)
    assert known(database, new)[OLD_ID] == ("previous", 0)


def test_a_secret_that_is_none_of_the_database_s_retires_no_other(rotation, database, new):
    rotate(rotation)
    stranger = EncryptionService(Secret("a secret that nobody has ever sealed with"))
    with pytest.raises(SecretMismatch):
        secrets_of(database, stranger).retire(OLD_ID)
    secrets_of(database, new).retire(OLD_ID)
    # Nor does one that was retired itself.
    with pytest.raises(SecretMismatch):
        secrets_of(database, OLD).retire(new.key_id)
    assert known(database, new) == {OLD_ID: ("retired", 0), new.key_id: ("current", 20)}


def test_two_secrets_that_retire_each_other_leave_one(database, new, sql, monkeypatch):
    for encryption in (OLD, new):
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
            for mine, other in ((OLD, new), (new, OLD))
        ]
    assert sorted(str(one.exception()).startswith("New wallets") for one in done) == [False, True]
    assert sql.execute("select count(*) from active_encryption_keys").fetchone() == (1,)


def test_a_secret_that_the_audit_log_needs_is_not_called_unneeded(
    rotation, database, new, command, sql
):
    """After going back to the secret before it, which does not lead to the later one's log."""
    rotate(rotation)
    back = {"ENCRYPTION_SECRET_PREVIOUS": json.dumps([OTHER_SECRET])}
    assert command("rotate", group="keys", **back).status == 0
    retired = command("retire", new.key_id, group="keys", **back)
    assert (retired.status, "audit log" in retired.out) == (0, True)
    sql.execute("insert into active_encryption_keys (key_id) values (%s)", [new.key_id])
    told = command("retire", new.key_id, "--json", group="keys", **back)
    assert (told.status, told.figures) == (0, {"retired": new.key_id, "keep": True})
    both = EncryptionService(Secret(SECRET), [Secret(OTHER_SECRET)])
    assert secrets_of(database, both).list_removable() == []
    assert command("verify", group="audit", **back).status == 0
    assert command("verify", group="audit").status == 1


def test_a_secret_that_keeps_every_process_from_serving_can_be_retired(
    wallets, database, sql, command
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


def test_a_process_that_goes_on_with_a_retired_secret_makes_no_wallet(
    rotation, wallets, database, new, sql
):
    rotate(rotation)
    secrets_of(database, new).retire(OLD_ID)
    before = sealed(sql)
    with pytest.raises(SecretMismatch, match="New wallets cannot be created"):
        wallets.ensure_trading_wallet(777, access=ACCESS)
    assert sealed(sql) == before
    with pytest.raises(SecretMismatch) as caught:
        SecretRegistration(database, OLD).check()
    assert "retired" in caught.value.reason


def test_a_wallet_that_is_being_sealed_keeps_its_secret_from_being_retired(
    rotation, database, new, sql, database_url
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
            secrets_of(database, new).retire(OLD_ID)
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


def test_a_table_that_partitions_left_keeps_a_secret_from_being_retired(
    rotation, database, new, sql
):
    with sql.transaction():
        sql.execute((QUERIES / "operations/partitions.sql").read_text())
    rotate(rotation)
    with pytest.raises(SecretStillInUse, match=r"encrypts no key in .*wallets_whole"):
        secrets_of(database, new).retire(OLD_ID)
    sql.execute("drop table wallets_whole")
    assert secrets_of(database, new).retire(OLD_ID)


def test_a_secret_that_wallets_need_cannot_be_left_out_of_the_configuration(
    rotation, database, new
):
    alone = EncryptionService(Secret(OTHER_SECRET))
    with pytest.raises(SecretMismatch) as caught:
        SecretRegistration(database, alone).check()
    assert "ENCRYPTION_SECRET_PREVIOUS" in caught.value.reason
    rotate(rotation)
    with pytest.raises(SecretMismatch):
        SecretRegistration(database, alone).check()
    secrets_of(database, new).retire(OLD_ID)
    SecretRegistration(database, alone).check()


def test_a_process_that_does_not_have_the_next_secret_yet_goes_on(rotation, database, wallets):
    SecretRegistration(database, OLD).check()
    wallets.ensure_trading_wallet(778, access=ACCESS)


def test_the_pages_leave_out_what_needs_no_sealing(rotation, new, sql):
    first = next(rotation.pages(5))
    rotation.run(first)
    left = [wallet.fid for page in rotation.pages(4) for wallet in page]
    assert left == list(USERS)[5:]


def test_one_chain_that_takes_no_entry_is_not_in_the_way_of_the_others(rotation, sql):
    sql.execute("update wallet_audit_heads set id = 9223372036854775807 where fid = 3")
    failed = [one.fid for one in rotate(rotation) if one.outcome is not RotationOutcome.RESEALED]
    assert failed == [3]
    assert [fid for fid, (key_id, *_) in sealed(sql).items() if key_id == OLD_ID] == [3]
