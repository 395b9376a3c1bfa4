"""operations/partitions.sql partitions the tables on one PostgreSQL; EXPLAIN shows what is read.

partitions_back.sql reverts it.
"""

import re
from itertools import takewhile
from types import SimpleNamespace

import pytest

from tests.factories import ACCESS, BASE_ACCOUNT, FID
from tests.sql.distribution import PER_USER, line, parse, words
from tests.sql.queries import EVERY, FILES, NONE, ONE, listed, numbered, queries, subject_of
from tests.sql.schema import SCHEMA, dump
from wallet_api.database import sql as loader
from wallet_api.services.diagnosis.database import examine_database

pytestmark = pytest.mark.slow

SCRIPT, BACK = (
    (loader.QUERIES / "operations" / name).read_text()
    for name in ("partitions.sql", "partitions_back.sql")
)
PARTITION = re.compile(rf"(?:{'|'.join(PER_USER)})_(\d+)")


@pytest.fixture
def spread(sql):
    """Return a function that partitions the tables of this test's database."""

    def spread():
        with sql.transaction():
            sql.execute(SCRIPT)
        return sql

    return spread


def arguments(connection, names):
    """Yield an argument per parameter: the fid is in partition 0, other numbers in others."""
    (mine, *others) = connection.execute(
        "select min(fid) from generate_series(1::bigint, 1000) as fid, generate_series(0, 15) as n"
        " where satisfies_hash_partition('wallets'::regclass, 16, n, fid) group by n order by n"
    ).fetchall()
    types = connection.execute("select unnest(parameter_types)::text from pg_prepared_statements")
    for name, (kind,), other in zip(names, types, others, strict=False):
        if kind.rstrip("[]") not in ("bigint", "integer", "smallint", "numeric", "text"):
            yield "null"
        elif kind.endswith("[]"):
            yield f"'{{{mine[0]}, {other[0]}}}'"
        else:
            yield f"'{mine[0] if name == 'fid' else other[0]}'"


def given_fids(statement):
    """Return what an INSERT into a table of users gives for fid, for each row or select of it."""
    into = statement.index("into") if "into" in statement else None
    if into is None or statement[into + 1] not in PER_USER:
        return []
    columns = next(part for part in statement[into:] if isinstance(part, list))
    at = line(columns).split(" , ").index("fid")
    rows = [statement[n + 1 :] for n, word in enumerate(statement) if word == "select"]
    if "values" in statement:
        behind = statement[statement.index("values") + 1 :]
        listed_rows = takewhile(lambda part: part == "," or isinstance(part, list), behind)
        rows += [part for part in listed_rows if part != ","]
    return [line(row).split(" , ")[at] for row in rows] or ["what another statement says"]


def scanned(plan):
    """Yield the name of each relation that a plan scans.

    Before PostgreSQL 18, an UPDATE lists all partitions as its targets, also those whose scans were
    pruned. It changes only rows that it scans.
    """
    if plan["Node Type"] != "ModifyTable" and "Relation Name" in plan:
        yield plan["Relation Name"]
    for child in plan.get("Plans", []):
        yield from scanned(child)


def place_of(connection, query):
    """Return where PostgreSQL's planner says that a statement runs."""
    if not {*PER_USER} & {*words(query.sql)}:
        return NONE
    connection.execute("deallocate all")
    connection.pgconn.prepare(b"asked", numbered(query).encode())
    names = dict.fromkeys(re.findall(r"%\((\w+)\)s", query.sql))
    execute = f"execute asked({', '.join(arguments(connection, names))})".replace("()", "")
    ((explained,),) = connection.execute(f"explain (format json) {execute}").fetchone()
    matches = map(PARTITION.fullmatch, scanned(explained["Plan"]))
    machines = {match[1] for match in matches if match}
    # The plan does not say where an INSERT writes.
    (statement,) = parse(query.sql)
    of_users = rf" (?:from|join) (?:{'|'.join(PER_USER)}) as (\w+)"
    read_fids = [f"{alias} . fid" for alias in re.findall(of_users, line(statement))]
    for given in given_fids(statement):
        fid = re.sub("( as fid)?( from .*)?$", "", given)
        if fid == "%(fid)s :: bigint":
            machines.add("0")
        elif fid not in read_fids:
            return EVERY
    return ONE if len(machines) == 1 else EVERY


