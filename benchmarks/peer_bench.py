"""Benchmark of the service and of equal services in Node: `make bench-peer`.

    python -m benchmarks.peer_bench [--quick]

It measures requests per second, the CPU time of the server per request, and memory, in alternation
within one run. The Node services are described in benchmarks/README.md. Without --quick it writes
benchmarks/results/peer.json, the tables of benchmarks/README.md and docs/bench_peer.svg.
"""

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass

from benchmarks import peer_report, peers
from benchmarks.bench import RESULTS, about, scratch
from benchmarks.http_bench import Requests, environ_under_load
from benchmarks.http_load import Server, all_at_once, running
from benchmarks.peer_report import SERVICE
from benchmarks.processes import CpuTime, memory_bytes
from benchmarks.route_costs import route_costs
from benchmarks.stores import Rows
from benchmarks.wallet_store import SECRET
from benchmarks.wrk import WRK, Sustained, counted, sustained
from wallet_api.config import read_token_settings
from wallet_api.development.postgres import LocalPostgres

_PROCESSES, _THREADS, _CONNECTIONS = 2, 8, 16
# Requests that are prepared for each second. Only first deposits cannot be sent twice.
_PREPARED = {"read": 500, "key": 500, "first deposit": 3_000}


@dataclass(frozen=True, slots=True)
class Plan:
    """The size of a run: rounds of `seconds` for each service and kind of request.

    `warm_up` requests of each kind come first. V8 compiles hot functions late: after a thousand,
    a read still takes three times the CPU that it takes in the end.
    """

    users: int
    warm_up: int
    rounds: int
    seconds: int
    crowd: int
    crowds: int


FULL = Plan(users=10_000, warm_up=4_000, rounds=5, seconds=2, crowd=1_000, crowds=3)
QUICK = Plan(users=2_000, warm_up=1_000, rounds=2, seconds=1, crowd=1_000, crowds=1)


def main() -> None:
    """Measure, print tables, and write the results."""
    parser = argparse.ArgumentParser(prog="make bench-peer", description=__doc__.split("\n")[0])
    parser.add_argument(
        "--quick", action="store_true", help="two short rounds, before V8 is warm; writes nothing"
    )
    quick = parser.parse_args().quick
    if reason := peers.missing():
        sys.stdout.write(f"NOTHING WAS MEASURED: {reason}. Install Node 20 or newer, with npm.\n")
        return
    if WRK is None:
        sys.stdout.write("wrk is not installed: our own generator takes CPU from the servers.\n")
    try:
        peers.build()
    except peers.PeerError as error:
        sys.exit(str(error))
    results = measure(QUICK if quick else FULL)
    if not quick:
        (RESULTS / "peer.json").write_text(json.dumps(results, indent=2) + "\n")
        peer_report.write(results)
    sys.stdout.write(peer_report.tables(results))
    sys.exit("\n".join(failures(results)) or 0)


def measure(plan: Plan) -> dict[str, object]:
    """Run a plan and return its results."""
    before = os.getloadavg()
    with scratch() as (_, postgres), ExitStack() as opened:
        rows = Rows(postgres, plan.users)
        opened.callback(rows.close)
        environ = environ_under_load(rows, _PROCESSES, _THREADS)
        make = Requests(rows, environ)
        kinds = {"read": make.wallets, "key": make.key, "first deposit": make.first_deposit}
        servers = _servers(postgres, rows, environ, opened)
        rounds = Rounds(plan, servers, kinds, postgres.pid)
        rounds.run()
        return {
            "about": about(postgres)
            | {
                "plan": asdict(plan),
                "processes": _PROCESSES,
                "connections": _CONNECTIONS,
                "generator": "wrk" if WRK else "benchmarks/http_load.py",
                "load_average": {"before": before, "after": os.getloadavg()},
            },
            "servers": rounds.medians(),
            "crowds": _crowds(plan, servers, make),
            "memory": {name: memory_bytes(server.pid) for name, server in servers.items()},
            "route_costs": route_costs(environ, rows.new_fid),
            "audit_entry_bytes": _audit_entry_bytes(rows),
        }


