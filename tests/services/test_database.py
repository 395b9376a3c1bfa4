"""The pool during faults of the database: quick errors that say what is wrong."""

import os
import signal
import time
from contextlib import contextmanager, suppress
from contextvars import copy_context
from threading import Event, Thread

import psycopg
import pytest
from psycopg import errors as pg

from tests.factories import ACCESS, FID, service
from wallet_api import deadline, metrics
from wallet_api.crypto.secret import Secret
from wallet_api.database import (
    Conflict,
    Connection,
    Database,
    ServingConnection,
    batch_transaction,
    long_transaction,
    one_round_trip,
    set_up,
)
from wallet_api.errors import DatabaseDamaged, DatabaseUnavailable, LockTimeout
from wallet_api.services.diagnosis.database import examine_database


def test_no_statement_waits_for_ever(database, sql):
    limits = database.run(
        lambda connection: [
            connection.execute(f"show {name}").fetchone()[name]
            for name in ("statement_timeout", "lock_timeout")
        ]
    )
    assert limits == ["10s", "5s"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ('"$user", public', '"$user", public, pg_temp'),
        ("pg_temp, app", "app, pg_temp"),
        ('PG_TEMP,app,"pg_temp", public', "app, public, pg_temp"),
        ("my_pg_temp", "my_pg_temp, pg_temp"),
        ('"we, pg_temp, too", app', '"we, pg_temp, too", app, pg_temp'),
        ('"a "" b",app', '"a "" b", app, pg_temp'),
        ("pg_temp", "pg_temp"),
        ("", "pg_temp"),
        # It is first where it is not named.
        ('public, pg_catalog, "pg_catalog", PG_Catalog', "public, pg_temp"),
        ("my_pg_catalog", "my_pg_catalog, pg_temp"),
    ],
)
def test_temporary_tables_stand_behind_all_others(database, given, kept):
    def lend(connection):
        connection.execute("select set_config('search_path', %s, false)", [given])
        # As a pooler would lend us the session.
        set_up(connection)
        return connection.execute("show search_path").fetchone()["search_path"]

    assert database.run(lend) == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [("off", "on"), ("local", "on"), ("remote_write", "on"), ("remote_apply", "remote_apply")],
)
def test_commits_are_synchronous_under_every_setting_of_the_database(
    sql, database_url, given, kept
):
    name = psycopg.sql.Identifier(sql.info.dbname)
    alter = psycopg.sql.SQL("alter database {} set synchronous_commit = {}")
    sql.execute(alter.format(name, given))
    database = Database(Secret(database_url), min_size=0, max_size=1, timeout_seconds=5)
    database.open()
    shown = database.run(
        lambda connection: connection.execute("show synchronous_commit").fetchone()
    )
    doctor = {found.subject: found.faults for found in examine_database(database)}
    database.close()
    assert shown["synchronous_commit"] == kept
    # Others are given it still.
    assert bool(doctor["synchronous_commit is on"]) == (given == "off")


def test_a_locked_table_is_an_answer_and_not_a_pile_up(database, database_url):
    wallets = service(database)
    wallets.ensure_trading_wallet(1, access=ACCESS)
    with psycopg.connect(database_url) as other:
        other.execute("lock table wallets")
        began = time.monotonic()
        with pytest.raises(LockTimeout):
            wallets.ensure_trading_wallet(FID, access=ACCESS)
        assert 4 < time.monotonic() - began < 8
    assert wallets.ensure_trading_wallet(FID, access=ACCESS).fid == FID


def test_a_session_that_became_read_only_is_left_for_another_one(database):
    """As after a failover: the old primary still talks to us, and refuses every write."""

    def write(connection):
        return connection.execute("create temporary table t (id int)").statusmessage

    def turn_read_only(connection):
        connection.execute("set default_transaction_read_only = on")

    database.run(turn_read_only)
    assert database.run(write) == "CREATE TABLE"


def test_a_statement_whose_columns_a_migration_changed_is_prepared_anew(database, sql):
    def read(connection):
        query = "select /* prepared after a few times */ chain_id from deposits where fid = %s"
        return connection.execute(query, [FID]).description[0].type_code

    for _ in range(10):
        before = database.run(read)
    sql.execute("drop trigger deposits_never_change_what_was_prepared on deposits")
    sql.execute("alter table deposits alter chain_id type numeric")
    assert database.run(read) != before


