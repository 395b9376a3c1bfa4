"""Rate limits with sliding windows, counted in memory or in Redis.

A sliding window counts the current window, plus the part of the previous window that lies within
the last `window` seconds.
"""

import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from limits import RateLimitItem
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from wallet_api.crypto.secret import Secret

MEMORY = "memory://"
REDIS_SECONDS = 0.3
"""Timeout in seconds of one Redis command, and of all limits of one request together."""

_REDIS_PAUSE_SECONDS = 5
_ROUNDING_SECONDS = 0.001

# Keys: the parts of the limit that its window does not determine, and the caller's identifiers.
_Counts = dict[tuple[object, ...], int]

log = structlog.get_logger("wallet_api")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The state of one limit: `remaining` requests in the next `seconds`.

    If `allowed` is false, this request exceeded the limit, and `seconds` is the time to wait.
    """

    limit: RateLimitItem
    allowed: bool
    remaining: int
    seconds: int


class _RedisRateLimiter(SlidingWindowCounterRateLimiter):
    """Sliding windows in Redis."""

    def use(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> tuple[bool, float, int]:
        """Do what MemoryRateLimiter.use() does."""
        allowed = self.hit(item, *identifiers, cost=cost)
        return allowed, *self.get_window_stats(item, *identifiers)


class RateLimits:
    """Counts of requests, in Redis for all processes or in the memory of this process."""

    def __init__(self, uri: Secret[str]) -> None:
        """`uri` is memory:// or a Redis URL. It connects at the first request."""
        self._memory = MemoryRateLimiter()
        self._shared: _RedisRateLimiter | None = None
        self._paused_until = 0.0
        if uri.reveal() != MEMORY:
            storage = storage_from_string(
                uri.reveal(),
                wrap_exceptions=True,
                socket_connect_timeout=REDIS_SECONDS,
                socket_timeout=REDIS_SECONDS,
            )
            self._shared = _RedisRateLimiter(storage)

    def are_shared(self) -> bool:
        """Return whether Redis answers, so that all processes share the counts."""
        return self._shared is not None and self._shared.storage.check() is True

    def hit(
        self,
        limits: Sequence[RateLimitItem],
        *identifiers: str,
        redis_seconds: float = REDIS_SECONDS,
        cost: int = 1,
    ) -> list[Usage]:
        """Count a request against each limit, the shortest first, and return their states.

        It counts as `cost` requests. Counting stops at the first limit that it exceeds.

        If Redis does not answer, or takes longer than `redis_seconds` for these limits together,
        requests are counted in memory for some seconds. No request fails because of Redis.
        """
        if self._shared is not None and time.monotonic() >= self._paused_until:
            try:
                return _hit(self._shared, limits, identifiers, cost, seconds=redis_seconds)
            except (StorageError, TimeoutError):
                self._paused_until = time.monotonic() + _REDIS_PAUSE_SECONDS
                log.warning("rate limits are counted in memory: Redis does not answer in time")
        return _hit(self._memory, limits, identifiers, cost)


def _hit(
    limiter: "_RedisRateLimiter | MemoryRateLimiter",
    limits: Sequence[RateLimitItem],
    identifiers: tuple[str, ...],
    cost: int,
    *,
    seconds: float = math.inf,
) -> list[Usage]:
    """Count a request against each limit. Raises TimeoutError if it takes over `seconds`."""
    began = time.monotonic()
    usages = []
    for limit in sorted(limits, key=lambda limit: limit.get_expiry()):
        allowed, until, remaining = limiter.use(limit, *identifiers, cost=cost)
        # Round up to after the end of the window, which is a rounded quotient.
        wait = max(0, math.floor(until - time.time() + _ROUNDING_SECONDS)) + 1
        usages.append(Usage(limit=limit, allowed=allowed, remaining=remaining, seconds=wait))
        if time.monotonic() - began > seconds:
            raise TimeoutError
        if not allowed:
            break
    return usages


class MemoryRateLimiter:
    """Sliding windows in the memory of this process.

    Each window length has two dictionaries, for the current and the previous window. At the end of
    a window the older one is dropped as a whole, so that expiry is cheap with any number of users.
    (The limits library scans all of its keys 100 times a second.)
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current: dict[int, tuple[int, _Counts, _Counts]] = {}

    def use(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> tuple[bool, float, int]:
        """Count `cost` requests unless they would exceed the limit.

        Return whether they were counted, the end of the window (Unix time), and the number of
        remaining requests. If none remain, the time is when the next request is allowed.
        """
        # Not key_for(), which renders and quotes a string for Redis.
        key = (item.amount, item.multiples, *identifiers)
        length = item.get_expiry()
        with self._lock:
            older, newer, passed = self._windows(length)
            before, now = older.get(key, 0), newer.get(key, 0)
            allowed = _used(before, now, passed) + cost <= item.amount
            if allowed:
                now += cost
                newer[key] = now
        remaining = max(0, item.amount - _used(before, now, passed))
        # At the end of this window, or earlier, when enough of the previous one has slid out.
        part = 1.0
        if not remaining and now < item.amount:
            part -= (item.amount - now) / before
        return allowed, time.time() + (part - passed) * length, remaining

    def _windows(self, length: int) -> tuple[_Counts, _Counts, float]:
        """Return the counts of the previous and the current window, and its elapsed fraction."""
        index, passed = divmod(time.time() / length, 1)
        known, older, newer = self._current.get(length, (0, {}, {}))
        if known != index:
            older, newer = (newer if known + 1 == index else {}), {}
            self._current[length] = int(index), older, newer
        return older, newer, passed


def _used(before: int, now: int, passed: float) -> int:
    return math.floor(before * (1 - passed)) + now
