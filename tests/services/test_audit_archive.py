"""Old key uses move into files, and nothing is lost, whenever the command dies."""

import gzip
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import errors

from tests.database import plant
from tests.factories import ACCESS, BASE_ACCOUNT, POSTGRES, SECRET, service
from tests.services.audit_faults import TO_TEXT
from wallet_api.crypto.audit_chain import FIRST_HEAD
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.models import AUDIT_ACTIONS, KEY_USES, AuditContext, AuditEvent, AuditHead
from wallet_api.repositories.audit import archive_files
from wallet_api.repositories.audit.archive import AuditArchiveRepository
from wallet_api.repositories.audit.archive_files import ArchiveDamaged, ArchiveFolder
from wallet_api.repositories.audit.checks import AuditCheckRepository
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.services.audit import archive as audit_archive
from wallet_api.services.audit import checkpoints as audit_checkpoints
from wallet_api.services.audit.append import AuditTrail
from wallet_api.services.audit.archive import ArchiveOutcome, AuditArchive
from wallet_api.services.audit.archived_ranges import ArchivedRange
from wallet_api.services.audit.chains import EntryOutcome
from wallet_api.services.audit.verify import AuditVerification

USERS = (1, 2, 300)
NOW = datetime.now(UTC)
LONG_AGO, BEFORE = NOW - timedelta(days=40), NOW - timedelta(days=30)
OPERATOR = AuditContext(actor="cli:operator", request_id="54ed0d9f1a504ed4801ddb06b16b9977")
ANOTHER = "0x" + "ab" * 20


# A MAC covers this text: nothing may format it, or keep the last of two equal members only.
DETAILS = '{"method":"sign/message", "effects":[{"b":1e2,"a":"\\u00e4 \\ud800","a":"ü"}]}'


class Killed(BaseException):
    """What ends the process at once: nothing of ours catches it."""


@pytest.fixture
def encryption():
    return EncryptionService(Secret(SECRET))


@pytest.fixture
def past(sql, encryption):
    """Append entries of long ago to a user's chain: past(1, "key.read", "key.refused")."""

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
def log(database, past):
    """Three users, each with 4 old uses, a Base Account, 3 old uses, one more and a recent one."""
    wallets = service(database)
    for fid in USERS:
        wallets.ensure_trading_wallet(fid, access=ACCESS)
        past(fid, "key.read", "key.refused", "key.exported", "key.read")
        wallets.store_base_account_address(fid, BASE_ACCOUNT, access=ACCESS)
        past(fid, "key.read", "transaction.signed", "signing.refused", details=DETAILS)
        past(fid, "key.resealed")
        past(fid, "key.read")
        wallets.get_wallet_with_key(fid, "ethereum", access=ACCESS)
    return wallets


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "archive"
    path.mkdir()
    return ArchiveFolder(path)


@pytest.fixture
def archive(database, encryption, folder):
    """Archive the old key uses, and return how many entries had which outcome."""

    def run(before=BEFORE, *, to=folder):
        counts = dict.fromkeys(ArchiveOutcome, 0)
        for report in AuditArchive(database, encryption, OPERATOR, to).run(before):
            counts[report.outcome] += report.count
        return tuple(counts.values())

    return run


@pytest.fixture
def verification(database, encryption):
    def make(archive=None):
        return AuditVerification(
            database,
            encryption,
            unchained_before=None,
            storage=POSTGRES,
            archive=archive,
        )

    return make


@pytest.fixture
def verify(verification):
    """Verify the log: return the faults, (fid, id, what), and the numbers of other outcomes."""

    def run(archive=None, *, fid=None, against=None):
        reports = []
        if fid is None:
            verification(archive).verify(reports.append, against=against)
        else:
            verification(archive).verify_user(fid, reports.append)
        faults = [(r.fid, r.id, r.fault) for r in reports if r.outcome is EntryOutcome.FAULTY]
        intact = sum(report.outcome is EntryOutcome.INTACT for report in reports)
        return faults, intact, sum(report.outcome is EntryOutcome.ARCHIVED for report in reports)

    return run


def entries_of(database):
    return {
        (entry.fid, entry.id): entry
        for entry in database.run(
            lambda connection: AuditCheckRepository(connection).list_page((0, 0), 10_000)
        )
    }


def stored(folder):
    return {(entry.fid, entry.id): entry for entry in folder.entries()}


