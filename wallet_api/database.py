"""The connection pool, the one-round-trip transaction, and what a database error means.

The transaction rule: connections are in autocommit; a service that needs several statements to hold
together says so with `connection.transaction()` or `one_round_trip(connection)`. Repositories never
commit. Nothing outside the database is called while a transaction is open.
"""

import functools
import itertools
import random
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from threading import BoundedSemaphore, Thread
from typing import Any, ClassVar, NoReturn, TypeVar

import psycopg
import structlog
from psycopg import errors as pg
from psycopg.abc import PQGen
from psycopg.errors import Diagnostic, _WaitTimeout
from psycopg.pq.abc import PGcancel
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from wallet_api import deadline, metrics, session_settings
from wallet_api.crypto.secret import Secret
from wallet_api.database_url import CONNECT_SECONDS, connection_parameters
from wallet_api.errors import (
    DatabaseDamaged,
    DatabaseUnavailable,
    LockTimeout,
    SecretMismatch,
    ServiceUnavailable,
)
from wallet_api.replication import Replication

Row = dict[str, Any]
T = TypeVar("T")

_ATTEMPTS = 4
_CONFLICT_ATTEMPTS = 24
# Work that a silent database has kept for longer is not begun again: somebody waits for the answer.
_RETRY_SECONDS = 3.0
# The same for the longest statement_timeout of any transaction.
_PATIENT_ANSWER_SECONDS = 620.0
# After so long without a connection, work is refused at once: an attempt has failed by then, even
# one that nobody answered. A restart that is shorter is a wait, and no error.
_OUTAGE_SECONDS = float(CONNECT_SECONDS)
# How often the pool tries to connect while it cannot, and work that waits looks whether to go on.
_RECONNECT_SECONDS = 1.0
_LOOK_SECONDS = 0.25
# PostgreSQL refused the statement and did nothing, and another connection would take it.
_STALE = (
    pg.ReadOnlySqlTransaction,  # this server is no longer the primary
    pg.FeatureNotSupported,  # a migration changed the columns of a prepared statement
    pg.InvalidSqlStatementName,  # a pooler moved us away from our prepared statements
    pg.DuplicatePreparedStatement,  # or to somebody else's
)
# The SQLSTATE classes and codes that say "not now" rather than "our bug".
_UNAVAILABLE = (
    "08",  # connection exception
    "25P03",  # we were paused in a transaction, and PostgreSQL ended it
    "40",  # transaction rollback, after the retries
    "53",  # insufficient resources: disk full, out of memory, too many connections
    "57",  # operator intervention: shutdown, cancelled, cannot connect now
    "58",  # system error: I/O
    "25006",  # read only: a former primary
    "28",  # the role may not log in
    "3D",  # no such database
    "42P01",  # no such table: migrations have not run
    "42703",  # no such column: migrations have not run
)


log = structlog.get_logger("wallet_api.database")


class Conflict(Exception):
    """Another transaction was first. Database.run() runs the work again, which then sees it."""


# PostgreSQL rolled the work back, because another transaction was in the way.
_CONFLICTS = (pg.SerializationFailure, pg.DeadlockDetected, Conflict)

# How many requests to cancel a statement may be under way.
_cancelling = BoundedSemaphore(4)
# Names of the statements that wait in the pipeline of this thread.
_piped: ContextVar[list[str] | None] = ContextVar("_piped", default=None)
_UNNAMED = "unnamed"
_NAME = re.compile(r"/\* ([\w.]+) \*/")


@functools.cache
def _name_of(query: str) -> str:
    """Return the name that a statement carries as a comment."""
    named = _NAME.search(query)
    return named[1] if named else _UNNAMED


class _TimedCursor(psycopg.Cursor[Row]):
    """A cursor that logs slow statements, by the name that each carries as a comment."""

    slow_seconds: ClassVar[float]

    def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
        """Send a statement; inside a pipeline, one_round_trip() takes the time of all together.

        Raises DatabaseUnavailable when the current request has no time left for it.
        """
        if deadline.seconds_to_begin() <= 0:
            raise DatabaseUnavailable("the request has no time left for another statement")
        name = _name_of(query) if isinstance(query, str) else _UNNAMED
        piped = _piped.get()
        if piped is not None:
            piped.append(name)
            return super().execute(query, *arguments, **options)
        began = time.perf_counter()
        try:
            return super().execute(query, *arguments, **options)
        finally:
            self.report([name], time.perf_counter() - began)

    @classmethod
    def report(cls, names: list[str], seconds: float) -> None:
        """Log statements that took long together. Their parameters stay out of it."""
        if seconds >= cls.slow_seconds:
            metrics.SLOW_QUERIES.inc()
            log.warning("slow query", queries=names, duration_ms=round(seconds * 1000, 1))


