"""The compared ratios of a run and their targets."""

import statistics
from dataclasses import dataclass
from typing import Any

# A ratio that keeps less than this share of its former value is a regression.
_KEPT = 0.8


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio with its target. `compared` means that --check compares it between runs."""

    value: float
    target: float
    less_is_better: bool = True
    compared: bool = True

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
    crowd = results["http"]["crowds"][-1]
    slowest = max(crowd[name]["p99_ms"] for name in ("read", "key", "first deposit"))
    at_once = crowd["read"]["concurrency"]
    found[f"HTTP, {at_once} at once: p99 / 2 s"] = Ratio(slowest / 2000, 1, compared=False)
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
    return {
        name: {
            "value": round(ratio.value, 3),
            "target": ratio.target,
            "less_is_better": ratio.less_is_better,
            "compared": ratio.compared,
            "met": ratio.met,
        }
        for name, ratio in found.items()
    }


def failures(results: dict[str, Any]) -> list[str]:
    """Return a message for each kind of operation of this service that failed."""
    http = results["http"]
    counted = {f"HTTP {name}": count for name, count in http["failed"].items()}
    for where, crowds in (("service", results["crowds"]["rows"]), ("HTTP", http["crowds"])):
        for crowd in crowds:
            for name, found in crowd.items():
                counted[f"{where}, {found['concurrency']} at once: {name}"] = found["failed"]
    return [f"{name}: {count} failed" for name, count in counted.items() if count]


def compare(kept: dict[str, dict[str, Any]], runs: list[dict[str, dict[str, Any]]]) -> list[str]:
    """Return a message for each ratio whose median is worse by more than a fifth.

    Ratios that depend on the speed of the machine are not compared.
    """
    lost = []
    for name, then in kept.items():
        if not then["compared"]:
            continue
        if name not in runs[0]:
            lost.append(f"{name}: {then['value']} then, not measured now")
            continue
        old, new = then["value"], statistics.median(run[name]["value"] for run in runs)
        left = old / new if then["less_is_better"] else new / old
        if left < _KEPT:
            lost.append(f"{name}: {old} then, {new} now")
    return lost
