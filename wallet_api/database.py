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
from threading import BoundedSemaphore
from typing import Any, ClassVar, NoReturn, TypeVar

import psycopg
import structlog
from psycopg import errors as pg
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import _WaitTimeout
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from wallet_api import deadline, metrics
from wallet_api.crypto.secret import Secret
from wallet_api.errors import (
    AuditLogBlocked,
    DatabaseDamaged,
    DatabaseUnavailable,
    LockTimeout,
    SecretMismatch,
    ServiceUnavailable,
)

Row = dict[str, Any]
T = TypeVar("T")

_ATTEMPTS = 4
# Of many who append to one user's chain at once, one at a time gets through.
_CONFLICT_ATTEMPTS = 24
# Work that a silent database has kept for longer is not begun again: somebody waits for the answer.
_RETRY_SECONDS = 3.0
# The same for the longest statement_timeout of any transaction.
_PATIENT_ANSWER_SECONDS = 620.0
_CONNECT_SECONDS = 3
# After so long without a connection, work is refused at once: an attempt has failed by then, even
# one that nobody answered. A restart that is shorter is a wait, and no error.
_OUTAGE_SECONDS = float(_CONNECT_SECONDS)
# How often the pool tries to connect while it cannot, and work that waits looks whether to go on.
_RECONNECT_SECONDS = 1.0
_LOOK_SECONDS = 0.25
# What the URL does not say itself.
_DEFAULTS: dict[str, Any] = {
    "connect_timeout": _CONNECT_SECONDS,
    "fallback_application_name": "wallet-api",
    "keepalives_idle": 10,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
# PostgreSQL undid the work: somebody else was in the way, or appended to the same chain first.
_CONFLICTS = (pg.SerializationFailure, pg.DeadlockDetected, pg.UniqueViolation)
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
    """A connection that waits for no answer for ever.

    statement_timeout is PostgreSQL's: a server that is stopped, or a network that swallows all it
    is sent, never comes to it. `answer_seconds` is ours, and a little more, so that PostgreSQL has
    the first say.
    """

    statement_timeout = "10s"
    lock_timeout = "5s"
    answer_seconds = 12.0

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Wait for PostgreSQL, and give the connection up for lost if no answer comes in time."""
        limit = min(
            timeout or self.answer_seconds,
            max(0.0, deadline.seconds_to_begin() + deadline.STATEMENT_SECONDS),
        )
        try:
            return super().wait(gen, interval, limit)
        except _WaitTimeout as error:
            # Whatever it was, an answer that came now would be taken for that of something else.
            self.pgconn.finish()
            raise psycopg.OperationalError("no answer in time") from error
        except psycopg.OperationalError as error:
            # PostgreSQL did not say it. psycopg may find the socket closed before libpq does, and
            # the connection would pass for a sound one that a statement failed on.
            if error.sqlstate is None and not isinstance(error, pg.PipelineAborted):
                self.pgconn.finish()
            raise


class ServingConnection(Connection):
    """A connection for requests: somebody waits for each answer."""

    statement_timeout = "4s"
    lock_timeout = "2s"
    answer_seconds = deadline.STATEMENT_SECONDS


def refusal(conninfo: Secret[str]) -> str | None:
    """Return libpq's own reason why a database cannot be reached; None if it can."""
    parameters = {**_DEFAULTS, **conninfo_to_dict(conninfo.reveal())}
    try:
        psycopg.connect(**parameters).close()
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
    ) -> None:
        """`name` tells this pool from others in logs and metrics; slower statements are logged.

        With `max_waiting`, work beyond that many waiting for a connection is refused at once.
        """
        self._name = name
        self._max_size = max_size
        self._timeout_seconds = timeout_seconds
        self._parameters: dict[str, Any] = {
            **_DEFAULTS,
            **conninfo_to_dict(conninfo.reveal()),
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

    def run(self, work: Callable[[Connection], T], *, repeatable: bool) -> T:
        """Run `work` on a pooled connection and return its result.

        Serialization failures, deadlocks and unique violations are retried: PostgreSQL undid that
        attempt, and the next one sees who was first. A lost connection leaves the outcome unknown,
        so `work` is run again only if it is `repeatable`: twice must mean the same as once. A
        database that is silent is asked once only.

        Raises DatabaseUnavailable when no connection is to be had within the pool's timeout, or at
        once while the database cannot be reached; when a statement runs into its time limit; when
        the request that this is for has no time left; or when the database cannot do its work.
        """
        began = time.monotonic()
        for attempt in itertools.count(1):
            try:
                with self._place(), self._connection() as connection:
                    return self._attempt(work, connection)
            except _CONFLICTS as error:
                if attempt >= _CONFLICT_ATTEMPTS:
                    raise _meaning(error) or error from error
                # Apart by a random while, so that the same two do not meet again.
                time.sleep(random.uniform(0, 0.01 * attempt))
            except _ConnectionLost as lost:
                # The others are probably gone too. To ask them would take as long again for each.
                self._pool.drain()
                silent = lost.error.sqlstate is None
                late = silent and time.monotonic() - began > _RETRY_SECONDS
                if attempt >= _ATTEMPTS or late or not (repeatable or lost.nothing_happened):
                    raise _meaning(lost.error) or lost.error from lost.error
            except (PoolTimeout, PoolClosed) as error:
                raise DatabaseUnavailable(_describe(error)) from error
            except psycopg.Error as error:
                raise _meaning(error) or error from error
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
                yield connection
        finally:
            self._lent.discard(connection)
            self._pool.putconn(connection)

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
        _set_up(connection)
        self._connecting_since = None

    def _begin_anew(self, pool: ConnectionPool[Connection]) -> None:
        """Have the pool go on trying: it stops after a while, and starts only for new work."""
        if not pool.get_stats()["pool_available"]:
            # With no connection to check, this asks for one.
            pool.check()

    @staticmethod
    def _attempt(work: Callable[[Connection], T], connection: Connection) -> T:
        try:
            return work(connection)
        except _STALE as error:
            connection.close()
            raise _ConnectionLost(error, nothing_happened=True) from error
        except psycopg.Error as error:
            if connection.broken:
                raise _ConnectionLost(error, nothing_happened=False) from error
            raise


class _ConnectionLost(Exception):
    def __init__(self, error: psycopg.Error, *, nothing_happened: bool) -> None:
        self.error = error
        self.nothing_happened = nothing_happened


def _set_up(connection: Connection) -> None:
    """Let no statement wait for ever, times come in UTC, and what a name means be ours alone.

    A thread that hangs in a statement is lost to every other request. A date at the end of its
    range has no local time in every zone. A commit is answered when it is stored, whatever the role
    was given. A temporary table stands before others of its name unless pg_temp is last, and only
    last, in search_path (a pooler's session may have been set up before). Behind a pooler in
    transaction mode, give the role these settings instead (alter role … set).

    psycopg numbers the statements that it prepares, in every connection from 0. A pooler that does
    not know of them may lend us the session in which another connection of ours prepared that
    number: PostgreSQL would run its statement for ours. A number that nobody else has is refused
    there instead, and run() goes on elsewhere.
    """
    connection._prepared._prepared_idx = secrets.randbits(62)  # noqa: SLF001
    connection.execute(
        "select set_config('statement_timeout', %s, false),"
        " set_config('lock_timeout', %s, false), set_config('timezone', 'UTC', false),"
        " case current_setting('synchronous_commit') when 'off'"
        " then set_config('synchronous_commit', 'on', false) end,"
        " set_config('search_path', concat_ws(', ', ("
        "select string_agg(element[1], ', ' order by place)"
        """ from regexp_matches(current_setting('search_path'), '"(?:[^"]|"")*"|[^\\s,"]+', 'g')"""
        " with ordinality as named (element, place)"
        """ where element[1] <> '"pg_temp"' and lower(element[1]) <> 'pg_temp'"""
        "), 'pg_temp'), false)",
        [connection.statement_timeout, connection.lock_timeout],
    )


@contextmanager
def one_round_trip(connection: Connection) -> Iterator[None]:
    """Send a whole transaction, from begin to commit, in one network round trip.

    Statements inside must not need each other's results: PostgreSQL answers all of them together,
    after the commit. If one fails, none of them happened (psycopg's pipeline mode), and the pool
    rolls back what was begun.

    Not connection.transaction(), which waits for the answers to its begin and to its commit.
    """
    names: list[str] = []
    token = _piped.set(names)
    began = time.perf_counter()
    try:
        with connection.pipeline():
            connection.execute("begin")
            yield
            # PostgreSQL skips this, like everything else, behind a statement that failed.
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
    if isinstance(error, pg.UniqueViolation):
        # However often it looks again, something stands where the next audit entry belongs.
        return AuditLogBlocked("a user's audit chain takes no entry: run `wallet-api audit verify`")
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
