"""operations/citus.sql and citus_checks.sql, run by psql against stand-ins for functions of Citus.

They write down what is asked of them, and take each table for its own one shard. So this shows what
the scripts do and that they find what is wrong, and nothing about Citus itself.
"""

import subprocess

import pytest

from tests.conftest import ACCESS, FID
from tests.sql.test_spreading import PER_USER
from wallet_api.repositories import sql as loader

SCRIPTS = [loader.QUERIES / "operations" / name for name in ("citus.sql", "citus_checks.sql")]
SECRETS = ("active_encryption_keys", "encryption_keys")
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
    -- Triggers on truncate are not on the shards.
    if command like '%pg_trigger%' then
        select result::bigint - count(*) into result from pg_trigger
        where tgrelid = spread and not tgisinternal and (tgtype & 32) > 0;
    end if;
    shardid := 102008;
    success := true;
    return next;
end
$$;
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
def spread(server, sql, database_url, services):
    """Run the script on a database with one user, against stand-ins: spread(STAND_INS)."""
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)

    def run(stand_ins):
        sql.execute(stand_ins)
        psql = server.bindir / "psql"
        command = [psql, database_url, "--no-psqlrc", "--set", "ON_ERROR_STOP=1"]
        command += [f"--file={script}" for script in SCRIPTS]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, env={"LC_ALL": "C.UTF-8"}
        )

    return run


def foreign_keys(sql):
    return sql.execute(
        "select conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated"
        " from pg_constraint where contype = 'f' order by conname"
    ).fetchall()


def test_it_spreads_every_table_and_leaves_the_schema_as_it_was(spread, sql):
    before = foreign_keys(sql)
    done = spread(STAND_INS)
    assert done.returncode == 0, done.stderr
    assert "wallets: 1 rows" in done.stderr
    assert foreign_keys(sql) == before
    asked = sql.execute(
        "select citus_table_type, table_name::text from citus_tables order by place"
    ).fetchall()
    # What the others refer to, and are placed with, comes first.
    assert asked[:3] == [
        ("reference", "encryption_keys"),
        ("reference", "active_encryption_keys"),
        ("distributed", "wallets"),
    ]
    assert {name for kind, name in asked if kind == "distributed"} == set(PER_USER)
    tables = sql.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
    named = {*PER_USER, *SECRETS, *ON_THE_COORDINATOR}
    assert {name for (name,) in tables} - {"citus_tables"} == named
    assert all(name in SCRIPTS[0].read_text() for name in named)


# What is complained of, and which part of a stand-in is replaced by what.
ANYTHING_MORE = "-- As Citus does it."
SHARD = "shardid := 102008;\n    success := true;"
WORKER = "nodename := 'worker';\n    success := true;"
FAULTS = {
    "not every table of users is distributed by fid": (
        ANYTHING_MORE,
        "delete from citus_tables where table_name = 'deposits'::regclass;",
    ),
    "what one user has is not on one machine": (
        "when 'none' then 1 else",
        "when 'none' then 1 when 'wallets' then spread::oid::bigint else",
    ),
    "the tables of secrets are not on every machine": ("'reference', '<none>'", "'local', ''"),
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
    "time_of_entry() is not on every machine": (WORKER, f"{WORKER} success := false;"),
    "wallet_audit_heads has 2 rows, and had 1": (
        ANYTHING_MORE,
        "insert into wallet_audit_heads values (7, 1, repeat('a', 64)) on conflict do nothing;",
    ),
    "wallets_id_seq begins anew": (ANYTHING_MORE, "alter sequence wallets_id_seq restart;"),
}


@pytest.mark.parametrize("complaint", FAULTS)
def test_it_raises_when_something_is_not_as_it_should_be(spread, services, complaint):
    # An id above the one that a sequence begins with.
    services.wallets.store_base_account_address(FID, "0x" + "ab" * 20, access=ACCESS)
    part, fault = FAULTS[complaint]
    assert STAND_INS.count(part) == 1
    done = spread(STAND_INS.replace(part, fault))
    assert done.returncode == 3
    assert complaint in done.stderr


def test_nothing_has_changed_when_it_fails_before_the_commit(spread, sql):
    before = foreign_keys(sql)
    sql.execute("alter table wallet_audit_heads rename to elsewhere")
    done = spread(STAND_INS)
    assert done.returncode == 3
    assert foreign_keys(sql) == before
    assert sql.execute("select count(*) from citus_tables").fetchone() == (0,)
