"""Old key uses move into files, and both the log and the files verify."""

import gzip
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.database import plant
from tests.factories import ACCESS, BASE_ACCOUNT, service
from tests.services.audit_archive.entries import (
    DETAILS,
    NOT_OURS,
    USERS,
    archived_entries,
    entries_of,
    read_lines,
    tamper_line,
)
from tests.services.audit_faults import TO_TEXT
from wallet_api.repositories.audit.archive_files import ArchiveDamaged, ArchiveFolder
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.services.audit import archive as audit_archive
from wallet_api.services.audit import checkpoints as audit_checkpoints


def test_old_key_uses_move_into_files_and_other_entries_stay(
    old_log, archive, database, files, verify_log, sql
):
    before = entries_of(database)
    assert archive() == (21, 15, 0)
    moved = archived_entries(files)
    assert {place for place in moved if place[0] == 1} == {(1, n) for n in (2, 3, 4, 5, 7, 8, 9)}
    left = entries_of(database)
    assert {place: before[place] for place in moved} == moved
    assert not moved.keys() & left.keys()
    records = [entry for place, entry in left.items() if place not in before]
    assert {entry.action for entry in records} == {"entries.archived"}
    assert {entry.actor for entry in records} == {"cli:operator"}
    # Each user has two records, and 5 of 12 entries.
    assert len(left) == 15 + 6
    assert verify_log(files) == ([], 42, 0)
    assert verify_log() == ([], 21, 21)
    assert verify_log(files, fid=2) == ([], 14, 0)
    assert verify_log(fid=2) == ([], 7, 7)
    # The service works as before.
    for fid in USERS:
        assert old_log.get_wallet_with_key(fid, "ethereum", access=ACCESS) is not None
    addresses = database.run(
        lambda connection: [
            (
                AuditRepository(connection).get_trading_address(fid),
                AuditRepository(connection).get_base_account_address(fid),
            )
            for fid in USERS
        ]
    )
    assert addresses == [
        (old_log.get_wallet_address(fid, "ethereum", access=ACCESS), BASE_ACCOUNT) for fid in USERS
    ]


def test_a_second_run_moves_nothing_and_a_later_run_moves_what_has_become_old(
    old_log, archive, files, verify_log, append_old
):
    archive()
    assert archive() == (0, 21, 0)
    assert len(list(files.path.iterdir())) == 1
    append_old(2, "key.read", "key.read", "key.read")
    assert archive() == (3, 21, 0)
    assert verify_log(files) == ([], 21 + 21 + 3 + 1, 0)
    assert verify_log() == ([], 22, 24)


def test_the_records_of_a_long_run_follow_each_other(
    database, archive, files, verify_log, append_old, monkeypatch
):
    monkeypatch.setattr(audit_archive, "_RUN", 3)
    service(database).ensure_trading_wallet(1, access=ACCESS)
    append_old(1, *["key.read"] * 8)
    assert archive() == (8, 1, 0)
    assert verify_log() == ([], 4, 8)
    assert verify_log(files) == ([], 12, 0)


def test_entries_of_1_0_0_are_archived_too(old_log, archive, files, verify_log, sql):
    plant(sql, TO_TEXT)
    assert archive() == (21, 15, 0)
    assert verify_log(files) == ([], 42, 0)


def test_signatures_are_archived_with_what_was_signed(
    database, append_old, archive, files, verify_log
):
    service(database).ensure_trading_wallet(1, access=ACCESS)
    append_old(1, "message.signed", "typed_data.signed", "transaction.signed", details=DETAILS)
    append_old(1, "signing.refused", details="{}")
    append_old(1, "key.read")
    assert archive() == (5, 1, 0)
    assert [entry.details for entry in files.entries()] == [*[DETAILS] * 3, "{}", None]
    assert verify_log(files) == ([], 7, 0)
    assert verify_log() == ([], 2, 5)
    (path,) = files.path.iterdir()
    tamper_line(path, 1, details=DETAILS.replace(" ", ""))
    assert verify_log(files)[0] == [(1, 3, NOT_OURS)]


def test_a_line_without_details_is_valid(database, append_old, archive, files, verify_log):
    """Earlier versions wrote no details."""
    service(database).ensure_trading_wallet(1, access=ACCESS)
    append_old(1, "key.read", "key.read")
    assert archive() == (2, 1, 0)
    (path,) = files.path.iterdir()
    lines = [json.loads(line) for line in read_lines(path)]
    assert {line.pop("details") for line in lines} == {None}
    path.write_bytes(gzip.compress(b"".join(json.dumps(line).encode() + b"\n" for line in lines)))
    assert verify_log(files) == ([], 4, 0)


def test_checkpoints_remain_comparable(
    old_log, archive, files, verification, verify_log, monkeypatch
):
    monkeypatch.setattr(audit_checkpoints, "_SETTLED", timedelta(0))
    early = verification().take_checkpoint(lambda _: None)
    assert not verification().needs_archive()
    archive()
    assert verification().needs_archive()
    assert not verification(archive=files).needs_archive()
    assert verify_log(files, against=early)[0] == []
    later = verification(archive=files).take_checkpoint(lambda _: None)
    assert sum(later.entries) == sum(early.entries) + 6
    assert verify_log(files, against=later)[0] == []
    # Without the files the log has fewer entries.
    assert verify_log(against=early)[0] != []


def test_appends_and_archiving_do_not_affect_each_other(
    old_log, archive, files, database, verify_log, append_old, monkeypatch
):
    monkeypatch.setattr(audit_archive, "_TRANSACTION", 1)
    stop = threading.Event()

    def read(fid):
        reads = 0
        while not stop.is_set():
            old_log.get_wallet_with_key(fid, "ethereum", access=ACCESS)
            reads += 1
        return reads

    with ThreadPoolExecutor(len(USERS)) as pool:
        reading = [pool.submit(read, fid) for fid in USERS]
        try:
            moved = archive()[0]
        finally:
            stop.set()
        reads = sum(one.result() for one in reading)
    assert moved == 21
    assert reads > 0
    assert verify_log(files) == ([], 42 + reads, 0)


def test_two_concurrent_runs_lose_no_entry(old_log, archive, files, tmp_path, verify_log):
    """The same folder is refused. With another folder, each entry is in at least one of them."""
    with files.locked(), pytest.raises(ArchiveDamaged, match="another process writes"):
        archive()
    (tmp_path / "other").mkdir()
    other = ArchiveFolder(tmp_path / "other")
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(archive, to=one) for one in (files, other)]
        counts = [one.result() for one in both]
    assert all(failed == 0 for _, _, failed in counts), counts
    for path in other.path.iterdir():
        path.rename(files.path / path.name.replace("audit-0", "audit-1"))
    assert verify_log(files)[0] == []
    assert len(archived_entries(files)) == 21
