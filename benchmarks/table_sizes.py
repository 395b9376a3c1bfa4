"""Measurement of the bytes per row of each table, including indexes.

    python -m benchmarks.table_sizes 20000 100000

It fills a new PostgreSQL with each number of users (benchmarks/wallet_rows.py), vacuums it, and
writes the sizes to benchmarks/results/table_sizes.json, the input of benchmarks/capacity.py.
"""

import argparse
import json
import shutil
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
_SECRET = Secret("worthless, as the keys are that it seals")


def measure(users: int) -> dict[str, Any]:
    """Fill a new database, and return the rows and bytes of each table."""
    directory = Path(tempfile.mkdtemp())
    directory.chmod(0o755)
    with LocalPostgres(directory, durable=False, settings={"max_wal_size": "2GB"}) as server:
        url = Secret(server.url())
        migrations.upgrade(url)
        fill(url, _SECRET, users)
        with psycopg.connect(url.reveal()) as connection:
            query = "select count(*), pg_table_size(%s), pg_indexes_size(%s) from "
            tables = {}
            for name in TABLES:
                asked = connection.execute((query + name).encode(), [name, name])
                for rows, table_bytes, index_bytes in asked:
                    tables[name] = {"rows": rows, "table": table_bytes, "indexes": index_bytes}
            version = connection.info.server_version // 10_000
    shutil.rmtree(server.home)
    shutil.rmtree(directory, ignore_errors=True)
    return {"users": users, "postgres": version, "bytes": tables}


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


if __name__ == "__main__":
    main()
