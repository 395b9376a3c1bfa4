"""queries/partitions.sql spreads the tables on one PostgreSQL, which then shows what is touched."""

import re

import pytest

from tests.conftest import ACCESS, BASE_ACCOUNT, FID
from tests.sql.test_snapshots import SUBJECTS, numbered, queries
from tests.sql.test_spreading import PER_USER
from wallet_api.repositories import sql as loader
from wallet_api.services.doctor import Doctor

SCRIPT = (loader.QUERIES / "partitions.sql").read_text()
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
