"""Plots of the results: cost by number of wallets, throughput by concurrency."""

from collections.abc import Callable
from typing import Any

from benchmarks.log_plot import Line, Panel, draw

_FILES, _ROWS = "files: the old service", "PostgreSQL: this one"
Points = list[tuple[float, float]]


def growth(results: dict[str, Any]) -> str:
    """Draw the latency of single operations by number of wallets."""

    def line(where: str, act: str) -> Points:
        return [(n, results[where][n][act]["median_ms"]) for n in results["files"]]

    return _draw(line, {"make a wallet, ms": "create", "read its key, ms": "key"}, "users")


def throughput(results: dict[str, Any]) -> str:
    """Draw the throughput of concurrent operations by concurrency."""

    def line(where: str, act: str) -> Points:
        crowds = [crowd[act] for crowd in results["crowds"][where]]
        return [(crowd["concurrency"], crowd["per_second"]) for crowd in crowds]

    panels = {"wallets made per second": "creates", "keys read per second": "keys"}
    return _draw(line, panels, "at the same moment")


def _draw(line: Callable[[str, str], Points], panels: dict[str, str], x_label: str) -> str:
    return draw(
        [
            Panel(title, [Line(_FILES, line("files", act)), Line(_ROWS, line("rows", act))])
            for title, act in panels.items()
        ],
        x_label=x_label,
    )
