"""The connection pool: retries, and immediate errors during an outage."""

import itertools
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any, NoReturn, Self, TypeVar

import psycopg
from psycopg import errors as pg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from wallet_api import deadline, metrics
from wallet_api.crypto.secret import Secret
from wallet_api.database.connections import Connection, TimedCursor, set_up
from wallet_api.database.faults import CONFLICTS, STALE, to_domain_error
from wallet_api.database.machines import Machines
from wallet_api.database.refusals import describe, unreachable
from wallet_api.database.replication import Replication
from wallet_api.database.transactions import long_transaction
from wallet_api.database_url import CONNECT_SECONDS, connection_parameters
from wallet_api.errors import DatabaseUnavailable, LockTimeout

T = TypeVar("T")

_ATTEMPTS = 4
_CONFLICT_ATTEMPTS = 24
# Work is not retried if it waited longer for a database that does not respond.
_RETRY_SECONDS = 3.0
# After this long without a connection, work is refused at once: by then an attempt has failed, even
# one without any answer. During a shorter restart, work waits.
_OUTAGE_SECONDS = float(CONNECT_SECONDS)
# How often the pool retries to connect, and how often waiting work checks for an outage.
_RECONNECT_SECONDS = 1.0
_POLL_SECONDS = 0.25


class Database:
    """A bounded pool of connections to PostgreSQL.

    It is created closed, before gunicorn forks. Call open() in each worker.
    """

    def __init__(
        self,
        conninfo: Secret[str],
        *,
        min_size: int,
        max_size: int,
        timeout_seconds: float,
        max_waiting: int | None = None,
        slow_query_seconds: float = 0.5,
        name: str = "primary",
        connection_class: type[Connection] = Connection,
        accept_unsafe: bool = False,
    ) -> None:
        """`name` identifies the pool in logs and metrics; slower statements are logged.

        With `max_waiting`, work is refused at once if that many already wait for a connection.
        `accept_unsafe` allows sessions that must not be used otherwise, for a diagnosis.
        """
        self.replication = Replication()
        # At most half of the threads may wait for one machine of a cluster.
        self._machines = Machines(name, cap=max(1, max_size // 2))
        self._accept_unsafe = accept_unsafe
        self._name = name
        self._max_size = max_size
        self._timeout_seconds = timeout_seconds
        self._parameters: dict[str, Any] = {
            **connection_parameters(conninfo),
            "autocommit": True,
            "row_factory": dict_row,
            "on_refusal": self._refused,
            "cursor_factory": type("_Cursor", (TimedCursor,), {"slow_seconds": slow_query_seconds}),
        }
        # The start and the last error of failing attempts to connect, and the connections in use.
        self._connecting_since: float | None = None
        self._refusal: psycopg.Error | None = None
        self._checked_out: set[Connection] = set()
        # Not the pool's own max_waiting, which counts timed-out waits until a connection is free.
        self._slots = None if max_waiting is None else BoundedSemaphore(max_size + max_waiting)
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            kwargs=self._begin_connecting,
            connection_class=connection_class,
            configure=self._connected,
            min_size=min_size,
            max_size=max_size,
            name=name,
            # The pool doubles its delay between attempts until this timeout. Then it starts again,
            # so that a recovered database is noticed soon, even after a long outage.
            reconnect_timeout=_RECONNECT_SECONDS,
            reconnect_failed=self._restart_connecting,
            open=False,
        )

    def open(self) -> None:
        """Start connecting in the background, also if the database is down."""
        metrics.POOL_MAX.labels(self._name).set(self._max_size)
        # Prometheus sees no increase in a counter that appears with its first event.
        for counter in (metrics.POOL_REFUSALS, metrics.POOL_TIMEOUTS):
            counter.labels(self._name)
        # labels() takes a lock and looks them up each time.
        self._seconds_waited = metrics.POOL_WAIT.labels(self._name)
        self._in_use = metrics.POOL_IN_USE.labels(self._name)
        self._pool.open(wait=False)

    def close(self) -> None:
        """Close the idle connections now, and each busy one when it is returned."""
        self._pool.close()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def run_long(self, work: Callable[[Connection], T]) -> T:
        """Do what run() does, in a long_transaction()."""

        def run(connection: Connection) -> T:
            with long_transaction(connection):
                return work(connection)

        return self.run(run)

    def run(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a pooled connection and return its result.

        `work` must be idempotent, because it is retried after a Conflict, a serialization failure
        or a deadlock, which rolled it back, and after a lost connection. Then the outcome of its
        commit is unknown: work that appends first checks whether an earlier attempt did. The
        effects of that attempt are replicated before `work` sees them. If the database does not
        respond, work is not retried.

        Raises DatabaseUnavailable if no connection is available within the pool's timeout, or at
        once while the database cannot be reached; if a statement times out; if the current request
        has no time left; or if the database cannot do its work.
        """
        began = time.monotonic()
        attempted = work
        for attempt in itertools.count(1):
            try:
                with self._slot(), self._connection() as connection:
                    return self._attempt(attempted, connection)
            except CONFLICTS as error:
                if attempt >= _CONFLICT_ATTEMPTS:
                    raise LockTimeout(describe(error)) from error
                # A random delay, so that the same transactions do not conflict again.
                time.sleep(random.uniform(0, 0.01 * attempt))
            except _ConnectionLost as lost:
                if lost.may_have_written:
                    attempted = self._after_replication(work)
                # The other connections are probably lost too, and each would time out again.
                self._pool.drain()
                unanswered = lost.error.sqlstate is None
                late = unanswered and time.monotonic() - began > _RETRY_SECONDS
                if attempt >= _ATTEMPTS or late:
                    raise to_domain_error(lost.error) or lost.error from lost.error
            except (PoolTimeout, PoolClosed) as error:
                # A server that hangs refuses nothing.
                if self._refusal is not None or self._is_disconnected():
                    raise unreachable(self._refusal) from error
                raise DatabaseUnavailable(describe(error)) from error
            except psycopg.Error as error:
                raise to_domain_error(error) or error from error
        raise AssertionError("unreachable: the last attempt returns or raises")

    @contextmanager
    def _slot(self) -> Iterator[None]:
        """Count work against `max_waiting`. Raises DatabaseUnavailable if there is too much."""
        if self._slots is None:
            yield
        elif self._slots.acquire(blocking=False):
            try:
                yield
            finally:
                self._slots.release()
        else:
            self._refuse(DatabaseUnavailable("too many requests wait for this database"))

    def _refuse(self, reason: DatabaseUnavailable) -> NoReturn:
        metrics.POOL_REFUSALS.labels(self._name).inc()
        raise reason

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """Take a connection from the pool, with metrics."""
        began = time.perf_counter()
        try:
            if self._pool.closed:
                # Workers open it after the fork; other processes open it here.
                self.open()
            connection = self._wait_for_connection()
        except PoolTimeout:
            metrics.POOL_TIMEOUTS.labels(self._name).inc()
            raise
        finally:
            self._seconds_waited.observe(time.perf_counter() - began)
        self._checked_out.add(connection)
        try:
            with self._in_use.track_inprogress(), connection:
                if connection.faults and not self._accept_unsafe:
                    # The pool replaces it, because a new session may be safe by now.
                    connection.close()
                    raise connection.faults[0]
                yield connection
        finally:
            self._machines.leave(connection)
            self._checked_out.discard(connection)
            self._pool.putconn(connection)

    def _after_replication(self, work: Callable[[Connection], T]) -> Callable[[Connection], T]:
        def wait_first(connection: Connection) -> T:
            self.replication.wait(connection)
            return work(connection)

        return wait_first

    def _wait_for_connection(self) -> Connection:
        """Wait for a connection of the pool.

        Raises PoolTimeout, and DatabaseUnavailable as soon as the database is known to be
        unreachable, because waiting would only occupy a thread.
        """
        until = time.monotonic() + min(self._timeout_seconds, deadline.seconds_left())
        while True:
            if self._is_unreachable():
                self._refuse(unreachable(self._refusal))
            left = until - time.monotonic()
            try:
                return self._pool.getconn(min(left, _POLL_SECONDS))
            except PoolTimeout:
                if left <= _POLL_SECONDS:
                    raise

    def _is_unreachable(self) -> bool:
        """Return whether no connection is left and attempts to connect have failed for a while."""
        since = self._connecting_since
        if since is None or time.monotonic() - since < _OUTAGE_SECONDS:
            return False
        return self._is_disconnected()

    def _is_disconnected(self) -> bool:
        """Return whether no connection is left, and an attempt to connect has not ended."""
        if self._connecting_since is None or self._checked_out:
            return False
        return not self._pool.get_stats()["pool_available"]

    def _begin_connecting(self) -> dict[str, Any]:
        """Return the parameters of an attempt to connect, and record the start of the first one."""
        if self._connecting_since is None:
            self._connecting_since = time.monotonic()
        return self._parameters

    def _refused(self, error: psycopg.Error) -> None:
        self._refusal = error

    def _connected(self, connection: Connection) -> None:
        connection.add_notice_handler(connection.note)
        set_up(connection)
        self.replication.read_state(connection)
        self._machines.read_shards(connection)
        connection.machines = self._machines
        self._connecting_since = self._refusal = None

    def _restart_connecting(self, pool: ConnectionPool[Connection]) -> None:
        """Restart the attempts to connect, which the pool would repeat only for new work."""
        if not pool.get_stats()["pool_available"]:
            # Without a connection to check, this requests one.
            pool.check()

    @staticmethod
    def _attempt(work: Callable[[Connection], T], connection: Connection) -> T:
        connection.may_have_written = False
        try:
            result = work(connection)
            # Commit what the work left open; the commit may be unreplicated.
            connection.commit()
        except STALE as error:
            connection.close()
            raise _ConnectionLost(error, connection) from error
        except psycopg.Error as error:
            if connection.broken:
                raise _ConnectionLost(error, connection) from error
            raise
        if connection.unreplicated:
            connection.close()
            cancelled = pg.OperatorIntervention("a commit was not replicated")
            raise _ConnectionLost(cancelled, connection)
        return result


class _ConnectionLost(Exception):
    def __init__(self, error: psycopg.Error, connection: Connection) -> None:
        self.error = error
        self.may_have_written = connection.may_have_written
