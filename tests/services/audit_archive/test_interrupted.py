"""An archive run that dies at any step loses no entry, and the next run completes it."""

import os
import threading
from contextlib import suppress
from dataclasses import replace

import pytest

from tests.factories import Killed
from tests.services.audit_archive.entries import BEFORE, USERS, archived_entries, entries_of
from wallet_api.repositories.audit import archive_files
from wallet_api.repositories.audit.archive import AuditArchiveRepository
from wallet_api.repositories.audit.archive_files import ArchiveDamaged
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.services.audit import archive as audit_archive


def killing(owner, name, *, after=False, calls=1):
    """Return a replacement that dies at a call of the original."""
    original = getattr(owner, name)
    left = [calls]

    def dying(*arguments, **options):
        left[0] -= 1
        if left[0] == 0 and not after:
            raise Killed
        result = original(*arguments, **options)
        if left[0] == 0:
            raise Killed
        return result

    return dying


STEPS = {
    "before a file is created": (os, "open", False, 2),
    "in the middle of a file": (archive_files, "_to_line", False, 5),
    "before it is flushed": (os, "fsync", False, 1),
    "after it is flushed": (os, "fsync", True, 1),
    "while it is read back": (archive_files, "_from_line", False, 5),
    "before it has its name": (archive_files.Path, "rename", False, 1),
    "after it has its name": (archive_files.Path, "rename", True, 1),
    "before the folder is flushed": (os, "fsync", False, 2),
    "after the folder is flushed": (os, "fsync", True, 2),
    "before entries are deleted": (AuditArchiveRepository, "delete_ranges", False, 2),
    "after they were deleted, before the record": (
        AuditArchiveRepository,
        "delete_ranges",
        True,
        2,
    ),
    "in a later transaction": (AuditArchiveRepository, "delete_ranges", True, 3),
    "after the record, before the commit": (AuditRepository, "append_many", True, 1),
    "before the record of a later transaction": (AuditRepository, "append_many", False, 2),
}


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_is_killed_at_any_step_loses_no_entry_and_the_next_run_completes(
    old_log, archive, files, database, verify_log, monkeypatch, step
):
    monkeypatch.setattr(audit_archive, "_TRANSACTION", 2)
    before = entries_of(database)
    owner, name, after, calls = STEPS[step]
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, killing(owner, name, after=after, calls=calls))
        with pytest.raises(Killed):
            archive()
    kept = archived_entries(files) | entries_of(database)
    assert {place: kept.get(place) for place in before} == before
    assert verify_log(files)[0] == []
    assert verify_log()[0] == []
    _, _, failed = archive()
    assert failed == 0
    assert all(path.name.startswith("audit-") for path in files.path.iterdir())
    assert len(archived_entries(files)) == 21
    assert verify_log() == ([], 21, 21)
    faults, intact, _ = verify_log(files)
    assert (faults, intact) == ([], 42)


def test_a_file_that_differs_from_what_was_written_loses_no_entry(
    old_log, archive, files, database, monkeypatch
):
    before = entries_of(database)
    to_line = archive_files._to_line
    monkeypatch.setattr(
        archive_files, "_to_line", lambda entry: to_line(replace(entry, actor="somebody else"))
    )
    with pytest.raises(ArchiveDamaged, match="cannot be read back"):
        archive()
    assert entries_of(database) == before
    assert list(files.entries()) == []


def test_a_full_disk_loses_no_entry(old_log, archive, files, database, monkeypatch):
    before = entries_of(database)

    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(ArchiveDamaged, match="No space left on device"):
            archive()
    assert entries_of(database) == before
    assert archive() == (21, 15, 0)


@pytest.mark.slow
def test_a_command_that_is_killed_repeatedly_ends_in_a_complete_archive(
    old_log, start, files, verify_log, append_old, monkeypatch, database
):
    for fid in USERS:
        append_old(fid, *["key.read"] * 40)
    total = len(entries_of(database))
    begun = threading.Event()
    for delay in (0.3, 0.5, 0.6, 0.7, 0.8, 0.9):
        one = start("archive", "--before", f"{BEFORE:%Y-%m-%d}", "--to", files.path, group="audit")
        begun.wait(delay)
        with suppress(ProcessLookupError):
            os.kill(one.pid, 9)
        one.stop()
        assert verify_log(files)[0] == []
    done = start(
        "archive",
        "--before",
        f"{BEFORE:%Y-%m-%d}",
        "--to",
        files.path,
        "--json",
        group="audit",
    ).finish()
    assert done.status == 0, done
    assert len(archived_entries(files)) == 21 + 3 * 40
    faults, intact, archived = verify_log(files)
    assert (faults, archived) == ([], 0)
    assert intact == total + sum(
        entry.action == "entries.archived" for entry in entries_of(database).values()
    )
