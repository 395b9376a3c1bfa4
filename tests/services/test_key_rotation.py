"""Rotation of the secret: every key is encrypted again, and verified before and after."""

import threading
from datetime import timedelta

import psycopg
import pytest

from tests.database import discard_rows, plant, refuse_entries
from tests.factories import ACCESS, BASE_ACCOUNT, OTHER_SECRET, SECRET, private_keys, service
from tests.services.rotations import OLD, OLD_ID, USERS, encrypted_keys, rotate
from wallet_api.crypto.secret import Secret
from wallet_api.errors import DatabaseDamaged, KeyUnreadable
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.repositories.wallets.batches import WalletBatchRepository
from wallet_api.services.encryption_keys.rotation import KeyRotation, RotationOutcome


def test_every_key_is_encrypted_again_and_unchanged(database, rotation, sql, new_secret):
    keys, before = private_keys(database, USERS, SECRET), encrypted_keys(sql)
    dates = "select fid, chain, address, created_at, updated_at from wallets order by fid, chain"
    rows = sql.execute(dates).fetchall()
    assert rotation.count() == 20
    reports = rotate(rotation)
    assert [report.outcome for report in reports] == [RotationOutcome.REENCRYPTED] * 20
    after = encrypted_keys(sql)
    assert {key_id for key_id, *_ in after.values()} == {new_secret.key_id}
    assert all(after[fid][1] != before[fid][1] for fid in USERS)
    assert private_keys(database, USERS, OTHER_SECRET, SECRET) == keys
    assert sql.execute(dates).fetchall() == rows
    assert rotation.count() == 0
    assert rotate(rotation) == []


def test_each_rotated_key_has_one_entry(rotation, sql):
    rotate(rotation)
    entries = sql.execute("select fid from wallet_audit_log where action = 'key.resealed'")
    assert sorted(fid for (fid,) in entries) == list(USERS)


def test_a_batch_paused_before_its_entries_reads_again(rotation, sql, monkeypatch):
    times, get_time = [], AuditRepository.get_time

    def long_ago(self):
        # Each attempt reads the time before its work, and again before its entries.
        times.append(get_time(self))
        return times[-1] - timedelta(seconds=61 if len(times) <= 2 else 0)

    monkeypatch.setattr(AuditRepository, "get_time", long_ago)
    rotate(rotation, size=20)
    assert len(times) == 4
    entries = sql.execute(
        "select now() - created_at < interval '1 minute' from wallet_audit_log"
        " where action = 'key.resealed'"
    )
    assert entries.fetchall() == [(True,)] * 20


def test_without_an_entry_no_key_is_rotated(rotation, sql):
    refuse_entries(sql)
    before = encrypted_keys(sql)
    with pytest.raises(psycopg.errors.CheckViolation):
        rotate(rotation)
    assert encrypted_keys(sql) == before


def test_a_silently_discarded_entry_prevents_the_rotation(rotation, sql):
    discard_rows(sql, "wallet_audit_log")
    before = encrypted_keys(sql)
    with pytest.raises(DatabaseDamaged):
        rotate(rotation)
    assert encrypted_keys(sql) == before


def test_the_key_of_another_address_is_not_rotated(rotation, sql):
    """It decrypts: it was encrypted by someone with the secret."""
    address = sql.execute("select address from wallets where fid = 3").fetchone()[0]
    other = OLD.encrypt(Secret(b"\x11" * 32), fid=3, chain="ethereum", address=address)
    put = "update wallets set encrypted_private_key = %s, iv = %s where fid = 3"
    plant(sql, put, [other.ciphertext, other.iv])
    reports = {report.fid: report for report in rotate(rotation)}
    assert reports[3].outcome is RotationOutcome.FAILED
    assert encrypted_keys(sql)[3] == [OLD_ID, other.ciphertext, other.iv]


@pytest.mark.parametrize(
    "damage",
    [
        "encrypted_private_key = repeat('ab', 48)",
        "iv = repeat('ab', 12)",
        f"address = '{BASE_ACCOUNT}'",
    ],
)
def test_a_wallet_that_does_not_decrypt_is_reported_and_not_changed(rotation, sql, damage):
    plant(sql, f"update wallets set {damage} where fid = 3 and chain = 'ethereum'")
    before = encrypted_keys(sql)
    reports = {report.fid: report for report in rotate(rotation)}
    assert reports.pop(3).outcome is RotationOutcome.FAILED
    assert {report.outcome for report in reports.values()} == {RotationOutcome.REENCRYPTED}
    assert encrypted_keys(sql)[3] == before[3]
    assert rotation.count() == 1


