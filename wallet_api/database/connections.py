"""Connections: settings, timeouts, and the log of slow statements."""

import functools
import re
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, ClassVar, Self, TypeVar

import psycopg
import structlog
from psycopg import capabilities
from psycopg import errors as pg
from psycopg.abc import PQGen
from psycopg.conninfo import make_conninfo
from psycopg.errors import Diagnostic, _WaitTimeout
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from wallet_api import deadline, metrics
from wallet_api.crypto.secret import Secret
from wallet_api.database import session_settings
from wallet_api.database.connection_errors import in_one_line, unreachable, with_sqlstate
from wallet_api.database.machines import DISTRIBUTION_COLUMN, Machines
from wallet_api.database_url import connection_parameters
from wallet_api.errors import DatabaseUnavailable

Row = dict[str, Any]
T = TypeVar("T")

log = structlog.get_logger("wallet_api.database")

_CANCEL_SECONDS = 0.5
# Parameters of psycopg's connect() that are not libpq's.
_OF_PSYCOPG = {"autocommit", "context", "cursor_factory", "prepare_threshold", "row_factory"}
# The names and cursors of the statements that this thread has sent in the current pipeline.
pipelined: ContextVar[list[tuple[str, psycopg.Cursor[Row]]] | None] = ContextVar(
    "pipelined", default=None
)
UNNAMED = "unnamed"
_NAME = re.compile(r"/\* ([\w.]+) \*/")


@functools.cache
def name_of(query: str) -> str:
    """Return the name in a statement's comment."""
    named = _NAME.search(query)
    return named[1] if named else UNNAMED


class TimedCursor(psycopg.Cursor[Row]):
    """A cursor that logs slow statements by name."""

    slow_seconds: ClassVar[float]

    def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
        """Send a statement and time it; in a pipeline, one_round_trip() times all together.

        Raises DatabaseUnavailable if the current request has no time left for it.
        """
        if deadline.seconds_left() <= 0:
            raise DatabaseUnavailable("the request has no time left for another statement")
        name = name_of(query) if isinstance(query, str) else UNNAMED
        if isinstance(self.connection, Connection):
            self.connection.before_statement(str(query), *arguments)
        in_pipeline = pipelined.get()
        if in_pipeline is not None:
            in_pipeline.append((name, self))
            return super().execute(query, *arguments, **options)
        began = time.perf_counter()
        try:
            return super().execute(query, *arguments, **options)
        except psycopg.Error:
            if isinstance(self.connection, Connection):
                self.connection.failed_statement = name
            raise
        finally:
            self.report([name], time.perf_counter() - began)

    @classmethod
    def report(cls, names: list[str], seconds: float) -> None:
        """Log slow statements, without their parameters."""
        if seconds >= cls.slow_seconds:
            metrics.SLOW_QUERIES.inc()
            log.warning("slow query", queries=names, duration_ms=round(seconds * 1000, 1))


