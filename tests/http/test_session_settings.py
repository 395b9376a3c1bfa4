"""Session settings of databases and roles: /readyz, `doctor`, `db doctor` and users agree."""

import json
import re
import uuid
from contextlib import ExitStack

import psycopg
import pytest

from tests.commands import Running, kept_environ
from tests.factories import ACCESS, BASE_ACCOUNT, FID, calling, signed_in
from tests.http.sessions import (
    HARMLESS,
    OVERRIDDEN,
    REASONS,
    USUAL,
    doctors,
    refused_by_everything,
    settle,
)
from tests.running_service import ROOT
from tests.wallet_store import SAMPLES
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.database.session_settings import PINNED, is_applied
from wallet_api.repositories.migrations import MigrationRepository
from wallet_api.repositories.wallets.rows import PostgresWalletRepository
from wallet_api.services import migrations

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("role", [False, True], ids=["database", "role"])
@pytest.mark.parametrize("setting", OVERRIDDEN + HARMLESS)
def test_a_setting_of_the_database_or_the_role_changes_nothing(
    sql, make_app, environ, setting, role
):
    settle(sql, setting, role=role)
    app = make_app()
    client = app.test_client()
    assert client.get("/readyz").status_code == 200
    assert doctors(environ) == ([], [])
    body = {"amount": "20.5", "asset": "USDC", "baseAddress": BASE_ACCOUNT}
    made = client.post("/api/wallet/deposit", json=body, headers=signed_in())
    assert made.status_code == 200
    engine = calling(app, "keys:read", "wallets:read", "audit:read")
    for reason in REASONS:
        key = f"/v1/users/{FID}/wallets/ethereum/key"
        assert client.post(key, json={"reason": reason}, headers=engine).status_code == 200
    entries = client.get("/v1/audit", query_string={"fid": FID}, headers=engine)
    assert entries.status_code == 200
    read = [entry["reason"] for entry in entries.get_json()["data"] if entry["reason"]]
    assert sorted(read) == sorted(REASONS)
    for path in (f"/v1/wallets?fid={FID}", "/v1/stats"):
        assert (
            client.get(path, headers=calling(app, "wallets:read", "stats:read")).status_code == 200
        )


@pytest.fixture
def empty_url(server):
    """Make databases without a table, which are dropped at the end: empty_url("LATIN1")."""
    identifier = psycopg.sql.Identifier
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin, ExitStack() as made:

        def make(encoding="UTF8"):
            name = f"empty_{uuid.uuid4().hex}"
            admin.execute(
                psycopg.sql.SQL(
                    "create database {} encoding {} locale 'C' template template0"
                ).format(identifier(name), encoding)
            )
            drop = psycopg.sql.SQL("drop database {} with (force)")
            made.callback(admin.execute, drop.format(identifier(name)))
            return server.url(name)

        yield make


@pytest.mark.parametrize("setting", OVERRIDDEN + HARMLESS)
def test_an_upgrade_creates_the_same_schema_under_every_setting_of_the_database(empty_url, setting):
    url = empty_url()
    with psycopg.connect(url, autocommit=True) as empty:
        settle(empty, setting)
    assert migrations.upgrade(Secret(url)) == migrations.expected_versions()
    assert doctors({"DATABASE_URL": url})[1] == []


def test_every_session_has_our_settings_under_every_setting_of_the_database(sql, environ):
    given = {setting.split(" = ")[0]: setting for setting in OVERRIDDEN}
    # These two are pinned in another way.
    assert set(PINNED) == set(given) - {"client_encoding", "search_path"}
    for setting in given.values():
        settle(sql, setting)
    database = Database(Secret(environ["DATABASE_URL"]), min_size=0, max_size=1, timeout_seconds=5)
    database.open()
    found = database.run(lambda connection: MigrationRepository(connection).list_settings(PINNED))
    database.close()
    assert found == PINNED


@pytest.mark.parametrize("isolation", ["serializable", "repeatable read"])
def test_the_loser_of_a_race_sees_the_winners_wallet_under_every_isolation_level(
    sql, services, environ, isolation
):
    settle(sql, f"default_transaction_isolation = '{isolation}'")
    database = Database(Secret(environ["DATABASE_URL"]), min_size=0, max_size=1, timeout_seconds=5)
    database.open()

    def lose(connection):
        with connection.transaction():
            connection.execute("select count(*) from wallets")
            services.wallets.ensure_trading_wallet(FID, access=ACCESS)
            return PostgresWalletRepository(connection).list_for_user(FID)

    try:
        assert len(database.run(lose)) == 1
    finally:
        database.close()


