"""Verification of the audit log under several secrets, with checkpoints, and while it grows."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.database import plant
from tests.factories import ACCESS, OTHER_SECRET, SECRET, service
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.models import AuditHead
from wallet_api.repositories.audit.checks import AuditCheckRepository
from wallet_api.services.audit import checkpoints as audit_checkpoints
from wallet_api.services.audit.append import chained
from wallet_api.services.audit.checkpoints import Checkpoint

A_THIRD = "third secret of quite sufficient length"


def test_entries_of_all_earlier_secrets_are_verified_with_only_the_last_one(log, database, verify):
    second = service(database, OTHER_SECRET, SECRET)
    third = service(database, A_THIRD, OTHER_SECRET, SECRET)
    for wallets in (second, third):
        wallets.refuse_key(1, "ethereum", access=ACCESS)
        wallets.ensure_trading_wallet(50 + id(wallets) % 1000, access=ACCESS)
    assert verify(A_THIRD) == ([], 24)
    assert verify(OTHER_SECRET)[0][0][2].startswith(
        "it was written with a secret that is not configured"
    )


def test_a_clock_that_went_back_does_not_hide_a_secret_from_its_successor(
    log, database, verify, sql
):
    second, third = (EncryptionService(Secret(text)).key_id for text in (OTHER_SECRET, A_THIRD))
    service(database, OTHER_SECRET, SECRET).refuse_key(1, "ethereum", access=ACCESS)
    later = "update encryption_keys set created_at = created_at + interval '1 hour'"
    plant(sql, f"{later} where key_id = '{second}'")
    service(database, A_THIRD, OTHER_SECRET, SECRET).refuse_key(1, "ethereum", access=ACCESS)
    succeeds = dict(sql.execute("select key_id, succeeds from encryption_keys").fetchall())
    assert succeeds[third] == second
    assert verify(A_THIRD) == ([], 22)


def checkpoint_of(verification):
    made = verification().take_checkpoint(lambda report: None)
    return Checkpoint.from_json(made.to_json())


def test_a_chain_reset_to_an_earlier_state_differs_from_the_checkpoint(
    log, verification, verify, sql, monkeypatch
):
    """The one thing that macs cannot show: everything of an earlier moment, end and all."""
    earlier = sql.execute("select id, mac from wallet_audit_heads where fid = 3").fetchone()
    log.get_wallet_with_key(3, "ethereum", access=ACCESS)
    monkeypatch.setattr(audit_checkpoints, "_SETTLED", timedelta(0))
    checkpoint = checkpoint_of(verification)
    assert sum(checkpoint.entries) == 21
    assert verify(against=checkpoint) == ([], 21)
    log.get_wallet_with_key(4, "ethereum", access=ACCESS)
    assert verify(against=checkpoint) == ([], 22)

    plant(sql, "delete from wallet_audit_log where (fid, id) = (3, 5)")
    plant(sql, "update wallet_audit_heads set id = %s, mac = %s where fid = 3", earlier)
    assert verify() == ([], 21)
    [(fid, entry_id, fault)] = verify(against=checkpoint)[0]
    assert (fid, entry_id) == (None, None)
    assert "users whose FID modulo 256 is 3: 5 at the checkpoint, 4 now" in fault


def test_a_history_rewritten_with_the_secret_differs_from_the_checkpoint(
    log, database, verification, verify, sql, monkeypatch
):
    """As many entries, every mac and end right: only the checkpoint remembers others."""
    monkeypatch.setattr(audit_checkpoints, "_SETTLED", timedelta(0))
    checkpoint = checkpoint_of(verification)
    encryption = EncryptionService(Secret(SECRET))
    key = encryption.audit_keys[encryption.key_id]
    third, fourth = database.run(
        lambda connection: AuditCheckRepository(connection).list_page((3, 2), 2)
    )
    behind = AuditHead(
        fid=3,
        id=3,
        mac=key.head(fid=3, entry_id=3, entry=third.mac),
        now=fourth.created_at,
    )
    forged = chained(key, replace(fourth, actor="nobody"), behind)
    put = (
        "update wallet_audit_log set actor = 'nobody', mac_bytes = decode(%s, 'hex')"
        " where (fid, id) = (3, 4)"
    )
    plant(sql, put, [forged.entry.mac])
    plant(sql, "update wallet_audit_heads set mac = %s where fid = 3", [forged.head.mac])
    assert verify() == ([], 20)
    [(_, _, fault)] = verify(against=checkpoint)[0]
    assert "users whose FID modulo 256 is 3: 4 at the checkpoint, 4 now" in fault


def test_entries_appended_during_a_verification_are_no_fault(log, verify, monkeypatch):
    """All is looked at as of one moment: entries, and where they should end."""
    list_page = AuditCheckRepository.list_page
    pages = []

    def followed_by_an_entry(self, after, size):
        page = list_page(self, after, size)
        pages.append(page)
        log.get_wallet_with_key(2, "ethereum", access=ACCESS)
        return page

    monkeypatch.setattr(AuditCheckRepository, "list_page", followed_by_an_entry)
    assert verify() == ([], 20)
    assert pages


def test_a_checkpoint_excludes_the_last_two_minutes(log, verification):
    """What was begun by then may still be committed."""
    assert sum(checkpoint_of(verification).entries) == 0


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", '{"version": 1, "until": "2026-01-01", "entries": [], "digests": []}'],
)
def test_a_file_that_is_not_a_checkpoint_is_refused(text):
    with pytest.raises(ValueError, match=r"it is not a checkpoint|Expecting value"):
        Checkpoint.from_json(text)
