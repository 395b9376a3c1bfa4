"""Whatever a database or a role sets for its sessions, /readyz, the doctors and users agree."""

import json
import re
import uuid
from contextlib import ExitStack

import psycopg
import pytest

from tests.commands import Running, kept_environ
from tests.conftest import ACCESS, BASE_ACCOUNT, FID
from tests.http.conftest import calling, refused, rows_of, signed_in
from tests.service import ROOT
from tests.wallet_store import SAMPLES
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.database.session_settings import PINNED, is_ours
from wallet_api.repositories.migrations import MigrationRepository
from wallet_api.repositories.wallets import PostgresWalletRepository
from wallet_api.services import migrations
from wallet_api.services.diagnosis.database import examine_database
from wallet_api.services.diagnosis.environment import examine_environment
from wallet_api.services.diagnosis.settings import State

# Cyrillic, an emoji outside of the basic plane, quotes and escapes, and a word of arrays.
REASONS = ("выплата по заявке", "payout 💸", 'it\'s \\ a "test"', "NULL", "{NULL,\\x41}")
# A setting, and where it matters. Each must leave everything as it is without it.
OVERRIDDEN = [
    "DateStyle = 'German'",
    "DateStyle = 'SQL, DMY'",
    "DateStyle = 'Postgres, YMD'",
    "IntervalStyle = 'sql_standard'",
    "IntervalStyle = 'iso_8601'",
    "TimeZone = 'Pacific/Apia'",
    "TimeZone = 'America/St_Johns'",
    "client_encoding = 'LATIN1'",
    "client_encoding = 'SQL_ASCII'",
    "client_encoding = 'EUC_JP'",
    "client_min_messages = error",
    "array_nulls = off",
    "bytea_output = escape",
    "extra_float_digits = -15",
    "quote_all_identifiers = on",
    "standard_conforming_strings = off",
    "default_transaction_isolation = 'serializable'",
    "default_transaction_isolation = 'repeatable read'",
    "synchronous_commit = local",
    "synchronous_commit = off",
    "statement_timeout = '200ms'",
    "statement_timeout = 0",
    "lock_timeout = 1",
    "idle_session_timeout = '500ms'",
    "idle_in_transaction_session_timeout = '500ms'",
    "search_path = pg_temp, public",
    "search_path = public, pg_catalog",
]
# These are not overridden, because nothing that we send or promise depends on them.
HARMLESS = [
    "backslash_quote = off",
    "check_function_bodies = off",
    "default_transaction_deferrable = on",
    "enable_indexscan = off",
    "escape_string_warning = off",
    "jit = off",
    "plan_cache_mode = force_generic_plan",
    "row_security = off",
    "transform_null_equals = on",
    "xmloption = document",
]
REPLICA = "session_replication_role is replica, which switches triggers and foreign keys off"
READ_ONLY = "default_transaction_read_only is on, so nothing can be stored"
UNFIT = [
    ("session_replication_role = replica", REPLICA),
    ("zero_damaged_pages = on", "zero_damaged_pages is on, so that damaged rows appear"),
    ("ignore_checksum_failure = on", "ignore_checksum_failure is on, so that damaged rows appear"),
    ("default_transaction_read_only = on", READ_ONLY),
]
# What the tests' server is like. (It keeps nothing that it commits, to be quick.)
USUAL = {"fsync is on"}


def settle(sql, setting, *, role=False):
    """Give a setting to this test's database, or to its role in it."""
    given = psycopg.sql.Identifier(sql.info.dbname)
    whose = psycopg.sql.SQL("role current_user in database {}" if role else "database {}")
    sql.execute(
        psycopg.sql.SQL("alter {} set {}").format(whose.format(given), psycopg.sql.SQL(setting))
    )


def examined(environ):
    """Return the findings of `wallet-api db doctor`."""
    database = Database(
        Secret(environ["DATABASE_URL"]),
        min_size=0,
        max_size=1,
        timeout_seconds=5,
        accept_unfit=True,
    )
    database.open()
    try:
        return examine_database(database)
    finally:
        database.close()


def doctors(environ):
    """Return what `wallet-api doctor` and `wallet-api db doctor` call a fault."""
    outside = [one.what for one in examine_environment(environ) if one.state is State.FAULT]
    inside = [one for one in examined(environ) if one.serious and one.subject not in USUAL]
    return outside, [fault for one in inside for fault in one.faults]


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
def test_an_upgrade_makes_the_same_schema_whatever_the_database_sets(empty_url, setting):
    url = empty_url()
    with psycopg.connect(url, autocommit=True) as empty:
        settle(empty, setting)
    assert migrations.upgrade(Secret(url)) == migrations.expected_versions()
    assert doctors({"DATABASE_URL": url})[1] == []


