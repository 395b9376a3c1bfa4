"""operations/citus.sql and citus_checks.sql, run by psql against stand-ins for functions of Citus.

The stand-ins record what is asked of them, and each table is its own only shard. So this shows what
the scripts do and that they find what is wrong. On Citus itself they were tried by hand
(docs/scaling.md).
"""

import re
import subprocess

import psycopg
import pytest

from tests.factories import ACCESS, FID
from tests.running_service import ROOT
from tests.sql.distribution import PER_USER
from wallet_api.database import sql as loader

SCRIPTS = [loader.QUERIES / "operations" / name for name in ("citus.sql", "citus_checks.sql")]
COPIED = ("active_encryption_keys", "encryption_keys", "policies", "service_policies")
ON_THE_COORDINATOR = ("api_clients", "schema_migrations")

STAND_INS = """
create table citus_tables (
    place bigserial, table_name regclass, citus_table_type text, distribution_column text,
    colocation_id bigint
);
create function create_reference_table(spread regclass) returns void language sql as $$
    insert into citus_tables values (default, spread, 'reference', '<none>', 0)
$$;
create function create_distributed_table(spread regclass, by text, colocate_with text)
returns void language plpgsql as $$
begin
    insert into citus_tables
    values (default, spread, 'distributed', by, case colocate_with when 'none' then 1 else (
        select colocation_id from citus_tables where table_name = colocate_with::regclass
    ) end);
    -- As Citus does it.
    if current_setting('citus.enable_unsafe_triggers') <> 'on' then
        raise exception 'it has triggers';
    end if;
    if exists (select from pg_constraint where conrelid = spread and contype = 'f') then
        raise exception 'its foreign key leads to a table of another kind';
    end if;
end
$$;
create function create_distributed_function(shared regprocedure) returns void language sql as '';
create function run_command_on_shards(
    spread regclass, command text, out shardid bigint, out success bool, out result text
) returns setof record language plpgsql as $$
begin
    execute format(command, spread) into result;
    shardid := 102008;
    success := true;
    return next;
end
$$;
create table pg_dist_node (nodeid integer, nodename text);
insert into pg_dist_node values (1, 'coordinator'), (2, 'worker');
create function run_command_on_all_nodes(
    command text, out nodeid integer, out success bool, out result text
) returns setof record language plpgsql as $$
begin
    for number in 1..2 loop
        execute command into result;
        nodeid := number;
        success := true;
        -- As this machine says.
        return next;
    end loop;
end
$$;
create function relation_is_a_known_shard(relation regclass) returns bool language sql as
$$ select relation::text like '%_102008' $$;
create function run_command_on_workers(
    command text, out nodename text, out success bool, out result text
) returns setof record language plpgsql as $$
begin
    execute command into result;
    nodename := 'worker';
    success := true;
    return next;
end
$$;
"""


@pytest.fixture
def serving(sql):
    """The role that serves, with the settings that docs/scaling.md gives it."""
    guide = (ROOT / "docs/scaling.md").read_text().partition("## c. Citus")[2]
    settings = re.findall(r"alter role wallet_api_web (set .*);", guide)
    assert len(settings) == 4
    if not sql.execute("select from pg_roles where rolname = 'wallet_api_runtime'").fetchall():
        sql.execute("create role wallet_api_runtime")
    sql.execute("create role citus_web login in role wallet_api_runtime")
    for setting in settings:
        sql.execute(f"alter role citus_web {setting}")
    yield "citus_web"
    sql.execute("drop role citus_web")


@pytest.fixture
def spread(server, sql, database_url, services, serving):
    """Run the script on a database with one user, against stand-ins: spread(STAND_INS)."""
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)

    def run(stand_ins, scripts=SCRIPTS):
        sql.execute(stand_ins)
        psql = server.bindir / "psql"
        command = [psql, database_url, "--no-psqlrc", "--set", "ON_ERROR_STOP=1"]
        command += [f"--file={script}" for script in scripts]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, env={"LC_ALL": "C.UTF-8"}
        )

    return run


