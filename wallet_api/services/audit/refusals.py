"""Refused key reads and signatures in the audit log, and limits on how many it records."""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace

from wallet_api.errors import ServiceUnavailable
from wallet_api.models import AuditEvent
from wallet_api.services.audit.events import AuditEvents

_WINDOW_SECONDS = 3600
_MAX_ENTRIES = 600
"""How many refusals of one caller are recorded in an hour."""

_MAX_CALLERS = 10_000
"""How many callers are remembered after their hour. Until it is over, none is forgotten."""

Key = tuple[int, str, str]
"""FID, action with its cause, and actor."""


@dataclass(slots=True)
class _Caller:
    began: float
    """When the caller's hour began (monotonic seconds)."""

    unrecorded: int = 0
    recorded: set[tuple[int, str]] = field(default_factory=set)
    """The refusals (FID, and action with its cause) that have an entry in this hour."""


class RefusalWindows:
    """Counts refusals that are not recorded, in this process.

    A refused caller can retry as often as the rate limits allow, for any user. So a caller's first
    refusal of an action for each wallet in an hour is recorded, and at most 600 of them. The
    caller's next entry counts the refusals that were not.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # In the order in which their hours began.
        self._callers: OrderedDict[str, _Caller] = OrderedDict()

    def count(self, key: Key) -> int | None:
        """Count a refusal, and return None if it must not be recorded.

        For a refusal to record, return how many of the caller's were not recorded before it.
        """
        fid, action, actor = key
        with self._lock:
            caller = self._caller(actor)
            if (fid, action) in caller.recorded or len(caller.recorded) >= _MAX_ENTRIES:
                caller.unrecorded += 1
                return None
            caller.recorded.add((fid, action))
            unrecorded, caller.unrecorded = caller.unrecorded, 0
            return unrecorded

    def reopen(self, key: Key, unrecorded: int) -> None:
        """Let the next refusal be recorded, because recording this one failed."""
        fid, action, actor = key
        with self._lock:
            caller = self._caller(actor)
            caller.recorded.discard((fid, action))
            caller.unrecorded += unrecorded + 1

    def _caller(self, actor: str) -> _Caller:
        """Return the caller's current hour, after dropping the oldest hours that have ended."""
        now = time.monotonic()
        caller = self._callers.get(actor)
        if caller is None or now >= caller.began + _WINDOW_SECONDS:
            caller = _Caller(began=now, unrecorded=caller.unrecorded if caller else 0)
            self._callers[actor] = caller
            self._callers.move_to_end(actor)
        while len(self._callers) > _MAX_CALLERS:
            oldest, found = next(iter(self._callers.items()))
            if now < found.began + _WINDOW_SECONDS:
                break
            del self._callers[oldest]
        return caller


class Refusals:
    """Records that callers were refused the use of keys."""

    def __init__(self, events: AuditEvents) -> None:
        self._events = events
        self._windows = RefusalWindows()

    def record(self, event: AuditEvent, *, cause: str = "") -> None:
        """Record that a caller was refused the use of a wallet's key.

        Within an hour, record only a caller's first refusal of an action for each wallet and
        `cause`, and at most 600 refusals of a caller; the next entry counts the others in place of
        the reason.
        """
        key = (event.fid, f"{event.action} {cause}", event.access.actor)
        unrecorded = self._windows.count(key)
        if unrecorded is None:
            return
        if unrecorded:
            reason = f"{unrecorded} more were refused since the last entry"
            event = replace(event, access=replace(event.access, reason=reason))
        try:
            self._events.record(event)
        except ServiceUnavailable:
            self._windows.reopen(key, unrecorded)
            raise
