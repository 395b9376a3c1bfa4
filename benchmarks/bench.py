"""Benchmark of both architectures on this machine: `wallet-api bench`.

    python -m benchmarks.bench [--quick] [--check]

It uses PostgreSQL with normal durability, real keys, and the unchanged old service. Operations that
are compared are timed in alternation within one run, and the results are their ratios. --quick
takes a minute. --check compares the ratios with those of the last commit, and fails if one is worse
by more than a fifth, or the CPU per request by more than 15 %. If one run is, the median of three
runs decides.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from benchmarks import plots, report
from benchmarks.http_bench import measure_http
from benchmarks.pgbench import measure_pgbench
from benchmarks.ratios import compare, failures, ratios_of
from benchmarks.signing_bench import measure_signing
from benchmarks.stores import Files, Rows, key_generation
from benchmarks.timing import burst, take_turns
from wallet_api.development.postgres import LocalPostgres

RESULTS = Path(__file__).parent / "results"
_PICTURES = Path(__file__).parents[1] / "docs"
_SETTINGS = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers")


@dataclass(frozen=True, slots=True)
class Plan:
    """The sizes and durations of a run."""

    name: str
    sizes: tuple[int, ...]
    rounds: int
    old_rounds: int
    crowds: tuple[int, ...]
    requests: int
    pgbench_seconds: int


FULL = Plan("bench", (1_000, 10_000, 100_000, 1_000_000), 1500, 100, (10, 100, 1000), 6000, 10)
QUICK = Plan("quick", (1_000, 4_000), 300, 40, (10, 100), 1_600, 2)


def main() -> None:
    """Run the benchmark, print tables, and write or compare the results."""
    parser = argparse.ArgumentParser(prog="wallet-api bench", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="use small sizes (about a minute)")
    parser.add_argument("--check", action="store_true", help="compare with the committed results")
    arguments = parser.parse_args()
    plan = QUICK if arguments.quick else FULL
    if arguments.check:
        _check(plan)
        return
    results = _measure_and_print(plan)
    (RESULTS / f"{plan.name}.json").write_text(json.dumps(results, indent=2) + "\n")
    if plan is FULL:
        (_PICTURES / "bench_growth.svg").write_text(plots.growth(results))
        (_PICTURES / "bench_throughput.svg").write_text(plots.throughput(results))


def _check(plan: Plan) -> None:
    committed = _git("show", f"HEAD:./benchmarks/results/{plan.name}.json")
    if not committed:
        sys.exit(f"No {plan.name}.json is committed, so there is nothing to compare with.")
    kept = json.loads(committed)["ratios"]
    runs = [_measure_and_print(plan)["ratios"]]
    if compare(kept, runs):
        runs += [_measure_and_print(plan)["ratios"] for _ in range(2)]
    sys.exit("\n".join(compare(kept, runs)) or 0)


def _measure_and_print(plan: Plan) -> dict[str, object]:
    """Run a plan and print the tables. Exit if an operation failed."""
    results = measure(plan)
    sys.stdout.write(report.tables(results))
    if failed := failures(results):
        sys.exit("\n".join(failed))
    return results


def measure(plan: Plan) -> dict[str, object]:
    """Run a plan and return its results."""
    with scratch() as (home, postgres), ExitStack() as opened:
        results: dict[str, object] = {"about": about(postgres) | {"plan": asdict(plan)}}
        # Seeds of the rows' content, of the order of FIDs at each size, and of pgbench's clients.
        results["about"]["seeds"] = {"rows": 1, "fids": plan.sizes, "pgbench": (1, 8)}
        rows = {size: Rows(postgres, size) for size in plan.sizes}
        for one in rows.values():
            opened.callback(one.close)
        results["rows"] = _growth(rows, plan.rounds)
        results["http"] = measure_http(rows[max(rows)], plan.crowds, plan.requests)
        results["signing"] = measure_signing(rows[max(rows)], plan.rounds, plan.requests)
        results["pgbench"] = measure_pgbench(postgres, rows[max(rows)], plan.pgbench_seconds)
        results["crowds"] = {"rows": [_crowd_on_rows(rows[max(rows)], n) for n in plan.crowds]}
        results["bytes"] = {"rows": {size: one.bytes_per_row() for size, one in rows.items()}}
        _measure_files(home, plan, rows, results)
        results["ratios"] = ratios_of(results)
        return results


def _measure_files(
    home: Path, plan: Plan, rows: dict[int, Rows], results: dict[str, object]
) -> None:
    """Measure the old service in alternation with this one, at each size.

    Sizes are measured one after the other to limit disk use.
    """
    results["files"], sizes = {}, {}
    for size in plan.sizes:
        files = Files(home / f"files-{size}", size)
        acts = rows[size].operations()
        operations = files.operations() | {f"{name} here": acts[name] for name in ("create", "key")}
        timings = take_turns(operations, plan.old_rounds, warm_up=2)
        results["files"][size] = {name: asdict(timing) for name, timing in timings.items()}
        sizes[size] = round(files.bytes_per_file())
        if size == min(plan.sizes):
            results["crowds"]["files"] = [_crowd_on_files(files, n) for n in plan.crowds]
        files.close()
    results["bytes"]["files"] = sizes


def _growth(rows: dict[int, Rows], rounds: int) -> dict[int, dict[str, dict[str, float]]]:
    """Time each operation at every size, in alternation."""
    operations = {
        (size, name): act for size, one in rows.items() for name, act in one.operations().items()
    }
    operations[0, "key generation"] = key_generation
    timings = take_turns(operations, rounds, warm_up=200)
    found: dict[int, dict[str, dict[str, float]]] = {}
    for (size, name), timing in timings.items():
        found.setdefault(size, {})[name] = asdict(timing)
    return found


def _crowd_on_rows(rows: Rows, n: int) -> dict[str, object]:
    acts = rows.operations()
    newcomer = rows.new_fid()
    race = burst(lambda _: rows.make_wallet(newcomer), n)
    return {
        "one user": race.as_json(),
        "creates": burst(acts["create"], n).as_json(),
        "keys": burst(acts["key"], n).as_json(),
    }


def _crowd_on_files(files: Files, n: int) -> dict[str, object]:
    acts = files.operations()
    newcomer = files.new_fid()
    race = burst(lambda _: files.service.ensure_trading_wallet(newcomer), n)
    return {
        "one user": race.as_json(),
        "creates": burst(acts["create"], n).as_json(),
        "keys": burst(acts["key"], n).as_json(),
    }


@contextmanager
def scratch() -> Iterator[tuple[Path, LocalPostgres]]:
    """Yield a temporary directory and a PostgreSQL with normal durability."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        # Under root PostgreSQL runs as another user.
        home.chmod(0o711)
        with LocalPostgres(home / "postgres", durable=True) as postgres:
            yield home, postgres
        shutil.rmtree(postgres.home, ignore_errors=True)


def about(postgres: LocalPostgres) -> dict[str, object]:
    """Return the properties of machine and software that results depend on."""
    with psycopg.connect(postgres.url("postgres")) as connection:
        settings = {
            name: connection.execute("select current_setting(%s)", [name]).fetchone()[0]
            for name in _SETTINGS
        }
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("describe", "--always", "--dirty").strip(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "postgres": settings,
    }


def _git(*arguments: str) -> str:
    """Return the output of a git command in this checkout, or an empty string if it fails."""
    asked = subprocess.run(
        ["git", *arguments], cwd=RESULTS.parents[1], capture_output=True, text=True, check=False
    )
    return asked.stdout


if __name__ == "__main__":
    main()
