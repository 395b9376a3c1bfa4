"""The service behind PgBouncer in transaction mode."""

import re
from contextlib import ExitStack

import psycopg
import pytest

from tests.factories import BASE_ACCOUNT, FID
from tests.faults.pooler import PAGE, PROGRAM, REMEMBERS_SINCE, Pooler, version
from tests.leaks import LEAKS
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.services import migrations
from wallet_api.services.diagnosis.database import examine_database

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        PROGRAM is None,
        reason="NO PGBOUNCER: THE SERVICE WAS NOT TRIED BEHIND ONE. Install it (or set PGBOUNCER).",
    ),
]

SESSIONS = 5
LIMITS = re.findall(r"^ *alter role wallet_api_web set (.+);$", PAGE, re.MULTILINE)


@pytest.fixture
def pool(server, sql):
    """Start a pooler in front of this test's database: pool(remembers=200)."""
    with ExitStack() as running:

        def start(*, remembers, sessions=SESSIONS):
            name = sql.info.dbname
            for limit in LIMITS:
                sql.execute(f"alter role current_user in database {name} set {limit}")
            pooler = Pooler(server, name, pool_size=sessions, remembers=remembers)
            LEAKS.logs.append(pooler.log)
            return running.enter_context(pooler)

        yield start


@pytest.fixture
def remembering(pool):
    if version() < REMEMBERS_SINCE:
        pytest.skip(
            "PREPARED STATEMENTS WERE NOT TRIED BEHIND PGBOUNCER: this one is older than 1.21. "
            "Name a newer one in PGBOUNCER."
        )
    return pool(remembers=200)


def every_session(pooler, statement, sessions=SESSIONS):
    """Run one statement in every session of the pooler, and return what each gave."""
    with ExitStack() as held:
        connections = [
            held.enter_context(psycopg.connect(pooler.url, prepare_threshold=None))
            for _ in range(sessions)
        ]
        # Each is in a transaction, so that no two can share a session.
        return [connection.execute(statement).fetchall() for connection in connections]


def deposit_at_once(service, rounds):
    """Have 200 users make their first deposit at once, and some more, and return all answers."""
    calls = [service.deposit(fid, base=BASE_ACCOUNT) for fid in range(1, 201)]
    return [
        (fid, answer)
        for _ in range(rounds)
        for fid, answer in enumerate(service.crowd(calls), start=1)
    ]


def test_two_hundred_racing_first_deposits_get_one_address(serve, remembering, opened):
    service = serve(DATABASE_URL=remembering.url, WEB_CONCURRENCY="2")
    answers = service.crowd([service.deposit(FID, base=BASE_ACCOUNT)] * 200)
    assert [answer.status for answer in answers] == [200] * 200
    assert {answer.body["depositAddress"] for answer in answers} == {opened()[FID]}


def test_two_hundred_users_racing_get_one_address_each(serve, remembering, opened, sql):
    service = serve(DATABASE_URL=remembering.url, WEB_CONCURRENCY="2")
    answers = deposit_at_once(service, rounds=3)
    assert {answer.status for _, answer in answers} == {200}
    answered = {(fid, answer.body["depositAddress"]) for fid, answer in answers}
    assert answered == set(opened().items())
    assert len(answered) == 200
    watched = (
        "select count(*) from pg_stat_activity"
        " where datname = current_database() and application_name = 'wallet-api'"
    )
    assert 0 < sql.execute(watched).fetchone()[0] <= SESSIONS


def test_statements_are_prepared_in_the_sessions_behind_it(serve, remembering):
    service = serve(DATABASE_URL=remembering.url, WEB_CONCURRENCY="1")
    deposit_at_once(service, rounds=3)
    prepared = every_session(remembering, "select name, statement from pg_prepared_statements")
    for session in prepared:
        assert all(name.startswith("PGBOUNCER_") for name, _ in session)
    for query in ("wallets.list_with_head", "deposits.insert_if_absent", "audit.advance_head"):
        assert any(f"/* {query} */" in text for session in prepared for _, text in session), query


