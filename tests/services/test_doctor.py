"""The examination of a database: it finds what is wrong, and names it."""

import json
import os
import re
import shutil
import subprocess
import sys

import psycopg
import pytest

from tests.conftest import BASE_ACCOUNT, FID
from tests.service import ROOT
from wallet_api import migrations
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.local_postgres import LocalPostgres
from wallet_api.repositories import sql as loader
from wallet_api.services import expectations
from wallet_api.services.doctor import Doctor

TABLES = "every table is as the migrations made it"
TRIGGERS = "every trigger is in force"
CONSTRAINTS = "every constraint is in force"
INDEXES = "every index is in force"
SETTINGS = "no setting of a role takes a guard away"
RIGHTS = "the role has no more rights than it needs"
EVERYBODY = "nothing is granted to everybody"
READABLE = "this role may read what is to be examined"
# What the tests' server and its owner are like.
USUAL = {"fsync is on", "the connection is encrypted", RIGHTS}


def faults_at(url):
    """Return what is wrong, by subject, in a session that begins now."""
    pool = Database(Secret(url), min_size=1, max_size=1, timeout_seconds=5)
    pool.open()
    try:
        return {found.subject: found.faults for found in Doctor(pool).examine() if found.faults}
    finally:
        pool.close()


@pytest.fixture
def faults(database_url):
    return lambda: faults_at(database_url)


def test_of_a_sound_database_nothing_but_this_server_is_found_fault_with(services, faults):
    services.wallets.ensure_trading_wallet(FID)
    services.wallets.store_base_account_address(FID, BASE_ACCOUNT)
    assert faults().keys() == USUAL


def test_what_it_looks_for_is_what_there_is(sql):
    """A statement of schema.sql that it overlooked would be looked for in vain for ever."""
    asked = {
        "trigger": "select tgname from pg_trigger where not tgisinternal",
        "constraint": "select conname from pg_constraint where contype <> 'n'"
        " and connamespace = 'public'::regnamespace and conname !~ '^schema_migrations'",
        "column": "select table_name || '.' || column_name from information_schema.columns"
        " where table_schema = 'public' and table_name <> 'schema_migrations'",
        "sequence": "select relname from pg_class where relkind = 'S'",
        "function": "select proname from pg_proc where pronamespace = 'public'::regnamespace",
    }
    for kind, statement in asked.items():
        known = {part.name for part in expectations.expected_schema() if part.kind == kind}
        assert {name for (name,) in sql.execute(statement)} == known


