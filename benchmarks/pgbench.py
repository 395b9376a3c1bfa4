"""pgbench runs of the statements of the service: an upper bound for its performance."""

import os
import re
import statistics
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.stores import NEW_FIDS, Rows
from wallet_api.database import sql
from wallet_api.development.postgres import LocalPostgres

_CLIENTS = 8
_WALLETS, _AUDIT = sql.load("wallets/rows"), sql.load("audit/entries")
# The parameters of the statements, as far as they matter to PostgreSQL.
_BOUND = {
    "chain": "'ethereum'",
    "address": f"'0x{'5a' * 20}'",
    "encrypted_private_key": f"'{'5a' * 48}'",
    "iv": f"'{'5a' * 12}'",
    "scheme": "'aes-256-gcm'",
    "actor": "'pgbench'",
    "request_id": f"'{'5a' * 16}'",
    "ip": "'192.0.2.1'",
    "reason": "null",
    "recipient": "null",
    "mac": f"'{'5a' * 32}'",
    "entry_mac": f"'{'5a' * 32}'",
    "at": ":its_now",
}
# Each client has its own users, because two would wait for each other's commits.
_SOMEBODY = f"\\set fid (random(1, {{users}} / {_CLIENTS}) - 1) * {_CLIENTS} + :client_id + 1\n"
_NEWCOMER = "\\set fid random({new}, 9000000000000000)\n"


def measure_pgbench(postgres: LocalPostgres, rows: Rows, seconds: int) -> dict[str, object]:
    """Return the median latency with one client, and the rate with eight."""
    found: dict[str, object] = {}
    for name, script in _scripts(rows).items():
        with TemporaryDirectory() as folder:
            path = Path(folder) / "script.sql"
            path.write_text(script)
            _run(postgres, rows, path, 1, f"--time={seconds}", "--log")
            # One transaction per line: client, number, microseconds, …
            [log] = path.parent.glob("pgbench_log.*")
            taken = [int(line.split()[2]) for line in log.read_text().splitlines()]
            many = _run(postgres, rows, path, _CLIENTS, f"--time={seconds}")
        per_second = float(re.search(r"tps = ([\d.]+) \(without", many)[1])
        found[name] = {
            "median_ms": round(statistics.median(taken) / 1000, 4),
            "per_second_of_8": round(per_second, 1),
        }
    return found


def _scripts(rows: Rows) -> dict[str, str]:
    """Return the statements of each operation, with the same round trips and transactions."""
    look = "select key_id from active_encryption_keys limit 1"
    row = rows.database.run(lambda asked: asked.execute(look).fetchone())
    bound = _BOUND | {"key_id": f"'{row['key_id']}'"}
    read, created = bound | {"action": "'key.read'"}, bound | {"action": "'wallet.created'"}
    somebody = _SOMEBODY.format(users=rows.users)
    newcomer = _NEWCOMER.format(new=NEW_FIDS * 1000)
    head = _text(_WALLETS.get_with_head, bound).replace(";", " \\gset its_")
    locked = _text(_WALLETS.lock_with_head, bound).replace(";", " \\gset its_")
    return {
        "select": somebody + _text(_WALLETS.get, bound),
        "key": somebody
        + "begin;\n"
        + locked
        + "\\set id :its_head_id + 1\n"
        + _round_trip(
            _text(_AUDIT.append, read),
            _text(_AUDIT.advance_head, bound),
        ),
        "create": newcomer
        + head
        + "\\set id 1\n"
        + _round_trip(
            "begin;\n",
            _text(_WALLETS.insert_if_absent, bound),
            _text(_AUDIT.append_creation, created),
            _text(_AUDIT.advance_head, bound),
        ),
    }


def _text(query: Any, bound: dict[str, str]) -> str:
    """Return a query with its parameters filled in. The others become pgbench variables."""
    text = re.sub(r"%\((\w+)\)s", lambda name: bound.get(name[1], f":{name[1]}"), query.sql)
    return text.rstrip().rstrip(";") + ";\n"


def _round_trip(*statements: str) -> str:
    return "\n".join(["\\startpipeline", "".join(statements) + "commit;", "\\endpipeline\n"])


def _run(postgres: LocalPostgres, rows: Rows, script: Path, clients: int, *options: str) -> str:
    command = [
        postgres.bindir / "pgbench",
        *("--no-vacuum", "--protocol=prepared", "--jobs=1", f"--client={clients}"),
        # A different seed for each run, because a new user is new only once.
        f"--random-seed={clients}",
        *options,
        f"--file={script}",
    ]
    # Keep the password off the command line.
    environ = {**os.environ, "PGPASSWORD": postgres.password, "PGUSER": postgres.user}
    environ |= {"PGHOST": postgres.host, "PGPORT": str(postgres.port)}
    environ["PGDATABASE"] = rows.url.rpartition("/")[2]
    run = subprocess.run(
        command, cwd=script.parent, env=environ, capture_output=True, text=True, check=True
    )
    return run.stdout