class Rounds:
    """Load of each kind on each server, in alternation."""

    def __init__(
        self,
        plan: Plan,
        servers: Mapping[str, Server],
        kinds: Mapping[str, Callable[[int], bytes]],
        postgres: int,
    ) -> None:
        self._plan = plan
        self._servers = servers
        self._kinds = kinds
        self._postgres = postgres
        self._cells: dict[str, dict[str, list[dict[str, float]]]] = {
            name: {kind: [] for kind in kinds} for name in servers
        }
        self._rates: dict[tuple[str, str], float] = {}

    def run(self) -> None:
        """Run the round that warms up, and the rounds that count."""
        for kind, name in self._pairs():
            made = self._made(kind, self._plan.warm_up)
            found = counted(self._servers[name].port, made, connections=_CONNECTIONS)
            self._rates[kind, name] = found.per_second
        for number in range(self._plan.rounds):
            sys.stderr.write(f"Round {number + 1} of {self._plan.rounds}.\n")
            for kind, name in self._pairs():
                self._cells[name][kind].append(self._cell(kind, name))

    def medians(self) -> dict[str, dict[str, dict[str, float]]]:
        """Return the median of each figure over the rounds, and the sum of failures."""
        return {
            name: {kind: _median(cells) for kind, cells in of_server.items()}
            for name, of_server in self._cells.items()
        }

    def _pairs(self) -> list[tuple[str, str]]:
        return [(kind, name) for kind in self._kinds for name in self._servers]

    def _cell(self, kind: str, name: str) -> dict[str, float]:
        server = self._servers[name]
        # Build the requests first, so that issuing tokens is not measured.
        per_second = _PREPARED[kind] if WRK else self._rates[kind, name]
        made = self._made(kind, round(per_second * self._plan.seconds))
        web, postgres = CpuTime(server.pid), CpuTime(self._postgres)
        found = self._load(server.port, made)
        cpu, postgres_cpu = web.seconds(), postgres.seconds()
        if kind == "first deposit" and found.answered > len(made):
            raise RuntimeError(f"{name} answers more than {per_second} first deposits per second")
        return {
            "per_second": found.per_second,
            "cpu_ms": cpu / max(found.answered, 1) * 1000,
            "postgres_cpu_ms": postgres_cpu / max(found.answered, 1) * 1000,
            "p99_ms": found.p99_ms,
            "failed": found.failed,
        }

    def _load(self, port: int, made: list[bytes]) -> Sustained:
        if WRK is None:
            return counted(port, made, connections=_CONNECTIONS)
        return sustained(port, made, connections=_CONNECTIONS, seconds=self._plan.seconds)

    def _made(self, kind: str, number: int) -> list[bytes]:
        return [self._kinds[kind](n) for n in range(number)]


def _servers(
    postgres: LocalPostgres, rows: Rows, environ: dict[str, str], opened: ExitStack
) -> dict[str, Server]:
    """Start all services, each on its own database in the same PostgreSQL."""
    servers = {SERVICE: opened.enter_context(running(environ, "wsgi:app"))}
    for name in (peers.FASTIFY, peers.NEXT):
        node = peers.environ_of(
            peers.fill(postgres, name, rows, SECRET),
            SECRET,
            read_token_settings(environ),
            processes=_PROCESSES,
            connections=_THREADS,
        )
        servers[name] = opened.enter_context(peers.serving(name, node))
    return servers


def _crowds(
    plan: Plan, servers: Mapping[str, Server], make: Requests
) -> dict[str, dict[str, float]]:
    """Return the results of simultaneous first deposits of different users."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in servers}
    for _ in range(plan.crowds):
        for name, server in servers.items():
            made = [make.first_deposit(n) for n in range(plan.crowd)]
            burst = all_at_once(server.port, made.__getitem__, plan.crowd)
            found[name].append({"p99_ms": burst.p99_ms, "failed": burst.failed})
    return {name: _median(bursts) for name, bursts in found.items()}


def _audit_entry_bytes(rows: Rows) -> float:
    table = rows.bytes_per_row()["wallet_audit_log"]
    return table["heap"] + table["indexes"]


def _median(cells: list[dict[str, float]]) -> dict[str, float]:
    found = {name: round(statistics.median(cell[name] for cell in cells), 3) for name in cells[0]}
    return found | {"failed": sum(cell["failed"] for cell in cells)}


def failures(results: dict[str, object]) -> list[str]:
    """Return a message for each kind of request that a service did not answer with 2xx."""
    counts = {
        f"{name}: {kind}": cell["failed"]
        for name, kinds in results["servers"].items()
        for kind, cell in kinds.items()
    } | {f"{name}: crowd": crowd["failed"] for name, crowd in results["crowds"].items()}
    return [f"{what}: {count} failed" for what, count in counts.items() if count]


if __name__ == "__main__":
    main()