def test_what_is_sent_often_is_prepared_under_a_name_of_its_own(database_url):
    """Behind a pooler that does not know of them, a shared name would be a wrong answer."""
    names = []
    for _ in range(2):
        database = Database(Secret(database_url), min_size=1, max_size=1, timeout_seconds=5)
        database.open()
        wallets = service(database)
        for _ in range(10):
            wallets.ensure_trading_wallet(FID, access=ACCESS)
        prepared = database.run(
            lambda connection: connection.execute(
                "select name, statement, generic_plans + custom_plans as runs"
                " from pg_prepared_statements"
            ).fetchall()
        )
        database.close()
        assert any(
            "/* wallets.get_with_head */" in row["statement"] and row["runs"] for row in prepared
        )
        names.append({row["name"] for row in prepared})
    assert not names[0] & names[1]


@pytest.mark.parametrize(
    ("raised", "meaning"),
    [
        (pg.LockNotAvailable, LockTimeout),
        (pg.DataCorrupted, DatabaseDamaged),
        (pg.IndexCorrupted, DatabaseDamaged),
        (pg.DiskFull, DatabaseUnavailable),
        (pg.QueryCanceled, DatabaseUnavailable),
        (pg.TooManyConnections, DatabaseUnavailable),
        (pg.ReadOnlySqlTransaction, DatabaseUnavailable),
        (pg.UndefinedTable, DatabaseUnavailable),
        (pg.SerializationFailure, LockTimeout),
        (Conflict, LockTimeout),
        (pg.CheckViolation, pg.CheckViolation),
        (pg.FeatureNotSupported, pg.FeatureNotSupported),
        (pg.ObjectInUse, pg.ObjectInUse),
    ],
)
def test_a_fault_of_the_database_is_503_and_a_bug_stays_a_bug(database, raised, meaning):
    def work(connection):
        raise raised

    with pytest.raises(meaning) as caught:
        database.run(work)
    assert caught.type is meaning


def test_conflicts_are_retried_and_a_connection_lost_among_them_too(database, sql):
    trouble = [pg.SerializationFailure, pg.DeadlockDetected, "lost"]

    def work(connection):
        if not trouble:
            return "done"
        kind = trouble.pop(0)
        if kind == "lost":
            sql.execute("select pg_terminate_backend(%s, 5000)", [connection.info.backend_pid])
            connection.execute("select 1")
        raise kind

    assert database.run(work) == "done"


@pytest.fixture
def stop():
    """Have the process behind a connection stand still until the test is over."""
    stopped = []

    def stand_still(connection):
        stopped.append(connection.info.backend_pid)
        os.kill(stopped[-1], signal.SIGSTOP)

    yield stand_still
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("together", [False, True])
def test_a_server_that_says_nothing_is_a_connection_lost(database, stop, monkeypatch, together):
    monkeypatch.setattr(Connection, "answer_seconds", 0.5)
    pids = []

    def work(connection):
        pids.append(connection.info.backend_pid)
        if len(pids) == 1:
            stop(connection)
        if together:
            with one_round_trip(connection):
                connection.execute("select 1")
        return connection.execute("select 2 as two").fetchone()["two"]

    began = time.monotonic()
    assert database.run(work) == 2
    assert 0.5 <= time.monotonic() - began < 5
    assert len(set(pids)) == 2


def test_a_socket_that_psycopg_finds_closed_is_a_connection_lost(database, monkeypatch):
    """libpq does not know of it then: it takes the connection for a sound one."""
    used = []

    def closed(generator, *_arguments, **_options):
        next(generator)
        raise psycopg.OperationalError("connection socket closed")

    def ask(connection):
        used.append(connection)
        with monkeypatch.context() as patch:
            if len(used) == 1:
                patch.setattr(psycopg.waiting, "wait", closed)
            return connection.execute("select 1 as one").fetchone()

    assert database.run(ask) == {"one": 1}
    assert len(used) == 2
    assert used[0].broken
    assert database.run(lambda connection: connection.broken) is False


def test_work_is_not_retried_after_a_long_silence(database, stop, monkeypatch):
    monkeypatch.setattr(Connection, "answer_seconds", 0.5)
    monkeypatch.setattr("wallet_api.database.pool._RETRY_SECONDS", 0.4)
    attempts = []

    def work(connection):
        attempts.append(connection)
        stop(connection)
        connection.execute("select 1")

    with pytest.raises(DatabaseUnavailable):
        database.run(work)
    assert len(attempts) == 1


def test_one_silence_is_enough_to_have_every_connection_replaced(database, stop, monkeypatch):
    monkeypatch.setattr(Connection, "answer_seconds", 1)
    silent = [database._pool.getconn() for _ in range(4)]
    for connection in silent:
        stop(connection)
        database._pool.putconn(connection)
    began = time.monotonic()
    database.run(lambda connection: connection.execute("select 1"))
    assert time.monotonic() - began < 2.5


