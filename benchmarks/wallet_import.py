"""Benchmark of the import of wallet files: speed and memory.

    python -m benchmarks.wallet_import [FILES …]

For each size it generates files and a new database on a PostgreSQL with normal durability, and runs
the commands as processes. Memory is the total proportional set size of the command and its workers
(shared memory counts once), sampled 20 times a second.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks.wallet_store import SECRET, make_store
from wallet_api.crypto.secret import Secret
from wallet_api.development.postgres import LocalPostgres
from wallet_api.services import migrations

SIZES = (10_000, 50_000, 200_000)
RESULTS = Path(__file__).parent / "results" / "wallet_import.json"


def main(sizes: list[int]) -> None:
    """Measure each size, print a table, and write the results."""
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        # Under root PostgreSQL runs as another user.
        home.chmod(0o711)
        with LocalPostgres(home / "postgres", durable=True) as postgres:
            for size in sizes:
                rows.append(measure(postgres, home, size))
                click.echo(rows[-1])
        if postgres.home.exists():
            shutil.rmtree(postgres.home)
    base = rows[0]["import"]["rate"]
    click.echo("\n| files | import | files/s | to the first | memory | again | verify | export |")
    click.echo("|---|---|---|---|---|---|---|---|")
    for row in rows:
        imported = row["import"]
        click.echo(
            f"| {row['files']} | {imported['seconds']:.1f} s | {imported['rate']} "
            f"| {imported['rate'] / base:.2f} | {imported['peak_mb']:.0f} MB "
            f"| {row['again']['rate']}/s | {row['verify']['rate']}/s "
            f"| {row['export']['rate']}/s |"
        )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(
        json.dumps(
            {
                "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "python": platform.python_version(),
                "cores": os.cpu_count(),
                "postgres": {"fsync": "on", "synchronous_commit": "on"},
                "sizes": rows,
            },
            indent=2,
        )
        + "\n"
    )


def measure(postgres: LocalPostgres, home: Path, size: int) -> dict[str, object]:
    """Import, import again, verify, and export the files of one size."""
    store, exported = home / f"store-{size}", home / f"exported-{size}"
    make_store(store, size)
    name = f"files_{size}"
    postgres.create_database(name)
    url = postgres.url(name)
    migrations.upgrade(Secret(url))
    environ = {**os.environ, "DATABASE_URL": url, "ENCRYPTION_SECRET": SECRET}
    row = {
        "files": size,
        "import": run(environ, size, "import", str(store)),
        "again": run(environ, size, "import", str(store)),
        "verify": run(environ, size, "verify", str(store)),
        "export": run(environ, size, "export", str(exported)),
    }
    shutil.rmtree(store)
    shutil.rmtree(exported)
    return row


def run(environ: dict[str, str], size: int, *command: str) -> dict[str, float]:
    """Run a command. Return its seconds (without startup), files per second and peak memory."""
    argv = [sys.executable, "-m", "wallet_api", "wallets", *command, "--json"]
    process = subprocess.Popen(argv, env=environ, stdout=subprocess.PIPE, text=True)
    peak = 0
    while process.poll() is None:
        peak = max(peak, memory_of_tree(process.pid))
        time.sleep(0.05)
    printed, _ = process.communicate()
    if process.returncode:
        sys.exit(f"{command} ended with status {process.returncode}")
    figures = json.loads(printed)
    # verify has several parts.
    parts = [part for part in figures.values() if isinstance(part, dict)] or [figures]
    seconds = sum(part["seconds"] for part in parts)
    return {
        "seconds": round(seconds, 2),
        "rate": round(size / seconds),
        "peak_mb": round(peak / 1024, 1),
    }


def memory_of_tree(pid: int) -> int:
    """Return the proportional set size of a process and its children, in KiB (Linux)."""
    total = 0
    for task in (pid, *children(pid)):
        try:
            text = Path(f"/proc/{task}/smaps_rollup").read_text()
        except OSError:
            # The process has exited.
            continue
        total += sum(int(line.split()[1]) for line in text.splitlines() if line[:4] == "Pss:")
    return total


def children(pid: int) -> list[int]:
    """Return the child processes of a process."""
    try:
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or list(SIZES))