def lines_of(path):
    return gzip.decompress(path.read_bytes()).splitlines(keepends=True)


def test_old_key_uses_move_into_files_and_all_else_stays(
    log, archive, database, folder, verify, sql
):
    before = entries_of(database)
    assert archive() == (21, 15, 0)
    moved = stored(folder)
    assert {place for place in moved if place[0] == 1} == {(1, n) for n in (2, 3, 4, 5, 7, 8, 9)}
    left = entries_of(database)
    assert {place: before[place] for place in moved} == moved
    assert not moved.keys() & left.keys()
    records = [entry for place, entry in left.items() if place not in before]
    assert {entry.action for entry in records} == {"entries.archived"}
    assert {entry.actor for entry in records} == {"cli:operator"}
    # Each user has two records, and 5 of 12 entries.
    assert len(left) == 15 + 6
    assert verify(folder) == ([], 42, 0)
    assert verify() == ([], 21, 21)
    assert verify(folder, fid=2) == ([], 14, 0)
    assert verify(fid=2) == ([], 7, 7)
    # The service does not notice.
    for fid in USERS:
        assert log.get_wallet_with_key(fid, "ethereum", access=ACCESS) is not None
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
        (log.get_wallet_address(fid, "ethereum", access=ACCESS), BASE_ACCOUNT) for fid in USERS
    ]


def test_a_second_run_moves_nothing_and_a_later_one_moves_what_is_old_by_then(
    log, archive, folder, verify, past
):
    archive()
    assert archive() == (0, 21, 0)
    assert len(list(folder.path.iterdir())) == 1
    past(2, "key.read", "key.read", "key.read")
    assert archive() == (3, 21, 0)
    assert verify(folder) == ([], 21 + 21 + 3 + 1, 0)
    assert verify() == ([], 22, 24)


def test_a_record_after_a_record_closes_its_gap(
    database, archive, folder, verify, past, monkeypatch
):
    """A long run is recorded in parts, which follow each other."""
    monkeypatch.setattr(audit_archive, "_RUN", 3)
    service(database).ensure_trading_wallet(1, access=ACCESS)
    past(1, *["key.read"] * 8)
    assert archive() == (8, 1, 0)
    assert verify() == ([], 4, 8)
    assert verify(folder) == ([], 12, 0)


def test_entries_of_1_0_0_are_archived_too(log, archive, folder, verify, sql):
    plant(sql, TO_TEXT)
    assert archive() == (21, 15, 0)
    assert verify(folder) == ([], 42, 0)


def test_signatures_are_archived_with_what_was_signed(database, past, archive, folder, verify):
    service(database).ensure_trading_wallet(1, access=ACCESS)
    past(1, "message.signed", "typed_data.signed", "transaction.signed", details=DETAILS)
    past(1, "signing.refused", details="{}")
    past(1, "key.read")
    assert archive() == (5, 1, 0)
    assert [entry.details for entry in folder.entries()] == [*[DETAILS] * 3, "{}", None]
    assert verify(folder) == ([], 7, 0)
    assert verify() == ([], 2, 5)
    (path,) = folder.path.iterdir()
    tamper_line(path, 1, details=DETAILS.replace(" ", ""))
    assert verify(folder)[0] == [(1, 3, NOT_OURS)]


def test_a_line_need_not_have_details(database, past, archive, folder, verify):
    """It has none in the file of a version that had no details."""
    service(database).ensure_trading_wallet(1, access=ACCESS)
    past(1, "key.read", "key.read")
    assert archive() == (2, 1, 0)
    (path,) = folder.path.iterdir()
    lines = [json.loads(line) for line in lines_of(path)]
    assert {line.pop("details") for line in lines} == {None}
    path.write_bytes(gzip.compress(b"".join(json.dumps(line).encode() + b"\n" for line in lines)))
    assert verify(folder) == ([], 4, 0)


def test_checkpoints_stay_comparable(log, archive, folder, verification, verify, monkeypatch):
    monkeypatch.setattr(audit_checkpoints, "_SETTLED", timedelta(0))
    early = verification().take_checkpoint(lambda _: None)
    assert not verification().needs_archive()
    archive()
    assert verification().needs_archive()
    assert not verification(folder).needs_archive()
    assert verify(folder, against=early)[0] == []
    later = verification(folder).take_checkpoint(lambda _: None)
    assert sum(later.entries) == sum(early.entries) + 6
    assert verify(folder, against=later)[0] == []
    # Without the files the log has fewer entries.
    assert verify(against=early)[0] != []


