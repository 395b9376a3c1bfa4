"""Batches of many users while some of them are busy: no user delays another or is left out."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
import pytest

from tests.commands import wait_until
from tests.database import audit_entries
from tests.factories import ACCESS, OTHER_SECRET, POSTGRES, SECRET, service
from tests.services.batches import (
    BUSY,
    NEW,
    OLD,
    USERS,
    Export,
    FirstImport,
    Import,
    Rotation,
    make_wallets,
)
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database, ServingConnection
from wallet_api.database.connections import Connection
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.repositories.wallets.batches import WalletBatchRepository
from wallet_api.services.audit.verify import AuditVerification, EntryOutcome
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.encryption_keys.registry import KnownSecrets, SecretStillInUse
from wallet_api.services.encryption_keys.rotation import KeyRotation

pytestmark = pytest.mark.slow


@pytest.fixture
def limits(monkeypatch):
    """Let the commands of this test wait for half a second where they wait for five."""
    monkeypatch.setattr(Connection, "limits", {"lock_timeout": "500"})


@pytest.fixture
def own_database(database_url):
    """Return a database of one connection, as a command has."""
    database = Database(Secret(database_url), min_size=0, max_size=1, timeout_seconds=5)
    database.open()
    yield database
    database.close()


@pytest.fixture(params=[Rotation, Import, Export])
def batch(request, own_database, tmp_path):
    return request.param(own_database, tmp_path)


@pytest.fixture
def hold(database_url):
    """Give what holds the chain of a user, as a transaction does that appends to it."""

    @contextmanager
    def holding(fid):
        with psycopg.connect(database_url) as other:
            other.execute("select from wallet_audit_heads where fid = %s for update", [fid])
            yield

    return holding


@pytest.fixture
def attempts(monkeypatch):
    """Note the users of each transaction of a batch, in the order in which it began."""
    noted, lock_heads = [], AuditRepository.lock_heads

    def held(self, fids):
        noted.append(set(fids))
        return lock_heads(self, fids)

    monkeypatch.setattr(AuditRepository, "lock_heads", held)
    return noted


def fids_with_entry(sql, action):
    return sorted(fid for (fid,) in audit_entries(sql, "fid", f"action = '{action}'"))


def check_log(database):
    reports = []
    log = AuditVerification(database, NEW, unchained_before=None, storage=POSTGRES)
    log.verify(reports.append)
    assert {report.outcome for report in reports} <= {EntryOutcome.INTACT}, reports


def test_a_user_whose_chain_is_locked_delays_no_other(batch, hold, sql, attempts):
    found = []
    with hold(BUSY):
        running = threading.Thread(target=lambda: found.append(batch.outcomes()))
        running.start()
        others = [fid for fid in USERS if fid != BUSY]
        wait_until(lambda: fids_with_entry(sql, batch.action) == others)
        waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        wait_until(lambda: sql.execute(waiting).fetchone() == (1,))
        # A batch that waits for one user holds no lock of another.
        sql.execute("select from wallet_audit_heads where fid <> %s for update nowait", [BUSY])
        assert running.is_alive()
    running.join()
    assert found == [dict.fromkeys(USERS, batch.done)]
    assert fids_with_entry(sql, batch.action) == list(USERS)
    assert attempts == [set(USERS), {BUSY}]
    check_log(batch.database)


def test_a_user_who_is_locked_for_too_long_is_reported_and_done_by_the_next_run(
    limits, batch, hold, sql
):
    with hold(BUSY):
        outcomes = batch.outcomes()
    assert outcomes == dict.fromkeys(USERS, batch.done) | {BUSY: "failed"}
    assert batch.outcomes() == {BUSY: batch.done}
    assert fids_with_entry(sql, batch.action) == list(USERS)


def test_a_blocked_chain_is_reported_and_delays_no_other(batch, sql, attempts):
    sql.execute("update wallet_audit_heads set id = 9223372036854775807 where fid = %s", [BUSY])
    reports = {report.fid: report for report in batch.run()}
    assert "audit verify" in reports.pop(BUSY).reason
    assert {report.outcome for report in reports.values()} == {batch.done}
    # All together, and then each by itself.
    assert sorted(attempts[1:], key=min) == [{fid} for fid in USERS]


def test_a_batch_whose_process_is_paused_fails_no_key_read(batch, database_url, sql, monkeypatch):
    append_many, paused = AuditRepository.append_many, threading.Event()

    def pause(self, chained):
        if not paused.is_set():
            paused.set()
            time.sleep(3)
        return append_many(self, chained)

    monkeypatch.setattr(AuditRepository, "append_many", pause)
    serving = Database(
        Secret(database_url),
        min_size=1,
        max_size=1,
        timeout_seconds=5,
        connection_class=ServingConnection,
    )
    serving.open()
    users = service(serving, SECRET, OTHER_SECRET)
    # Of a user whom the batch holds, and who has a key or was refused one.
    with ThreadPoolExecutor() as pool:
        running = pool.submit(batch.outcomes)
        assert paused.wait(30)
        began = time.monotonic()
        users.refuse_key(BUSY, "ethereum", access=ACCESS)
        assert time.monotonic() - began < 2
        assert running.result() == dict.fromkeys(USERS, batch.done)
    serving.close()
    assert fids_with_entry(sql, batch.action) == list(USERS)


@pytest.mark.parametrize("kind", [Rotation, Import, FirstImport, Export])
def test_the_work_of_an_earlier_attempt_is_reported_and_not_repeated(
    kind, own_database, tmp_path, sql, monkeypatch
):
    """The first commit outlasts its connection: PostgreSQL is at it when the work runs again."""
    batch = kind(own_database, tmp_path)
    sql.execute("create sequence commits")
    sql.execute(
        "create function dawdle() returns trigger language plpgsql as"
        " 'begin if nextval(''commits'') = 1 then perform pg_sleep(1.2); end if; return null; end'"
    )
    sql.execute(
        "create constraint trigger dawdle after insert on wallet_audit_log"
        " deferrable initially deferred for each row execute function dawdle()"
    )
    monkeypatch.setattr(Connection, "answer_seconds", 0.8)
    assert batch.outcomes() == dict.fromkeys(USERS, batch.done)
    assert fids_with_entry(sql, batch.action) == list(USERS)
    check_log(own_database)


def test_an_import_and_the_first_entry_of_its_user_do_not_deadlock(
    own_database, database_url, tmp_path, sql
):
    batch = FirstImport(own_database, tmp_path)
    with ThreadPoolExecutor() as pool, psycopg.connect(database_url) as other:
        other.execute("set deadlock_timeout = '100ms'")
        # What an append does.
        other.execute(
            "insert into wallet_audit_log (fid, id, chain, action, actor, request_id)"
            " values (%s, 1, 'ethereum', 'key.refused', 'nobody', 'r')",
            [BUSY],
        )
        running = pool.submit(batch.outcomes)
        waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        wait_until(lambda: sql.execute(waiting).fetchone() == (1,))
        other.execute("insert into wallet_audit_heads values (%s, 1, repeat('0', 64))", [BUSY])
        other.commit()
        assert running.result() == dict.fromkeys(USERS, "imported")
    assert fids_with_entry(sql, "wallet.imported") == list(USERS)


def test_two_concurrent_rotations_encrypt_each_key_once(database_url, own_database, sql, attempts):
    make_wallets(own_database)
    SecretRegistration(own_database, NEW).register()
    together = threading.Barrier(2)

    def rotate():
        database = Database(Secret(database_url), min_size=0, max_size=1, timeout_seconds=5)
        database.open()
        rotation = KeyRotation(database, NEW, ACCESS)
        page = next(rotation.pages(len(USERS)))
        together.wait()
        reports = rotation.run(page)
        database.close()
        return {report.fid: report.outcome for report in reports}

    with ThreadPoolExecutor() as pool:
        found = [one.result() for one in [pool.submit(rotate) for _ in range(2)]]
    for fid in USERS:
        assert sorted(one[fid] for one in found) == ["present", "re-encrypted"]
    assert fids_with_entry(sql, "key.resealed") == list(USERS)
    # Each tried a wallet in the page, and perhaps by itself.
    assert all(sum(fid in one for one in attempts) <= 4 for fid in USERS)
    check_log(own_database)


def test_a_secret_is_not_retired_in_the_middle_of_a_rotation(
    own_database, database_url, monkeypatch
):
    make_wallets(own_database)
    SecretRegistration(own_database, NEW).register()
    other = Database(Secret(database_url), min_size=0, max_size=1, timeout_seconds=5)
    other.open()
    secrets, refused = KnownSecrets(other, NEW, POSTGRES), []
    reseal = WalletBatchRepository.reencrypt

    def retire_first(self, again):
        replaced = reseal(self, again)
        # Written, not committed.
        with pytest.raises(SecretStillInUse, match=r"keys \(20\)"):
            secrets.retire(OLD.key_id)
        refused.append(True)
        return replaced

    monkeypatch.setattr(WalletBatchRepository, "reencrypt", retire_first)
    rotation = KeyRotation(own_database, NEW, ACCESS)
    reports = rotation.run(next(rotation.pages(len(USERS))))
    assert {report.outcome for report in reports} == {"re-encrypted"}
    assert refused == [True]
    assert secrets.retire(OLD.key_id)
    other.close()


@dataclass
class Traffic:
    """Threads that read keys as fast as they can, and what came of it."""

    users: object
    fids: list[int]
    reads: int = 0
    errors: list[Exception] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def read(self, first):
        number = first
        while not self.ended.is_set():
            number += 1
            try:
                fid = self.fids[number % len(self.fids)]
                self.users.get_wallet_with_key(fid, "ethereum", access=ACCESS)
            except Exception as error:  # noqa: BLE001 (reported below)
                self.errors.append(error)
            self.reads += 1


def test_a_rotation_completes_under_constant_key_reads(own_database, database_url, sql, attempts):
    make_wallets(own_database)
    SecretRegistration(own_database, NEW).register()
    serving = Database(
        Secret(database_url),
        min_size=8,
        max_size=8,
        timeout_seconds=5,
        connection_class=ServingConnection,
    )
    serving.open()
    traffic = Traffic(service(serving, SECRET, OTHER_SECRET), [1, 5, 10, 15, 20])
    threads = [threading.Thread(target=traffic.read, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    wait_until(lambda: traffic.reads > 50)
    rotation = KeyRotation(own_database, NEW, ACCESS)
    began = time.monotonic()
    reports = [report for page in rotation.pages(7) for report in rotation.run(page)]
    took = time.monotonic() - began
    traffic.ended.set()
    for thread in threads:
        thread.join()
    serving.close()
    print(f"\n20 wallets, 5 of them read all the time: {took:.2f} s")
    assert [(one.fid, one.outcome) for one in sorted(reports, key=lambda one: one.fid)] == [
        (fid, "re-encrypted") for fid in USERS
    ]
    assert fids_with_entry(sql, "key.resealed") == list(USERS)
    assert traffic.errors == []
    # In a page, and by itself if the user was busy then: never in a page again.
    assert len(attempts) <= 3 + len(traffic.fids)
    check_log(own_database)
