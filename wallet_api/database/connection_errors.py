"""Why PostgreSQL refuses a connection: the SQLSTATE, which libpq does not report.

A wrong password, a missing database and a full server all raise OperationalError without a
SQLSTATE, and the text of the error is in the language of the server. libpq's trace of the protocol
contains the SQLSTATE.
"""

import os
import re
import select
import sys
import time

import psycopg
from psycopg import pq

from wallet_api.errors import DatabaseUnavailable

_ATTEMPT_SECONDS = 1.0
_ERROR = re.compile(
    rb'^B\t\d+\tErrorResponse\t S "[^"]*" V "[^"]*" C "([0-9A-Z]{5})"', re.MULTILINE
)
_WAITING = (pq.PollingStatus.READING, pq.PollingStatus.WRITING)
# The beginnings of SQLSTATEs, and the code of the alarm.
_ALARMS = {"28": "password_refused", "53300": "too_many_connections"}


def with_sqlstate(error: psycopg.OperationalError, conninfo: str) -> psycopg.Error:
    """Return an error of a failed attempt to connect as the class of its SQLSTATE, if it has one.

    This makes another attempt, with a trace. psycopg supports traces only on Linux.
    """
    if isinstance(error, psycopg.errors.ConnectionTimeout) or sys.platform != "linux":
        return error
    sqlstate = _refused_with(conninfo)
    try:
        kind = psycopg.errors.lookup(sqlstate or "")
    except KeyError:
        return error
    return kind(str(error))


def unreachable(error: psycopg.Error | None, description: str | None = None) -> DatabaseUnavailable:
    """Return the domain error for a database to which every attempt to connect fails.

    `error` is that of the last attempt. `description` says why, for a command; requests get the
    advice to run a command that does.
    """
    sqlstate = (error and error.sqlstate) or ""
    alarm = next(
        (code for start, code in _ALARMS.items() if sqlstate.startswith(start)),
        "database_unreachable",
    )
    fault = description or (describe(error) if error else "the database cannot answer")
    return DatabaseUnavailable(
        f"the database cannot be reached: {fault}",
        None if description else "`wallet-api doctor` says why",
        alarm=alarm,
    )


def in_one_line(error: psycopg.Error) -> str:
    """Return the text of an error of an attempt to connect, which contains no rows, in one line.

    libpq indents a question, such as "Is the server running on that host?", which is left out.
    After the last of several attempts, psycopg lists all of them.
    """
    lines = [line for line in str(error).splitlines() if line.strip() and line[0] != "\t"]
    attempts = [line[2:] for line in lines if line.startswith("- ")]
    return "; ".join(" ".join(line.split()) for line in attempts or lines)


def describe(error: Exception) -> str:
    """Describe an error without its text, because its DETAIL may contain whole rows."""
    sqlstate = getattr(error, "sqlstate", None)
    name = type(error).__name__ + (f" {sqlstate}" if sqlstate else "")
    return f"the database cannot answer ({name})"


def _refused_with(conninfo: str) -> str | None:
    """Return the SQLSTATE with which the server ends an attempt to connect, or None."""
    until = time.monotonic() + _ATTEMPT_SECONDS
    # In memory, because the trace contains the answers to authentication requests.
    with os.fdopen(os.memfd_create("trace"), "rb") as trace:
        attempt = pq.PGconn.connect_start(conninfo.encode())
        try:
            attempt.trace(trace.fileno())
            attempt.set_trace_flags(pq.Trace.SUPPRESS_TIMESTAMPS)
            # The order of libpq's state machine: it first wants to write.
            polled: int = pq.PollingStatus.WRITING
            while polled in _WAITING and attempt.status != pq.ConnStatus.BAD:
                # Not select(), which refuses file descriptors from 1024 on.
                waiting = select.poll()
                reads = polled == pq.PollingStatus.READING
                waiting.register(attempt.socket, select.POLLIN if reads else select.POLLOUT)
                left = until - time.monotonic()
                if not waiting.poll(max(0, left) * 1000):
                    return None
                polled = attempt.connect_poll()
            attempt.untrace()
        finally:
            attempt.finish()
        trace.seek(0)
        found = _ERROR.findall(trace.read())
    return found[-1].decode() if found else None
