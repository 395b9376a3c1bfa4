"""Work in batches, spread over processes that are forked from this one."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from wallet_api.database import Database

T = TypeVar("T")
R = TypeVar("R")

_POLL_SECONDS = 0.5
_JOIN_SECONDS = 10.0


class WorkerKilled(Exception):
    """A worker process is gone, and with it what it was doing."""


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Give the items in lists of `size`, the last one shorter, without reading ahead."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


def map_in_processes(
    items: Iterable[T], work: Callable[[T], R], *, processes: int, database: Database
) -> Generator[R, None, None]:
    """Give work(item) for each item, in no order, from as many processes.

    `database` comes closed, and is open in the workers and here until the last result. The workers
    inherit everything else, secrets included: nothing of it crosses a pipe. What work() raises is
    raised here, and the rest is dropped. Raises WorkerKilled when a worker dies. Workers end when
    this process does, in whatever way.

    Not ProcessPoolExecutor: its workers answer through one pipe, and it waits for ever for the rest
    of an answer in the middle of which a worker was killed.
    """
    workers: dict[Any, BaseProcess] = {}
    with _stop_event() as stop:
        try:
            # All workers are forked before a pool's threads run here.
            for _ in range(processes):
                connection, process = _fork_worker(work, database)
                workers[connection] = process
            database.open()
            remaining = iter(items)
            busy = [connection for connection in workers if _send_next(connection, remaining)]
            while busy:
                if stop.is_set():
                    raise KeyboardInterrupt
                for connection in list[Any](wait(busy, _POLL_SECONDS)):
                    result = _receive(connection)
                    if not _send_next(connection, remaining):
                        busy.remove(connection)
                    yield result
        finally:
            _stop_workers(workers)
            database.close()


def _stop_workers(workers: dict[Any, BaseProcess]) -> None:
    """Let each worker finish what it is at, and end."""
    for connection in workers:
        connection.close()
    # The last one first: it holds copies of our ends of the earlier ones' pipes.
    for process in reversed(workers.values()):
        process.join(_JOIN_SECONDS)
        process.kill()
        process.join()


@contextmanager
def _stop_event() -> Iterator[threading.Event]:
    """Give an event that Ctrl-C and SIGTERM set: an end between two results, not in one."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread hears signals.
        yield stop
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop.set()) for number in numbers]
    try:
        yield stop
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _fork_worker(work: Callable[[Any], Any], database: Database) -> tuple[Any, BaseProcess]:
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe()
    process = fork.Process(target=_run_worker, args=(ours, theirs, work, database), daemon=True)
    process.start()
    # Open in the worker alone, so that its death is the end of what we read.
    theirs.close()
    return ours, process


def _send_next(connection: Any, remaining: Iterator[Any]) -> bool:
    """Give a worker the next item; tell whether there was one."""
    for item in remaining:
        try:
            connection.send(item)
        except OSError as error:
            raise WorkerKilled from error
        return True
    return False


def _receive(connection: Any) -> Any:
    try:
        result, error = connection.recv()
    except (EOFError, OSError) as lost:
        raise WorkerKilled from lost
    if error is not None:
        raise error
    return result


def _run_worker(ours: Any, connection: Any, work: Callable[[Any], Any], database: Database) -> None:
    # Ctrl-C is for the process that we work for.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    # Or else we would never read the end.
    ours.close()
    database.open()
    try:
        while True:
            item = connection.recv()
            try:
                answer: tuple[Any, Exception | None] = (work(item), None)
            except Exception as error:  # noqa: BLE001 (raised again where the work was given)
                answer = (None, error)
            connection.send(answer)
    except (EOFError, OSError):
        # There is no more to do, or nobody to do it for.
        database.close()


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
