"""By when the current request must be answered, whatever it waits for.

Each wait has a limit of its own: for a thread, for a connection, for each statement. A request may
meet all of them, one after the other. The deadline bounds their sum: time counts from the arrival
of the request, and no statement begins so late that its limit would end after the deadline.

Commands, and threads that work for no request, have no deadline.
"""

import math
import time
from contextvars import ContextVar

ANSWER_SECONDS = 9.0
"""When the last wait of a request ends, after its arrival. Clients are promised ten seconds."""

STATEMENT_SECONDS = 3.5
"""How long a request waits for one answer of the database."""

_BEGIN_SECONDS = ANSWER_SECONDS - STATEMENT_SECONDS
# For a request that waited longer than that for a thread, in a crowd on a healthy database.
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
    """Return when the current request arrived; without a worker that knows, it arrives now."""
    arrived = _arrived_at.get()
    return time.monotonic() if arrived is None else arrived


def seconds_to_begin() -> float:
    """Return for how long the current request may still begin a statement; infinity for no one."""
    return _begin_by.get() - time.monotonic()