def test_a_pooler_without_prepared_statements_causes_errors_but_loses_no_address(
    serve, pool, opened
):
    service = serve(DATABASE_URL=pool(remembers=0).url, WEB_CONCURRENCY="2")
    answers = deposit_at_once(service, rounds=5)
    statuses = [answer.status for _, answer in answers]
    assert set(statuses) <= {200, 503}
    assert statuses.count(200) > 900
    wallets = opened()
    for fid, answer in answers:
        assert answer.status == 503 or answer.body["depositAddress"] == wallets[fid]


def test_a_prepared_statement_is_never_confused_with_that_of_another_client(pool):
    """psycopg would call the first statement of every connection by the same name."""
    pooler = pool(remembers=0, sessions=2)

    def ask(database, mine):
        query = f"select /* {mine} */ {mine} as answer, pg_backend_pid() as session"
        return database.run(lambda c: c.execute(query).fetchone())

    def database():
        return Database(Secret(pooler.url), min_size=1, max_size=1, timeout_seconds=5)

    with ExitStack() as held:
        first, second = database(), database()
        for each in (first, second):
            each.open()
            held.callback(each.close)
            # Connected by now: from here on sessions change hands only where this test says so.
            ask(each, 0)
        # Each prepares its first statement in a session of its own.
        for _ in range(10):
            theirs = ask(first, 1)["session"]
        blocker = held.enter_context(psycopg.connect(pooler.url, prepare_threshold=None))
        assert blocker.execute("select pg_backend_pid()").fetchone() == (theirs,)
        for _ in range(10):
            assert ask(second, 2)["session"] != theirs
        # Now the second one can have the first one's session only.
        other = held.enter_context(psycopg.connect(pooler.url, prepare_threshold=None))
        other.execute("select 1")
        blocker.rollback()
        assert ask(second, 2) == {"answer": 2, "session": theirs}


def test_every_session_has_the_limits_of_the_role(pool):
    pooler = pool(remembers=0)
    limits = ("statement_timeout", "lock_timeout", "timezone")
    asked = ", ".join(f"current_setting('{limit}')" for limit in limits)
    assert every_session(pooler, f"select {asked}") == [[("4s", "2s", "UTC")]] * SESSIONS


def test_db_doctor_reports_each_session_setting_that_the_pooler_drops(pool, sql):
    pooler = pool(remembers=0, sessions=1)

    def faults():
        database = Database(Secret(pooler.url), min_size=0, max_size=1, timeout_seconds=5)
        database.open()
        try:
            findings = examine_database(database)
        finally:
            database.close()
        (found,) = [one for one in findings if one.subject.startswith("sessions of the pooler")]
        return found.serious, found.faults

    assert faults() == (True, [])
    name = sql.info.dbname
    sql.execute(f"alter role current_user in database {name} set datestyle = 'German'")
    sql.execute(f"alter role current_user in database {name} reset synchronous_commit")
    sql.execute(f"alter role current_user in database {name} set array_nulls = off")
    # A new session of the server.
    sql.execute(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    serious, named = faults()
    assert serious
    assert sorted(line.split(":")[0] for line in named) == [
        "DateStyle is German, DMY",
        "array_nulls is off",
    ]


def test_an_upgrade_through_the_pooler_is_refused(pool, database_url):
    """Its lock belongs to a session, and the unlock might meet another one."""
    with pytest.raises(migrations.MigrationError, match="pooler"):
        migrations.upgrade(Secret(pool(remembers=0).url))
    assert migrations.upgrade(Secret(database_url)) == set()


def test_the_pooler_rejects_a_url_with_options(pool):
    with pytest.raises(psycopg.OperationalError, match="options"):
        psycopg.connect(f"{pool(remembers=0).url}?options=-csearch_path%3Dwallets")
