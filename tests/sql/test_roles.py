"""The role of the service: it can do the service's work, and nothing that would lose a key."""

import itertools
import json
import re
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import errors
from structlog.testing import capture_logs

from tests.factories import (
    ACCESS,
    BASE_ACCOUNT,
    FID,
    OTHER_SECRET,
    SECRET,
    authorization,
    new_client,
)
from tests.http.problems import refused
from tests.leaks import LEAKS
from wallet_api.blueprints.application import application
from wallet_api.database import sql as loader
from wallet_api.errors import SecretMismatch
from wallet_api.models import SCOPES

SCRIPT = (loader.QUERIES / "operations/roles.sql").read_text()
CLIENTS_SCRIPT = (loader.QUERIES / "operations/clients.sql").read_text()
NUMBERS = itertools.count(1)


@contextmanager
def runtime_role(sql, url):
    """Make a role with what queries/operations/roles.sql gives and nothing else: yield its URL."""
    # As PostgreSQL 14 and older give it to everybody.
    sql.execute("grant create on schema public to public")
    sql.execute(SCRIPT)
    # Twice is as good as once.
    sql.execute(SCRIPT)
    name = f"web_{next(NUMBERS)}"
    sql.execute(f"create role {name} login password 'a password' in role wallet_api_runtime")
    yield re.sub("//.*@", f"//{name}:a%20password@", url)
    sql.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where usename = '{name}'")
    sql.execute(f"drop role {name}")


@pytest.fixture
def runtime_url(sql, database_url):
    with runtime_role(sql, database_url) as url:
        yield url


