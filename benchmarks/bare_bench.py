"""Benchmark of reads, compared with the same statement without the service's duties.

    python -m benchmarks.bare_bench

It shows how much of a read is Flask, psycopg and gunicorn, and how much the peer takes for all of
its work. It prints a table and writes nothing.
"""

import statistics
import sys
from contextlib import ExitStack

from benchmarks import peers
from benchmarks.bench import scratch
from benchmarks.http_bench import Requests, environ_under_load
from benchmarks.http_load import running
from benchmarks.processes import CpuTime
from benchmarks.stores import Rows
from benchmarks.wallet_store import SECRET
from benchmarks.wrk import WRK, sustained
from wallet_api.config import read_token_settings

_USERS, _ROUNDS, _SECONDS, _WARM_UP_SECONDS = 2_000, 5, 2, 4
_PROCESSES, _THREADS, _CONNECTIONS, _PREPARED = 2, 8, 16, 1_000


def main() -> None:
    """Measure, and print the medians."""
    if WRK is None:
        sys.exit("Install wrk: our own generator takes CPU from the servers.")
    peers.build()
    with scratch() as (_, postgres), ExitStack() as opened:
        rows = Rows(postgres, _USERS)
        opened.callback(rows.close)
        environ = environ_under_load(rows, _PROCESSES, _THREADS)
        bare = ("-c", "python:benchmarks.empty_app", "benchmarks.bare_app:app")
        node = peers.environ_of(
            peers.fill(postgres, peers.FASTIFY, rows, SECRET),
            SECRET,
            read_token_settings(environ),
            processes=_PROCESSES,
            connections=_THREADS,
        )
        servers = {
            "wallet-api": opened.enter_context(running(environ, "wsgi:app")),
            "Flask and psycopg, without duties": opened.enter_context(running(environ, *bare)),
            "the same under gthread": opened.enter_context(
                running(environ, *bare, "--worker-class", "gthread")
            ),
            "Fastify, with the duties": opened.enter_context(peers.serving(peers.FASTIFY, node)),
        }
        requests = [Requests(rows, environ).wallets(n) for n in range(_PREPARED)]
        cells: dict[str, list[float]] = {name: [] for name in servers}
        for round_ in range(_ROUNDS + 1):
            for name, server in servers.items():
                cpu = CpuTime(server.pid)
                seconds = _SECONDS if round_ else _WARM_UP_SECONDS
                found = sustained(server.port, requests, connections=_CONNECTIONS, seconds=seconds)
                if found.failed:
                    sys.exit(f"{name}: {found.failed} failed")
                if round_:
                    cells[name].append(cpu.seconds() / found.answered * 1000)
    for name, values in cells.items():
        sys.stdout.write(f"| {name} | {statistics.median(values):.2f} ms |\n")


if __name__ == "__main__":
    main()
