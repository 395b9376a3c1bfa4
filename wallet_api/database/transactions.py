"""Kinds of transactions: one round trip, one snapshot, long, and batch."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from wallet_api.database import sql
from wallet_api.database.connections import UNNAMED, Connection, Row, TimedCursor, pipelined

# A little more than the statement_timeout of a long transaction.
_LONG_ANSWER_SECONDS = 620.0
_QUERIES = sql.load("transactions")


@contextmanager
def one_round_trip(
    connection: Connection, *, begin: bool = True, commit: bool = True
) -> Iterator[None]:
    """Send the statements of a transaction in one network round trip (psycopg's pipeline mode).

    They must not depend on each other's results, which arrive together. If one fails, none takes
    effect, and the pool rolls back the transaction. A transaction in two round trips sets `commit`
    to False in the first, and `begin` in the second.

    connection.transaction() would wait for the results of its begin and its commit.
    """
    sent: list[tuple[str, psycopg.Cursor[Row]]] = []
    token = pipelined.set(sent)
    began = time.perf_counter()
    try:
        with connection.pipeline() as pipeline:
            if begin:
                connection.execute("begin")
            yield
            if commit:
                # PostgreSQL skips this after a failed statement.
                connection.execute("commit")
            else:
                _end_without_flush(pipeline)
    except psycopg.Error:
        # Results arrive in the order of the statements, and end with the failure.
        unanswered = (name for name, cursor in sent if cursor.pgresult is None)
        connection.failed_statement = next(unanswered, None)
        raise
    finally:
        pipelined.reset(token)
        if issubclass(connection.cursor_factory, TimedCursor):
            connection.cursor_factory.report(
                [name for name, _ in sent if name != UNNAMED], time.perf_counter() - began
            )


def _end_without_flush(pipeline: psycopg.Pipeline) -> None:
    """Have the pipeline end with its Sync message, to which PostgreSQL answers.

    psycopg sends a Flush message after it, which has no answer. PostgreSQL would then no longer end
    the session if this process pauses in the transaction (idle_in_transaction_session_timeout).
    """
    fetch = pipeline._fetch_gen  # noqa: SLF001 (psycopg offers no other way)
    pipeline._fetch_gen = lambda *, flush: fetch(flush=False)  # type: ignore[method-assign] # noqa: SLF001, ARG005


@contextmanager
def one_snapshot(connection: Connection) -> Iterator[None]:
    """Run a read-only transaction in which all statements see the same snapshot.

    If one fails, the pool rolls back the transaction.
    """
    connection.execute("begin isolation level repeatable read, read only")
    yield
    connection.execute("commit")


@contextmanager
def long_transaction(connection: Connection, *, snapshot: bool = False) -> Iterator[None]:
    """Run a transaction with a statement timeout of ten minutes, for reading whole tables.

    With `snapshot` it is one_snapshot().
    """
    previous = connection.answer_seconds
    with one_snapshot(connection) if snapshot else connection.transaction():
        _QUERIES.long_transaction(connection)
        connection.answer_seconds = _LONG_ANSWER_SECONDS
        try:
            yield
        finally:
            connection.answer_seconds = previous


@contextmanager
def batch_transaction(connection: Connection) -> Iterator[None]:
    """Run a transaction that locks rows of many users.

    PostgreSQL ends it if this process pauses for a second between two statements, because requests
    that wait for these rows time out after two seconds (lock_timeout).
    """
    with connection.transaction():
        _QUERIES.batch_transaction(connection)
        yield
