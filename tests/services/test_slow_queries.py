"""A slow statement is logged with its name and duration, and without its parameters."""

import json
import time
from contextlib import contextmanager
from threading import Thread

import psycopg
import pytest
from structlog.testing import capture_logs

from tests.commands import wait_until
from tests.factories import ACCESS, FID, SECRET, service
from tests.leaks import LEAKS
from wallet_api import metrics
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database, one_snapshot
from wallet_api.errors import DatabaseUnavailable, LockTimeout

SLOW = 0.35


@pytest.fixture
def database_that_logs(database_url):
    """Open pools that log what takes longer than so many seconds."""
    opened = []

    def open_pool(slow_query_seconds):
        pool = Database(
            Secret(database_url),
            min_size=1,
            max_size=1,
            timeout_seconds=5,
            slow_query_seconds=slow_query_seconds,
        )
        pool.open()
        opened.append(pool)
        # Connecting is over, and does not disturb what is measured.
        pool.run(lambda connection: connection.execute("select 1"))
        return pool

    yield open_pool
    for pool in opened:
        pool.close()


@contextmanager
def locked(database_url, table, *, seconds):
    """Hold a lock on a table until the block has waited for it for `seconds`."""
    with psycopg.connect(database_url) as holder:
        holder.execute(f"lock table {table}")

        def release():
            waiting = "select from pg_locks where not granted"
            wait_until(lambda: holder.execute(waiting).fetchall())
            time.sleep(seconds)
            holder.rollback()

        releaser = Thread(target=release)
        releaser.start()
        yield
        releaser.join()


def slow(events):
    return [event for event in events if event["event"] == "slow query"]


def test_a_statement_that_waits_for_a_lock_is_logged_by_its_name(database_that_logs, database_url):
    database = database_that_logs(SLOW)
    wallets = service(database)
    address = wallets.ensure_trading_wallet(FID, access=ACCESS).address
    counted = metrics.SLOW_QUERIES._value.get()
    with locked(database_url, "wallets", seconds=0.4), capture_logs() as events:
        assert wallets.get_wallet(FID, "ethereum", access=ACCESS).address == address
    (event,) = slow(events)
    assert 400 <= event.pop("duration_ms") < 2000
    assert event == {
        "event": "slow query",
        "log_level": "warning",
        "queries": ["wallets.get"],
    }
    assert metrics.SLOW_QUERIES._value.get() == counted + 1


def test_neither_sql_nor_parameters_nor_rows_are_logged(database_that_logs, database_url):
    wallets = service(database_that_logs(SLOW))
    address = wallets.ensure_trading_wallet(FID, access=ACCESS).address
    with locked(database_url, "wallets", seconds=0.4), capture_logs() as events:
        found = wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS)
    key = found.private_key.reveal().hex()
    LEAKS.secrets.add(key)
    said = json.dumps(slow(events))
    for secret in (str(FID), address, key, ACCESS.request_id, "select", "insert", "$", "%", SECRET):
        assert secret not in said


def test_a_transaction_in_one_round_trip_is_logged_with_all_its_statements(
    database_that_logs, database_url
):
    wallets = service(database_that_logs(SLOW))
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    with locked(database_url, "wallet_audit_log", seconds=0.4), capture_logs() as events:
        wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS)
    (event,) = slow(events)
    assert event["queries"] == ["audit.append", "audit.advance_head"]
    assert 400 <= event["duration_ms"] < 2000


def test_fast_statements_are_not_logged(database_that_logs):
    wallets = service(database_that_logs(1.0))
    with capture_logs() as events:
        wallets.ensure_trading_wallet(FID, access=ACCESS)
        wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS)
        wallets.list_wallets(FID, access=ACCESS)
    assert slow(events) == []


def test_the_duration_of_one_statement_does_not_include_that_of_another(
    database_that_logs, database_url
):
    wallets = service(database_that_logs(SLOW))
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    with capture_logs() as events:
        with locked(database_url, "wallets", seconds=0.4):
            wallets.get_wallet(FID, "ethereum", access=ACCESS)
        wallets.get_wallet(FID, "ethereum", access=ACCESS)
        wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS)
    assert [event["queries"] for event in slow(events)] == [["wallets.get"]]


