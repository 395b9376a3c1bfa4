"""Which refused key reads the audit log records: the first of each hour, and how many followed."""

import threading
import time
from collections import OrderedDict

_WINDOW_SECONDS = 3600
# A refusal whose window was forgotten is recorded again.
_MAX_WINDOWS = 10_000

Key = tuple[int, str, str]
"""FID, chain and actor."""


class RefusalWindows:
    """Counts refusals that are not recorded, in this process.

    Nobody may delete from the audit log, and a caller who is refused can ask as often as the rate
    limits allow. So of one caller's refusals for one wallet the first in an hour is recorded, and
    the next one that is recorded says how many came between.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # When the window began (monotonic seconds), and how many were not recorded since.
        self._windows: OrderedDict[Key, tuple[float, int]] = OrderedDict()

    def count(self, key: Key) -> int | None:
        """Count a refusal; return how many were not recorded before it, or None if it is not."""
        now = time.monotonic()
        with self._lock:
            began, unrecorded = self._windows.get(key, (None, 0))
            if began is not None and now < began + _WINDOW_SECONDS:
                self._windows[key] = began, unrecorded + 1
                return None
            self._windows[key] = now, 0
            self._windows.move_to_end(key)
            if len(self._windows) > _MAX_WINDOWS:
                self._windows.popitem(last=False)
            return unrecorded

    def reopen(self, key: Key, unrecorded: int) -> None:
        """Have the next refusal be recorded, because this one was not after all."""
        with self._lock:
            _, since = self._windows.get(key, (0.0, 0))
            self._windows[key] = -float(_WINDOW_SECONDS), unrecorded + 1 + since
