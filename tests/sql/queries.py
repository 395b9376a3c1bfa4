"""Every query: its parameters, its columns, its plan, and the machines on which it runs."""

import re
from typing import Any

import psycopg
from psycopg.pq import ExecStatus

from wallet_api.database import sql as loader

# queries/operations/ has scripts for psql.
FILES = sorted(
    str(path.relative_to(loader.QUERIES).with_suffix(""))
    for path in loader.QUERIES.rglob("*.sql")
    if path.parent.name != "operations"
)
# Queries of whole system catalogs, whose plans do not matter.
CATALOGS = ("role_checks", "machines", "replication", "session_settings")
# Enough rows that the planner prefers the intended index, few enough to be quick.
USERS = 20_000

# The catalogs of Citus, which machines.list_shards reads, are empty here.
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
create table pg_dist_partition (logicalrelid regclass, partmethod "char");
create table pg_dist_shard (logicalrelid regclass, shardid bigint, shardminvalue text);
create table pg_dist_placement (shardid bigint, groupid integer);
set default_statistics_target = 1000;
vacuum analyze;
"""


def queries(file: str) -> dict[str, Any]:
    """Return every query of a file by name."""
    loaded = loader.load(file)
    names = [name for name in loaded.available_queries if not name.endswith("_cursor")]
    return {name: getattr(loaded, name) for name in names}


def subject_of(file: str) -> str:
    """Return the subject of a file, which statements are named after: its folder, or its name."""
    return file.partition("/")[0]


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
    # Checks look at the whole database and at system catalogs: their plans do not matter.
    checks = any(f"/* {subject}." in query.sql for subject in CATALOGS)
    planned = (
        query.sql.split()[0] in {"select", "insert", "update", "delete", "with"} and not checks
    )
    explain = f"explain (costs off) execute {name}{nulls}"
    plan = connection.execute(explain).fetchall() if planned else []
    lines = [name, f"  takes {', '.join(takes) or 'nothing'}"]
    lines += [f"  gives {', '.join(gives) or 'nothing'}"]
    lines += [f"  | {line}" for (line,) in plan]
    return "\n".join(lines)


ONE, EVERY, NONE = "one user, one machine", "every machine", "no per-user table"


def listed():
    """Return where queries/README.md says that each statement runs."""
    text = (loader.QUERIES / "README.md").read_text()
    heads, _, *lines = re.findall(r"^\|.*\|$", text, re.MULTILINE)
    _, *places = [cell.strip() for cell in heads.strip("|").split("|")]
    assert places == [ONE, EVERY, NONE]
    found = {}
    for row in lines:
        file, *cells = row.strip("|").split("|")
        for place, cell in zip(places, cells, strict=True):
            for name in re.findall(r"`(\w+)`", cell):
                key = f"{subject_of(file.strip(' `'))}.{name}"
                assert key not in found, key
                found[key] = place
    return found
