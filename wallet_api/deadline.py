"""The deadline of the current request.

A request may wait for a thread, for a connection, and for each statement. Each wait has its own
timeout. The deadline limits their sum. It counts from the arrival of the request, and no statement
is started if its timeout could end after the deadline.

Commands and background threads have no deadline.
"""

import math
import time
from contextvars import ContextVar

ANSWER_SECONDS = 9.0
"""The deadline in seconds after the arrival. The documentation promises ten seconds."""

STATEMENT_SECONDS = 4.5
"""Timeout in seconds of one statement of a request."""

_BEGIN_SECONDS = ANSWER_SECONDS - STATEMENT_SECONDS
# A request that waited long for a thread may still start one statement.
_LATE_SECONDS = 0.5

_arrived_at: ContextVar[float | None] = ContextVar("_arrived_at", default=None)
_begin_by: ContextVar[float] = ContextVar("_begin_by", default=math.inf)


def start(arrived_at: float, *, overdue: bool) -> None:
    """Set the deadline of the request that this thread processes next.

    `arrived_at` is a value of time.monotonic(). An `overdue` request must not wait at all.
    """
    now = time.monotonic()
    _arrived_at.set(arrived_at)
    _begin_by.set(now if overdue else max(arrived_at + _BEGIN_SECONDS, now + _LATE_SECONDS))


def arrived_at() -> float:
    """Return when the current request arrived, or the current time if that is unknown."""
    arrived = _arrived_at.get()
    return time.monotonic() if arrived is None else arrived


def seconds_left() -> float:
    """Return the seconds left to start a statement, or infinity outside of a request."""
    return _begin_by.get() - time.monotonic()