@pytest.mark.parametrize("snapshot", [False, True])
def test_a_long_transaction_is_waited_for(database, monkeypatch, snapshot):
    monkeypatch.setattr(Connection, "answer_seconds", 0.3)

    def work(connection):
        with long_transaction(connection, snapshot=snapshot):
            connection.execute("select pg_sleep(0.6)")

    database.run(work)


def limits_of(connection):
    names = ("statement_timeout", "idle_in_transaction_session_timeout")
    shown = [connection.execute(f"show {name}").fetchone()[name] for name in names]
    return [*shown, connection.answer_seconds]


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize(
    ("begin", "inside"),
    [
        (long_transaction, ["10min", "1min", 620]),
        (lambda connection: long_transaction(connection, snapshot=True), ["10min", "1min", 620]),
        (batch_transaction, ["10s", "1s", 12]),
    ],
    ids=["long", "snapshot", "batch"],
)
def test_the_limits_of_a_transaction_end_with_it(database, begin, inside, fails):
    def work(connection):
        with suppress(ZeroDivisionError), begin(connection):
            assert limits_of(connection) == inside
            if fails:
                raise ZeroDivisionError
        # The pool rolls a snapshot back.
        connection.rollback()
        return limits_of(connection)

    assert database.run(work) == ["10s", "1min", 12]


@pytest.fixture
def shut(server, sql):
    """Let nobody connect to this test's database inside of shut(); who is connected stays."""
    name = sql.info.dbname
    sql.close()

    @contextmanager
    def nobody_connects():
        with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
            admin.execute(f"alter database {name} allow_connections false")
            try:
                yield
            finally:
                admin.execute(f"alter database {name} allow_connections true")

    return nobody_connects


@pytest.fixture
def pool(database_url):
    """Open a pool on this test's database: pool(max_size=2)."""
    opened = []

    def make(**options):
        usual = {"min_size": 0, "max_size": 4, "timeout_seconds": 10}
        made = Database(Secret(database_url), **{**usual, **options})
        made.open()
        opened.append(made)
        return made

    yield make
    for made in opened:
        made.close()


def ask(database):
    return database.run(lambda connection: connection.execute("select 1"))


def seconds_to_refuse(database):
    began = time.monotonic()
    with pytest.raises(DatabaseUnavailable):
        ask(database)
    return time.monotonic() - began


def refused_at_once(name):
    return metrics.REGISTRY.get_sample_value("wallet_api_db_pool_refusals_total", {"pool": name})


def test_while_the_database_is_out_of_reach_work_is_refused_at_once(pool, shut, monkeypatch):
    monkeypatch.setattr("wallet_api.database.pool._OUTAGE_SECONDS", 1.0)
    database = pool(name="out of reach")
    with shut():
        assert 0.9 < seconds_to_refuse(database) < 3
        before = refused_at_once("out of reach")
        assert max(seconds_to_refuse(database) for _ in range(20)) < 0.1
        assert refused_at_once("out of reach") == before + 20
        # Nobody asks meanwhile: the pool itself has to notice that the outage is over.
        time.sleep(3)
    time.sleep(2)
    began = time.monotonic()
    ask(database)
    assert time.monotonic() - began < 0.5


def test_waiting_callers_are_refused_as_soon_as_new_ones(pool, shut):
    database = pool(timeout_seconds=60)
    with shut():
        waited = []
        callers = [
            Thread(target=lambda: waited.append(seconds_to_refuse(database))) for _ in range(4)
        ]
        for caller in callers:
            caller.start()
            time.sleep(0.3)
        for caller in callers:
            caller.join()
    assert max(waited) < 5


def test_a_restart_of_the_server_causes_a_wait_and_no_error(pool, shut):
    database = pool()
    answers = []
    with shut():
        callers = [Thread(target=lambda: answers.append(ask(database))) for _ in range(4)]
        for caller in callers:
            caller.start()
        time.sleep(2)
        assert not answers
    for caller in callers:
        caller.join()
    assert len(answers) == 4


