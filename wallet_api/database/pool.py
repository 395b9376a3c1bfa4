"""The pool of connections: lends them, runs work again, and refuses at once in an outage."""

import itertools
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any, NoReturn, TypeVar

import psycopg
from psycopg import errors as pg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from wallet_api import deadline, metrics
from wallet_api.crypto.secret import Secret
from wallet_api.database.connections import Connection, TimedCursor, set_up
from wallet_api.database.faults import CONFLICTS, STALE, describe, to_domain_error
from wallet_api.database.machines import Machines
from wallet_api.database.replication import Replication
from wallet_api.database_url import CONNECT_SECONDS, connection_parameters
from wallet_api.errors import DatabaseUnavailable, LockTimeout

T = TypeVar("T")

_ATTEMPTS = 4
_CONFLICT_ATTEMPTS = 24
# Work that a silent database has kept for longer is not begun again: somebody waits for the answer.
_RETRY_SECONDS = 3.0
# After so long without a connection, work is refused at once: an attempt has failed by then, even
# one that nobody answered. A restart that is shorter is a wait, and no error.
_OUTAGE_SECONDS = float(CONNECT_SECONDS)
# How often the pool tries to connect while it cannot, and work that waits looks whether to go on.
_RECONNECT_SECONDS = 1.0
_LOOK_SECONDS = 0.25