def foreign_keys(sql):
    return sql.execute(
        "select conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated"
        " from pg_constraint where contype = 'f' order by conname"
    ).fetchall()


def test_the_script_distributes_every_table_and_keeps_the_schema(spread, sql):
    before = foreign_keys(sql)
    done = spread(STAND_INS)
    assert done.returncode == 0, done.stderr
    assert "wallets: 1 rows" in done.stderr
    assert foreign_keys(sql) == before
    asked = sql.execute(
        "select citus_table_type, table_name::text from citus_tables order by place"
    ).fetchall()
    # What the others refer to, and are placed with, comes first.
    assert asked[:5] == [
        ("reference", "encryption_keys"),
        ("reference", "active_encryption_keys"),
        ("reference", "policies"),
        ("reference", "service_policies"),
        ("distributed", "wallets"),
    ]
    assert {name for kind, name in asked if kind == "distributed"} == set(PER_USER)
    tables = sql.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
    named = {*PER_USER, *COPIED, *ON_THE_COORDINATOR}
    assert {name for (name,) in tables} - {"citus_tables", "pg_dist_node"} == named
    assert all(name in SCRIPTS[0].read_text() for name in named)


# What is complained of, and which part of a stand-in is replaced by what.
ANYTHING_MORE = "-- As Citus does it."
SHARD = "shardid := 102008;\n    success := true;"
LOGIN = "-- As this machine says."
WORKER = "nodename := 'worker';\n    success := true;"
FAULTS = {
    "not distributed by fid: deposits": (
        ANYTHING_MORE,
        "delete from citus_tables where table_name = 'deposits'::regclass;",
    ),
    "not distributed by fid: new_table": (
        ANYTHING_MORE,
        "create table if not exists new_table (fid bigint primary key);",
    ),
    "not distributed by fid: wallets": (
        "'distributed', by,",
        "'distributed', case spread::text when 'wallets' then 'id' else by end,",
    ),
    "the rows of one user are not on one machine": (
        "when 'none' then 1 else",
        "when 'none' then 1 when 'wallets' then spread::oid::bigint else",
    ),
    "the tables of secrets and policies are not on every machine": (
        "'reference', '<none>'",
        "'local', ''",
    ),
    "1 of the shards of deposits have other triggers than it": (
        SHARD,
        f"{SHARD} if concat(spread, command) like 'deposits%pg_trigger%' then result := 0; end if;",
    ),
    "1 of the shards of wallets have other foreign keys than it": (
        SHARD,
        f"{SHARD} if concat(spread, command) like 'wallets%contype%' then result := 0; end if;",
    ),
    "1 of the shards of encryption_keys have other triggers than it": (
        SHARD,
        f"{SHARD} success := spread::text <> 'encryption_keys';",
    ),
    "a foreign key is missing": (
        "language sql as '';",
        "language sql as 'alter table wallets drop constraint wallets_key_id_is_active';",
    ),
    "on worker citus_web has no lock_timeout=2s": (
        LOGIN,
        "if nodeid = 2 then result := 'citus_web has no lock_timeout=2s'; end if;",
    ),
    "on worker unknown": (LOGIN, "success := nodeid < 2;"),
    "time_of_entry() is not on every machine": (WORKER, f"{WORKER} success := false;"),
    "wallet_audit_heads has 2 rows, and had 1": (
        ANYTHING_MORE,
        "insert into wallet_audit_heads values (7, 1, repeat('a', 64)) on conflict do nothing;",
    ),
    "wallets_id_seq restarted below the ids in use": (
        ANYTHING_MORE,
        "alter sequence wallets_id_seq restart;",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("complaint", FAULTS)
def test_the_checks_raise_for_each_fault(spread, services, complaint):
    # An id above the one that a sequence begins with.
    services.wallets.store_base_account_address(FID, "0x" + "ab" * 20, access=ACCESS)
    part, fault = FAULTS[complaint]
    assert STAND_INS.count(part) == 1
    done = spread(STAND_INS.replace(part, fault))
    assert done.returncode == 3
    assert complaint in done.stderr


SETTINGS = (
    "lock_timeout=2s",
    "idle_in_transaction_session_timeout=10s",
    "citus.propagate_set_commands=local",
    "citus.node_connection_timeout=1s",
)


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_checks_raise_when_the_runtime_role_lacks_a_setting(spread, serving, sql, setting):
    sql.execute(f"alter role {serving} reset {setting.partition('=')[0]}")
    done = spread(STAND_INS)
    assert done.returncode == 3
    missing = f"{serving} has no {setting}"
    assert f"are missing: on coordinator {missing}; on worker {missing}" in done.stderr


def test_the_checks_raise_when_the_owner_would_send_migrations_to_every_machine(spread, sql):
    alter = "alter database {} set citus.propagate_set_commands = local"
    sql.execute(psycopg.sql.SQL(alter).format(psycopg.sql.Identifier(sql.info.dbname)))
    done = spread(STAND_INS)
    assert done.returncode == 3
    assert "the owner of the tables must not have citus.propagate_set_commands" in done.stderr


def test_rows_inserted_through_another_machine_are_no_fault(spread):
    """Its ids begin at 2^48."""
    far = "update wallets set id = 281474976710657; alter sequence wallets_id_seq restart;"
    done = spread(STAND_INS.replace(ANYTHING_MORE, far))
    assert done.returncode == 0, done.stderr


def test_a_sequence_that_would_repeat_an_id_is_a_fault(spread):
    again = "perform setval('wallets_id_seq', max(id), false) from wallets;"
    done = spread(STAND_INS.replace(ANYTHING_MORE, again))
    assert done.returncode == 3
    assert "wallets_id_seq restarted below the ids in use" in done.stderr


def test_a_disabled_trigger_on_a_shard_is_a_fault(spread, sql):
    assert spread(STAND_INS).returncode == 0
    sql.execute("create table deposits_102008 (like deposits including all)")
    sql.execute(
        "create trigger off before update on deposits_102008 for each row"
        " execute function refuse_change()"
    )
    on_the_shard = STAND_INS[STAND_INS.index("create function run_command_on_shards") :]
    on_the_shard = on_the_shard.partition("create table pg_dist_node")[0].replace(
        "format(command, spread)",
        "format(command, case spread::text when 'deposits' then 'deposits_102008' else spread::text"
        " end)",
    )
    shards = "drop function run_command_on_shards(regclass, text);" + on_the_shard
    assert spread(shards, SCRIPTS[1:]).returncode == 0
    done = spread("alter table deposits_102008 disable trigger off", SCRIPTS[1:])
    assert done.returncode == 3
    assert "1 of the shards of deposits have other triggers than it" in done.stderr


def test_triggers_on_truncate_may_be_missing_on_shards(spread, sql):
    """Those that were made after the table was spread are."""
    more = (
        "create trigger later before truncate on deposits for each statement"
        " execute function refuse_change()"
    )
    done = spread(
        STAND_INS.replace(
            SHARD,
            f"{SHARD} if command like '%pg_trigger%' and command not like '%tgtype & 32%' then"
            " result := result::bigint - 1; end if;",
        )
        + more
    )
    assert done.returncode == 0, done.stderr


def test_a_failure_before_the_commit_changes_nothing(spread, sql):
    before = foreign_keys(sql)
    sql.execute("alter table wallet_audit_heads rename to elsewhere")
    done = spread(STAND_INS)
    assert done.returncode == 3
    assert foreign_keys(sql) == before
    assert sql.execute("select count(*) from citus_tables").fetchone() == (0,)
