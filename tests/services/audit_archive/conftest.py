"""Fixtures of the tests of the audit archive: a log with old entries, and its archive."""

from dataclasses import replace

import pytest

from tests.factories import ACCESS, BASE_ACCOUNT, service
from tests.services.audit_archive.entries import BEFORE, DETAILS, LONG_AGO, OPERATOR, USERS
from wallet_api.crypto.audit_chain import FIRST_HEAD
from wallet_api.models import AuditEvent, AuditHead
from wallet_api.repositories.audit.archive_files import ArchiveFolder
from wallet_api.services.audit.append import AuditTrail
from wallet_api.services.audit.archive import ArchiveOutcome, AuditArchive
from wallet_api.services.audit.chains import EntryOutcome


@pytest.fixture
def append_old(sql, encryption):
    """Append old entries to a user's chain: append_old(1, "key.read", "key.refused")."""

    def append(fid, *actions, when=LONG_AGO, details=None):
        for action in actions:
            head = sql.execute("select id, mac from wallet_audit_heads where fid = %s", [fid])
            last, mac = head.fetchone() or (0, FIRST_HEAD)
            access = replace(ACCESS, reason=f"use {last}", request_id=f"{fid:016}{last:016}")
            event = AuditEvent(
                fid=fid, chain="ethereum", action=action, access=access, details=details
            )
            one = AuditTrail(encryption).next_entry(
                AuditHead(fid=fid, id=last, mac=mac, now=when), event
            )
            entry = one.entry
            sql.execute(
                "insert into wallet_audit_log (fid, id, chain, action, actor, request_uuid, reason,"
                " details, created_at, key_id_bytes, mac_bytes)"
                " values (%s, %s, %s, %s, %s, %s, %s, %s, %s,"
                " decode(%s, 'hex'), decode(%s, 'hex'))",
                [fid, entry.id, entry.chain, entry.action, entry.actor, entry.request_id,
                 entry.reason, entry.details, entry.created_at, entry.key_id, entry.mac],
            )  # fmt: skip
            sql.execute(
                "insert into wallet_audit_heads (fid, id, mac) values (%s, %s, %s)"
                " on conflict (fid) do update set id = excluded.id, mac = excluded.mac",
                [fid, entry.id, one.head.mac],
            )

    return append


@pytest.fixture
def old_log(database, append_old):
    """Three users, each with 4 old uses, a Base Account, 3 old uses, one more and a recent one."""
    wallets = service(database)
    for fid in USERS:
        wallets.ensure_trading_wallet(fid, access=ACCESS)
        append_old(fid, "key.read", "key.refused", "key.exported", "key.read")
        wallets.store_base_account_address(fid, BASE_ACCOUNT, access=ACCESS)
        append_old(fid, "key.read", "transaction.signed", "signing.refused", details=DETAILS)
        append_old(fid, "key.resealed")
        append_old(fid, "key.read")
        wallets.get_wallet_with_key(fid, "ethereum", access=ACCESS)
    return wallets


@pytest.fixture
def files(tmp_path):
    """Return an empty archive folder."""
    path = tmp_path / "archive"
    path.mkdir()
    return ArchiveFolder(path)


@pytest.fixture
def archive(database, encryption, files):
    """Archive the old key uses, and return how many entries had which outcome."""

    def run(before=BEFORE, *, to=files):
        counts = dict.fromkeys(ArchiveOutcome, 0)
        for report in AuditArchive(database, encryption, OPERATOR, to).run(before):
            counts[report.outcome] += report.count
        return tuple(counts.values())

    return run


@pytest.fixture
def verify_log(verification):
    """Verify the log: return the faults, (fid, id, what), and how many are intact and archived."""

    def run(archive=None, *, fid=None, against=None):
        reports = []
        if fid is None:
            verification(archive=archive).verify(reports.append, against=against)
        else:
            verification(archive=archive).verify_user(fid, reports.append)
        faults = [(r.fid, r.id, r.fault) for r in reports if r.outcome is EntryOutcome.FAULTY]
        intact = sum(report.outcome is EntryOutcome.INTACT for report in reports)
        return faults, intact, sum(report.outcome is EntryOutcome.ARCHIVED for report in reports)

    return run