ALTER_DATABASE = (
    "do $$ begin execute format('alter database %I set {}', current_database()); end $$"
)
BROKEN_OFF = """
    update pg_index set indisvalid = false
    where indexrelid = 'idx_deposits_created_at'::regclass
"""
WITHOUT_KEY = """
    update wallets set encrypted_private_key = null, iv = null, scheme = null, key_id = null
"""
ELSEWHERE = f"""
    insert into deposits (fid, id, asset, amount, from_address, to_address, chain_id)
    values ({FID}, gen_random_uuid(), 'ETH', 1, '{BASE_ACCOUNT}', '{BASE_ACCOUNT}', 1)
"""
SWALLOW = "returns trigger language plpgsql as 'begin return null; end'"
WEAKER = """
    create trigger wallets_are_never_deleted before delete on wallets
    for each row when (old.fid = 1) execute function refuse_change()
"""
TRIGGER = "trigger wallets_are_never_deleted"
KEY_RULE = "constraint wallets_trading_wallet_has_a_key"
INDEX = "index idx_deposits_created_at"
FIRST = "unique index encryption_keys_only_one_is_first"
ALTERED = "is not as the migrations made it"
FOREIGN = "is none that the migrations made"
WRONG = [
    (["delete from schema_migrations where version = '0018'"],
     "migrations are current", "0018 is not applied"),
    (["insert into schema_migrations values ('9999')"],
     "migrations are current", "9999 is newer than this program"),
    ([ALTER_DATABASE.format("synchronous_commit = off")],
     "synchronous_commit is on", "synchronous_commit is off: commits can be lost"),
    ([ALTER_DATABASE.format("synchronous_commit = off")],
     SETTINGS, "every role: synchronous_commit=off"),
    ([ALTER_DATABASE.format("session_replication_role = replica")],
     SETTINGS, "every role: session_replication_role=replica"),
    ([ALTER_DATABASE.format("session_replication_role = replica")],
     SETTINGS, "this session: session_replication_role=replica"),
    # Triggers, and what they call.
    (["drop trigger wallets_are_never_deleted on wallets"], TRIGGERS, f"{TRIGGER} is missing"),
    (["alter table wallets disable trigger wallets_are_never_deleted"],
     TRIGGERS, f"{TRIGGER} {ALTERED}"),
    (["alter table wallets enable replica trigger wallets_are_never_deleted"],
     TRIGGERS, f"{TRIGGER} {ALTERED}"),
    (["drop trigger wallets_are_never_deleted on wallets", WEAKER],
     TRIGGERS, f"{TRIGGER} {ALTERED}"),
    ([f"create or replace function refuse_change() {SWALLOW}"],
     TRIGGERS, f"function refuse_change {ALTERED}"),
    (["alter function refuse_change() set session_replication_role = replica"],
     TRIGGERS, f"function refuse_change {ALTERED}"),
    (["drop function refuse_change() cascade"], TRIGGERS, "function refuse_change is missing"),
    ([f"create function swallow() {SWALLOW}",
      "create trigger swallow before insert on wallets for each row execute function swallow()"],
     TRIGGERS, f"trigger swallow {FOREIGN}"),
    (["create rule swallow as on insert to wallet_audit_log do instead nothing"],
     TRIGGERS, f"rule swallow {FOREIGN}"),
    (["create policy hide on wallets using (fid = 1)"], TRIGGERS, f"policy hide {FOREIGN}"),
    # Constraints.
    ([f"alter table wallets drop {KEY_RULE}"], CONSTRAINTS, f"{KEY_RULE} is missing"),
    ([f"alter table wallets drop {KEY_RULE}",
      f"alter table wallets add {KEY_RULE} check (fid > 0)"],
     CONSTRAINTS, f"{KEY_RULE} {ALTERED}"),
    (["alter table deposits add constraint late check (amount > 1) not valid"],
     CONSTRAINTS, f"constraint late {FOREIGN}"),
    (["alter table wallets drop constraint wallets_pkey"],
     CONSTRAINTS, "constraint wallets_pkey is missing"),
    (["alter table encryption_keys disable trigger all"],
     CONSTRAINTS, f"constraint encryption_keys_succeeds_a_known_key {ALTERED}"),
    (["drop index encryption_keys_only_one_is_first"], CONSTRAINTS, f"{FIRST} is missing"),
    # Tables and their columns.
    (["alter table wallets enable row level security"], TABLES, f"table wallets {ALTERED}"),
    (["alter table deposits set unlogged"], TABLES, f"table deposits {ALTERED}"),
    (["alter table deposits rename to made",
      "create view deposits as select * from made"], TABLES, f"table deposits {ALTERED}"),
    (["alter table deposits alter status type varchar(16)"],
     TABLES, f"column deposits.status {ALTERED}"),
    (["alter table wallets alter address drop not null"],
     TABLES, f"column wallets.address {ALTERED}"),
    (["alter table wallets alter created_at drop default"],
     TABLES, "default wallets.created_at is missing"),
    (["alter table wallets add note text"], TABLES, f"column wallets.note {FOREIGN}"),
    # Indexes.
    (["drop index idx_deposits_created_at"], INDEXES, f"{INDEX} is missing"),
    (["drop index idx_deposits_created_at",
      "create index idx_deposits_created_at on deposits (fid)"], INDEXES, f"{INDEX} {ALTERED}"),
    (["set allow_system_table_mods = on", BROKEN_OFF], INDEXES, f"{INDEX} {ALTERED}"),
    # Rows.
    ([f"alter table wallets drop {KEY_RULE}", WITHOUT_KEY],
     "every trading wallet has a key", f"FID {FID}"),
    (["update wallets set key_id = repeat('0', 16)"], "every secret is known", f"FID {FID}"),
    ([ELSEWHERE], "deposits go to their user's wallet", f"FID {FID}"),
    (["grant insert on wallets to public"], EVERYBODY, "INSERT on wallets"),
    (["grant update (key_id) on wallets to public"], EVERYBODY, "UPDATE (key_id) on wallets"),
    (["grant usage on sequence wallets_id_seq to public"], EVERYBODY, "USAGE on wallets_id_seq"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("statements", "subject", "fault"), WRONG, ids=[f"{fault}, {on}" for _, on, fault in WRONG]
)
def test_what_is_wrong_is_named(services, sql, faults, statements, subject, fault):
    services.wallets.ensure_trading_wallet(FID)
    # As somebody would who is above every trigger.
    sql.execute("set session_replication_role = replica")
    for statement in statements:
        sql.execute(statement)
    assert fault in faults()[subject]


def test_a_trigger_that_calls_another_function_of_the_same_name_is_altered(sql, faults):
    sql.execute("create schema evil")
    sql.execute(f"create function evil.refuse_change() {SWALLOW}")
    sql.execute("drop trigger wallets_are_never_deleted on wallets")
    sql.execute(
        "create trigger wallets_are_never_deleted before delete on wallets"
        " for each row execute function evil.refuse_change()"
    )
    assert faults()[TRIGGERS] == (
        f"function refuse_change {FOREIGN}",
        f"{TRIGGER} {ALTERED}",
    )


def test_a_table_that_stands_before_ours_is_not_taken_for_it(sql, database_url):
    sql.execute("create schema evil")
    sql.execute("create table evil.wallets (like wallets)")
    url = f"{database_url}?options=-csearch_path%3Devil,public"
    assert f"{TRIGGER} is missing" in faults_at(url)[TRIGGERS]


@pytest.fixture
def runtime(sql, database_url):
    """Return a role that has what queries/roles.sql gives, and its URL."""
    sql.execute((loader.QUERIES / "roles.sql").read_text())
    name = f"examiner_{os.getpid()}"
    sql.execute(f"create role {name} login password 'a password' in role wallet_api_runtime")
    yield name, re.sub("//.*@", f"//{name}:a%20password@", database_url)
    sql.execute(f"drop owned by {name}")
    sql.execute("drop owned by wallet_api_runtime")
    sql.execute(f"drop role {name}")


def test_the_role_of_the_script_sees_all_and_has_no_right_too_many(services, runtime):
    services.wallets.ensure_trading_wallet(FID)
    assert faults_at(runtime[1]).keys() == USUAL - {RIGHTS}


EXCESS = [
    *((f"grant {right} on wallets to {{}}", f"{right} on wallets")
      for right in ("UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")),
    *((f"grant update ({column}) on wallets to {{}}", f"UPDATE ({column}) on wallets")
      for column in ("fid", "chain", "wallet_type", "created_at")),
    ("grant insert on api_clients to {}", "INSERT on api_clients"),
    ("grant insert on schema_migrations to {}", "INSERT on schema_migrations"),
    ("grant update on sequence wallets_id_seq to {}", "UPDATE on wallets_id_seq"),
    ("grant create on schema public to {}", "CREATE on the schema"),
    ("grant delete on deposits to public", "DELETE on deposits"),
    ("alter table deposits owner to {}", "OWNERSHIP"),
    ("alter role {} superuser", "SUPERUSER on the role "),
    ("alter role {} bypassrls", "BYPASSRLS on the role "),
    ("alter role {} createrole", "CREATEROLE on the role "),
    ("alter role {} createdb", "CREATEDB on the role "),
    ("alter role {} replication", "REPLICATION on the role "),
    *((f"grant {role} to {{}}", f"MEMBERSHIP on the role {role}")
      for role in ("pg_write_all_data", "pg_execute_server_program")),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "fault"), EXCESS, ids=[fault for _, fault in EXCESS])
