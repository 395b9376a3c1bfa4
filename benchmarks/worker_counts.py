"""Benchmark of requests per second for different numbers of processes and threads.

    python -m benchmarks.worker_counts

It writes the rate of every turn of each setting to benchmarks/results/worker_counts.json.
"""

import json
import statistics
import sys
from contextlib import ExitStack
from pathlib import Path

from benchmarks.bench import about, scratch
from benchmarks.http_bench import Requests, environ_under_load
from benchmarks.http_load import load, running
from benchmarks.stores import Rows

RESULTS = Path(__file__).parent / "results" / "worker_counts.json"
SETTINGS = ((1, 8), (2, 2), (2, 4), (2, 8), (3, 4), (4, 2), (4, 8))
"""Pairs of processes and threads per process."""

_USERS = 10_000
_TURNS = 7
_REQUESTS = 400
_CONNECTIONS = 32


def main() -> None:
    """Measure, write the results, and print the medians."""
    with scratch() as (_, postgres), ExitStack() as opened:
        rows = Rows(postgres, _USERS)
        opened.callback(rows.close)
        make = Requests(rows, environ_under_load(rows, 1, 1))
        kinds = {"read": make.read, "key": make.key, "first deposit": make.first_deposit}
        servers = {
            setting: opened.enter_context(running(environ_under_load(rows, *setting), "wsgi:app"))
            for setting in SETTINGS
        }
        rates = {setting: {kind: [] for kind in kinds} for setting in SETTINGS}
        for turn in range(_TURNS + 1):
            for kind, one in kinds.items():
                for setting, server in servers.items():
                    made = [one(number) for number in range(_REQUESTS)]
                    result = load(
                        server.port, made.__getitem__, connections=_CONNECTIONS, requests=_REQUESTS
                    )
                    # The first turn warms up.
                    if turn:
                        rates[setting][kind].append(result.per_second)
        found = {
            f"{processes} x {threads}": rates[processes, threads] for processes, threads in rates
        }
        RESULTS.write_text(json.dumps({"about": about(postgres), "rates": found}, indent=2) + "\n")
    for name, by_kind in found.items():
        cells = [f"{statistics.median(turns):.0f}" for turns in by_kind.values()]
        sys.stdout.write(f"| {name} | {' | '.join(cells)} |\n")


if __name__ == "__main__":
    main()
