"""The compared ratios of a run and their targets."""

import statistics
from dataclasses import dataclass
from typing import Any

from benchmarks.http_bench import UNIT

# A ratio that keeps less than this share of its former value is a regression.
_KEPT = 0.8
# CPU per request has less noise: a regression by a fifth keeps 0.83.
_KEPT_CPU = 0.87
# What the targets against the Node service (benchmarks/peer_report.py) amount to in this unit.
_CPU_TARGETS = {"read": 2.9, "key": 4.6, "first deposit": 8.2}

_SIGNING_TARGETS = {"message": 1.2, "permit": 1.3}


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio with its target. `compared` means that --check compares it between runs.

    It is a regression if the ratio keeps less than the share `kept` of its former value.
    """

    value: float
    target: float
    less_is_better: bool = True
    compared: bool = True
    kept: float = _KEPT

    @property
    def met(self) -> bool:
        """Whether the target is met."""
        return self.value <= self.target if self.less_is_better else self.value >= self.target


def ratios_of(results: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return all ratios of a run."""
    rows, files, http = results["rows"], results["files"], results["http"]["per_second"]
    sizes = sorted(size for size in rows if size)
    small, large = rows[sizes[0]], rows[sizes[-1]]
    made_key = rows[0]["key generation"]["median_ms"]

    def median(of: dict[str, dict[str, float]], name: str) -> float:
        return of[name]["median_ms"]

    insert, select = median(large, "bare insert"), median(large, "bare select")
    found = {
        "address / bare select": Ratio(median(large, "address") / select, 1.5),
        "key / (1.5 bare inserts + 0.3 ms)": Ratio(median(large, "key") / (1.5 * insert + 0.3), 1),
        "create / (2 bare inserts + key generation)": Ratio(
            median(large, "create") / (2 * insert + made_key), 1
        ),
        "HTTP read / empty route": Ratio(http["read"] / http["empty"], 0.6, less_is_better=False),
        "HTTP first deposit / empty route": Ratio(
            http["first deposit"] / http["empty"], 0.35, less_is_better=False
        ),
    }
    found |= cpu_ratios(results["http"]["cpu_ms"])
    crowd = results["http"]["crowds"][-1]
    slowest = max(crowd[name]["p99_ms"] for name in ("read", "key", "first deposit"))
    at_once = crowd["read"]["concurrency"]
    found[f"HTTP, {at_once} at once: p99 / 2 s"] = Ratio(slowest / 2000, 1, compared=False)
    found |= signing_ratios(results["signing"]["operations"])
    table = results["bytes"]["rows"][sizes[-1]]["wallets"]
    found["bytes of a wallet's row with its indexes / 500"] = Ratio(
        (table["heap"] + table["indexes"]) / 500, 1
    )
    for name in ("create", "key", "address"):
        growth = median(large, name) / median(small, name)
        found[f"{name}: growth {sizes[0]} to {sizes[-1]}"] = Ratio(growth, 1.3)
    for name in ("create", "key"):
        old = median(files[sizes[-1]], name) / median(files[sizes[-1]], f"{name} here")
        found[f"{name}: old service / this one"] = Ratio(old, 10, less_is_better=False)
    return as_json(found)


def cpu_ratios(cpu_ms: dict[str, float]) -> dict[str, Ratio]:
    """Return the CPU of the server per request, in units of an empty route."""
    return {
        f"HTTP {name}: CPU / {UNIT}": Ratio(cpu_ms[name] / cpu_ms[UNIT], target, kept=_KEPT_CPU)
        for name, target in _CPU_TARGETS.items()
    }


def signing_ratios(operations: dict[str, dict[str, float]]) -> dict[str, Ratio]:
    """Return the time of signatures, in units of a key read."""
    return {
        f"{name} / key": Ratio(operations[name]["median_ms"] / operations["key"]["median_ms"], most)
        for name, most in _SIGNING_TARGETS.items()
    }


def as_json(ratios: dict[str, Ratio]) -> dict[str, dict[str, Any]]:
    """Return the members for the JSON results."""
    return {
        name: {
            "value": round(ratio.value, 3),
            "target": ratio.target,
            "less_is_better": ratio.less_is_better,
            "compared": ratio.compared,
            "kept": ratio.kept,
            "met": ratio.met,
        }
        for name, ratio in ratios.items()
    }


def failures(results: dict[str, Any]) -> list[str]:
    """Return a message for each kind of operation of this service that failed."""
    http = results["http"]
    failed = http["failed"] | {
        f"{name}, signing": count for name, count in results["signing"]["http"]["failed"].items()
    }
    counted = {f"HTTP {name}": count for name, count in failed.items()}
    for where, crowds in (("service", results["crowds"]["rows"]), ("HTTP", http["crowds"])):
        for crowd in crowds:
            for name, found in crowd.items():
                counted[f"{where}, {found['concurrency']} at once: {name}"] = found["failed"]
    return [f"{name}: {count} failed" for name, count in counted.items() if count]


def compare(former: dict[str, dict[str, Any]], runs: list[dict[str, dict[str, Any]]]) -> list[str]:
    """Return a message for each ratio whose median lost more than it may.

    Ratios that depend on the speed of the machine are not compared.
    """
    lost = []
    for name, then in former.items():
        if not then["compared"]:
            continue
        if name not in runs[0]:
            lost.append(f"{name}: {then['value']} then, not measured now")
            continue
        old, new = then["value"], statistics.median(run[name]["value"] for run in runs)
        left = old / new if then["less_is_better"] else new / old
        if left < runs[0][name]["kept"]:
            lost.append(f"{name}: {old} then, {new} now")
    return lost