def test_appends_and_archiving_do_not_disturb_each_other(
    log, archive, folder, database, verify, past, monkeypatch
):
    monkeypatch.setattr(audit_archive, "_TRANSACTION", 1)
    stop = threading.Event()

    def read(fid):
        reads = 0
        while not stop.is_set():
            log.get_wallet_with_key(fid, "ethereum", access=ACCESS)
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
    assert verify(folder) == ([], 42 + reads, 0)


def test_two_runs_at_once_lose_nothing(log, archive, folder, tmp_path, verify):
    """The same folder is refused. With another one, each entry is in one of them at least."""
    with folder.locked(), pytest.raises(ArchiveDamaged, match="another process writes"):
        archive()
    (tmp_path / "other").mkdir()
    other = ArchiveFolder(tmp_path / "other")
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(archive, to=one) for one in (folder, other)]
        counts = [one.result() for one in both]
    assert all(failed == 0 for _, _, failed in counts), counts
    for path in other.path.iterdir():
        path.rename(folder.path / path.name.replace("audit-0", "audit-1"))
    assert verify(folder)[0] == []
    assert len(stored(folder)) == 21


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


@pytest.mark.parametrize("step", STEPS)
def test_whenever_it_dies_each_entry_is_in_the_log_or_in_a_file_and_the_next_run_ends(
    log, archive, folder, database, verify, monkeypatch, step
):
    monkeypatch.setattr(audit_archive, "_TRANSACTION", 2)
    before = entries_of(database)
    owner, name, after, calls = STEPS[step]
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, killing(owner, name, after=after, calls=calls))
        with pytest.raises(Killed):
            archive()
    assert stored(folder) | entries_of(database) | before == before | entries_of(database)
    assert verify(folder)[0] == []
    assert verify()[0] == []
    _, _, failed = archive()
    assert failed == 0
    assert sorted(path.name[0] for path in folder.path.iterdir()) == ["a"] * len(
        list(folder.path.iterdir())
    )
    assert len(stored(folder)) == 21
    assert verify() == ([], 21, 21)
    faults, intact, _ = verify(folder)
    assert (faults, intact) == ([], 42)


def test_a_file_that_is_not_as_it_was_written_costs_no_entry(
    log, archive, folder, database, monkeypatch
):
    before = entries_of(database)
    to_line = archive_files._to_line
    monkeypatch.setattr(
        archive_files, "_to_line", lambda entry: to_line(replace(entry, actor="somebody else"))
    )
    with pytest.raises(ArchiveDamaged, match="is not as it was written"):
        archive()
    assert entries_of(database) == before
    assert list(folder.entries()) == []


def test_a_full_disk_costs_no_entry(log, archive, folder, database, monkeypatch):
    before = entries_of(database)

    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(ArchiveDamaged, match="No space left on device"):
            archive()
    assert entries_of(database) == before
    assert archive() == (21, 15, 0)


def test_what_is_not_intact_is_not_archived(log, archive, folder, database, sql, verify):
    plant(sql, "update wallet_audit_log set actor = 'nobody' where (fid, id) = (2, 4)")
    plant(sql, "delete from wallet_audit_log where (fid, id) = (300, 3)")
    faults = verify()[0]
    moved, _, failed = archive()
    # The changed one, and the one after the gap. Those beside the changed one are moved or single.
    assert failed == 2
    assert verify(folder)[0] == verify()[0] == faults
    assert (2, 4) in entries_of(database)
    assert moved == len(stored(folder))


def tamper_line(path, number, **changes):
    lines = lines_of(path)
    lines[number] = json.dumps({**json.loads(lines[number]), **changes}).encode() + b"\n"
    path.write_bytes(gzip.compress(b"".join(lines)))


NOT_OURS = "it, or its position after the previous entry, is not as this service wrote it"


def test_a_tampered_archive_is_reported(log, archive, folder, verify):
    archive()
    (path,) = folder.path.iterdir()
    tamper_line(path, 1, actor="nobody")
    assert verify(folder)[0] == [(1, 3, NOT_OURS)]
    tamper_line(path, 1, actor=ACCESS.actor)
    assert verify(folder)[0] == []
    tamper_line(path, 3, mac="0" * 64)
    assert verify(folder)[0][:2] == [(1, 5, NOT_OURS), (1, 6, NOT_OURS)]


