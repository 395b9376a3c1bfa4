"""Timing of operations in alternation, so that load on the machine affects all equally."""

import statistics
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """The durations of repeated executions, in milliseconds."""

    median_ms: float
    p99_ms: float
    count: int

    @classmethod
    def of(cls, seconds: list[float]) -> "Timing":
        """Return the median and the 99th percentile."""
        ordered = sorted(seconds)
        last = ordered[max(0, -(-len(ordered) * 99 // 100) - 1)]
        return cls(
            median_ms=round(statistics.median(ordered) * 1000, 4),
            p99_ms=round(last * 1000, 4),
            count=len(ordered),
        )


@dataclass(frozen=True, slots=True)
class Burst:
    """The result of concurrent executions."""

    concurrency: int
    seconds: float
    per_second: float
    p99_ms: float
    failed: int
    answers: int
    """The number of different results."""

    def as_json(self) -> dict[str, object]:
        """Return the members for the JSON results."""
        return asdict(self)


def take_turns(
    operations: Mapping[str, Callable[[int], object]], rounds: int, *, warm_up: int = 20
) -> dict[str, Timing]:
    """Time every operation once per round, in the same order, with the round's number as argument.

    Warm-up rounds come first. Their numbers start at `rounds`.
    """
    for number in range(rounds, rounds + warm_up):
        for operation in operations.values():
            operation(number)
    seconds: dict[str, list[float]] = {name: [] for name in operations}
    for number in range(rounds):
        for name, operation in operations.items():
            began = time.perf_counter()
            operation(number)
            seconds[name].append(time.perf_counter() - began)
    return {name: Timing.of(taken) for name, taken in seconds.items()}


def burst(operation: Callable[[int], object], concurrency: int) -> Burst:
    """Run an operation in a number of threads at the same time, with the thread's number.

    All are timed from the common start, including the time until their thread runs.
    """
    began: list[float] = []
    ready = threading.Barrier(concurrency, action=lambda: began.append(time.perf_counter()))

    def one(number: int) -> tuple[float, object]:
        ready.wait()
        try:
            answer = operation(number)
        except Exception as error:  # noqa: BLE001 (every failure is counted)
            answer = error
        return time.perf_counter() - began[0], answer

    with ThreadPoolExecutor(concurrency) as pool:
        done = list(pool.map(one, range(concurrency)))
    seconds = max(taken for taken, _ in done)
    good = {answer for _, answer in done if not isinstance(answer, Exception)}
    failed = sum(isinstance(answer, Exception) for _, answer in done)
    return Burst(
        concurrency=concurrency,
        seconds=round(seconds, 3),
        per_second=round(concurrency / seconds, 1),
        p99_ms=Timing.of([taken for taken, _ in done]).p99_ms,
        failed=failed,
        answers=len(good),
    )
