"""Tampering with the log or with the archive is reported."""

import gzip
import json

import pytest

from tests.database import plant
from tests.factories import ACCESS
from tests.services.audit_archive.entries import (
    NOT_OURS,
    archived_entries,
    entries_of,
    read_lines,
    tamper_line,
)
from wallet_api.repositories.audit.archive_files import ArchiveDamaged
from wallet_api.services.audit.archived_ranges import ArchivedRange


def test_damaged_entries_are_not_archived(old_log, archive, files, database, sql, verify_log):
    plant(sql, "update wallet_audit_log set actor = 'nobody' where (fid, id) = (2, 4)")
    plant(sql, "delete from wallet_audit_log where (fid, id) = (300, 3)")
    faults = verify_log()[0]
    moved, _, failed = archive()
    # The changed entry, and the entry after the gap.
    assert failed == 2
    assert verify_log(files)[0] == verify_log()[0] == faults
    assert (2, 4) in entries_of(database)
    assert moved == len(archived_entries(files))


def test_a_tampered_archive_is_reported(old_log, archive, files, verify_log):
    archive()
    (path,) = files.path.iterdir()
    tamper_line(path, 1, actor="nobody")
    assert verify_log(files)[0] == [(1, 3, NOT_OURS)]
    tamper_line(path, 1, actor=ACCESS.actor)
    assert verify_log(files)[0] == []
    tamper_line(path, 3, mac="0" * 64)
    assert verify_log(files)[0][:2] == [(1, 5, NOT_OURS), (1, 6, NOT_OURS)]


def test_a_line_or_a_file_that_is_missing_is_reported(
    old_log, archive, files, verify_log, append_old
):
    archive()
    append_old(2, "key.read", "key.read")
    archive()
    first, second = sorted(files.path.iterdir())
    kept = first.read_bytes()
    first.write_bytes(gzip.compress(b"".join(read_lines(first)[1:])))
    assert verify_log(files)[0] == [
        (1, None, "entry 2 is missing"),
        (1, 3, "it cannot be checked without the entry before it"),
    ]
    first.unlink()
    assert verify_log(files)[0][:2] == [
        (1, None, "entries 2 to 5 are archived, but not in any file"),
        (1, None, "entries 7 to 9 are archived, but not in any file"),
    ]
    first.write_bytes(kept)
    second.unlink()
    assert verify_log(files)[0] == [(2, None, "entries 15 to 16 are archived, but not in any file")]


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-9]),
        lambda path: path.write_bytes(b"\0" + path.read_bytes()),
        lambda path: path.write_bytes(gzip.compress(b"{}\n")),
        lambda path: path.write_bytes(gzip.compress(b"not JSON\n")),
        lambda path: path.write_bytes(gzip.compress(b"".join(reversed(read_lines(path))))),
        lambda path: tamper_line(path, 0, fid="1"),
        lambda path: tamper_line(path, 0, created_at=None),
        lambda path: tamper_line(path, 0, created_at="2026-01-01"),
        lambda path: tamper_line(path, 0, another="member"),
        lambda path: path.rename(path.with_name("audit-x.jsonl.gz")),
    ],
)
def test_a_damaged_file_ends_the_verification_and_is_named(
    old_log, archive, files, verify_log, damage
):
    archive()
    (path,) = files.path.iterdir()
    damage(path)
    with pytest.raises(ArchiveDamaged, match=r"audit-\w+\.jsonl\.gz"):
        verify_log(files)


def test_copies_that_differ_are_reported(old_log, archive, files, verify_log, sql):
    """An interrupted run leaves copies, and those are equal."""
    archive()
    (path,) = files.path.iterdir()
    copy = path.with_name("audit-000002.jsonl.gz")
    copy.write_bytes(path.read_bytes())
    assert verify_log(files) == ([], 42, 0)
    tamper_line(copy, 2, reason="another")
    assert verify_log(files)[0] == [(1, 4, "its copies in the log and in the archive differ")]


def test_a_deletion_that_no_intact_entry_records_is_reported(old_log, verify_log, sql, encryption):
    """The owner of the tables can delete old key uses, and cannot record it without the secret."""
    with sql.transaction():
        sql.execute("set local wallet_api.archiving = 'on'")
        sql.execute("delete from wallet_audit_log where fid = 2 and id in (2, 3)")
    assert (2, None, "entries 2 to 3 are missing") in verify_log()[0]
    (mac,) = sql.execute(
        "select encode(mac_bytes, 'hex') from wallet_audit_log where (fid, id) = (2, 4)"
    ).fetchone()
    forged = ArchivedRange(first=2, last=3, mac=mac, key_id=encryption.key_id).to_reason()
    sql.execute(
        "insert into wallet_audit_log (fid, id, chain, action, actor, request_id, reason)"
        " values (2, 99, 'ethereum', 'entries.archived', 'cli:operator', 'r', %s)",
        [forged],
    )
    assert (2, None, "entries 2 to 3 are missing") in verify_log()[0]


def test_a_chain_cannot_be_cut_at_an_archived_range(old_log, archive, files, verify_log, sql):
    """The range records the MAC of an entry, and the end of a chain has a MAC of another kind."""
    archive()
    gone = ArchivedRange.from_reason(
        sql.execute(
            "select reason from wallet_audit_log where action = 'entries.archived' and fid = 2"
            " order by id limit 1"
        ).fetchone()[0]
    )
    (path,) = files.path.iterdir()
    kept = []
    for line in read_lines(path):
        entry = json.loads(line)
        if entry["fid"] != 2 or entry["id"] <= gone.last:
            kept.append(line)
    path.write_bytes(gzip.compress(b"".join(kept)))
    plant(sql, f"delete from wallet_audit_log where fid = 2 and id > {gone.last}")
    plant(sql, f"update wallet_audit_heads set id = {gone.last}, mac = '{gone.mac}' where fid = 2")
    cut = (2, None, "the end of the chain is not as this service wrote it")
    assert cut in verify_log(files)[0]
    assert verify_log()[0] != []