def test_a_line_or_a_file_that_is_missing_is_reported(log, archive, folder, verify, past):
    archive()
    past(2, "key.read", "key.read")
    archive()
    first, second = sorted(folder.path.iterdir())
    kept = first.read_bytes()
    first.write_bytes(gzip.compress(b"".join(lines_of(first)[1:])))
    assert verify(folder)[0] == [
        (1, None, "entry 2 is missing"),
        (1, 3, "it cannot be checked without the entry before it"),
    ]
    first.unlink()
    assert verify(folder)[0][:2] == [
        (1, None, "entries 2 to 5 are archived, and in no file"),
        (1, None, "entries 7 to 9 are archived, and in no file"),
    ]
    first.write_bytes(kept)
    second.unlink()
    assert verify(folder)[0] == [(2, None, "entries 15 to 16 are archived, and in no file")]


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-9]),
        lambda path: path.write_bytes(b"\0" + path.read_bytes()),
        lambda path: path.write_bytes(gzip.compress(b"{}\n")),
        lambda path: path.write_bytes(gzip.compress(b"not JSON\n")),
        lambda path: path.write_bytes(gzip.compress(b"".join(reversed(lines_of(path))))),
        lambda path: tamper_line(path, 0, fid="1"),
        lambda path: tamper_line(path, 0, created_at=None),
        lambda path: tamper_line(path, 0, created_at="2026-01-01"),
        lambda path: tamper_line(path, 0, another="member"),
        lambda path: path.rename(path.with_name("audit-x.jsonl.gz")),
    ],
)
def test_a_damaged_file_ends_the_verification_with_its_name(log, archive, folder, verify, damage):
    archive()
    (path,) = folder.path.iterdir()
    damage(path)
    with pytest.raises(ArchiveDamaged, match=r"audit-\w+\.jsonl\.gz"):
        verify(folder)


def test_copies_that_differ_are_reported(log, archive, folder, verify, sql):
    """An interrupted run leaves copies, and those are equal."""
    archive()
    (path,) = folder.path.iterdir()
    copy = path.with_name("audit-000002.jsonl.gz")
    copy.write_bytes(path.read_bytes())
    assert verify(folder) == ([], 42, 0)
    tamper_line(copy, 2, reason="another")
    assert verify(folder)[0] == [(1, 4, "its copies in the log and in the archive differ")]


def test_a_deletion_that_no_intact_entry_records_is_reported(log, verify, sql, encryption):
    """The owner of the tables can delete old key uses, and cannot record it without the secret."""
    with sql.transaction():
        sql.execute("set local wallet_api.archiving = 'on'")
        sql.execute("delete from wallet_audit_log where fid = 2 and id in (2, 3)")
    assert (2, None, "entries 2 to 3 are missing") in verify()[0]
    (mac,) = sql.execute(
        "select encode(mac_bytes, 'hex') from wallet_audit_log where (fid, id) = (2, 4)"
    ).fetchone()
    forged = ArchivedRange(first=2, last=3, mac=mac, key_id=encryption.key_id).to_reason()
    sql.execute(
        "insert into wallet_audit_log (fid, id, chain, action, actor, request_id, reason)"
        " values (2, 99, 'ethereum', 'entries.archived', 'cli:operator', 'r', %s)",
        [forged],
    )
    assert (2, None, "entries 2 to 3 are missing") in verify()[0]


def test_a_record_does_not_help_to_cut_a_chain(log, archive, folder, verify, sql):
    """It has the mac of an entry, and the end of a chain is another one."""
    archive()
    gone = ArchivedRange.from_reason(
        sql.execute(
            "select reason from wallet_audit_log where action = 'entries.archived' and fid = 2"
            " order by id limit 1"
        ).fetchone()[0]
    )
    (path,) = folder.path.iterdir()
    lines = [line for line in lines_of(path) if (json.loads(line)["fid"], 2) != (2, 2)]
    kept = [line for line in lines_of(path) if json.loads(line)["id"] <= gone.last]
    path.write_bytes(gzip.compress(b"".join(sorted({*lines, *kept}, key=lines_of(path).index))))
    plant(sql, f"delete from wallet_audit_log where fid = 2 and id > {gone.last}")
    plant(sql, f"update wallet_audit_heads set id = {gone.last}, mac = '{gone.mac}' where fid = 2")
    cut = (2, None, "the end of the chain is not as this service wrote it")
    assert cut in verify(folder)[0]
    assert verify()[0] != []


