"""Measurement of the bytes per row of each table, including indexes.

    python -m benchmarks.table_sizes 20000 100000

It fills a new PostgreSQL with each number of users (benchmarks/wallet_rows.py), vacuums it, and
measures the tables. Then it appends key uses and measures how the audit log grows. Both are written
to benchmarks/results/table_sizes.json, the input of benchmarks/capacity.py.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.wallet_rows import fill
from wallet_api.crypto.secret import Secret
from wallet_api.development.postgres import LocalPostgres
from wallet_api.services import migrations

RESULTS = Path(__file__).parent / "results" / "table_sizes.json"
TABLES = ("wallets", "deposits", "wallet_audit_log", "wallet_audit_heads")
_SECRET = Secret("worthless, as the keys that it encrypts")
# A year of key uses, in the capacity model. Measured with few users, because more take long.
_USES = 50
_USERS_WITH_USES = 20_000
# Users in random order, times in ascending order, as a service appends them. No MAC is valid.
_APPEND = """
insert into wallet_audit_log (
    fid, id, chain, action, actor, request_uuid, ip, reason, key_id_bytes, mac_bytes, created_at
)
select
    one.fid, 1000000 + %(round)s, 'ethereum', 'key.read', 'client:engine', gen_random_uuid(),
    '203.0.113.7', 'sign swap ' || left(md5(one.fid::text), 8), decode(repeat('00', 8), 'hex'),
    sha256(one.fid::text::bytea), now() + row_number() over () * interval '1 microsecond'
from (
    select fid from generate_series(1, %(users)s) as fid order by md5((fid + %(round)s)::text)
) as one
"""


def measure(users: int) -> dict[str, Any]:
    """Fill a new database, and return the rows and bytes of each table."""
    directory = Path(tempfile.mkdtemp())
    directory.chmod(0o755)
    with LocalPostgres(directory, durable=False, settings={"max_wal_size": "2GB"}) as server:
        url = Secret(server.url())
        migrations.upgrade(url)
        fill(url, _SECRET, users)
        with psycopg.connect(url.reveal(), autocommit=True) as connection:
            tables = {name: _size(connection, name) for name in TABLES}
            found = {"users": users, "bytes": tables}
            if users <= _USERS_WITH_USES:
                found["key_uses"] = _append_uses(connection, users)
            version = connection.info.server_version // 10_000
    shutil.rmtree(server.home)
    shutil.rmtree(directory, ignore_errors=True)
    return {**found, "postgres": version}


def _append_uses(connection: psycopg.Connection[Any], users: int) -> dict[str, int]:
    """Append key uses of all users, and return how much the audit log has grown.

    All pages of an index fill up and split at about the same time here. Therefore the size of the
    indexes is the mean of the second half, in which each page splits once.
    """
    before = _size(connection, "wallet_audit_log")
    bytes_per_row = []
    for number in range(_USES):
        connection.execute(_APPEND.encode(), {"users": users, "round": number})
        after = _size(connection, "wallet_audit_log")
        grown = {part: after[part] - before[part] for part in after}
        if number >= _USES // 2:
            bytes_per_row.append(grown["indexes"] / grown["rows"])
    return {**grown, "indexes": round(grown["rows"] * statistics.mean(bytes_per_row))}


def _size(connection: psycopg.Connection[Any], table: str) -> dict[str, int]:
    query = "select count(*), pg_table_size(%s), pg_indexes_size(%s) from "
    for rows, table_bytes, index_bytes in connection.execute((query + table).encode(), [table] * 2):
        return {"rows": rows, "table": table_bytes, "indexes": index_bytes}
    raise AssertionError("count(*) returns a row")


def main() -> None:
    """Measure, and merge the results into those of other numbers of users."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.table_sizes")
    parser.add_argument("users", type=int, nargs="+")
    known = {}
    if RESULTS.exists():
        known = {found["users"]: found for found in json.loads(RESULTS.read_text())}
    for users in parser.parse_args().users:
        known[users] = found = measure(users)
        RESULTS.write_text(json.dumps([known[n] for n in sorted(known)], indent=2) + "\n")
        total = sum(size["table"] + size["indexes"] for size in found["bytes"].values())
        sys.stdout.write(f"{users} users: {total / users:.0f} bytes for each\n")
        if uses := found.get("key_uses"):
            each = (uses["table"] + uses["indexes"]) / uses["rows"]
            sys.stdout.write(f"{uses['rows']} key uses: {each:.0f} bytes for each\n")


if __name__ == "__main__":
    main()