def test_an_import_writes_null_for_absent_values(sql, command):
    """Its audit entries are sent as arrays, in which array_nulls = off turns NULL into text."""
    settle(sql, "array_nulls = off")
    assert command("import", SAMPLES).status == 0
    words = "select count(*) from wallet_audit_log where 'NULL' in (reason, recipient, address)"
    assert sql.execute(words).fetchone() == (0,)
    assert sql.execute("select count(*) > 0 from wallet_audit_log").fetchone() == (True,)


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1", "EUC_JP"])
def test_a_database_that_is_not_utf8_is_refused_by_everything(
    make_app, environ, empty_url, encoding
):
    url = empty_url(encoding)
    sentence = f"the database's encoding is {encoding}, which cannot store every character"
    with pytest.raises(migrations.MigrationError, match="createdb --encoding=UTF8"):
        migrations.upgrade(Secret(url))
    with psycopg.connect(url) as connection:
        assert connection.execute("select to_regclass('schema_migrations')").fetchone() == (None,)
    # As after a restore into it.
    with psycopg.connect(url, autocommit=True) as restored:
        restored.execute((ROOT / "schema.sql").read_text().encode())
        restored.execute("create table public.schema_migrations (version varchar primary key)")
        for version in migrations.expected_versions():
            restored.execute("insert into public.schema_migrations values (%s)", [version])
    refused_by_everything(make_app, {**environ, "DATABASE_URL": url}, sentence)


# What libpq reads besides the URL. Those that lead elsewhere are in test_database_url.py.
VARIABLES = {
    "PGOPTIONS": "-cdatestyle=German -cstatement_timeout=200 -carray_nulls=off"
    " -cstandard_conforming_strings=off -cquote_all_identifiers=on",
    "PGDATESTYLE": "SQL, DMY",
    "PGTZ": "Pacific/Apia",
    "PGCLIENTENCODING": "LATIN1",
    "PGGEQO": "off",
    "PGAPPNAME": "somebody else",
    "PGCONNECT_TIMEOUT": "9",
    "PGSSLMODE": "prefer",
    # dbmate's driver refuses to start with these, and dbmate would look into another table.
    "PGCHANNELBINDING": "prefer",
    "PGREQUIREPEER": "postgres",
    "DBMATE_MIGRATIONS_TABLE": "elsewhere",
}


@pytest.mark.slow
def test_real_processes_agree_under_every_environment_variable_of_libpq(
    serve, environ, empty_url, tmp_path
):
    def run(*arguments, **changes):
        folder = tmp_path / uuid.uuid4().hex
        folder.mkdir()
        whole = kept_environ({**environ, **VARIABLES, **changes})
        return Running(arguments, whole, folder).finish()

    url = empty_url()
    upgraded = run("db", "upgrade", "--json", DATABASE_URL=url)
    assert upgraded.status == 0, upgraded.err
    assert run("db", "status", DATABASE_URL=url).status == 0
    service = serve(**VARIABLES, DATABASE_URL=url, WEB_CONCURRENCY="1")
    assert service.get("/readyz").status == 200
    assert service.call(service.deposit(FID, base=BASE_ACCOUNT)).status == 200
    assert run("doctor", DATABASE_URL=url).status == 0
    assert run("keys", "verify", DATABASE_URL=url).status == 0
    assert run("audit", "verify", DATABASE_URL=url).status == 0
    faults = json.loads(run("db", "doctor", "--json", DATABASE_URL=url).out)
    assert {one["subject"] for one in faults if one["serious"] and one["faults"]} == USUAL


def test_wallets_and_the_audit_log_can_be_verified_on_a_read_only_database(sql, client, start):
    body = {"amount": "20", "baseAddress": BASE_ACCOUNT}
    assert client.post("/api/wallet/deposit", json=body, headers=signed_in()).status_code == 200
    settle(sql, "default_transaction_read_only = on")
    assert start("verify", group="keys").finish().status == 0
    assert start("verify", group="audit").finish().status == 0
    assert start("list", group="clients").finish().status == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setting", "status"),
    [("DateStyle = 'German'", 200), ("default_transaction_read_only = on", 503)],
)
def test_a_real_service_and_its_commands_agree(serve, start, sql, setting, status):
    settle(sql, setting)
    service = serve(WEB_CONCURRENCY="1")
    assert service.get("/readyz").status == status
    assert service.call(service.deposit(FID, base=BASE_ACCOUNT)).status == status
    fit = status == 200
    assert (
        start("doctor", group="db").finish().out.count("FAULT   the database accepts writes")
    ) == (not fit)
    configuration = start("--json", group="doctor").finish()
    assert (configuration.status == 0) is fit
    assert "Traceback" not in configuration.err


def test_poolers_receive_the_same_settings():
    """What docs/scaling.md gives the role is what every connection sets."""
    page = (ROOT / "docs" / "scaling.md").read_text()
    given = dict(re.findall(r"^ *alter role wallet_api_web set (\w+) = (.+);$", page, re.MULTILINE))
    assert {name.lower() for name in PINNED} | {"search_path"} == {name.lower() for name in given}
    for name, value in given.items():
        pinned = {key.lower(): key for key in PINNED}.get(name.lower(), name)
        assert is_applied(pinned, value.strip("'")), name


@pytest.mark.parametrize("name", ["upgrade", "status"])
@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("connect_timeout=soon", "the database cannot be reached"),
        ("options=-crole%3Dpg_monitor", "the role in the database may not do this"),
    ],
)
def test_a_parameter_that_makes_a_database_unusable_is_reported_in_one_line(
    start, environ, name, query, sentence
):
    done = start(name, group="db", DATABASE_URL=f"{environ['DATABASE_URL']}?{query}").finish()
    assert (done.status, done.out) == (1, "")
    (line,) = done.err.splitlines()
    assert sentence in line