@pytest.mark.parametrize("setting", ["lock_timeout", "statement_timeout"])
@pytest.mark.parametrize(
    ("table", "queries", "work"),
    [
        (
            "wallets",
            ["wallets.get"],
            lambda wallets: wallets.get_wallet(FID, "ethereum", access=ACCESS),
        ),
        (
            "wallet_audit_log",
            ["audit.append", "audit.advance_head"],
            lambda wallets: wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS),
        ),
    ],
    ids=["one statement", "one round trip"],
)
def test_a_statement_that_runs_into_its_time_limit_is_logged_as_well(
    database_that_logs, database_url, table, queries, work, setting
):
    database = database_that_logs(SLOW)
    wallets = service(database)
    wallets.ensure_trading_wallet(FID, access=ACCESS)

    def hasten(connection):
        connection.execute("select set_config(%s, '400ms', false)", [setting])

    database.run(hasten)
    with psycopg.connect(database_url) as holder, capture_logs() as events:
        holder.execute(f"lock table {table}")
        with pytest.raises(DatabaseUnavailable) as caught:
            work(wallets)
    assert isinstance(caught.value, LockTimeout) == (setting == "lock_timeout")
    (event,) = slow(events)
    assert event["queries"] == queries
    assert 400 <= event["duration_ms"] < 2000


def test_at_zero_every_statement_is_logged_by_name(database_that_logs):
    database = database_that_logs(0)
    wallets = service(database)
    with capture_logs() as events:
        wallets.ensure_trading_wallet(FID, access=ACCESS)
        wallets.list_wallets(FID, access=ACCESS)
    logged = [event["queries"] for event in slow(events)]
    assert [
        "wallets.insert_if_absent",
        "audit.append_creation",
        "audit.advance_head",
        "replication.position",
    ] in logged
    assert logged[-1] == ["wallets.list_for_user"]
    assert logged[0] == ["wallets.get_with_head"]
    assert all(event["duration_ms"] >= 0 for event in slow(events))


def test_each_statement_of_a_snapshot_is_logged_separately(database_that_logs):
    def read(connection):
        with one_snapshot(connection):
            connection.execute("select /* tests.first */ pg_sleep(0.4)")
            connection.execute("select /* tests.second */ 1")

    database = database_that_logs(SLOW)
    with capture_logs() as events:
        database.run(read)
    assert [event["queries"] for event in slow(events)] == [["tests.first"]]
    assert slow(events)[0]["duration_ms"] >= 400


def test_a_statement_without_a_name_is_logged_without_its_text(database_that_logs):
    with capture_logs() as events:
        database_that_logs(0).run(
            lambda connection: connection.execute("select 'hunter2', %s::text", ["hunter3"])
        )
    assert slow(events)[-1]["queries"] == ["unnamed"]
    assert "hunter" not in json.dumps(slow(events))


def test_two_pools_have_separate_thresholds(database_that_logs):
    loud, quiet = service(database_that_logs(0)), service(database_that_logs(10))
    with capture_logs() as events:
        quiet.get_wallet(FID, "ethereum", access=ACCESS)
    assert slow(events) == []
    with capture_logs() as events:
        loud.get_wallet(FID, "ethereum", access=ACCESS)
    assert [event["queries"] for event in slow(events)] == [["wallets.get"]]


@pytest.mark.parametrize(("setting", "logged"), [("100", True), ("10000", False)])
def test_the_setting_is_in_milliseconds(make_app, database_url, setting, logged):
    client = make_app(SLOW_QUERY_MS=setting).test_client()
    assert client.get("/readyz").status_code == 200
    with locked(database_url, "schema_migrations", seconds=0.4), capture_logs() as events:
        assert client.get("/readyz").status_code == 200
    assert bool(slow(events)) is logged
