"""Markdown tables of the results of a run."""

from collections.abc import Iterable, Sequence
from typing import Any


def tables(results: dict[str, Any]) -> str:
    """Return all tables of a run."""
    return (
        "\n".join(
            [
                *_growth(results),
                *_limits(results),
                *_http(results),
                *signing(results["signing"]),
                *_crowds(results),
                *_bytes(results),
                *_ratios(results),
            ]
        )
        + "\n"
    )


def _table(heads: Sequence[str], lines: Iterable[Sequence[object]]) -> list[str]:
    rows = [heads, ["---"] * len(heads), *lines]
    return ["", *(f"| {' | '.join(map(str, row))} |" for row in rows)]


def _cell(timing: dict[str, float]) -> str:
    return f"{timing['median_ms']:.2f} ({timing['p99_ms']:.1f})"


def _growth(results: dict[str, Any]) -> list[str]:
    heads = [
        "wallets",
        "files: create",
        "files: key",
        "create",
        "key",
        "address",
        "bare insert",
        "bare select",
    ]
    lines = []
    for size, old in results["files"].items():
        new = results["rows"][size]
        lines.append(
            [
                size,
                _cell(old["create"]),
                _cell(old["key"]),
                *(_cell(new[name]) for name in heads[3:]),
            ]
        )
    return ["Milliseconds: median (p99).", *_table(heads, lines)]


def _limits(results: dict[str, Any]) -> list[str]:
    key = results["rows"][0]["key generation"]["median_ms"]
    lines = [["coincurve: one key", f"{key:.3f} ms", ""]]
    for name, found in results["pgbench"].items():
        lines.append(
            [
                f"pgbench: {name}",
                f"{found['median_ms']:.3f} ms",
                f"{found['per_second_of_8']:.0f}/s with 8 clients",
            ]
        )
    return [
        *_table(["limit", "alone", "together"], lines),
        *_table(["how near to it", "", "of the limit"], _fractions(results)),
    ]


def _fractions(results: dict[str, Any]) -> list[list[str]]:
    """Return how close each operation comes to the upper bound of pgbench."""
    pgbench = results["pgbench"]
    one_key = results["rows"][0]["key generation"]["median_ms"]
    alone = {
        "address": ("pgbench's select", pgbench["select"]["median_ms"]),
        "key": ("pgbench's key", pgbench["key"]["median_ms"]),
        "create": ("pgbench's create and one key", pgbench["create"]["median_ms"] + one_key),
    }
    measured = results["rows"][max(results["rows"])]
    lines = [
        [f"{act}: {what}", "latency", f"{least / measured[act]['median_ms']:.0%}"]
        for act, (what, least) in alone.items()
    ]
    rates = results["http"]["per_second"]
    together = {"read": "select", "key": "key", "first deposit": "create"}
    return lines + [
        [
            f"HTTP {act}: pgbench's {what}",
            "per second",
            f"{rates[act] / pgbench[what]['per_second_of_8']:.0%}",
        ]
        for act, what in together.items()
    ]


def _http(results: dict[str, Any]) -> list[str]:
    http = results["http"]
    empty = http["per_second"]["empty"]
    lines = [
        [
            name,
            f"{rate:.0f}",
            f"{rate / empty:.0%}",
            f"{http['cpu_ms'][name]:.2f}",
            http["failed"][name],
        ]
        for name, rate in http["per_second"].items()
    ]
    heads = ["HTTP", "requests/s", "of the empty route", "CPU per request (ms)", "failed"]
    return _table(heads, lines)


def signing(found: dict[str, Any]) -> list[str]:
    """Return the tables of signatures compared with key reads, and of eth-account by itself."""
    http, alone = found["http"], found["http"]["alone"]
    key = found["operations"]["key"]["median_ms"]
    lines = [
        [
            name,
            _cell(timing),
            f"{timing['median_ms'] / key:.2f}",
            f"{found['cpu_ms'][name]:.2f}",
            f"{found['cpu_ms'][name] / found['cpu_ms']['key']:.2f}",
            _cell(alone[name]),
            f"{alone[name]['median_ms'] / alone['key']['median_ms']:.2f}",
            f"{http['per_second'][name]:.0f}",
            f"{http['cpu_ms'][name]:.2f}",
            f"{http['cpu_ms'][name] / http['cpu_ms']['key']:.2f}",
            http["failed"][name],
        ]
        for name, timing in found["operations"].items()
    ]
    heads = ["signatures", "ms: median (p99)", "of a key read", "CPU (ms)", "of a key read"]
    heads += ["HTTP, one at a time: ms", "of a key read"]
    heads += ["HTTP: requests/s", "HTTP: CPU (ms)", "of a key read"]
    library = [
        [
            name,
            f"{timing['median_ms']:.2f}",
            f"{timing['median_ms'] / found['cpu_ms']['key']:.2f}",
        ]
        for name, timing in found["library"].items()
    ]
    return [
        *_table([*heads, "failed"], lines),
        "",
        *_table(["eth-account alone", "median (ms)", "of the CPU of a key read"], library),
    ]


def _crowds(results: dict[str, Any]) -> list[str]:
    lines = []
    for where, crowds in (*results["crowds"].items(), ("HTTP", results["http"]["crowds"])):
        for crowd in crowds:
            for what, found in crowd.items():
                lines.append(
                    [
                        f"{where}: {what}",
                        found["concurrency"],
                        found["seconds"],
                        found["p99_ms"],
                        found["failed"],
                        found["answers"],
                    ]
                )
    return _table(
        ["at the same moment", "how many", "seconds", "p99 (ms)", "failed", "different answers"],
        lines,
    )


def _bytes(results: dict[str, Any]) -> list[str]:
    lines = []
    for size, found in results["bytes"]["rows"].items():
        wallets = found["wallets"]
        lines.append([size, wallets["heap"], wallets["indexes"], results["bytes"]["files"][size]])
    return _table(["users", "bytes per wallet row", "its indexes", "bytes per file"], lines)


def _ratios(results: dict[str, Any]) -> list[str]:
    lines = [
        [
            name,
            ratio["value"],
            ("≤ " if ratio["less_is_better"] else "≥ ") + str(ratio["target"]),
            "yes" if ratio["met"] else "no",
        ]
        for name, ratio in results["ratios"].items()
    ]
    return _table(["ratio", "now", "target", "met"], lines)