@pytest.fixture
def planning(spread):
    """Return a connection to spread tables that plans as it does for a statement sent often."""
    connection = spread()
    connection.prepare_threshold = None
    connection.execute("set plan_cache_mode = force_generic_plan")
    return connection


def test_each_statement_runs_on_the_listed_partitions(planning):
    staging = queries("wallets/batches")["create_staging"].sql
    planning.execute(staging.replace(" on commit drop", ""))
    found = {
        f"{subject_of(file)}.{name}": place_of(planning, query)
        for file in FILES
        for name, query in queries(file).items()
        if name not in ("create_staging", "copy_staged")
    }
    found |= dict.fromkeys(("wallets.create_staging", "wallets.copy_staged"), NONE)
    assert found == listed()


ABOUT_ONE = """
select fid from wallets where fid = :fid::bigint and chain = :chain::text;
select w.fid from wallets as w inner join deposits as d on w.fid = d.fid
where w.fid = :fid::bigint limit :size::bigint;
update wallets set updated_at = now() where fid = :fid::bigint;
insert into wallet_audit_heads (id, fid, mac) values (:id::bigint, :fid::bigint, :mac::text);
insert into wallet_audit_heads as head (fid, id, mac)
select e.fid, e.id, e.mac from wallet_audit_log as e where e.fid = :fid::bigint;
insert into wallet_audit_heads as head (id, fid, mac)
select :id::bigint as id, :fid::bigint as fid, :mac::text as mac
"""
ABOUT_TWO = """
select fid from wallets where fid in (:fid::bigint, :other::bigint);
select fid from WALLETS where fid = :fid::bigint or fid = :other::bigint;
select fid from wallets where fid = :fid::bigint or fid = :other::text::bigint;
select fid from wallets where fid = :fid::bigint or fid = :other::integer;
select fid from wallets where fid = any(:fid::bigint[]);
select w.fid from wallets as w inner join deposits as d on w.address = d.to_address
where w.fid = :fid::bigint;
select w.fid from wallets as w cross join deposits as d
where w.fid = :fid::bigint and d.fid = :other::bigint;
select fid, (select max(amount) from deposits where fid = :other::bigint) as amount
from wallets where fid = :fid::bigint;
update wallets set updated_at = now() where fid in (:fid::bigint, :other::bigint);
update wallets as w set address = o.address from wallets as o
where w.fid = :fid::bigint and o.fid = :other::bigint;
insert into wallet_audit_heads (fid, id, mac)
values (:fid::bigint, 1, :mac::text), (:other::bigint, 1, :mac::text);
insert into wallet_audit_heads (fid, id, mac) values (:other::bigint, 1, :mac::text);
insert into wallet_audit_heads (fid, id, mac) values (:fid::bigint + 1, 1, :mac::text);
insert into wallet_audit_heads as head (fid, id, mac)
select :other::bigint as fid, e.id, e.mac from wallet_audit_log as e where e.fid = :fid::bigint;
insert into wallet_audit_heads as head (fid, id, mac)
select :fid::bigint as fid, e.id, e.mac from wallet_audit_log as e where e.fid = :other::bigint;
insert into wallet_audit_heads as head (fid, id, mac)
select :fid::bigint as fid, 1 as id, :mac::text as mac
union all select :other::bigint as fid, 1 as id, :mac::text as mac;
insert into wallet_audit_heads as head (fid, id, mac)
select :other::bigint as fid, 1 as id, :mac::text as mac union values (:fid::bigint, 1, :mac::text);
insert into wallet_audit_heads as head (fid, id, mac)
(select :other::bigint as fid, e.id, e.mac from wallet_audit_log as e where e.fid = :fid::bigint);
insert into wallet_audit_heads as head (fid, id, mac)
select o.fid, e.id, e.mac from wallet_audit_log as e
cross join unnest(:others::bigint[]) as o (fid) where e.fid = :fid::bigint
"""


