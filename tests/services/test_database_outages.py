"""The pool during outages of the database: quick refusals, and a quick recovery."""

import time
from contextlib import contextmanager
from contextvars import copy_context
from threading import Event, Thread

import psycopg
import pytest

from tests.commands import wait_until
from tests.durations import quickest
from tests.services.pools import refused_at_once, seconds_to_refuse, select_one
from wallet_api import deadline
from wallet_api.crypto.secret import Secret
from wallet_api.database import (
    Database,
    ServingConnection,
)
from wallet_api.errors import DatabaseUnavailable

pytestmark = pytest.mark.slow


@pytest.fixture
def shut(server, sql):
    """Refuse new connections to this test's database inside of shut(); open ones stay."""
    name = sql.info.dbname
    sql.close()

    @contextmanager
    def no_connections():
        with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
            admin.execute(f"alter database {name} allow_connections false")
            try:
                yield
            finally:
                admin.execute(f"alter database {name} allow_connections true")

    return no_connections


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


def test_while_the_database_is_unreachable_work_is_refused_immediately(pool, shut, monkeypatch):
    monkeypatch.setattr("wallet_api.database.pool._OUTAGE_SECONDS", 1.0)
    database = pool(name="out of reach")
    with shut():
        assert 0.9 < seconds_to_refuse(database) < 3
        before = refused_at_once("out of reach")
        assert max(seconds_to_refuse(database) for _ in range(20)) < 0.1
        assert refused_at_once("out of reach") == before + 20
        # Without requests, the pool itself has to notice that the outage is over.
        time.sleep(3)
    time.sleep(2)
    began = time.monotonic()
    select_one(database)
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


def test_a_restart_of_the_server_causes_a_delay_and_no_error(pool, shut):
    database = pool()
    answers = []
    with shut():
        callers = [Thread(target=lambda: answers.append(select_one(database))) for _ in range(4)]
        for caller in callers:
            caller.start()
        # Between two attempts of the pool to connect: one at two seconds may be too early, and
        # after the next one, at three, callers are refused.
        time.sleep(1.5)
        assert not answers
    for caller in callers:
        caller.join()
    assert len(answers) == 4


def test_no_caller_is_refused_at_once_while_a_connection_works(pool, shut, monkeypatch):
    """As where others hold all but a few of the server's connections."""
    monkeypatch.setattr("wallet_api.database.pool._OUTAGE_SECONDS", 0.3)
    database = pool(name="a few connections", max_size=2)
    select_one(database)
    before = refused_at_once("a few connections")
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
        waiting = Thread(target=lambda: answers.append(select_one(database)))
        waiting.start()
        time.sleep(2)
        free.set()
        waiting.join()
        worker.join()
        select_one(database)
    assert len(answers) == 1
    assert refused_at_once("a few connections") == before


def test_callers_that_timed_out_do_not_count_as_waiting(pool, shut):
    database = pool(name="a replica", max_size=1, max_waiting=1, timeout_seconds=0.5)
    before = refused_at_once("a replica")
    with shut():
        for _ in range(4):
            assert seconds_to_refuse(database) > 0.4
        assert refused_at_once("a replica") == before
        callers = [Thread(target=seconds_to_refuse, args=[database]) for _ in range(2)]
        for caller in callers:
            caller.start()
        wait_until(lambda: database._slots._value == 0)
        assert min(seconds_to_refuse(database) for _ in range(3)) < 0.1
        for caller in callers:
            caller.join()
    time.sleep(2)
    select_one(database)


def test_work_of_a_request_has_short_limits(pool):
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
    select_one(database)
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

    def ask():
        with pytest.raises(DatabaseUnavailable):
            in_a_request(lambda: select_one(database), overdue=True)

    with shut():
        assert quickest(ask) < 0.2


def test_the_longest_request_is_answered_by_its_deadline(pool, suspend):
    """It waited for a thread and for slow statements, and its commit gets no answer."""
    database = pool(connection_class=ServingConnection)
    select_one(database)

    def work(connection):
        with connection.transaction():
            connection.execute("select pg_sleep(1)")
            connection.execute("select pg_sleep(3.7)")
            suspend(connection)

    arrived = time.monotonic() - 3
    with pytest.raises(DatabaseUnavailable):
        in_a_request(lambda: database.run(work), seconds_ago=3)
    assert 8.5 < time.monotonic() - arrived < deadline.ANSWER_SECONDS + 0.5


@pytest.mark.faults
def test_the_pool_recovers_soon_after_an_outage(server, database_url, sql):
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
        # The pool itself would try after 1, 3, 7 and 15 seconds.
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


def test_parameters_of_the_url_override_the_defaults(database_url):
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