class Connection(psycopg.Connection[Row]):
    """A connection with a time limit for answers, which notices a commit that is not replicated.

    statement_timeout is PostgreSQL's: a server that is stopped, or a network that swallows all it
    is sent, never comes to it. `answer_seconds` is ours, and a little more, so that PostgreSQL has
    the first say.

    A commit whose wait for the synchronous standby is cancelled succeeds, with a warning: then
    `unreplicated` is true.
    """

    # Settings of the session in place of those of session_settings.PINNED.
    limits: ClassVar[dict[str, str]] = {}
    answer_seconds = 12.0
    # Why the session must not be used, if it must not.
    faults: tuple[str, ...] = ()
    has_standby = False
    unreplicated = False

    def note(self, notice: Diagnostic) -> None:
        """Take notice of a warning that PostgreSQL sends along with an answer."""
        # Its text is translated, and its SQLSTATE the one of every warning.
        if notice.source_function == "SyncRepWaitForLSN":
            self.unreplicated = True

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Wait for PostgreSQL, and give the connection up for lost if no answer comes in time."""
        limit = min(
            timeout or self.answer_seconds,
            max(0.0, deadline.seconds_to_begin() + deadline.STATEMENT_SECONDS),
        )
        try:
            return super().wait(gen, interval, limit)
        except _WaitTimeout as error:
            if self.has_standby:
                self._cancel()
            # Whatever it was, an answer that came now would be taken for that of something else.
            self.pgconn.finish()
            raise psycopg.OperationalError("no answer in time") from error
        except psycopg.OperationalError as error:
            # PostgreSQL did not say it. psycopg may find the socket closed before libpq does, and
            # the connection would pass for a sound one that a statement failed on.
            if error.sqlstate is None and not isinstance(error, pg.PipelineAborted):
                self.pgconn.finish()
            raise

    def _cancel(self) -> None:
        """End a wait for the standby, which has no limit, and which no lost client ends.

        Each would keep a process of the server, until nobody could connect. What such a commit
        leaves visible is shown to nobody before it is replicated. Done beside us: a silent server
        does not answer this either.
        """
        if _cancelling.acquire(blocking=False):
            Thread(target=_send_cancel, args=[self.pgconn.get_cancel()], daemon=True).start()


class ServingConnection(Connection):
    """A connection for requests: somebody waits for each answer."""

    limits = session_settings.SERVING
    answer_seconds = deadline.STATEMENT_SECONDS


def _send_cancel(request: PGcancel) -> None:
    try:
        request.cancel()
    except psycopg.Error as error:
        log.warning("a wait for the standby goes on", reason=_describe(error))
    finally:
        _cancelling.release()


def refusal(conninfo: Secret[str]) -> str | None:
    """Return libpq's own reason why a database cannot be reached; None if it can."""
    try:
        psycopg.connect(**connection_parameters(conninfo)).close()
    except psycopg.Error as error:
        # Of a parameter that psycopg itself reads, too: connect_timeout=soon.
        return " ".join(str(error).split())
    return None


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
        self._accept_unfit = accept_unfit
        self._name = name
        self._max_size = max_size
        self._timeout_seconds = timeout_seconds
        self._parameters: dict[str, Any] = {
            **connection_parameters(conninfo),
            "autocommit": True,
            "row_factory": dict_row,
            "cursor_factory": type(
                "_Cursor", (_TimedCursor,), {"slow_seconds": slow_query_seconds}
            ),
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
        whether an earlier attempt did (services/audit_trail.py). What that attempt left visible is
        replicated before `work` sees it. A database that is silent is asked only once.

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
            except _CONFLICTS as error:
                if attempt >= _CONFLICT_ATTEMPTS:
                    raise LockTimeout(_describe(error)) from error
                # Apart by a random while, so that the same two do not meet again.
                time.sleep(random.uniform(0, 0.01 * attempt))
            except _ConnectionLost as lost:
                attempted = self._once_replicated(work)
                # The others are probably gone too. To ask them would take as long again for each.
                self._pool.drain()
                silent = lost.error.sqlstate is None
                late = silent and time.monotonic() - began > _RETRY_SECONDS
                if attempt >= _ATTEMPTS or late:
                    raise _meaning(lost.error) or lost.error from lost.error
            except (PoolTimeout, PoolClosed) as error:
                raise DatabaseUnavailable(_describe(error)) from error
            except psycopg.Error as error:
                raise _meaning(error) or error from error
        raise AssertionError("unreachable: the last attempt returns or raises")

    def wait_until_replicated(self, written: datetime | None = None) -> None:
        """Wait until what was written at that time, and is visible, is on the standby too.

        `written` is the database's time; None means whatever is visible now. Costs nothing without
        a synchronous standby, or for what is known to be there. Not for use inside of run(): it
        takes a connection. Raises DatabaseUnavailable.
        """
        if not self.replication.covers(written):
            self.run(self.replication.wait)

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
                    raise DatabaseUnavailable(connection.faults[0])
                yield connection
        finally:
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
        connection.has_standby = self.replication.has_standby
        self._connecting_since = None

    def _begin_anew(self, pool: ConnectionPool[Connection]) -> None:
        """Have the pool go on trying: it stops after a while, and starts only for new work."""
        if not pool.get_stats()["pool_available"]:
            # With no connection to check, this asks for one.
            pool.check()

    @staticmethod
    def _attempt(work: Callable[[Connection], T], connection: Connection) -> T:
        try:
            result = work(connection)
        except _STALE as error:
            connection.close()
            raise _ConnectionLost(error) from error
        except psycopg.Error as error:
            if connection.broken:
                raise _ConnectionLost(error) from error
            raise
        if connection.unreplicated:
            connection.close()
            raise _ConnectionLost(pg.OperatorIntervention("a commit was not replicated"))
        return result


class _ConnectionLost(Exception):
    def __init__(self, error: psycopg.Error) -> None:
        self.error = error


def set_up(connection: Connection) -> None:
    """Prepare a new connection for our use.

    Behind a pooler in transaction mode, give the role these settings as well (docs/scaling.md).

    psycopg numbers the statements that it prepares, in every connection from 0. A pooler that does
    not know of them may lend us the session in which another connection of ours prepared that
    number: PostgreSQL would run its statement for ours. A number that nobody else has is refused
    there instead, and run() goes on elsewhere.
    """
    connection._prepared._prepared_idx = secrets.randbits(62)  # noqa: SLF001
    connection.faults = session_settings.apply(connection, connection.limits)


@contextmanager
def one_round_trip(
    connection: Connection, *, begin: bool = True, commit: bool = True
) -> Iterator[None]:
    """Send the statements of a transaction in one network round trip (psycopg's pipeline mode).

    They must not need each other's results: PostgreSQL answers all of them together. If one fails,
    none of them happened, and the pool rolls back what was begun. A transaction that needs two
    round trips leaves out `commit` in the first, and `begin` in the second.

    Not connection.transaction(), which waits for the answers to its begin and to its commit.
    """
    names: list[str] = []
    token = _piped.set(names)
    began = time.perf_counter()
    try:
        with connection.pipeline():
            if begin:
                connection.execute("begin")
            yield
            if commit:
                # PostgreSQL skips this, like everything else, after a statement that failed.
                connection.execute("commit")
    finally:
        _piped.reset(token)
        if issubclass(connection.cursor_factory, _TimedCursor):
            connection.cursor_factory.report(
                [name for name in names if name != _UNNAMED], time.perf_counter() - began
            )


@contextmanager
def patient(connection: Connection) -> Iterator[None]:
    """Wait as long for answers inside as a transaction may that sets a longer statement_timeout."""
    usual = connection.answer_seconds
    connection.answer_seconds = _PATIENT_ANSWER_SECONDS
    try:
        yield
    finally:
        connection.answer_seconds = usual


@contextmanager
def one_snapshot(connection: Connection) -> Iterator[None]:
    """Have all statements inside see the same state of the database, and write nothing.

    If one fails, the pool rolls back what was begun.
    """
    connection.execute("begin isolation level repeatable read, read only")
    yield
    connection.execute("commit")


def _meaning(error: psycopg.Error) -> ServiceUnavailable | None:
    """Translate a database error by its SQLSTATE; None means that it is our bug."""
    if isinstance(error, pg.LockNotAvailable):
        return LockTimeout(_describe(error))
    if isinstance(error, pg.ForeignKeyViolation):
        # The one that a request can meet: wallets are sealed under active secrets alone.
        return SecretMismatch("ENCRYPTION_SECRET was retired: set the one that succeeded it")
    if isinstance(error, pg.InsufficientPrivilege):
        return DatabaseUnavailable(
            "the role in the database may not do this: commands need the owner's DATABASE_URL, "
            "and the service what queries/roles.sql grants"
        )
    if isinstance(error, (pg.DataCorrupted, pg.IndexCorrupted)):
        return DatabaseDamaged(_describe(error))
    if error.sqlstate is None:
        # libpq's own: it could not connect, or the connection went away.
        unavailable = isinstance(error, psycopg.OperationalError)
    else:
        unavailable = error.sqlstate.startswith(_UNAVAILABLE)
    return DatabaseUnavailable(_describe(error)) if unavailable else None


def _describe(error: Exception) -> str:
    """Name an error without its text: a DETAIL carries whole rows."""
    sqlstate = getattr(error, "sqlstate", None)
    name = type(error).__name__ + (f" {sqlstate}" if sqlstate else "")
    return f"the database cannot answer ({name})"
