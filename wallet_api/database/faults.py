"""Translation of database errors, by SQLSTATE or by the name of the violated constraint."""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors as pg

from wallet_api.database.connections import Connection
from wallet_api.database.refusals import describe
from wallet_api.errors import DatabaseDamaged, DatabaseUnavailable, LockTimeout, ServiceUnavailable

# PostgreSQL rejected the statement and did nothing; another connection would accept it.
STALE = (
    pg.ReadOnlySqlTransaction,  # this server is no longer the primary
    pg.FeatureNotSupported,  # a migration changed the columns of a prepared statement
    pg.InvalidSqlStatementName,  # a pooler assigned a session without our prepared statements
    pg.DuplicatePreparedStatement,  # or one with those of another connection
)
# The SQLSTATE classes and codes of an unavailable database; all others are our bugs.
_UNAVAILABLE = (
    "08",  # connection exception
    "25P03",  # idle_in_transaction_session_timeout: our process was paused
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
# The constraints of a partition (t_7_pkey) and of a Citus shard (t_pkey_102008) have a number in
# their names.
_NUMBER = re.compile(r"_\d+(?=_|$)")


class Conflict(Exception):
    """Another transaction was first. Database.run() retries the work."""


# Errors after which work is rolled back because of another transaction, and retried.
CONFLICTS = (pg.SerializationFailure, pg.DeadlockDetected, Conflict)


def to_domain_error(error: psycopg.Error) -> ServiceUnavailable | None:
    """Translate a database error by its SQLSTATE; None means that it is our bug."""
    if isinstance(error, pg.LockNotAvailable):
        return LockTimeout(describe(error))
    if isinstance(error, pg.InsufficientPrivilege):
        return DatabaseUnavailable(
            "the role in the database may not do this",
            "commands need the owner's DATABASE_URL, "
            "and the service needs the rights that queries/operations/roles.sql grants",
            alarm="rights_missing",
        )
    if isinstance(error, (pg.DataCorrupted, pg.IndexCorrupted)):
        return DatabaseDamaged(describe(error))
    if error.sqlstate is None:
        # An error of libpq: it could not connect, the connection was lost, or no answer came.
        if isinstance(error, psycopg.OperationalError):
            return DatabaseUnavailable(describe(error), alarm="database_unreachable")
        return None
    unavailable = error.sqlstate.startswith(_UNAVAILABLE)
    return DatabaseUnavailable(describe(error)) if unavailable else None


@contextmanager
def translate_violation(
    domain_error: Exception,
    violation: type[pg.IntegrityError],
    *,
    connection: Connection,
    constraint: str,
    statements: Collection[str],
) -> Iterator[None]:
    """Raise `domain_error` if a statement inside violates this constraint; re-raise other errors.

    Citus does not report the name of a constraint on another machine. There, a violation of this
    kind by one of `statements` counts as one of this constraint.
    """
    try:
        yield
    except violation as error:
        name = error.diag.constraint_name
        if name is None:
            matches = connection.failed_statement in statements
        else:
            matches = constraint in (name, _NUMBER.sub("", name))
        if not matches:
            raise
        raise domain_error from error
