"""Concurrent calls."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Argument = TypeVar("Argument")
Result = TypeVar("Result")


def race(work: Callable[[Argument], Result], arguments: Iterable[Argument]) -> list[Result]:
    """Call `work` with each argument in a thread of its own, all at once; return the results."""
    arguments = list(arguments)
    together = threading.Barrier(len(arguments), timeout=30)

    def run(argument: Argument) -> Result:
        together.wait()
        return work(argument)

    with ThreadPoolExecutor(len(arguments)) as threads:
        return list(threads.map(run, arguments))