def test_a_ciphertext_that_decrypts_differently_is_not_committed(rotation, sql, monkeypatch):
    """Verified after it was written, too: here the row that comes back is another one's."""
    before = encrypted_keys(sql)
    list_by_keys = WalletBatchRepository.list_by_keys

    def exchanged(self, keys):
        found = list_by_keys(self, keys)
        wallets = list(found.values())
        return dict(zip(found, wallets[1:] + wallets[:1], strict=True))

    monkeypatch.setattr(WalletBatchRepository, "list_by_keys", exchanged)
    with pytest.raises(KeyUnreadable):
        rotate(rotation)
    assert encrypted_keys(sql) == before


def test_a_ciphertext_of_another_key_is_not_committed(rotation, sql, monkeypatch, new_secret):
    """Another key is encrypted: the row would decrypt, to another address."""
    other = bytes.fromhex("11" * 32)
    encrypt = new_secret.encrypt
    monkeypatch.setattr(
        new_secret, "encrypt", lambda key, **bound_to: encrypt(Secret(other), **bound_to)
    )
    before = encrypted_keys(sql)
    with pytest.raises(KeyUnreadable):
        rotate(rotation)
    assert encrypted_keys(sql) == before


def test_a_wallet_rotated_by_another_process_is_not_changed(rotation, database, new_secret, sql):
    page = next(rotation.pages(20))
    rotate(KeyRotation(database, new_secret, ACCESS))
    before = encrypted_keys(sql)
    assert {report.outcome for report in rotation.run(page)} == {RotationOutcome.PRESENT}
    assert encrypted_keys(sql) == before
    entries = sql.execute("select count(*) from wallet_audit_log where action = 'key.resealed'")
    assert entries.fetchone() == (20,)


def test_one_damaged_chain_does_not_block_the_others(rotation, sql, monkeypatch):
    monkeypatch.setattr("wallet_api.database.pool._CONFLICT_ATTEMPTS", 2)
    plant(sql, "update wallet_audit_heads set id = 0 where fid = 5")
    reports = {report.fid: report for report in rotate(rotation)}
    assert "audit verify" in reports.pop(5).reason
    assert {report.outcome for report in reports.values()} == {RotationOutcome.REENCRYPTED}


def test_users_are_served_during_a_rotation(rotation, database, sql, new_secret):
    """Processes of both secrets serve, each of which knows the other's, as in a deploy."""
    keys = private_keys(database, USERS, SECRET)
    before, after = service(database, SECRET, OTHER_SECRET), service(database, OTHER_SECRET, SECRET)
    ended, failures, reads = threading.Event(), [], []

    def traffic(one, first):
        fid = first
        while not ended.is_set():
            user = fid % 20 + 1
            try:
                found = one.get_wallet_with_key(user, "ethereum", access=ACCESS)
                assert found.private_key.reveal() == keys[user]
                # Downwards: a rotation goes up, and would never reach users who are faster.
                one.ensure_trading_wallet(1_000_000 - fid, access=ACCESS)
            except Exception as error:  # noqa: BLE001 (reported below)
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
    assert {encrypted_keys(sql)[fid][0] for fid in USERS} == {new_secret.key_id}
    # The old processes went on making wallets under the old secret: another run takes those.
    rotate(rotation)
    assert rotation.count() == 0
    assert private_keys(database, USERS, OTHER_SECRET, SECRET) == keys


def test_pages_contain_only_wallets_that_need_rotation(rotation, new_secret, sql):
    first = next(rotation.pages(5))
    rotation.run(first)
    left = [wallet.fid for page in rotation.pages(4) for wallet in page]
    assert left == list(USERS)[5:]


def test_one_blocked_chain_does_not_block_the_others(rotation, sql):
    sql.execute("update wallet_audit_heads set id = 9223372036854775807 where fid = 3")
    failed = [one.fid for one in rotate(rotation) if one.outcome is not RotationOutcome.REENCRYPTED]
    assert failed == [3]
    assert [fid for fid, (key_id, *_) in encrypted_keys(sql).items() if key_id == OLD_ID] == [3]
