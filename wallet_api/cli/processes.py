"""Parallel execution of batches in forked processes."""

import multiprocessing
import os
import pickle
import signal
import threading
import traceback
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
    """A worker process died before it returned its result."""


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of `size` (the last one may be shorter) without reading ahead."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


def map_in_processes(
    items: Iterable[T], work: Callable[[T], R], *, processes: int, database: Database
) -> Generator[R, None, None]:
    """Yield work(item) for each item, unordered, computed in this many processes.

    `database` must be closed. It is open in the workers and here until the last result. The workers
    inherit everything else by fork, so that no secret crosses a pipe. An exception of work() is
    raised here, and the remaining items are dropped. Raises WorkerKilled when a worker dies.
    Workers exit when this process exits, even if it is killed.

    ProcessPoolExecutor is not used: its workers share one result pipe, and it hangs if a worker is
    killed while it writes to it.
    """
    workers: dict[Any, BaseProcess] = {}
    with _stop_event() as stop:
        try:
            # Fork all workers before the pool starts threads in this process.
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
    """Let each worker finish its current item and exit."""
    for connection in workers:
        connection.close()
    # In reverse order: later workers hold copies of our ends of the earlier workers' pipes.
    for process in reversed(workers.values()):
        process.join(_JOIN_SECONDS)
        process.kill()
        process.join()


@contextmanager
def _stop_event() -> Iterator[threading.Event]:
    """Yield an event that SIGINT and SIGTERM set, so that work stops between two results."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread can set signal handlers.
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
    parent_end, child_end = fork.Pipe()
    process = fork.Process(
        target=_run_worker, args=(parent_end, child_end, work, database), daemon=True
    )
    process.start()
    # Keep this end open only in the worker, so that this process reads end of file if it dies.
    child_end.close()
    return parent_end, process


def _send_next(connection: Any, remaining: Iterator[Any]) -> bool:
    """Send the next item to a worker. Return whether there was one."""
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


def _run_worker(
    parent_end: Any, connection: Any, work: Callable[[Any], Any], database: Database
) -> None:
    # The parent process handles Ctrl-C.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    # Close the parent's end here, or this process would never read end of file.
    parent_end.close()
    database.open()
    try:
        while True:
            item = connection.recv()
            try:
                outcome: tuple[Any, Exception | None] = (work(item), None)
            except Exception as error:  # noqa: BLE001 (raised again in the parent)
                outcome = (None, _transferable(error))
            connection.send(outcome)
    except (EOFError, OSError):
        # There are no more items, or the parent has exited.
        database.close()


def _transferable(error: Exception) -> Exception:
    """Return an error that the parent can receive, with the traceback of this process as a note."""
    error.add_note(traceback.format_exc())
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 (our own bytes)
    except Exception:  # noqa: BLE001 (any method of the error's class may raise)
        replacement = RuntimeError(type(error).__qualname__)
        replacement.add_note(traceback.format_exc())
        return replacement
    return error


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
