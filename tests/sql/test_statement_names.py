"""Each of our statements shows its name in pg_stat_statements and in pg_stat_activity.

A server of its own, because pg_stat_statements must be there when a server starts.
"""

import re
import shutil
import threading

import psycopg
import pytest

from tests.commands import wait_until
from tests.factories import ACCESS, BASE_ACCOUNT, FID, JWT_SECRET, SECRET, authorization, new_client
from tests.leaks import LEAKS
from tests.sql.queries import FILES, subject_of
from wallet_api.app import create_app
from wallet_api.blueprints.application import application
from wallet_api.config import Settings
from wallet_api.crypto.secret import Secret
from wallet_api.database import sql as loader
from wallet_api.development.postgres import LocalPostgres
from wallet_api.models import SCOPES
from wallet_api.services import migrations

NAMED = re.compile(r"^(?:select|insert|update|delete|with) /\* (\w+\.\w+) \*/ ")


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """Yield a migrated database on a server that counts statements, and a connection to it."""
    directory = tmp_path_factory.mktemp("watched")
    settings = {"shared_preload_libraries": "pg_stat_statements"}
    with LocalPostgres(directory, durable=False, settings=settings) as server:
        migrations.upgrade(Secret(server.url()))
        with psycopg.connect(server.url(), autocommit=True) as sql:
            sql.execute("create extension pg_stat_statements")
            # The migrations' own statements have no names.
            sql.execute("select pg_stat_statements_reset()")
            yield server, sql
        LEAKS.logs.append(shutil.copy(server.log, directory / "searched.log"))
    shutil.rmtree(server.home)


@pytest.fixture(scope="module")
def app(watched):
    server, _ = watched
    app = create_app(
        Settings.from_environ(
            {
                "DATABASE_URL": server.url(),
                "ENCRYPTION_SECRET": SECRET,
                "JWT_SECRET": JWT_SECRET,
                "ALLOW_KEY_EXPORT": "true",
            }
        )
    )
    application(app).open()
    yield app
    application(app).close()


@pytest.fixture(scope="module")
def requests_sent(app):
    """Ask for a little of everything, each thing several times."""
    services = application(app)
    engine = authorization(new_client(services.api_clients, *SCOPES).reveal())
    client = app.test_client()
    for fid in (FID, FID + 7, FID + 14):
        user_token = services.user_tokens.issue(fid).reveal()
        LEAKS.secrets.add(user_token)
        user = {"Authorization": f"Bearer {user_token}"}
        body = {"amount": "20", "baseAddress": BASE_ACCOUNT}
        key = user | {"Idempotency-Key": f"key-of-{fid}"}
        wallet = f"/v1/users/{fid}/wallets/ethereum"
        answers = [
            *(client.post("/api/wallet/deposit", json=body, headers=key) for _ in range(3)),
            client.post("/api/wallet/deposit", json=body, headers=user),
            client.get("/api/wallet/user-wallets", headers=user),
            client.get("/api/wallet/primary-with-key", headers=user),
            client.get(f"/v1/users/{fid}/wallets", headers=engine),
            client.put(wallet, headers=engine),
            client.post(f"{wallet}/sign/message", json={"message": "hello"}, headers=engine),
            client.get("/v1/wallets?limit=1", headers=engine),
            client.get("/v1/stats", headers=engine),
            client.get("/v1/audit", headers=engine),
            client.get("/readyz"),
        ]
        assert {answer.status_code for answer in answers} == {200}


@pytest.fixture
def statements(requests_sent, watched):
    """Return what pg_stat_statements knows of our tables: (statement, calls)."""
    _, sql = watched
    return sql.execute(
        "select query, calls from pg_stat_statements join pg_database d on d.oid = dbid"
        " where datname = current_database()"
        " and query ~ '^(select|insert|update|delete|with) '"
        " and query ~ '(wallets|deposits|wallet_audit_log|api_clients|encryption_keys)'"
        " and query !~ 'pg_(stat|class|catalog|locks)'"
    ).fetchall()


@pytest.mark.slow
def test_each_statement_carries_the_name_of_its_query(statements):
    queries = {
        f"{subject_of(file)}.{name}"
        for file in FILES
        for name in re.findall(
            r"^-- name: (\w+)", (loader.QUERIES / f"{file}.sql").read_text(), re.MULTILINE
        )
    }
    names = set()
    for statement, _ in statements:
        named = NAMED.match(statement)
        assert named, statement
        names.add(named[1])
    assert names <= queries
    assert names >= {
        "wallets.get_with_head",
        "wallets.list_for_user",
        "wallets.insert_if_absent",
        "deposits.insert_if_absent",
        "deposits.insert_with_wallet",
        "audit.append",
        "audit.append_creation",
        "audit.advance_head",
        "api_clients.get",
    }


def test_there_is_one_row_for_each_query_however_often_it_ran(statements):
    calls = {}
    for statement, count in statements:
        name = NAMED.match(statement)[1]
        assert name not in calls, statement
        calls[name] = count
    assert calls["wallets.insert_if_absent"] == 3
    # A key read and a signature of each user.
    assert calls["wallets.lock_with_head"] == 6
    assert calls["audit.append"] == 6
    assert calls["audit.append_creation"] == 3
    assert calls["audit.advance_head"] == 9


def test_the_statistics_views_contain_no_user_data(statements):
    for statement, _ in statements:
        for private in (str(FID), BASE_ACCOUNT, "key-of-", "engine", "user:"):
            assert private not in statement


def test_a_waiting_statement_is_identified_by_its_name(requests_sent, watched, app):
    server, sql = watched
    wallets = application(app).wallets
    with psycopg.connect(server.url()) as holder:
        holder.execute("lock table wallets")
        waiting = threading.Thread(
            target=wallets.list_wallets, args=(FID,), kwargs={"access": ACCESS}
        )
        waiting.start()
        waits = "select pid from pg_locks where not granted"
        wait_until(lambda: sql.execute(waits).fetchall())
        # A statement of its own: one row of pg_stat_activity can combine the wait of this
        # moment with the query before it.
        seen = sql.execute(
            f"select query, application_name from pg_stat_activity where pid in ({waits})"
        ).fetchall()
        holder.rollback()
        waiting.join()
    ((statement, application_name),) = seen
    assert NAMED.match(statement)[1] == "wallets.list_for_user"
    assert application_name == "wallet-api"
