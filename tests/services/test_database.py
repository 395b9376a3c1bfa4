"""The pool during faults of the database: quick errors that say what is wrong."""

import time
from contextlib import suppress

import psycopg
import pytest
from psycopg import errors as pg

from tests.commands import wait_until
from tests.factories import ACCESS, FID, service
from wallet_api.crypto.secret import Secret
from wallet_api.database import (
    Conflict,
    Connection,
    Database,
    batch_transaction,
    long_transaction,
    one_round_trip,
    set_up,
)
from wallet_api.errors import DatabaseDamaged, DatabaseUnavailable, LockTimeout
from wallet_api.services.diagnosis.database import examine_database


def test_every_statement_has_a_timeout(database, sql):
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
def test_temporary_tables_come_last_in_the_search_path(database, given, kept):
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


@pytest.mark.slow
def test_a_locked_table_is_an_error_and_blocks_no_further_callers(database, database_url):
    wallets = service(database)
    wallets.ensure_trading_wallet(1, access=ACCESS)
    with psycopg.connect(database_url) as other:
        other.execute("lock table wallets")
        began = time.monotonic()
        with pytest.raises(LockTimeout):
            wallets.ensure_trading_wallet(FID, access=ACCESS)
        assert 4 < time.monotonic() - began < 8
    assert wallets.ensure_trading_wallet(FID, access=ACCESS).fid == FID


def test_a_session_that_became_read_only_is_replaced(database):
    """As after a failover: the old primary still talks to us, and refuses every write."""

    def write(connection):
        return connection.execute("create temporary table t (id int)").statusmessage

    def turn_read_only(connection):
        connection.execute("set default_transaction_read_only = on")

    database.run(turn_read_only)
    assert database.run(write) == "CREATE TABLE"


def test_a_statement_whose_columns_a_migration_changed_is_prepared_again(database, sql):
    def read(connection):
        query = "select /* prepared after a few times */ chain_id from deposits where fid = %s"
        return connection.execute(query, [FID]).description[0].type_code

    for _ in range(10):
        before = database.run(read)
    sql.execute("drop trigger deposits_never_change_what_was_prepared on deposits")
    sql.execute("alter table deposits alter chain_id type numeric")
    assert database.run(read) != before


def test_frequent_statements_are_prepared_under_unique_names(database_url):
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


@pytest.mark.parametrize("together", [False, True])
def test_a_silent_server_is_a_lost_connection(database, suspend, monkeypatch, together):
    monkeypatch.setattr(Connection, "answer_seconds", 0.5)
    pids = []

    def work(connection):
        pids.append(connection.info.backend_pid)
        if len(pids) == 1:
            suspend(connection)
        if together:
            with one_round_trip(connection):
                connection.execute("select 1")
        return connection.execute("select 2 as two").fetchone()["two"]

    began = time.monotonic()
    assert database.run(work) == 2
    assert 0.5 <= time.monotonic() - began < 5
    assert len(set(pids)) == 2


def test_a_socket_that_psycopg_finds_closed_is_a_lost_connection(database, monkeypatch):
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


def test_work_is_not_retried_after_a_long_silence(database, suspend, monkeypatch):
    monkeypatch.setattr(Connection, "answer_seconds", 0.5)
    monkeypatch.setattr("wallet_api.database.pool._RETRY_SECONDS", 0.4)
    attempts = []

    def work(connection):
        attempts.append(connection)
        suspend(connection)
        connection.execute("select 1")

    with pytest.raises(DatabaseUnavailable):
        database.run(work)
    assert len(attempts) == 1


def test_one_silent_connection_replaces_all_connections(database, suspend, monkeypatch):
    monkeypatch.setattr(Connection, "answer_seconds", 1)
    silent = [database._pool.getconn() for _ in range(4)]
    for connection in silent:
        suspend(connection)
        database._pool.putconn(connection)
    began = time.monotonic()
    database.run(lambda connection: connection.execute("select 1"))
    assert time.monotonic() - began < 2.5


@pytest.mark.parametrize("snapshot", [False, True])
def test_a_long_transaction_may_exceed_the_timeouts(database, monkeypatch, snapshot):
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


@pytest.mark.parametrize("begin", [True, False])
def test_a_pause_after_the_first_of_two_round_trips_ends_the_session(database_url, sql, begin):
    """Otherwise a process that is paused keeps the locks that it took in the first one."""
    connection = Connection.connect(database_url, autocommit=True)
    if not begin:
        connection.execute("begin")
    with one_round_trip(connection, begin=begin, commit=False):
        connection.execute("set idle_in_transaction_session_timeout = '100ms'")
        # Here psycopg needs a Flush message.
        assert connection.execute("select 2").fetchone() == (2,)
    session = "select from pg_stat_activity where pid = %s"
    wait_until(lambda: not sql.execute(session, [connection.info.backend_pid]).fetchall())
    connection.close()
