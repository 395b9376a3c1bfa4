"""queries/partitions.sql spreads the tables on one PostgreSQL, which then shows what is touched.

partitions_back.sql undoes it.
"""

import re

import pytest

from tests.conftest import ACCESS, BASE_ACCOUNT, FID
from tests.sql.test_schema import SCHEMA, dump
from tests.sql.test_snapshots import SUBJECTS, numbered, queries
from tests.sql.test_spreading import PER_USER
from wallet_api.repositories import sql as loader
from wallet_api.services.doctor import Doctor

SCRIPT, BACK = (
    (loader.QUERIES / name).read_text() for name in ("partitions.sql", "partitions_back.sql")
)
PARTITION = re.compile(rf"\bon ({'|'.join(PER_USER)})_(\d+)\b")
ONE, EVERY, NONE = "one user: one machine", "every machine", "no table of users"


@pytest.fixture
def spread(sql):
    """This test's database with its tables spread; spread() spreads them."""

    def spread():
        with sql.transaction():
            sql.execute(SCRIPT)
        return sql

    return spread


def listed():
    """Return where queries/README.md says that each statement runs."""
    text = (loader.QUERIES / "README.md").read_text()
    heads, _, *lines = re.findall(r"^\|.*\|$", text, re.MULTILINE)
    _, *places = [cell.strip() for cell in heads.strip("|").split("|")]
    assert places == [ONE, EVERY, NONE]
    found = {}
    for line in lines:
        file, *cells = line.strip("|").split("|")
        for place, cell in zip(places, cells, strict=True):
            for name in re.findall(r"`(\w+)`", cell):
                key = f"{file.strip(' `')}.{name}"
                assert key not in found, key
                found[key] = place
    return found


def place_of(connection, query):
    """Return where PostgreSQL's planner says that a statement runs."""
    # Without the comment that names it, as its table is named perhaps.
    if not re.search(rf"\b({'|'.join(PER_USER)})\b", re.sub(r"/\*.*?\*/", "", query.sql)):
        return NONE
    connection.execute("deallocate all")
    connection.pgconn.prepare(b"asked", numbered(query).encode())
    names = dict.fromkeys(re.findall(r"%\((\w+)\)s", query.sql))
    scalar = "%(fid)s::bigint" in query.sql and "%(fid)s::bigint[]" not in query.sql
    values = ["7" if name == "fid" and scalar else "null" for name in names]
    execute = f"explain (costs off) execute asked({', '.join(values)})".replace("()", "")
    plan = "\n".join(line for (line,) in connection.execute(execute))
    touched: dict[str, set[str]] = {}
    for table, number in PARTITION.findall(plan):
        touched.setdefault(table, set()).add(number)
    if any(len(numbers) > 1 for numbers in touched.values()):
        return EVERY
    if inserted := re.search(r"\binto [\w ]+\((.*?)\)\s*values\s*\((.*)\)", query.sql, re.DOTALL):
        columns, given = (part.split(",") for part in inserted.groups())
        given_fid = given[[column.strip() for column in columns].index("fid")].strip()
        return ONE if given_fid == "%(fid)s::bigint" else EVERY
    # Whatever else an INSERT writes, it has read with the fid from one partition.
    return ONE if touched and scalar else EVERY


def test_each_statement_runs_where_it_is_listed(spread):
    connection = spread()
    connection.prepare_threshold = None
    connection.execute("set plan_cache_mode = force_generic_plan")
    staging = queries("wallet_batches")["create_staging"].sql
    connection.execute(staging.replace(" on commit drop", ""))
    found = {
        f"{subject}.{name}": place_of(connection, query)
        for subject in SUBJECTS
        for name, query in queries(subject).items()
        if name not in ("create_staging", "copy_staged")
    }
    found |= dict.fromkeys(("wallet_batches.create_staging", "wallet_batches.copy_staged"), NONE)
    assert found == listed()


def test_rows_keys_and_guards_are_in_the_partitions(services, spread, opened, database):
    for fid in range(FID, FID + 40):
        services.wallets.ensure_trading_wallet(fid, access=ACCESS)
        services.wallets.store_base_account_address(fid, BASE_ACCOUNT, access=ACCESS)
    before = opened()
    usual = {finding.subject for finding in Doctor(database).examine() if finding.faults}
    sql = spread()
    assert opened() == before
    assert sql.execute("select count(distinct tableoid) from wallets").fetchone()[0] > 10
    # Every constraint, index and trigger goes by its name, and says the same as before.
    assert {found.subject for found in Doctor(database).examine() if found.faults} == usual
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


def test_the_way_back_keeps_what_was_written_to_the_partitions(
    server, database_url, services, spread, opened, database, client, bearer
):
    for fid in range(FID, FID + 20):
        services.wallets.ensure_trading_wallet(fid, access=ACCESS)
    services.wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    usual = {finding.subject for finding in Doctor(database).examine() if finding.faults}
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
    assert {found.subject for found in Doctor(database).examine() if found.faults} == usual
    for table in PER_USER:
        sql.execute(f"drop table {table}_whole")
    assert dump(server.bindir, database_url) == SCHEMA.read_text()
    # Ids go on, chains too, and nobody gets another wallet.
    made = client.post("/api/wallet/deposit", json=deposit, headers=bearer(2))
    assert made.status_code == 200, made.text
    assert sql.execute("select count(*) = count(distinct id) from wallets").fetchone() == (True,)
    assert services.wallets.get_wallet_with_key(1, "ethereum", access=ACCESS) is not None
    assert services.wallets.ensure_trading_wallet(FID, access=ACCESS).address == keys[FID]
    with pytest.raises(Exception, match="append-only"):
        sql.execute("truncate wallets")
    # And forth again.
    spread()
    assert opened() == keys | {2: opened()[2]}


def test_the_way_back_is_refused_where_there_are_no_partitions(sql):
    with pytest.raises(Exception, match="wallets has no partitions"), sql.transaction():
        sql.execute(BACK)
