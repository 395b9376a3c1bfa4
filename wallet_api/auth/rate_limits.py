"""How often somebody may ask: sliding windows, counted in memory or in Redis.

A sliding window is the count of the current window, plus that of the one before it as far as it
still reaches into the last `window` seconds.
"""

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from limits import RateLimitItem
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from wallet_api.crypto.secret import Secret

MEMORY = "memory://"
REDIS_SECONDS = 0.3
"""How long Redis may take for one answer, and for all limits of one request together."""

_REDIS_PAUSE_SECONDS = 5
_ROUNDING_SECONDS = 0.001

log = structlog.get_logger("wallet_api")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What is left of one limit: `remaining` requests, for `seconds` more.

    Where `allowed` is false this request was one too many, and `seconds` is how long to wait.
    """

    limit: RateLimitItem
    allowed: bool
    remaining: int
    seconds: int


class _RateLimiter(Protocol):
    def hit(self, item: RateLimitItem, *identifiers: str) -> bool:
        """Count a request, unless that would exceed the limit; tell whether it was counted."""

    def get_window_stats(self, item: RateLimitItem, *identifiers: str) -> tuple[float, int]:
        """Return until when (a Unix time), and how many requests are left."""


class RateLimits:
    """Counts of requests, shared by all processes (Redis) or for this one alone (memory)."""

    def __init__(self, uri: Secret[str]) -> None:
        """`uri` is memory:// or a redis URL. Nothing is connected yet."""
        self._memory = MemoryRateLimiter()
        self._shared: _RateLimiter | None = None
        self._is_answered: Callable[[], bool] = lambda: False
        self._paused_until = 0.0
        if uri.reveal() != MEMORY:
            storage = storage_from_string(
                uri.reveal(),
                wrap_exceptions=True,
                socket_connect_timeout=REDIS_SECONDS,
                socket_timeout=REDIS_SECONDS,
            )
            self._shared = SlidingWindowCounterRateLimiter(storage)
            self._is_answered = lambda: storage.check() is True

    def are_shared(self) -> bool:
        """Tell whether Redis answers, so that all processes count together."""
        return self._is_answered()

    def hit(
        self,
        limits: Sequence[RateLimitItem],
        *identifiers: str,
        redis_seconds: float = REDIS_SECONDS,
    ) -> list[Usage]:
        """Count a request against each limit, the shortest first, and return what is left of each.

        The first one that it exceeds is the last one that it is counted against.

        A Redis that does not answer, or takes longer than `redis_seconds` for these limits
        together, is replaced by memory for a while: no request fails for it.
        """
        if self._shared is not None and time.monotonic() >= self._paused_until:
            try:
                return _hit(self._shared, limits, identifiers, seconds=redis_seconds)
            except (StorageError, TimeoutError):
                self._paused_until = time.monotonic() + _REDIS_PAUSE_SECONDS
                log.warning("rate limits are counted in memory: Redis does not answer in time")
        return _hit(self._memory, limits, identifiers)


def _hit(
    limiter: _RateLimiter,
    limits: Sequence[RateLimitItem],
    identifiers: tuple[str, ...],
    *,
    seconds: float = math.inf,
) -> list[Usage]:
    """Count a request against each limit. Raises TimeoutError if that took too many seconds."""
    began = time.monotonic()
    usages = []
    for limit in sorted(limits, key=lambda limit: limit.get_expiry()):
        allowed = limiter.hit(limit, *identifiers)
        until, remaining = limiter.get_window_stats(limit, *identifiers)
        # Past the end of the window, and not on it: that is a quotient, and rounded.
        wait = max(0, math.floor(until - time.time() + _ROUNDING_SECONDS)) + 1
        usages.append(Usage(limit=limit, allowed=allowed, remaining=remaining, seconds=wait))
        if time.monotonic() - began > seconds:
            raise TimeoutError
        if not allowed:
            break
    return usages


class MemoryRateLimiter:
    """Sliding windows of this process.

    Two dictionaries for each length of window, the current one and the one before it: at the end of
    a window the older one is dropped as a whole, so that forgetting costs nothing, however many
    users there are. (The limits library looks through all of its keys a hundred times a second.)
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current: dict[int, tuple[int, dict[str, int], dict[str, int]]] = {}

    def hit(self, item: RateLimitItem, *identifiers: str) -> bool:
        """Count a request, unless that would exceed the limit; tell whether it was counted."""
        key = item.key_for(*identifiers)
        with self._lock:
            older, newer, passed = self._windows(item.get_expiry())
            if _used(older.get(key, 0), newer.get(key, 0), passed) + 1 > item.amount:
                return False
            newer[key] = newer.get(key, 0) + 1
            return True

    def get_window_stats(self, item: RateLimitItem, *identifiers: str) -> tuple[float, int]:
        """Return until when (a Unix time), and how many requests are left.

        With none left, it is the time from which on there is one again.
        """
        key, length = item.key_for(*identifiers), item.get_expiry()
        with self._lock:
            windows = self._windows(length)
        before, now, passed = windows[0].get(key, 0), windows[1].get(key, 0), windows[2]
        remaining = max(0, item.amount - _used(before, now, passed))
        # At the end of this window; or sooner, when enough of the one before it has slid out.
        part = 1.0
        if not remaining and now < item.amount:
            part -= (item.amount - now) / before
        return time.time() + (part - passed) * length, remaining

    def _windows(self, length: int) -> tuple[dict[str, int], dict[str, int], float]:
        """Return the counts of the last window and of this one, and how much of it has passed."""
        index, passed = divmod(time.time() / length, 1)
        known, older, newer = self._current.get(length, (0, {}, {}))
        if known != index:
            older, newer = (newer if known + 1 == index else {}), {}
            self._current[length] = int(index), older, newer
        return older, newer, passed


def _used(before: int, now: int, passed: float) -> int:
    return math.floor(before * (1 - passed)) + now
