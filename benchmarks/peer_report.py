"""Targets, tables and plot of the comparison with the Node services."""

import json
import re
import textwrap
from pathlib import Path
from typing import Any

from benchmarks.bar_plot import Bar, Panel, draw
from benchmarks.peers import FASTIFY, NEXT
from benchmarks.ratios import Ratio

SERVICE = "service"
KINDS = ("read", "key", "first deposit")
_RELEASE = "1.0.0"
_NAMES = {SERVICE: "wallet-api", FASTIFY: "Fastify, same duties", NEXT: "Next.js, no duties"}
_EARLIER = Path(__file__).parent / "results" / f"peer_{_RELEASE}.json"
_PAGE = Path(__file__).with_name("README.md")
_PLOT = Path(__file__).parents[1] / "docs" / "bench_peer.svg"
# CPU and requests per second against Fastify, requests per second against Next.js.
_AGAINST = {"read": (1.0, 1.0, 1.5), "key": (0.8, 1.2, 0.9), "first deposit": (0.6, 1.5, 1.1)}
# Round trips, statements, commits.
_ROUTE_COSTS = {"read": (1, 1, 0), "key": (2, 5, 1), "first deposit": (2, 7, 1)}
_COSTS = ("round_trips", "statements", "commits")
_CROWD_P99_MS = 2500
_AUDIT_ENTRY_BYTES = 400


def targets(results: dict[str, Any]) -> dict[str, Ratio]:
    """Return each figure that has a target."""
    found = {}
    for kind in KINDS:
        ours, fastify, next_ = (results["servers"][name][kind] for name in (SERVICE, FASTIFY, NEXT))
        cpu, rate, rate_of_next = _AGAINST[kind]
        found |= {
            f"{kind}: CPU against Fastify": Ratio(ours["cpu_ms"] / fastify["cpu_ms"], cpu),
            f"{kind}: requests/s against Fastify": Ratio(
                ours["per_second"] / fastify["per_second"], rate, less_is_better=False
            ),
            f"{kind}: requests/s against Next.js": Ratio(
                ours["per_second"] / next_["per_second"], rate_of_next, less_is_better=False
            ),
        }
        for cost, most in zip(_COSTS, _ROUTE_COSTS[kind], strict=True):
            name = f"{kind}: {cost.replace('_', ' ')}"
            found[name] = Ratio(results["route_costs"][kind][cost], most)
    crowd = results["crowds"][SERVICE]["p99_ms"]
    found["1,000 first deposits at once: p99 (ms)"] = Ratio(crowd, _CROWD_P99_MS)
    found["bytes of an audit entry"] = Ratio(results["audit_entry_bytes"], _AUDIT_ENTRY_BYTES)
    return found


def tables(results: dict[str, Any]) -> str:
    """Return the tables of a run, compared with the run of the first release."""
    earlier = json.loads(_EARLIER.read_text()) if _EARLIER.exists() else None
    columns = [(_NAMES[name], results, name) for name in (SERVICE, FASTIFY, NEXT)]
    if earlier:
        columns.insert(0, (f"wallet-api {_RELEASE}", earlier, SERVICE))
    lines = [_row("", *(title for title, _, _ in columns)), _rule(len(columns) + 1)]
    for kind in KINDS:
        cells = [run["servers"][name][kind] for _, run, name in columns]
        lines.append(
            _row(kind, *(f"{cell['per_second']:.0f}/s, {cell['cpu_ms']:.2f} ms" for cell in cells))
        )
    crowds = [_crowd_cell(run["crowds"][name]) for _, run, name in columns]
    lines.append(_row("1,000 first deposits at once: p99", *crowds))
    memory = [run["memory"][name] / 10**6 for _, run, name in columns]
    lines.append(_row("memory", *(f"{megabytes:.0f} MB" for megabytes in memory)))
    return "\n".join([*lines, "", *_target_lines(results, earlier), ""])


def write(results: dict[str, Any]) -> None:
    """Write the tables into the page, between its two comments, and draw the plot."""
    text = f"<!-- make bench-peer -->\n\n{_conditions(results)}\n\n{tables(results)}\n<!-- end -->"
    page, places = re.subn(
        r"<!-- make bench-peer -->.*?<!-- end -->",
        lambda _: text,
        _PAGE.read_text(),
        flags=re.DOTALL,
    )
    if places != 1:
        raise ValueError(f"{_PAGE} has no place for the tables")
    _PAGE.write_text(page)
    _PLOT.write_text(plot(results))


def plot(results: dict[str, Any]) -> str:
    """Draw CPU per request and requests per second of all services."""

    def panel(title: str, figure: str, digits: int) -> Panel:
        return Panel(
            title,
            {
                kind: [
                    Bar(_NAMES[name], round(results["servers"][name][kind][figure], digits))
                    for name in (SERVICE, FASTIFY, NEXT)
                ]
                for kind in KINDS
            },
        )

    return draw(
        [
            panel("CPU of the server per request, ms", "cpu_ms", 2),
            panel("requests per second", "per_second", 0),
        ]
    )


def _target_lines(results: dict[str, Any], earlier: dict[str, Any] | None) -> list[str]:
    then = targets(earlier) if earlier else {}
    heads = ["target", *([_RELEASE] if earlier else []), "now", "target", "met"]
    lines = [_row(*heads), _rule(len(heads))]
    for name, ratio in targets(results).items():
        before = [_figure(then[name].value)] if earlier else []
        bound = f"{'≤' if ratio.less_is_better else '≥'} {_figure(ratio.target)}"
        met = "yes" if ratio.met else "no"
        lines.append(_row(name, *before, _figure(ratio.value), bound, met))
    return lines


def _conditions(results: dict[str, Any]) -> str:
    of_run, plan = results["about"], results["about"]["plan"]
    load = of_run["load_average"]["before"][0]
    text = (
        f"{of_run['measured_at'][:10]}, commit {of_run['commit']}, Python {of_run['python']},"
        f" PostgreSQL {of_run['postgres']['server_version']}, {of_run['cores']} cores, load average"
        f" {load:.1f} before the run, {of_run['connections']} connections by {of_run['generator']},"
        f" medians of {plan['rounds']} rounds ([figures](results/peer.json))."
    )
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)


def _crowd_cell(crowd: dict[str, float]) -> str:
    failed = f", {crowd['failed']} failed" if crowd["failed"] else ""
    return f"{crowd['p99_ms'] / 1000:.1f} s{failed}"


def _figure(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(columns: int) -> str:
    return _row(*["--"] * columns)