@pytest.fixture
def runtime(runtime_url):
    with psycopg.connect(runtime_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def unchanged(clone):
    """A connection as the runtime role that all refused statements share."""
    with (
        clone("roles") as url,
        psycopg.connect(url, autocommit=True) as owner,
        runtime_role(owner, url) as runtime_url,
        psycopg.connect(runtime_url) as connection,
    ):
        yield connection


def test_the_runtime_role_can_do_all_work_of_the_service(make_app, runtime_url, services, command):
    token = new_client(services.clients, *SCOPES).reveal()
    app = make_app(DATABASE_URL=runtime_url, ALLOW_KEY_EXPORT="true")
    client, mine = app.test_client(), application(app)
    unready = client.get("/readyz")
    assert (unready.status_code, "keys register" in unready.text) == (503, True)
    with pytest.raises(SecretMismatch):
        mine.wallets.ensure_trading_wallet(FID, access=ACCESS)
    for _ in range(2):
        assert command("register", group="keys").status == 0
    assert client.get("/readyz").status_code == 200
    user = mine.user_tokens.issue(FID).reveal()
    LEAKS.secrets |= {token, user}
    as_user = {"Authorization": f"Bearer {user}"}
    as_client = {"Authorization": f"Bearer {token}"}
    for address in (BASE_ACCOUNT, "0x" + "ab" * 20):
        mine.wallets.store_base_account_address(FID, address, access=ACCESS)
    deposit = {"amount": "20"}
    headers = {**as_user, "Idempotency-Key": "once"}
    for _ in range(2):
        answer = client.post("/api/wallet/deposit", json=deposit, headers=headers)
        assert answer.status_code == 200, answer.text
    key = client.get("/api/wallet/primary-with-key", headers=as_user)
    assert key.status_code == 200
    LEAKS.secrets.add(key.get_json()["wallet"]["privateKey"][2:])
    assert client.put("/v1/users/7/wallets/ethereum", headers=as_client).status_code == 201
    for path in ("/v1/users/7/wallets", "/v1/wallets", "/v1/audit", "/v1/stats"):
        assert client.get(path, headers=as_client).status_code == 200, path
    assert services.clients.list_clients()[0].last_used_at is not None


TABLES = (
    *("wallets", "wallet_audit_log", "wallet_audit_heads", "deposits", "encryption_keys"),
    *("active_encryption_keys", "api_clients", "schema_migrations"),
    *("policies", "service_policies", "wallet_policies", "user_policies"),
    *("signing_accounts", "wallet_spends"),
)
FORBIDDEN = [
    *(f"delete from {table}" for table in TABLES),
    *(f"truncate {table}" for table in TABLES),
    *(f"drop table {table} cascade" for table in TABLES),
    *(f"alter table {table} disable trigger all" for table in TABLES),
    "update wallets set fid = 2",
    "update wallets set chain = 'base-account'",
    "update wallets set wallet_type = 'trading'",
    "update wallets set created_at = now()",
    "update wallets set encrypted_private_key = repeat('0', 96)",
    "update wallets set iv = repeat('0', 24)",
    "update wallets set key_id = repeat('0', 16)",
    "update wallets set scheme = 'aes-256-gcm'",
    "update wallet_audit_heads set fid = 2",
    "insert into encryption_keys (key_id) values (repeat('0', 16))",
    "insert into active_encryption_keys (key_id) values (repeat('0', 16))",
    "update active_encryption_keys set key_id = repeat('0', 16)",
    "update wallet_audit_log set actor = 'nobody'",
    "update deposits set status = 'prepared'",
    "update encryption_keys set succeeds = null",
    "update api_clients set created_at = now()",
    "update api_clients set scopes = array['keys:read']",
    "insert into api_clients (id, name, token_hash, scopes) values ('a', 'b', 'c', '{}')",
    "update api_clients set policy_id = null",
    "insert into service_policies (version, created_by) values (1, 'nobody')",
    "update policies set rules = '[]'",
    "update wallet_policies set policy_id = null",
    "update user_policies set rules = null",
    "update signing_accounts set chain_id = 1",
    "update wallet_spends set amount = 1",
    "insert into schema_migrations (version) values ('9999')",
    "set session_replication_role = replica",
    "drop function refuse_change() cascade",
    "create or replace function refuse_change() returns trigger language plpgsql as 'begin end'",
    "drop index idx_wallets_by_address",
    "create table mine (id bigint)",
    "create temporary table wallets (fid bigint)",
    "select setval('wallets_id_seq', 1)",
    "alter role wallet_api_runtime superuser",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_runtime_role_cannot_lose_a_key_or_change_the_log(unchanged, statement):
    with pytest.raises(errors.InsufficientPrivilege), unchanged.transaction(force_rollback=True):
        unchanged.execute(statement)


def test_the_runtime_role_revokes_clients_and_creates_them_only_after_clients_sql(
    make_app, runtime_url, services, command, sql
):
    root = authorization(new_client(services.clients, *SCOPES, name="root").reveal())
    new_client(services.clients, "wallets:read", name="old")
    assert command("register", group="keys").status == 0
    client = make_app(DATABASE_URL=runtime_url).test_client()
    assert client.post("/v1/clients/old/revoke", headers=root).status_code == 200
    body = {"name": "made", "scopes": ["wallets:read"]}
    with capture_logs() as lines:
        answer = client.post("/v1/clients", json=body, headers=root)
    assert refused(answer, 403)["code"] == "client_creation_disabled"
    # Nobody need be woken.
    assert [line for line in lines if line["log_level"] == "critical"] == []
    assert client.get("/readyz").status_code == 200
    sql.execute(CLIENTS_SCRIPT)
    answer = client.post("/v1/clients", json=body, headers=root)
    assert answer.status_code == 201
    LEAKS.secrets.add(answer.get_json()["token"])
    sql.execute(SCRIPT)
    answer = client.post("/v1/clients", json=body | {"name": "more"}, headers=root)
    assert refused(answer, 403)["code"] == "client_creation_disabled"


@pytest.mark.parametrize("column", ["created_at", "revoked_at", "last_used_at"])
def test_no_client_comes_with_a_time_that_postgresql_did_not_set(runtime, sql, column):
    sql.execute(CLIENTS_SCRIPT)
    with pytest.raises(errors.InsufficientPrivilege):
        runtime.execute(
            f"insert into api_clients (id, name, token_hash, scopes, {column})"
            " values (repeat('ab', 8), 'mine', repeat('cd', 32), '{keys:read}', '2020-01-01')"
        )


def test_a_command_that_needs_the_owner_reports_it(runtime_url, services, command):
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)
    changed = {
        "ENCRYPTION_SECRET": OTHER_SECRET,
        "ENCRYPTION_SECRET_PREVIOUS": json.dumps([SECRET]),
    }
    assert command("register", group="keys", **changed).status == 0
    done = command("rotate", group="keys", **changed, DATABASE_URL=runtime_url)
    assert (done.status, "the owner's DATABASE_URL" in done.err) == (1, True)


def test_the_runtime_role_cannot_archive(runtime_url, runtime, services, command, tmp_path):
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)
    runtime.execute("set wallet_api.archiving = 'on'")
    with pytest.raises(errors.InsufficientPrivilege):
        runtime.execute("delete from wallet_audit_log where action = 'key.read'")
    options = ("--before", "2026-01-01", "--to", tmp_path)
    done = command("archive", *options, group="audit", DATABASE_URL=runtime_url)
    assert (done.status, "the owner's DATABASE_URL" in done.err) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_every_table_is_in_the_roles_script(sql):
    found = sql.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
    assert {name for (name,) in found} == set(TABLES)


def test_no_temporary_table_can_replace_a_table(services, sql):
    """Not even one that the tables' owner makes, on the very connection that serves."""
    for table in ("wallets", "wallet_audit_log", "wallet_audit_heads"):
        make = f"create temporary table {table} (like public.{table} including all)"
        services.database.run(lambda one, make=make: one.execute(make))
    address = services.wallets.ensure_trading_wallet(FID, access=ACCESS).address
    assert sql.execute("select fid, address from wallets").fetchall() == [(FID, address)]