def test_a_right_too_many_is_named(sql, runtime, statement, fault):
    name, url = runtime
    sql.execute(statement.format(name))
    assert any(fault in line for line in faults_at(url)[RIGHTS])


@pytest.mark.parametrize("hidden", ["wallets", "schema_migrations"])
def test_what_a_role_may_not_read_is_named_and_the_rest_examined(sql, runtime, hidden):
    _, url = runtime
    sql.execute(f"revoke select on {hidden} from wallet_api_runtime")
    sql.execute("drop trigger wallets_are_never_deleted on wallets")
    found = faults_at(url)
    assert found[READABLE] == (f"it may not read {hidden}",)
    assert found[TRIGGERS] == (f"{TRIGGER} is missing",)


def doctor(url, *options):
    return subprocess.run(
        [sys.executable, "-m", "wallet_api", "db", "doctor", *options],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_fails_for_a_fault_and_says_it_to_programs(sql, database_url):
    sql.execute("drop trigger wallets_are_never_deleted on wallets")
    done = doctor(database_url, "--json")
    found = {finding["subject"]: finding["faults"] for finding in json.loads(done.stdout)}
    assert found[TRIGGERS] == [f"{TRIGGER} is missing"]
    assert done.returncode == 1


def test_a_database_that_was_never_upgraded_lacks_every_migration(server, database_url):
    server.create_database(empty := f"empty_{os.getpid()}")
    done = doctor(server.url(empty))
    assert done.returncode == 1
    assert "0001 is not applied" in done.stdout
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"drop database {empty}")


def test_what_is_advice_does_not_fail_the_command(durable_url):
    done = doctor(durable_url)
    assert done.returncode == 0, done.stdout
    assert "fine    fsync is on" in done.stdout
    assert f"advice  {RIGHTS}" in done.stdout
    excess = r"^        DELETE, .* on wallets \(queries/roles.sql\)$"
    assert re.search(excess, done.stdout, re.MULTILINE)
    assert "FAULT" not in done.stdout


@pytest.fixture
def durable_url(tmp_path_factory):
    """A migrated database on a server that keeps what it commits."""
    with LocalPostgres(tmp_path_factory.mktemp("durable"), durable=True) as postgres:
        migrations.upgrade(Secret(postgres.url()))
        yield postgres.url()
    shutil.rmtree(postgres.home)
