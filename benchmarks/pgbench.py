"""PostgreSQL alone, asked by pgbench: no service on this server can be faster."""

import os
import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.stores import NEW_FIDS, Rows
from wallet_api.local_postgres import LocalPostgres

_SCRIPTS = {
    "select": (
        "\\set fid random(1, {users})\n"
        "select address from wallets where fid = :fid and chain = 'ethereum';\n"
    ),
    "insert": (
        "\\set fid random({new}, 9000000000000000)\n"
        "insert into bench_rows (fid, chain, payload)"
        " values (:fid, 'ethereum', repeat('x', 210));\n"
    ),
}


def measure_pgbench(postgres: LocalPostgres, rows: Rows, seconds: int) -> dict[str, object]:
    """Return the latency of each with one client, and how many a second eight clients get."""
    found: dict[str, object] = {}
    with TemporaryDirectory() as folder:
        for name, text in _SCRIPTS.items():
            script = Path(folder) / f"{name}.sql"
            script.write_text(text.format(users=rows.users, new=NEW_FIDS * 1000))
            one, many = (_run(postgres, rows, script, clients, seconds) for clients in (1, 8))
            found[name] = {"latency_ms": one["latency"], "per_second_of_8": round(many["tps"], 1)}
    return found


def _run(
    postgres: LocalPostgres, rows: Rows, script: Path, clients: int, seconds: int
) -> dict[str, float]:
    command = [
        postgres.bindir / "pgbench",
        *("--no-vacuum", "--protocol=prepared", f"--file={script}", f"--time={seconds}"),
        *(f"--client={clients}", "--jobs=1"),
    ]
    # The URL holds the password: not on the command line.
    environ = {**os.environ, "PGPASSWORD": postgres.password, "PGUSER": postgres.user}
    environ |= {"PGHOST": postgres.host, "PGPORT": str(postgres.port)}
    environ["PGDATABASE"] = rows.url.rpartition("/")[2]
    run = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    numbers = {
        "latency": r"latency average = ([\d.]+) ms",
        "tps": r"tps = ([\d.]+) \(without",
    }
    return {name: float(re.search(pattern, run.stdout)[1]) for name, pattern in numbers.items()}