@pytest.fixture
def archiving(sql):
    """Begin a transaction of the owner that may delete old key uses."""
    with sql.transaction(force_rollback=True):
        sql.execute("set local wallet_api.archiving = 'on'")
        yield sql


@pytest.mark.parametrize("action", AUDIT_ACTIONS)
def test_only_key_uses_may_be_deleted(past, archiving, action):
    past(1, action)
    expected = nullcontext() if action in KEY_USES else pytest.raises(errors.RestrictViolation)
    with expected:
        assert archiving.execute("delete from wallet_audit_log").rowcount == 1


@pytest.mark.parametrize("number", [1, 6, 10, 12])
def test_not_even_the_owner_deletes_what_must_stay(log, archiving, number):
    """A creation, a Base Account address, a rotation, and a use of today."""
    with pytest.raises(errors.RestrictViolation):
        archiving.execute(f"delete from wallet_audit_log where (fid, id) = (1, {number})")


def test_the_permission_is_to_delete_and_ends_with_the_transaction(log, sql):
    change = "update wallet_audit_log set actor = 'nobody' where (fid, id) = (1, 2)"
    for statement in ("commit", change):
        sql.execute("begin")
        sql.execute("set local wallet_api.archiving = 'on'")
        with suppress(errors.RestrictViolation):
            sql.execute(statement)
            assert statement == "commit"
        sql.execute("rollback")
    with pytest.raises(errors.RestrictViolation):
        sql.execute("delete from wallet_audit_log where (fid, id) = (1, 2)")


def test_the_command_that_is_killed_again_and_again_ends_in_a_complete_archive(
    log, start, folder, verify, past, monkeypatch, database
):
    for fid in USERS:
        past(fid, *["key.read"] * 40)
    total = len(entries_of(database))
    begun = threading.Event()
    for delay in (0.3, 0.5, 0.6, 0.7, 0.8, 0.9):
        one = start("archive", "--before", f"{BEFORE:%Y-%m-%d}", "--to", folder.path, group="audit")
        begun.wait(delay)
        with suppress(ProcessLookupError):
            os.kill(one.pid, 9)
        one.stop()
        assert verify(folder)[0] == []
    done = start(
        "archive", "--before", f"{BEFORE:%Y-%m-%d}", "--to", folder.path, "--json", group="audit"
    ).finish()
    assert done.status == 0, done
    assert len(stored(folder)) == 21 + 3 * 40
    faults, intact, archived = verify(folder)
    assert (faults, archived) == ([], 0)
    assert intact == total + sum(
        entry.action == "entries.archived" for entry in entries_of(database).values()
    )


def test_the_commands_say_what_they_need(log, command, folder, tmp_path):
    def run(*arguments, **changes):
        return command(*arguments, group="audit", **changes)

    tomorrow = f"{NOW + timedelta(days=1):%Y-%m-%d}"
    early = run("archive", "--before", tomorrow, "--to", folder.path)
    assert (early.status, "--before must be at least a day ago" in early.err) == (2, True)
    moved = run("archive", "--before", f"{BEFORE:%Y-%m-%d}", "--to", folder.path, "--json")
    assert (moved.status, moved.figures["archived"], moved.figures["kept"]) == (0, 21, 15)
    alone = run("verify", "--json")
    assert (alone.status, alone.figures["archived"], alone.figures["intact"]) == (0, 21, 21)
    both = run("verify", "--archive", folder.path, "--json")
    assert (both.status, both.figures["archived"], both.figures["intact"]) == (0, 0, 42)
    point = tmp_path / "checkpoint.json"
    refused = run("verify", "--checkpoint", point)
    assert (refused.status, "Add --archive" in refused.err) == (1, True)
    assert not point.exists()
    assert run("verify", "--checkpoint", point, "--archive", folder.path).status == 0
    (path,) = folder.path.iterdir()
    path.write_bytes(path.read_bytes()[:50])
    damaged = run("verify", "--archive", folder.path)
    assert (damaged.status, "cannot be read" in damaged.err) == (1, True)
    assert "Traceback" not in damaged.err
