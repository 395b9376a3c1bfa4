"""Capacity model: rows, gigabytes, connections, dynos and costs for a number of users.

    python -m benchmarks.capacity --users 1000000 --key-reads-per-year 200
    python -m benchmarks.capacity --svg docs/capacity.svg

Bytes per row come from benchmarks/results/table_sizes.json. Everything else is an input, and each
input is an option. Prices are list prices in dollars per month without tax. Change PLANS, MACHINE
and the price of a dyno if yours differ.
"""

import argparse
import json
import math
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.log_plot import Line, Panel, draw
from benchmarks.table_sizes import RESULTS

USERS = tuple(10**exponent for exponent in range(3, 9))
# The measurement that gives the row sizes. The others validate the model.
BASIS = 100_000
GIGABYTE = 10**9


class Plan(NamedTuple):
    """A database plan."""

    name: str
    gigabytes: int
    memory: int
    connections: int
    dollars: int


# Heroku Postgres with a standby (Premium), as listed at the end of 2024.
PLANS = (
    Plan("premium-0", 64, 4, 120, 200),
    Plan("premium-2", 256, 8, 400, 350),
    Plan("premium-3", 512, 15, 500, 750),
    Plan("premium-4", 768, 30, 500, 1_200),
    Plan("premium-5", 1_000, 61, 500, 2_500),
    Plan("premium-6", 1_500, 122, 500, 3_500),
    Plan("premium-7", 2_000, 244, 500, 6_000),
    Plan("premium-8", 3_000, 488, 500, 8_500),
)
# Citus is self-hosted, because Heroku does not offer it: Amazon's r6i.16xlarge at $4.032 an
# hour (Linux, on demand, us-east-1), 3,000 GB of gp3 at $0.08 each, and a standby of the same.
MACHINE = Plan("r6i.16xlarge", 3_000, 512, 500, round(2 * (730 * 4.032 + 3_000 * 0.08)))


@dataclass(frozen=True)
class Inputs:
    """The inputs of the model."""

    years: float = 1
    """Years since users signed up."""
    deposits_per_year: float = 12
    """Prepared deposits per user and year."""
    key_reads_per_year: float = 50
    """Reads of a user's key. Each adds an audit log entry."""
    active_share: float = 0.1
    """Share of users who are active on one day."""
    requests_per_day: float = 20
    """Requests per active user, including those of services on their behalf."""
    peak: float = 5
    """Ratio of the busiest second to the average."""
    requests_per_process: float = 100
    """Requests per second and process (deposits, the most expensive ones)."""
    load: float = 0.5
    """Utilization of a process in the busiest second."""
    processes_per_dyno: int = 2
    """WEB_CONCURRENCY. Set it, because Heroku's buildpack sets 4 on such a dyno."""
    connections_per_process: int = 8
    """DB_POOL_MAX."""
    dynos_at_least: int = 2
    """Minimum number of dynos, for redundancy."""
    dollars_per_dyno: float = 50
    """Heroku's Standard-2X (1 GB of memory)."""
    room: float = 1.5
    """Disk size relative to rows and indexes: dead rows, write-ahead log, growth."""
    hot_share: float = 0.1
    """Share of rows and indexes that should fit into memory."""
    pooled_connections: int = 100
    """Connections of PgBouncer, if dynos have more than the database allows."""


class Need(NamedTuple):
    """The resources for a number of users."""

    users: int
    rows: int
    gigabytes: float
    requests_per_second: float
    dynos: int
    connections: int
    pooled: bool
    plan: Plan
    machines: int
    dollars: float


def bytes_per_row() -> dict[str, float]:
    """Return the bytes per row of each table, including indexes, and those of a key use.

    A key use is a row of `wallet_audit_log`. It has no address, and most of its rows are key uses.
    """
    uses = next(found["key_uses"] for found in measured() if "key_uses" in found)
    return {
        table: (size["table"] + size["indexes"]) / size["rows"]
        for table, size in [*basis()["bytes"].items(), ("key_uses", uses)]
    }


def basis() -> dict[str, Any]:
    """Return the measurement that the model is based on."""
    return next(found for found in measured() if found["users"] == BASIS)


def total(found: dict[str, Any]) -> int:
    """Return the bytes of all tables of a measurement, including indexes."""
    return sum(size["table"] + size["indexes"] for size in found["bytes"].values())


def measured() -> list[dict[str, Any]]:
    """Return all measurements by number of users."""
    results: list[dict[str, Any]] = json.loads(RESULTS.read_text())
    return results


