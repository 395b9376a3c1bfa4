"""The deadline of the current request.

Each wait has its own timeout: for a thread, for a connection, for each statement. A request may
wait for all of them in turn. The deadline bounds the sum. It counts from the arrival of the
request, and a statement does not begin if its timeout could end after the deadline.

Commands, and threads that work for no request, have no deadline.
"""

import math
import time
from contextvars import ContextVar

ANSWER_SECONDS = 9.0
"""When the last wait of a request ends, after its arrival. Clients are promised ten seconds."""

STATEMENT_SECONDS = 4.5
"""How long a request waits for one answer of the database."""

_BEGIN_SECONDS = ANSWER_SECONDS - STATEMENT_SECONDS
# A request that waited long for a thread, on a healthy database, may still begin one.
_LATE_SECONDS = 0.5

_arrived_at: ContextVar[float | None] = ContextVar("_arrived_at", default=None)
_begin_by: ContextVar[float] = ContextVar("_begin_by", default=math.inf)


def start(arrived_at: float, *, overdue: bool) -> None:
    """Set the deadline of the request that this thread answers next.

    `arrived_at` is a time of time.monotonic(). An `overdue` request may not wait at all.
    """
    now = time.monotonic()
    _arrived_at.set(arrived_at)
    _begin_by.set(now if overdue else max(arrived_at + _BEGIN_SECONDS, now + _LATE_SECONDS))


def arrived_at() -> float:
    """Return when the current request arrived; now, if no worker has recorded it."""
    arrived = _arrived_at.get()
    return time.monotonic() if arrived is None else arrived


def seconds_to_begin() -> float:
    """Return the seconds left to begin a statement; infinity where no request is current."""
    return _begin_by.get() - time.monotonic()
