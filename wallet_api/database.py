"""The connection pool, the one-round-trip transaction, and what a database error means.

The transaction rule: connections are in autocommit; a service that needs several statements to hold
together says so with `connection.transaction()` or `one_round_trip(connection)`. Repositories never
commit. Nothing outside the database is called while a transaction is open.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg import errors as pg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from wallet_api.crypto.secret import Secret
from wallet_api.errors import DatabaseUnavailable, LockTimeout

Row = dict[str, Any]
Connection = psycopg.Connection[Row]
T = TypeVar("T")

_ATTEMPTS = 4
_CONFLICTS = (pg.SerializationFailure, pg.DeadlockDetected)
# The SQLSTATE classes and codes that say "not now" rather than "our bug".
_UNAVAILABLE = (
    "08",  # connection exception
    "40",  # transaction rollback, after the retries
    "53",  # insufficient resources: disk full, out of memory, too many connections
    "55",  # object not in prerequisite state, lock not available
    "57",  # operator intervention: shutdown, cancelled, cannot connect now
    "58",  # system error: I/O
    "XX",  # internal error: corruption
    "25006",  # read only: a former primary
    "28",  # the role may not log in
    "3D",  # no such database
    "42501",  # the role lacks a privilege
    "42P01",  # no such table: migrations have not run
    "42703",  # no such column: migrations have not run
)


class Database:
    """A bounded pool of connections to PostgreSQL.

    Built closed, so that it can be made before gunicorn forks; open() it in each worker.
    """

    def __init__(
        self, conninfo: Secret[str], *, min_size: int, max_size: int, timeout_seconds: float
    ) -> None:
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            conninfo.reveal(),
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "connect_timeout": 5,
                "fallback_application_name": "wallet-api",
            },
            min_size=min_size,
            max_size=max_size,
            timeout=timeout_seconds,
            open=False,
        )

    def open(self) -> None:
        """Start connecting in the background. A database that is down is no reason to stop."""
        self._pool.open(wait=False)

    def close(self) -> None:
        """Close every connection, once the requests that use them are done."""
        self._pool.close()

    def run(self, work: Callable[[Connection], T], *, repeatable: bool) -> T:
        """Run `work` on a pooled connection and return its result.

        Serialization failures and deadlocks are retried: PostgreSQL undid that attempt. A lost
        connection leaves the outcome unknown, so `work` is run again only if it is `repeatable`:
        twice must mean the same as once.

        Raises DatabaseUnavailable when the database cannot answer within the pool's timeout.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._pool.connection() as connection:
                    return self._attempt(work, connection)
            except _CONFLICTS as error:
                if attempt == _ATTEMPTS:
                    raise DatabaseUnavailable(_describe(error)) from error
                # Apart by a random while, so that the same two do not meet again.
                time.sleep(random.uniform(0, 0.02 * attempt))
            except _ConnectionLost as lost:
                if not repeatable or attempt == 2:
                    raise DatabaseUnavailable(_describe(lost.error)) from lost.error
                # The others in the pool are probably gone too: have them replaced first.
                self._pool.check()
            except (PoolTimeout, PoolClosed, TooManyRequests) as error:
                raise DatabaseUnavailable(_describe(error)) from error
            except psycopg.Error as error:
                refusal = _meaning(error)
                if refusal is None:
                    raise
                raise refusal from error
        raise AssertionError("unreachable: the last attempt returns or raises")

    @staticmethod
    def _attempt(work: Callable[[Connection], T], connection: Connection) -> T:
        try:
            return work(connection)
        except psycopg.Error as error:
            if connection.broken:
                raise _ConnectionLost(error) from error
            raise


class _ConnectionLost(Exception):
    def __init__(self, error: psycopg.Error) -> None:
        self.error = error


@contextmanager
def one_round_trip(connection: Connection) -> Iterator[None]:
    """Send a whole transaction, from begin to commit, in one network round trip.

    Statements inside must not need each other's results: PostgreSQL answers all of them together,
    after the commit. If one fails, none of them happened (psycopg's pipeline mode).

    Not connection.transaction(), which waits for the answers to its begin and to its commit.
    """
    try:
        with connection.pipeline():
            connection.execute("begin")
            yield
            # PostgreSQL skips this, like everything else, behind a statement that failed.
            connection.execute("commit")
    except BaseException:
        if not connection.closed:
            connection.rollback()
        raise


def _meaning(error: psycopg.Error) -> DatabaseUnavailable | None:
    """Translate a database error by its SQLSTATE; None means that it is our bug."""
    if isinstance(error, pg.LockNotAvailable):
        return LockTimeout(_describe(error))
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
