"""Work in batches, spread over processes that are forked from this one."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import islice
from multiprocessing.util import Finalize
from typing import Any, TypeVar

from wallet_api.database import Database

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 2
_work: Callable[[Any], Any]


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Give the items in lists of `size`, the last one shorter, without reading ahead."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


def spread(
    items: Iterable[T], work: Callable[[T], R], *, processes: int, database: Database
) -> Generator[R, None, None]:
    """Give work(item) for each item, in no order, from as many processes.

    No more than a few items per process are taken ahead. `database` comes closed, and is open in
    the workers and here until the last result. The workers inherit everything else, secrets
    included: nothing of it crosses a pipe. What work() raises is raised here, and the rest is
    dropped. Workers end when this process does, in whatever way.
    """
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(processes, fork, _begin, (work, database)) as pool:
        # All workers are forked now, before a pool's threads run here.
        pool.submit(os.getpid).result()
        database.open()
        pending: set[Future[R]] = set()
        try:
            for item in items:
                pending.add(pool.submit(_run, item))
                if len(pending) >= processes * (1 + _AHEAD):
                    done, pending = wait(pending, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            while pending:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            database.close()


def _begin(work: Callable[[Any], Any], database: Database) -> None:
    global _work  # noqa: PLW0603 (one per process, set once)
    _work = work
    # Ctrl-C is for the process that we work for.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    database.open()
    Finalize(None, database.close, exitpriority=1)


def _run(item: Any) -> Any:
    return _work(item)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