@pytest.mark.parametrize(("place", "statements"), [(ONE, ABOUT_ONE), (EVERY, ABOUT_TWO)])
def test_statements_about_one_and_about_two_users_are_distinguished(planning, place, statements):
    bound = re.sub(r"(?<!:):(\w+)", r"%(\1)s", statements).split(";")
    found = {sql: place_of(planning, SimpleNamespace(sql=sql)) for sql in bound}
    assert found == dict.fromkeys(bound, place)


def test_partitions_have_the_rows_keys_and_triggers(services, spread, opened, database):
    for fid in range(FID, FID + 40):
        services.wallets.ensure_trading_wallet(fid, access=ACCESS)
        services.wallets.store_base_account_address(fid, BASE_ACCOUNT, access=ACCESS)
    before = opened()
    usual = {finding.subject for finding in examine_database(database) if finding.faults}
    sql = spread()
    assert opened() == before
    assert sql.execute("select count(distinct tableoid) from wallets").fetchone()[0] > 10
    # Every constraint, index and trigger goes by its name, and says the same as before.
    assert {found.subject for found in examine_database(database) if found.faults} == usual
    (partition,) = sql.execute(
        "select tableoid::regclass::text from wallets where fid = %s limit 1", [FID]
    ).fetchone()
    for statement in (
        "delete from wallets",
        "truncate wallets",
        f"delete from {partition}",
        f"truncate {partition}",
        "update wallets set address = '0x' || repeat('0', 40)",
        "update wallets set fid = fid + 1",
        "delete from active_encryption_keys",
    ):
        with pytest.raises(Exception, match=r"append-only|wallets_key_id_is_active"):
            sql.execute(statement)
    # Old sequences stay when the old tables go.
    for table in PER_USER:
        sql.execute(f"drop table {table}_whole")
    assert services.wallets.ensure_trading_wallet(1, access=ACCESS).address == opened()[1]
    assert services.wallets.ensure_trading_wallet(FID, access=ACCESS).address == before[FID]


def test_a_second_run_is_refused(spread):
    spread()
    with pytest.raises(Exception, match="already exists"):
        spread()


def all_rows(sql):
    return {
        table: sorted(sql.execute(f"select t::text from {table} as t").fetchall())
        for table in PER_USER
    }


def test_removing_partitions_keeps_rows_written_to_them(
    server, database_url, services, spread, opened, database, client, bearer
):
    for fid in range(FID, FID + 20):
        services.wallets.ensure_trading_wallet(fid, access=ACCESS)
    services.wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    usual = {finding.subject for finding in examine_database(database) if finding.faults}
    sql = spread()
    # A new user, deposits, an address that changed, a key that was read.
    deposit = {"asset": "USDC", "amount": "20", "baseAddress": BASE_ACCOUNT}
    for fid in (FID, 1):
        made = client.post("/api/wallet/deposit", json=deposit, headers=bearer(fid))
        assert made.status_code == 200, made.text
    services.wallets.store_base_account_address(FID, "0x" + "9b" * 20, access=ACCESS)
    services.wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS)
    before, keys = all_rows(sql), opened()
    with sql.transaction():
        sql.execute(BACK)
    assert all_rows(sql) == before
    assert opened() == keys
    assert {found.subject for found in examine_database(database) if found.faults} == usual
    for table in PER_USER:
        sql.execute(f"drop table {table}_whole")
    assert dump(server.bindir, database_url) == SCHEMA.read_text()
    # Ids and chains continue, and no user gets another wallet.
    made = client.post("/api/wallet/deposit", json=deposit, headers=bearer(2))
    assert made.status_code == 200, made.text
    assert sql.execute("select count(*) = count(distinct id) from wallets").fetchone() == (True,)
    assert services.wallets.get_wallet_with_key(1, "ethereum", access=ACCESS) is not None
    assert services.wallets.ensure_trading_wallet(FID, access=ACCESS).address == keys[FID]
    with pytest.raises(Exception, match="append-only"):
        sql.execute("truncate wallets")
    # And partition them again.
    spread()
    assert opened() == keys | {2: opened()[2]}


def test_removing_partitions_is_refused_without_partitions(sql):
    with pytest.raises(Exception, match="wallets has no partitions"), sql.transaction():
        sql.execute(BACK)