class Database:
    """A bounded pool of connections to PostgreSQL.

    Built closed, so that it can be made before gunicorn forks; open() it in each worker.
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
        accept_unfit: bool = False,
    ) -> None:
        """`name` tells this pool from others in logs and metrics; slower statements are logged.

        With `max_waiting`, work beyond that many waiting for a connection is refused at once. Who
        examines a database takes sessions that must not be used otherwise (`accept_unfit`).
        """
        self.replication = Replication()
        # Half of the threads at most may be at the mercy of one machine of a cluster.
        self._machines = Machines(name, cap=max(1, max_size // 2))
        self._accept_unfit = accept_unfit
        self._name = name
        self._max_size = max_size
        self._timeout_seconds = timeout_seconds
        self._parameters: dict[str, Any] = {
            **connection_parameters(conninfo),
            "autocommit": True,
            "row_factory": dict_row,
            "cursor_factory": type("_Cursor", (TimedCursor,), {"slow_seconds": slow_query_seconds}),
        }
        # Since when attempts to connect have been failing, and the connections at work.
        self._connecting_since: float | None = None
        self._lent: set[Connection] = set()
        # Not the pool's own max_waiting: it counts those who gave up until a connection comes.
        self._places = None if max_waiting is None else BoundedSemaphore(max_size + max_waiting)
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            kwargs=self._begin_connecting,
            connection_class=connection_class,
            configure=self._connected,
            min_size=min_size,
            max_size=max_size,
            name=name,
            # The pool doubles its pauses between attempts, and gives up after this: then it begins
            # anew, so that a database that is back is noticed soon, however long it was away.
            reconnect_timeout=_RECONNECT_SECONDS,
            reconnect_failed=self._begin_anew,
            open=False,
        )

    def open(self) -> None:
        """Start connecting in the background. A database that is down is no reason to stop."""
        metrics.POOL_MAX.labels(self._name).set(self._max_size)
        metrics.POOL_REFUSALS.labels(self._name)
        self._pool.open(wait=False)

    def close(self) -> None:
        """Close the idle connections now, and each busy one when its request gives it back."""
        self._pool.close()

    def run(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a pooled connection and return its result.

        `work` may run several times, and must mean the same each time. It is run again after a
        Conflict, a serialization failure or a deadlock, which rolled it back, and after a lost
        connection. Then nobody knows whether its commit was done: work that appends looks first
        whether an earlier attempt did. What that attempt left visible is replicated before `work`
        sees it. A database that is silent is asked only once.

        Raises DatabaseUnavailable when no connection is available within the pool's timeout, or at
        once while the database cannot be reached; when a statement runs into its time limit; when
        the request that this is for has no time left; or when the database cannot do its work.
        """
        began = time.monotonic()
        attempted = work
        for attempt in itertools.count(1):
            try:
                with self._place(), self._connection() as connection:
                    return self._attempt(attempted, connection)
            except CONFLICTS as error:
                if attempt >= _CONFLICT_ATTEMPTS:
                    raise LockTimeout(describe(error)) from error
                # Apart by a random while, so that the same two do not meet again.
                time.sleep(random.uniform(0, 0.01 * attempt))
            except _ConnectionLost as lost:
                if lost.may_have_written:
                    attempted = self._once_replicated(work)
                # The others are probably gone too. To ask them would take as long again for each.
                self._pool.drain()
                silent = lost.error.sqlstate is None
                late = silent and time.monotonic() - began > _RETRY_SECONDS
                if attempt >= _ATTEMPTS or late:
                    raise to_domain_error(lost.error) or lost.error from lost.error
            except (PoolTimeout, PoolClosed) as error:
                raise DatabaseUnavailable(describe(error)) from error
            except psycopg.Error as error:
                raise to_domain_error(error) or error from error
        raise AssertionError("unreachable: the last attempt returns or raises")

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Count work against `max_waiting`. Raises DatabaseUnavailable when there is too much."""
        if self._places is None:
            yield
        elif self._places.acquire(blocking=False):
            try:
                yield
            finally:
                self._places.release()
        else:
            self._refuse("too many others wait for this database")

    def _refuse(self, reason: str) -> NoReturn:
        metrics.POOL_REFUSALS.labels(self._name).inc()
        raise DatabaseUnavailable(reason)

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """Lend a connection of the pool, and count that."""
        began = time.perf_counter()
        try:
            if self._pool.closed:
                # Not by a server of ours, which opens it after the fork; or it is too late.
                self.open()
            connection = self._wait_for_connection()
        except PoolTimeout:
            metrics.POOL_TIMEOUTS.labels(self._name).inc()
            raise
        finally:
            metrics.POOL_WAIT.labels(self._name).observe(time.perf_counter() - began)
        self._lent.add(connection)
        try:
            with metrics.POOL_IN_USE.labels(self._name).track_inprogress(), connection:
                if connection.faults and not self._accept_unfit:
                    # The pool replaces it: a new session tells whether somebody corrected that.
                    connection.close()
                    raise connection.faults[0]
                yield connection
        finally:
            self._machines.leave(connection)
            self._lent.discard(connection)
            self._pool.putconn(connection)

    def _once_replicated(self, work: Callable[[Connection], T]) -> Callable[[Connection], T]:
        def waits_first(connection: Connection) -> T:
            self.replication.wait(connection)
            return work(connection)

        return waits_first

    def _wait_for_connection(self) -> Connection:
        """Take a connection, as soon as there is one.

        Raises PoolTimeout, and DatabaseUnavailable as soon as the database is known to be out of
        reach: whoever waits then keeps a thread from others, and waits in vain.
        """
        until = time.monotonic() + min(self._timeout_seconds, deadline.seconds_to_begin())
        while True:
            if self._is_out_of_reach():
                self._refuse("the database cannot be reached: `wallet-api doctor` says why")
            left = until - time.monotonic()
            try:
                return self._pool.getconn(min(left, _LOOK_SECONDS))
            except PoolTimeout:
                if left <= _LOOK_SECONDS:
                    raise

    def _is_out_of_reach(self) -> bool:
        """Tell whether no connection is left, and attempts to connect have failed for a while."""
        since = self._connecting_since
        if since is None or time.monotonic() - since < _OUTAGE_SECONDS:
            return False
        return not self._lent and not self._pool.get_stats()["pool_available"]

    def _begin_connecting(self) -> dict[str, Any]:
        """Note when attempts to connect began. The pool asks for these parameters before each."""
        if self._connecting_since is None:
            self._connecting_since = time.monotonic()
        return self._parameters

    def _connected(self, connection: Connection) -> None:
        connection.add_notice_handler(connection.note)
        set_up(connection)
        self.replication.look(connection)
        self._machines.look(connection)
        connection.machines = self._machines
        self._connecting_since = None

    def _begin_anew(self, pool: ConnectionPool[Connection]) -> None:
        """Have the pool go on trying: it stops after a while, and starts only for new work."""
        if not pool.get_stats()["pool_available"]:
            # With no connection to check, this asks for one.
            pool.check()

    @staticmethod
    def _attempt(work: Callable[[Connection], T], connection: Connection) -> T:
        connection.may_have_written = False
        try:
            result = work(connection)
            # What the work left open: a commit may find that it is not replicated.
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
