"""What each query takes, gives, and how PostgreSQL answers it: a changed query shows here.

`make snapshots` writes tests/sql/snapshots anew; the diff belongs into the pull request.
"""

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.pq import ExecStatus

from wallet_api.repositories import sql as loader

SNAPSHOTS = Path(__file__).parent / "snapshots"
SUBJECTS = sorted(path.stem for path in loader.QUERIES.glob("*.sql"))
# Enough rows that the planner prefers the index that is meant, few enough to be quick.
USERS = 20_000

# The statistics are taken from every row: a random sample would change plans that cost the same.
FILL = f"""
insert into encryption_keys (key_id) values (repeat('ef', 8));
insert into active_encryption_keys (key_id) values (repeat('ef', 8));
insert into wallets (fid, chain, wallet_type, address, encrypted_private_key, iv, scheme, key_id)
select n, 'ethereum', 'trading', '0x' || lpad(to_hex(n), 40, '0'), repeat('ab', 48),
    repeat('cd', 12), 'aes-256-gcm', repeat('ef', 8)
from generate_series(1, {USERS}) as n;
insert into wallets (fid, chain, wallet_type, address)
select n, 'base-account', 'base-account', '0x' || lpad(to_hex(n), 40, 'a')
from generate_series(1, {USERS}) as n;
insert into deposits (fid, id, asset, amount, from_address, to_address, chain_id, idempotency_key,
    request_hash)
select n % 1000 + 1, gen_random_uuid(), 'USDC', n, '0x' || repeat('ab', 20),
    '0x' || repeat('cd', 20), 8453, n::text, repeat('ab', 32)
from generate_series(1, {USERS}) as n;
insert into wallet_audit_log (fid, chain, action, actor, request_id, created_at)
select n % 1000 + 1, 'ethereum',
    (string_to_array('key.read key.refused wallet.created wallet.imported base_account.set', ' '))
        [n % 5 + 1],
    'user:' || n % 100, 'request', now() - n * interval '1 millisecond'
from generate_series(1, {USERS}) as n;
insert into wallet_audit_heads (fid, id, mac)
select n, {USERS}, repeat('ab', 32)
from generate_series(1, {USERS}) as n;
insert into api_clients (id, name, token_hash, scopes)
select lpad(to_hex(n), 16, '0'), 'client-' || n, repeat('ab', 32), array['keys:read']
from generate_series(1, 5000) as n;
set default_statistics_target = 1000;
vacuum analyze;
"""


def queries(subject: str) -> dict[str, Any]:
    """Return every query of a file by name."""
    loaded = loader.load(subject)
    names = [name for name in loaded.available_queries if not name.endswith("_cursor")]
    return {name: getattr(loaded, name) for name in names}


def numbered(query: Any) -> str:
    """Write a query's parameters as PostgreSQL sees them: $1, $2, …"""
    order: list[str] = []

    def number(match: re.Match[str]) -> str:
        if match[1] not in order:
            order.append(match[1])
        return f"${order.index(match[1]) + 1}"

    return re.sub(r"%\((\w+)\)s", number, query.sql).rstrip("; \n").replace("%%", "%")


def type_names(connection: psycopg.Connection[Any], oids: list[int]) -> list[str]:
    return [connection.execute("select format_type(%s, null)", [oid]).fetchone()[0] for oid in oids]


def describe(connection: psycopg.Connection[Any], query: Any) -> str:
    name, text = query.__name__, numbered(query)
    # Two files may have a query of the same name.
    connection.execute("deallocate all")
    statement = name.encode()
    prepared = connection.pgconn.prepare(statement, text.encode())
    assert prepared.status == ExecStatus.COMMAND_OK, prepared.error_message
    described = connection.pgconn.describe_prepared(statement)
    takes = type_names(connection, [described.param_type(n) for n in range(described.nparams)])
    columns = [described.fname(n).decode() for n in range(described.nfields)]
    types = type_names(connection, [described.ftype(n) for n in range(described.nfields)])
    gives = [f"{column} {kind}" for column, kind in zip(columns, types, strict=True)]
    nulls = f"({', '.join(['null'] * len(takes))})" if takes else ""
    # Checks look at the whole database and at system catalogs: in which way is not our concern.
    checks = any(f"/* {subject}." in query.sql for subject in ("checks", "role_checks"))
    planned = (
        query.sql.split()[0] in {"select", "insert", "update", "delete", "with"} and not checks
    )
    explain = f"explain (costs off) execute {name}{nulls}"
    plan = connection.execute(explain).fetchall() if planned else []
    lines = [name, f"  takes {', '.join(takes) or 'nothing'}"]
    lines += [f"  gives {', '.join(gives) or 'nothing'}"]
    # PostgreSQL before 18 names the parameter that an InitPlan sets.
    lines += [f"  | {re.sub(r' [(]returns [$]0[)]', '', line)}" for (line,) in plan]
    return "\n".join(lines)


@pytest.fixture
def filled(sql):
    sql.prepare_threshold = None
    for statement in FILL.strip().rstrip(";").split(";\n"):
        sql.execute(statement)
    sql.execute("set plan_cache_mode = force_generic_plan")
    # What the queries on staged wallets find in their transaction.
    staging = queries("wallet_batches")["create_staging"].sql
    sql.execute(staging.replace(" on commit drop", ""))
    sql.execute("analyze staged_wallets")
    return sql


def test_every_query_is_as_its_snapshot_says(filled, request: pytest.FixtureRequest):
    found = {
        subject: "\n\n".join(describe(filled, query) for query in queries(subject).values()) + "\n"
        for subject in SUBJECTS
    }
    if request.config.getoption("--write"):
        for stale in SNAPSHOTS.glob("*.txt"):
            stale.unlink()
        for subject, text in found.items():
            (SNAPSHOTS / f"{subject}.txt").write_text(text)
    kept = {path.stem: path.read_text() for path in SNAPSHOTS.glob("*.txt")}
    assert found == kept


def test_every_query_of_the_request_path_is_answered_by_an_index(filled):
    # Asked once per process, per start or per upgrade, of tables with a handful of rows; by
    # commands that look at every wallet; and for figures that count every wallet.
    exempt = {
        "api_clients.list_clients",
        "stats.count_users",
        "encryption_keys.list_keys",
        "encryption_keys.hold_active",
        "encryption_keys.retire",
        "encryption_keys.count_wallets",
        "migrations.list_applied",
        "wallets.any_sealed",
        "wallet_batches.insert_staged",
        "wallet_batches.count_all",
        "wallet_batches.count_to_reseal",
        "wallet_batches.list_shared_addresses",
    }
    # Commands ask these of the whole database.
    for subject in sorted(set(SUBJECTS) - {"database_checks", "audit_checks", "role_checks"}):
        for name, query in queries(subject).items():
            if f"{subject}.{name}" not in exempt:
                assert "Seq Scan" not in describe(filled, query), f"{subject}.{name}"
