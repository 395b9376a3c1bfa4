"""Sessions in which the service cannot work, and the errors of everything that reports them."""

import re
import uuid
from urllib.parse import quote

import pytest

from tests.database import rows_of
from tests.factories import BASE_ACCOUNT, FID, signed_in
from tests.http.problems import refused
from tests.http.sessions import (
    REPLICA,
    UNFIT,
    doctors,
    examined,
    refused_by_everything,
    settle,
)
from tests.running_service import ROOT
from wallet_api.crypto.secret import Secret
from wallet_api.database import connect
from wallet_api.errors import DatabaseUnavailable
from wallet_api.services import migrations

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("setting", "sentence"), UNFIT)
def test_a_setting_that_breaks_a_promise_is_refused_by_everything(
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
TOO_FEW_PRIVILEGES = [
    (f"grant {TABLES} to {{web}}; revoke wallet_api_runtime from {{web}}",
     "api_clients, deposits, policies and 9 more"),
    ("grant {web}_reader to {web}; alter role {web} set role = {web}_reader",
     "active_encryption_keys, api_clients, deposits and 13 more"),
    ("revoke insert on wallets from wallet_api_runtime", "wallets"),
    ("revoke update (id) on wallet_audit_heads from wallet_api_runtime", "wallet_audit_heads"),
    ("revoke usage on sequence wallets_id_seq from wallet_api_runtime", "wallets_id_seq"),
    ("revoke execute on function time_of_entry from public, wallet_api_runtime",
     "time_of_entry(timestamp with time zone)"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("statements", "missing"),
    TOO_FEW_PRIVILEGES,
    ids=[missing for _, missing in TOO_FEW_PRIVILEGES],
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
    sentence = f"this role lacks privileges on {missing}"
    assert f"{sentence}: " in refused(client.get("/readyz"), 503, longest=400)["error"]
    outside, inside = doctors(whole)
    assert sentence in outside
    assert any(line.startswith(sentence) for line in inside)
    body = {"amount": "20", "baseAddress": BASE_ACCOUNT}
    refused(client.post("/api/wallet/deposit", json=body, headers=signed_in(FID + 1)), 503)


def test_a_command_reports_in_one_line_why_a_session_is_refused(sql, start):
    settle(sql, "session_replication_role = replica")
    for group, name in (("clients", "list"), ("keys", "verify"), ("audit", "verify")):
        done = start(name, group=group).finish()
        assert (done.status, done.out) == (1, "")
        (line,) = done.err.splitlines()
        assert line.startswith(f"Error: {REPLICA}: reset it")


def test_a_service_recovers_when_the_setting_is_removed(sql, make_app):
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


def test_a_schema_without_the_usage_privilege_is_ignored(sql, make_app, environ, web_role):
    url, _ = web_role
    sql.execute("revoke usage on schema public from public, wallet_api_runtime")
    refused_by_everything(make_app, {**environ, "DATABASE_URL": url}, NO_SCHEMA)


@pytest.mark.parametrize(
    "path", ["nowhere, public", '"$user", public', "PUBLIC", '"with ""quotes""", nowhere']
)
def test_a_search_path_with_a_schema_is_accepted(sql, environ, path):
    sql.execute('create schema "with ""quotes"""')
    settle(sql, f"search_path = {path}")
    migrations.applied_versions(Secret(environ["DATABASE_URL"]))


def with_search_path(environ, path):
    """Return the URL with this search_path, which PostgreSQL takes as it is written."""
    return Secret(f"{environ['DATABASE_URL']}?options={quote(f'-csearch_path={path}')}")


@pytest.mark.parametrize("path", ["$user", '"$user"'])
def test_the_schema_of_the_user_is_used_if_it_exists(sql, environ, path):
    url = with_search_path(environ, path)
    with pytest.raises(DatabaseUnavailable) as refusal:
        connect(url)
    assert refusal.value.reason.startswith(NO_SCHEMA)
    sql.execute("create schema authorization current_user")
    connect(url).close()


def test_a_schema_in_capitals_is_accepted_in_the_url_too(environ):
    connect(with_search_path(environ, "PUBLIC")).close()