def test_nobody_is_refused_at_once_while_a_connection_works(pool, shut, monkeypatch):
    """As where others hold all but a few of the server's connections."""
    monkeypatch.setattr("wallet_api.database.pool._OUTAGE_SECONDS", 0.3)
    database = pool(name="a few connections", max_size=2)
    ask(database)
    busy, free = Event(), Event()

    def work(connection):
        busy.set()
        free.wait()
        return connection.execute("select 1")

    with shut():
        worker = Thread(target=database.run, args=[work])
        worker.start()
        busy.wait()
        answers = []
        waiting = Thread(target=lambda: answers.append(ask(database)))
        waiting.start()
        time.sleep(2)
        free.set()
        waiting.join()
        worker.join()
        ask(database)
    assert len(answers) == 1
    assert refused_at_once("a few connections") == 0


def test_callers_that_timed_out_do_not_count_as_waiting(pool, shut):
    database = pool(name="a replica", max_size=1, max_waiting=1, timeout_seconds=0.5)
    with shut():
        for _ in range(4):
            assert seconds_to_refuse(database) > 0.4
        assert refused_at_once("a replica") == 0
        callers = [Thread(target=seconds_to_refuse, args=[database]) for _ in range(2)]
        for caller in callers:
            caller.start()
        time.sleep(0.1)
        assert seconds_to_refuse(database) < 0.1
        for caller in callers:
            caller.join()
    time.sleep(2)
    ask(database)


def test_what_is_for_a_request_has_short_limits(pool):
    limits = pool(connection_class=ServingConnection).run(
        lambda connection: [
            connection.execute(f"show {name}").fetchone()[name]
            for name in ("statement_timeout", "lock_timeout")
        ]
    )
    assert limits == ["4s", "2s"]


def in_a_request(call, *, seconds_ago=0.0, overdue=False):
    """Run a call as for a request that arrived so long ago."""

    def answer():
        deadline.start(time.monotonic() - seconds_ago, overdue=overdue)
        return call()

    return copy_context().run(answer)


def test_no_statement_begins_for_which_the_request_has_no_time(pool):
    database = pool(connection_class=ServingConnection)
    done = []

    def work(connection):
        done.append(connection.execute("select pg_sleep(0.7)"))
        connection.execute("select 1")

    began = time.monotonic()
    with pytest.raises(DatabaseUnavailable):
        in_a_request(lambda: database.run(work), seconds_ago=4.4)
    assert len(done) == 1
    assert time.monotonic() - began < 1.5
    # It is sound still, and a request that is not late has the time.
    in_a_request(lambda: database.run(work))


def test_a_late_request_waits_for_no_connection(pool, shut):
    database = pool()
    with shut():
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailable):
            in_a_request(lambda: ask(database), overdue=True)
        assert time.monotonic() - began < 0.2


def test_the_longest_request_is_answered_by_its_deadline(pool, stop):
    """It waited for a thread and for slow statements, and nobody answers to its commit."""
    database = pool(connection_class=ServingConnection)
    ask(database)

    def work(connection):
        with connection.transaction():
            connection.execute("select pg_sleep(1.2)")
            connection.execute("select pg_sleep(3.5)")
            stop(connection)

    arrived = time.monotonic() - 3
    with pytest.raises(DatabaseUnavailable):
        in_a_request(lambda: database.run(work), seconds_ago=3)
    assert 8.5 < time.monotonic() - arrived < deadline.ANSWER_SECONDS + 0.5


@pytest.mark.faults
def test_an_outage_is_over_for_us_soon_after_it_is_over(server, database_url, sql):
    """The pool's pauses between attempts must not grow with the outage."""
    name = sql.info.dbname
    sql.close()
    pool = Database(Secret(database_url), min_size=1, max_size=4, timeout_seconds=0.5)
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute(f"alter database {name} allow_connections false")
        pool.open()
        callers = [Thread(target=_fails, args=(pool,)) for _ in range(4)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        # The pool alone would try after 1, 3, 7 and 15 seconds.
        time.sleep(8)
        admin.execute(f"alter database {name} allow_connections true")
        began = time.monotonic()
        while time.monotonic() - began < 10:
            try:
                pool.run(lambda connection: connection.execute("select 1"))
                break
            except DatabaseUnavailable:
                time.sleep(0.05)
        assert time.monotonic() - began < 2
    pool.close()


def _fails(pool):
    with pytest.raises(DatabaseUnavailable):
        pool.run(lambda connection: connection.execute("select 1"))


def test_what_the_url_says_wins_over_our_defaults(database_url):
    pool = Database(
        Secret(f"{database_url}?connect_timeout=3&application_name=engine"),
        min_size=1,
        max_size=1,
        timeout_seconds=5,
    )
    pool.open()
    found = pool.run(lambda connection: connection.info.get_parameters())
    pool.close()
    assert (found["connect_timeout"], found["application_name"]) == ("3", "engine")