def test_every_session_has_each_setting_whatever_the_database_sets(sql, environ):
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
def test_the_loser_of_a_race_sees_the_winners_wallet_whatever_isolation_the_database_sets(
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


def test_an_import_writes_no_word_for_what_is_absent(sql, command):
    """Its audit entries are sent as arrays, in which array_nulls = off makes NULL a word."""
    settle(sql, "array_nulls = off")
    assert command("import", SAMPLES).status == 0
    words = "select count(*) from wallet_audit_log where 'NULL' in (reason, recipient, address)"
    assert sql.execute(words).fetchone() == (0,)
    assert sql.execute("select count(*) > 0 from wallet_audit_log").fetchone() == (True,)


def refused_by_everything(make_app, environ, sentence):
    """Assert that a new user is refused and that /readyz and the doctors say the same sentence."""
    client = make_app(**environ).test_client()
    ready = refused(client.get("/readyz"), 503, longest=400)
    assert sentence in ready["error"]
    outside, inside = doctors(environ)
    assert any(line.startswith(sentence) for line in outside)
    assert any(line.startswith(sentence) for line in inside)
    body = {"amount": "20", "baseAddress": BASE_ACCOUNT}
    refused(client.post("/api/wallet/deposit", json=body, headers=signed_in(FID + 1)), 503)
    with pytest.raises(migrations.MigrationError, match=sentence.split(",")[0]):
        migrations.upgrade(Secret(environ["DATABASE_URL"]))


@pytest.mark.parametrize(("setting", "sentence"), UNFIT)
def test_a_setting_that_takes_a_promise_away_is_refused_by_everything(
    sql, make_app, environ, setting, sentence
):
    client = make_app().test_client()
    assert client.get("/readyz").status_code == 200
    settle(sql, setting)
    before = rows_of(sql)
    refused_by_everything(make_app, environ, sentence)
    assert rows_of(sql) == before
    assert any(setting.split()[0] in fault for found in examined(environ) for fault in found.faults)
    settle(sql, setting.replace("= replica", "= origin").replace("= on", "= off"))
    fresh = make_app().test_client()
    assert fresh.get("/readyz").status_code == 200
    assert doctors(environ) == ([], [])


@pytest.fixture
def web_role(sql, environ, client):
    """Make a role with what queries/operations/roles.sql gives, and return its URL and its name."""
    # Only the owner may register the first secret.
    body = {"amount": "20", "baseAddress": BASE_ACCOUNT}
    assert client.post("/api/wallet/deposit", json=body, headers=signed_in()).status_code == 200
    sql.execute((ROOT / "queries" / "operations" / "roles.sql").read_text())
    name = f"web_{uuid.uuid4().hex[:8]}"
    sql.execute(f"create role {name} login password 'web' in role wallet_api_runtime")
    sql.execute(f"create role {name}_reader")
    yield re.sub("//.*@", f"//{name}:web@", environ["DATABASE_URL"]), name
    for role in (name, f"{name}_reader"):
        sql.execute(f"drop owned by {role}; drop role {role}")


TABLES = "select on all tables in schema public"
# What is done to the role of the web processes, and what it may not do then.
TOO_FEW_RIGHTS = [
    (f"grant {TABLES} to {{web}}; revoke wallet_api_runtime from {{web}}",
     "api_clients, deposits, wallet_audit_heads and 4 more"),
    ("grant {web}_reader to {web}; alter role {web} set role = {web}_reader",
     "active_encryption_keys, api_clients, deposits and 7 more"),
    ("revoke insert on wallets from wallet_api_runtime", "wallets"),
    ("revoke update (id) on wallet_audit_heads from wallet_api_runtime", "wallet_audit_heads"),
    ("revoke usage on sequence wallets_id_seq from wallet_api_runtime", "wallets_id_seq"),
    ("revoke execute on function time_of_entry from public, wallet_api_runtime",
     "time_of_entry(timestamp with time zone)"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("statements", "missing"), TOO_FEW_RIGHTS, ids=[missing for _, missing in TOO_FEW_RIGHTS]
)
def test_a_role_with_too_few_rights_is_refused_by_everything(
    sql, make_app, environ, web_role, statements, missing
):
    url, web = web_role
    whole = {**environ, "DATABASE_URL": url}
    fit = make_app(**whole).test_client()
    assert fit.get("/readyz").status_code == 200
    assert doctors(whole) == ([], [])
    sql.execute(statements.format(web=web))
    client = make_app(**whole).test_client()
    sentence = f"this role lacks rights on {missing}"
    assert f"{sentence}: " in refused(client.get("/readyz"), 503, longest=400)["error"]
    outside, inside = doctors(whole)
    assert sentence in outside
    assert any(line.startswith(sentence) for line in inside)
    body = {"amount": "20", "baseAddress": BASE_ACCOUNT}
    refused(client.post("/api/wallet/deposit", json=body, headers=signed_in(FID + 1)), 503)


def test_a_command_says_in_one_line_why_a_session_is_unfit(sql, start):
    settle(sql, "session_replication_role = replica")
    for group, name in (("clients", "list"), ("keys", "verify"), ("audit", "verify")):
        done = start(name, group=group).finish()
        assert (done.status, done.out) == (1, "")
        (line,) = done.err.splitlines()
        assert line.startswith(f"Error: {REPLICA}: reset it")


def test_a_service_is_fit_again_when_the_setting_is_gone(sql, make_app):
    settle(sql, "session_replication_role = replica")
    client = make_app(DB_POOL_MAX="1").test_client()
    refused(client.get("/readyz"), 503, longest=400)
    settle(sql, "session_replication_role = origin")
    # The first one may still meet a session that began before.
    assert 200 in [client.get("/readyz").status_code for _ in range(3)]


NO_SCHEMA = "search_path names no existing schema that this role may use"
NOWHERE = [
    "search_path = nowhere",
    "search_path = nowhere, pg_temp",
    "search_path = pg_temp",
    "search_path = ''",
    "search_path = pg_catalog",
    """search_path = '"Public"'""",
    """search_path = '"$user"'""",
]


@pytest.mark.parametrize("setting", NOWHERE)
def test_a_search_path_without_a_schema_is_refused_by_everything(sql, make_app, environ, setting):
    settle(sql, setting)
    refused_by_everything(make_app, environ, NO_SCHEMA)
    with pytest.raises(migrations.MigrationError, match=NO_SCHEMA):
        migrations.applied_versions(Secret(environ["DATABASE_URL"]))


def test_a_schema_that_the_role_may_not_use_is_none(sql, make_app, environ, web_role):
    url, _ = web_role
    sql.execute("revoke usage on schema public from public, wallet_api_runtime")
    refused_by_everything(make_app, {**environ, "DATABASE_URL": url}, NO_SCHEMA)


@pytest.mark.parametrize(
    "path", ["nowhere, public", '"$user", public', "PUBLIC", '"with ""quotes""", nowhere']
)
def test_a_search_path_with_a_schema_is_taken(sql, environ, path):
    sql.execute('create schema "with ""quotes"""')
    settle(sql, f"search_path = {path}")
    migrations.applied_versions(Secret(environ["DATABASE_URL"]))


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1", "EUC_JP"])
def test_a_database_that_cannot_hold_every_text_is_refused_by_everything(
    make_app, environ, empty_url, encoding
):
    url = empty_url(encoding)
    sentence = f"the database's encoding is {encoding}, which does not hold every text"
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


# Whatever libpq reads beside the URL. Those that would lead elsewhere are in test_database_url.py.
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
def test_real_processes_agree_whatever_libpq_finds_in_their_environment(
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


def test_wallets_and_the_audit_log_are_verified_where_nothing_can_be_stored(sql, client, start):
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
        start("doctor", group="db").finish().out.count("FAULT   the database takes writes")
    ) == (not fit)
    configuration = start("--json", group="doctor").finish()
    assert (configuration.status == 0) is fit
    assert "Traceback" not in configuration.err


def test_poolers_are_told_the_same_settings():
    """What docs/scaling.md gives the role is what every connection sets."""
    page = (ROOT / "docs" / "scaling.md").read_text()
    given = dict(re.findall(r"^ *alter role wallet_api_web set (\w+) = (.+);$", page, re.MULTILINE))
    assert {name.lower() for name in PINNED} | {"search_path"} == {name.lower() for name in given}
    for name, value in given.items():
        pinned = {key.lower(): key for key in PINNED}.get(name.lower(), name)
        assert is_ours(pinned, value.strip("'")), name


@pytest.mark.parametrize("name", ["upgrade", "status"])
@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("connect_timeout=soon", "cannot connect to the database"),
        ("options=-crole%3Dpg_monitor", "the role in the database may not do this"),
    ],
)
def test_a_parameter_that_makes_a_database_useless_is_one_line(
    start, environ, name, query, sentence
):
    done = start(name, group="db", DATABASE_URL=f"{environ['DATABASE_URL']}?{query}").finish()
    assert (done.status, done.out) == (1, "")
    (line,) = done.err.splitlines()
    assert sentence in line
