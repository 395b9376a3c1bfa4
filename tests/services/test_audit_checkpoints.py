"""A checkpoint covers no time in which an entry can still appear, even after a delayed commit."""

import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest

from tests.factories import ACCESS, append_events, service
from wallet_api.errors import DatabaseUnavailable
from wallet_api.models import AuditEvent
from wallet_api.services.audit import checkpoints as audit_checkpoints
from wallet_api.services.audit.checkpoints import settled_time

A_READ = AuditEvent(fid=1, chain="ethereum", action="key.read", access=ACCESS)


@pytest.fixture(autouse=True)
def immediate(monkeypatch):
    """Cover the time until now: only waiting for transactions makes a checkpoint correct."""
    monkeypatch.setattr(audit_checkpoints, "_SETTLED", timedelta(0))


@pytest.fixture
def take_checkpoint(database, verification):
    """Take a checkpoint of a log with one entry, of user 1."""
    service(database).ensure_trading_wallet(1, access=ACCESS)
    return lambda: verification().take_checkpoint(lambda _: None)


@pytest.fixture
def appending(database, encryption):
    """Append an entry in a transaction that commits when the block ends."""

    @contextmanager
    def append(event=A_READ):
        appended, commit = threading.Event(), threading.Event()

        def work(connection):
            with connection.transaction():
                append_events(connection, encryption, event)
                appended.set()
                assert commit.wait(30)

        thread = threading.Thread(target=database.run, args=[work])
        thread.start()
        assert appended.wait(30)
        try:
            yield
        finally:
            commit.set()
            thread.join()

    return append


def test_a_checkpoint_waits_for_entries_that_are_not_committed_yet(
    take_checkpoint, verify, appending
):
    taken = []
    taking = threading.Thread(target=lambda: taken.append(take_checkpoint()))
    with appending():
        taking.start()
        taking.join(0.5)
        assert taken == []
    taking.join(30)
    [checkpoint] = taken
    assert sum(checkpoint.entries) == 2
    assert verify(against=checkpoint)[0] == []


def test_a_checkpoint_is_refused_while_such_a_transaction_does_not_end(
    take_checkpoint, verify, appending, monkeypatch
):
    monkeypatch.setattr(audit_checkpoints, "_WRITERS_SECONDS", 0.3)
    with appending():
        with pytest.raises(DatabaseUnavailable) as refused:
            take_checkpoint()
        assert "may append to the audit log has been open" in refused.value.reason
        # To verify the log, also against an earlier checkpoint, needs no waiting.
        assert verify()[0] == []


def test_a_checkpoint_waits_for_an_insert_that_has_no_transaction_id_yet(
    take_checkpoint, database_url, monkeypatch
):
    """A process may stop between the time of an entry and its first write: it has no xid yet."""
    monkeypatch.setattr(audit_checkpoints, "_WRITERS_SECONDS", 0.3)
    with psycopg.connect(database_url) as slow:
        slow.execute(
            "insert into wallet_audit_log (fid, id, chain, action, actor, request_id, created_at)"
            " select 1, 9, 'ethereum', 'key.read', 'nobody', 'r', time_of_entry(now()) where false"
        )
        [(xid,)] = slow.execute("select pg_current_xact_id_if_assigned()").fetchall()
        assert xid is None
        with pytest.raises(DatabaseUnavailable):
            take_checkpoint()
        slow.rollback()
    take_checkpoint()


def test_a_checkpoint_does_not_wait_for_transactions_that_do_not_write_to_the_log(
    take_checkpoint, database_url
):
    with psycopg.connect(database_url) as other:
        other.execute("select count(*) from wallet_audit_log")
        other.execute("lock table wallets in row exclusive mode")
        other.execute("select pg_current_xact_id()")
        began = time.monotonic()
        take_checkpoint()
        assert time.monotonic() - began < 5
        other.rollback()


@pytest.mark.slow
def test_checkpoints_are_correct_under_constant_appends(
    take_checkpoint, verify, database, monkeypatch
):
    """A checkpoint does not wait for transactions that begin after it."""
    # The time of an entry is older than its transaction's lock, as the clock is read first.
    monkeypatch.setattr(audit_checkpoints, "_SETTLED", timedelta(seconds=3))
    wallets = service(database)
    stop = threading.Event()

    def append(fid):
        wallets.ensure_trading_wallet(fid, access=ACCESS)
        while not stop.is_set():
            wallets.get_wallet_with_key(fid, "ethereum", access=ACCESS)

    threads = [threading.Thread(target=append, args=[fid]) for fid in (2, 3, 4, 5)]
    for thread in threads:
        thread.start()
    try:
        began, checkpoints, counts = time.monotonic(), [], set()
        # They cover the time until three seconds before them, in which there were appends at last.
        while time.monotonic() - began < 4 or len(counts) < 2:
            checkpoints.append(take_checkpoint())
            counts.add(sum(checkpoints[-1].entries))
            assert verify(against=checkpoints[-1])[0] == []
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert [verify(against=one)[0] for one in checkpoints] == [[]] * len(checkpoints)
    assert sum(checkpoints[-1].entries) > sum(checkpoints[0].entries)


def test_the_runtime_role_sees_the_transactions_of_every_role(
    take_checkpoint, appending, database, monkeypatch
):
    """It must see their locks, although it cannot see when their transactions began."""
    monkeypatch.setattr(audit_checkpoints, "_WRITERS_SECONDS", 0.3)
    nobody = "do $$ begin create role sees_locks; exception when duplicate_object then end $$"
    database.run(lambda connection: connection.execute(nobody))
    looks = []

    def look(work):
        def as_nobody(connection):
            with connection.transaction(), connection.cursor() as cursor:
                cursor.execute("set local role sees_locks")
                looks.append(cursor.execute("select current_user").fetchone())
                return work(connection)

        return run(as_nobody)

    run = database.run
    with appending():
        monkeypatch.setattr(database, "run", look)
        with pytest.raises(DatabaseUnavailable):
            settled_time(database)
    assert looks[0] == {"current_user": "sees_locks"}