class Connection(psycopg.Connection[Row]):
    """A connection with a client-side timeout that detects commits that are not replicated.

    A stopped server, or a network that drops packets, never applies statement_timeout. Therefore
    `answer_seconds` is a timeout on our side, slightly longer, so that PostgreSQL's comes first.

    A commit whose wait for the synchronous standby is canceled succeeds with a warning. Then
    `unreplicated` is true.
    """

    # Settings of the session that replace those of session_settings.PINNED.
    limits: ClassVar[dict[str, str]] = {}
    answer_seconds = 12.0
    # The reasons why the session must not be used, if any.
    faults: tuple[DatabaseUnavailable, ...] = ()
    # Whether commits wait for a synchronous standby.
    has_standby = False
    unreplicated = False
    # The timeline and the database: they differ after a failover or a restore.
    history: object = None
    # Whether anything but a select was sent.
    may_have_written = True
    # The name of the statement that failed last.
    failed_statement: str | None = None
    machines: Machines | None = None

    @classmethod
    def connect(  # type: ignore[override]
        cls,
        conninfo: str = "",
        *,
        on_refusal: Callable[[psycopg.Error], None] = lambda _: None,
        **parameters: Any,
    ) -> Self:
        """Connect. Raise the class of the SQLSTATE with which the server refuses, if it sent one.

        `on_refusal` is called with an error before it is raised.
        """
        try:
            return super().connect(conninfo, **parameters)
        except psycopg.Error as error:
            exact = error
            if isinstance(error, psycopg.OperationalError):
                libpq = {name: one for name, one in parameters.items() if name not in _OF_PSYCOPG}
                exact = with_sqlstate(error, make_conninfo(conninfo, **libpq))
            on_refusal(exact)
            raise exact from error

    def before_statement(self, query: str, parameters: Any = None, *_: Any) -> None:
        """Record whether a statement may write, and on which machine of a cluster its rows are.

        Raises DatabaseUnavailable if too many connections wait for that machine.
        """
        if not query.startswith("select"):
            self.may_have_written = True
        if self.machines is not None and isinstance(parameters, dict):
            value = parameters.get(DISTRIBUTION_COLUMN)
            # In batches it is a list.
            if isinstance(value, int):
                self.machines.enter(self, value)

    def note(self, notice: Diagnostic) -> None:
        """Handle a warning from PostgreSQL."""
        # Its text is translated, and its SQLSTATE is that of every warning.
        if notice.source_function == "SyncRepWaitForLSN":
            self.unreplicated = True

    def commit(self) -> None:
        """Commit the transaction, if there is one. psycopg would take a lock to find out."""
        if self.pgconn.transaction_status != TransactionStatus.IDLE:
            super().commit()

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Wait for PostgreSQL, and close the connection if no answer comes in time."""
        limit = min(
            timeout or self.answer_seconds,
            max(0.0, deadline.seconds_left() + deadline.STATEMENT_SECONDS),
        )
        try:
            return super().wait(gen, interval, limit)
        except _WaitTimeout as error:
            try:
                if self.has_standby:
                    self._cancel()
            finally:
                # A late answer would be taken for that of another statement.
                self.pgconn.finish()
            raise psycopg.OperationalError("no answer in time") from error
        except psycopg.OperationalError as error:
            # The error does not come from PostgreSQL. psycopg may notice a closed socket before
            # libpq does, and the connection would still count as open.
            if error.sqlstate is None and not isinstance(error, pg.PipelineAborted):
                self.pgconn.finish()
            raise

    def _cancel(self) -> None:
        """Cancel a wait for the standby, which has no timeout and continues without its client.

        Each wait would occupy a backend, until no connection is left. A row that such a commit
        makes visible is not returned before it is replicated. A server that does not respond does
        not answer this either. (Without libpq's own timeout, psycopg would block every thread of
        the process.)
        """
        if capabilities.has_cancel_safe():
            with suppress(psycopg.Error):
                self.cancel_safe(timeout=_CANCEL_SECONDS)


class ServingConnection(Connection):
    """A connection for requests, with shorter timeouts."""

    limits = session_settings.SERVING
    answer_seconds = deadline.STATEMENT_SECONDS


def connect(conninfo: Secret[str]) -> Connection:
    """Open a connection outside the pool. Raises DatabaseUnavailable with libpq's reason."""
    try:
        connection = Connection.connect(
            **connection_parameters(conninfo), autocommit=True, row_factory=dict_row
        )
        set_up(connection)
    except psycopg.Error as error:
        # Also for a parameter that psycopg reads itself, such as connect_timeout=soon.
        raise unreachable(error, in_one_line(error)) from error
    if connection.faults:
        connection.close()
        raise connection.faults[0]
    return connection


def connection_error(conninfo: Secret[str]) -> DatabaseUnavailable | None:
    """Return why a database cannot be reached, with libpq's reason; None if it can."""
    try:
        Connection.connect(**connection_parameters(conninfo)).close()
    except psycopg.Error as error:
        # Also for a parameter that psycopg reads itself, such as connect_timeout=soon.
        return unreachable(error, in_one_line(error))
    return None


def set_up(connection: Connection) -> None:
    """Apply our settings to a new connection.

    Behind a pooler in transaction mode, the role needs these settings too (docs/scaling.md).

    psycopg numbers prepared statements from 0 in every connection. A pooler that does not track
    them may assign a session in which another connection has prepared the same number, and
    PostgreSQL would run the wrong statement. A random first number makes PostgreSQL reject the
    statement instead, and run() retries on another connection.
    """
    connection._prepared._prepared_idx = secrets.randbits(62)  # noqa: SLF001
    connection.faults = session_settings.apply(connection, connection.limits)