def need(users: int, inputs: Inputs) -> Need:
    """Return the resources for a number of users."""
    rows = {
        # A trading wallet and a Base Account, with one audit log entry each.
        "wallets": 2.0,
        "wallet_audit_log": 2.0,
        "key_uses": inputs.years * inputs.key_reads_per_year,
        "wallet_audit_heads": 1.0,
        "deposits": inputs.years * inputs.deposits_per_year,
    }
    size = bytes_per_row()
    gigabytes = users * sum(count * size[table] for table, count in rows.items()) / GIGABYTE
    average = users * inputs.active_share * inputs.requests_per_day / 86_400
    busiest = average * inputs.peak
    processes = busiest / (inputs.requests_per_process * inputs.load)
    dynos = max(inputs.dynos_at_least, math.ceil(processes / inputs.processes_per_dyno))
    # Twice, because during a release old and new processes run at the same time.
    connections = 2 * dynos * inputs.processes_per_dyno * inputs.connections_per_process
    disk, memory = gigabytes * inputs.room, gigabytes * inputs.hot_share
    fitting = [plan for plan in PLANS if plan.gigabytes >= disk and plan.memory >= memory]
    plan = fitting[0] if fitting else MACHINE
    machines = max(1, math.ceil(disk / plan.gigabytes), math.ceil(memory / plan.memory))
    # Several machines need an additional coordinator.
    dollars = dynos * inputs.dollars_per_dyno + (machines + (machines > 1)) * plan.dollars
    return Need(
        users=users,
        rows=round(users * sum(rows.values())),
        gigabytes=gigabytes,
        requests_per_second=busiest,
        dynos=dynos,
        connections=connections,
        pooled=connections > plan.connections,
        plan=plan,
        machines=machines,
        dollars=dollars,
    )


def check() -> str:
    """Compare the measured bytes with those of the model."""
    size = bytes_per_row()
    lines = []
    for found in measured():
        real = total(found)
        modeled = sum(table["rows"] * size[name] for name, table in found["bytes"].items())
        lines.append(
            f"{found['users']:>11,} users: {real / GIGABYTE:.3f} GB measured,"
            f" {modeled / GIGABYTE:.3f} GB modeled ({modeled / real - 1:+.1%})"
        )
    return "\n".join(lines)


def table(needs: list[Need], inputs: Inputs) -> str:
    """Return a Markdown table with a line per number of users."""
    lines = [
        "| users | rows | GB | requests/s | dynos | connections | database | $ a month |",
        "| -- | -- | -- | -- | -- | -- | -- | -- |",
    ]
    for it in needs:
        pooled = f" (by PgBouncer {inputs.pooled_connections})" if it.pooled else ""
        database = it.plan.name if it.machines == 1 else f"{it.machines} + 1 of {it.plan.name}"
        lines.append(
            f"| {it.users:,} | {it.rows:,} | {it.gigabytes:,.2f} | {it.requests_per_second:,.1f}"
            f" | {it.dynos:,} | {it.connections:,}{pooled} | {database} | {it.dollars:,.0f} |"
        )
    return "\n".join(lines)


def plot(inputs: Inputs) -> str:
    """Return an SVG document of the model and the measurements."""
    users = [round(10 ** (3 + step / 8)) for step in range(41)]
    needs = [need(count, inputs) for count in users]

    def line(name: str) -> list[tuple[float, float]]:
        return [(it.users, float(getattr(it, name))) for it in needs]

    each = total(basis()) / BASIS
    filled = [(count, count * each / GIGABYTE) for count in users]
    dots = [(found["users"], total(found) / GIGABYTE) for found in measured()]
    return draw(
        [
            Panel("GB", [Line("after a year", line("gigabytes")),
                         Line("2 wallets, 1 deposit, 2.5 entries (dots: measured)", filled, dots)]),
            Panel("connections, dynos", [Line("connections", line("connections")),
                                         Line("dynos", line("dynos"))]),
            Panel("$ a month", [Line("dynos and database", line("dollars"))]),
        ],
        x_label="users",
    )  # fmt: skip


def main() -> None:
    """Print the model for some numbers of users, or draw it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.capacity")
    parser.add_argument("--users", type=int, nargs="+", default=USERS)
    parser.add_argument("--svg", type=Path, help="write an SVG document to this file")
    for field in fields(Inputs):
        option = f"--{field.name.replace('_', '-')}"
        parser.add_argument(option, type=field.type, default=field.default)
    options = vars(parser.parse_args())
    users, svg = options.pop("users"), options.pop("svg")
    inputs = Inputs(**options)
    if svg:
        svg.write_text(plot(inputs))
    sys.stdout.write(f"{table([need(count, inputs) for count in users], inputs)}\n\n{check()}\n")


if __name__ == "__main__":
    main()
