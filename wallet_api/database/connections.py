"""A connection: its settings, its time limits, and which of its statements were slow."""

import functools
import re
import secrets
import time
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, ClassVar, TypeVar

import psycopg
import structlog
from psycopg import capabilities
from psycopg import errors as pg
from psycopg.abc import PQGen
from psycopg.errors import Diagnostic, _WaitTimeout
from psycopg.rows import dict_row

from wallet_api import deadline, metrics
from wallet_api.crypto.secret import Secret
from wallet_api.database import session_settings
from wallet_api.database.machines import Machines
from wallet_api.database_url import connection_parameters
from wallet_api.errors import DatabaseUnavailable

Row = dict[str, Any]
T = TypeVar("T")

log = structlog.get_logger("wallet_api.database")

_CANCEL_SECONDS = 0.5
# The names and cursors of the statements that this thread has sent in a pipeline.
pipelined: ContextVar[list[tuple[str, psycopg.Cursor[Row]]] | None] = ContextVar(
    "pipelined", default=None
)
UNNAMED = "unnamed"
_NAME = re.compile(r"/\* ([\w.]+) \*/")


@functools.cache
def name_of(query: str) -> str:
    """Return the name that a statement carries as a comment."""
    named = _NAME.search(query)
    return named[1] if named else UNNAMED


class TimedCursor(psycopg.Cursor[Row]):
    """A cursor that logs slow statements, by the name that each carries as a comment."""

    slow_seconds: ClassVar[float]

    def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
        """Send a statement; inside a pipeline, one_round_trip() takes the time of all together.

        Raises DatabaseUnavailable when the current request has no time left for it.
        """
        if deadline.seconds_to_begin() <= 0:
            raise DatabaseUnavailable("the request has no time left for another statement")
        name = name_of(query) if isinstance(query, str) else UNNAMED
        if isinstance(self.connection, Connection):
            self.connection.about_to_send(str(query), *arguments)
        piped = pipelined.get()
        if piped is not None:
            piped.append((name, self))
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
    faults: tuple[DatabaseUnavailable, ...] = ()
    # Whether commits wait for a synchronous standby.
    has_standby = False
    unreplicated = False
    # The timeline and the database behind it: others after a failover or a restore.
    history: object = None
    # Whether anything but a question was sent.
    may_have_written = True
    # The name of the statement that failed last.
    failed_statement: str | None = None
    machines: Machines | None = None

    def about_to_send(self, query: str, parameters: Any = None, *_: Any) -> None:
        """Note what a statement will do, and for which user.

        Raises DatabaseUnavailable if too many others wait for the machine of that user.
        """
        if not query.startswith("select"):
            self.may_have_written = True
        fid = parameters.get("fid") if isinstance(parameters, dict) else None
        # Batches have a list there.
        if self.machines is not None and isinstance(fid, int):
            self.machines.enter(self, fid)

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
            try:
                if self.has_standby:
                    self._cancel()
            finally:
                # An answer that came now would be taken for the one of another statement.
                self.pgconn.finish()
            raise psycopg.OperationalError("no answer in time") from error
        except psycopg.OperationalError as error:
            # PostgreSQL did not say it. psycopg may find the socket closed before libpq does, and
            # the connection would pass for a sound one that a statement failed on.
            if error.sqlstate is None and not isinstance(error, pg.PipelineAborted):
                self.pgconn.finish()
            raise

    def _cancel(self) -> None:
        """End a wait for the standby, which has no limit, and which goes on without its client.

        Each would keep a process of the server, until nobody could connect. The row that such a
        commit leaves visible is shown to nobody before it is replicated. A server that is silent
        does not answer this either. (Without libpq's own time limit, psycopg would stop every
        thread of the process.)
        """
        if capabilities.has_cancel_safe():
            with suppress(psycopg.Error):
                self.cancel_safe(timeout=_CANCEL_SECONDS)


class ServingConnection(Connection):
    """A connection for requests: somebody waits for each answer."""

    limits = session_settings.SERVING
    answer_seconds = deadline.STATEMENT_SECONDS


def connect(conninfo: Secret[str]) -> Connection:
    """Open a connection that belongs to no pool. Raises DatabaseUnavailable with libpq's reason."""
    try:
        connection = Connection.connect(
            **connection_parameters(conninfo), autocommit=True, row_factory=dict_row
        )
        set_up(connection)
    except psycopg.Error as error:
        # Of a parameter that psycopg itself reads, too: connect_timeout=soon.
        first_line = str(error).partition("\n")[0]
        raise DatabaseUnavailable(f"cannot connect to the database: {first_line}") from error
    if connection.faults:
        connection.close()
        raise connection.faults[0]
    return connection


def connection_error(conninfo: Secret[str]) -> str | None:
    """Return libpq's own reason why a database cannot be reached; None if it can."""
    try:
        psycopg.connect(**connection_parameters(conninfo)).close()
    except psycopg.Error as error:
        # Of a parameter that psycopg itself reads, too: connect_timeout=soon.
        return " ".join(str(error).split())
    return None


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
