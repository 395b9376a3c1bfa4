"""The machines of a Citus cluster: which one stores a row, and a cap on waits for each."""

import math
import time
from bisect import bisect_right
from collections.abc import Iterable
from threading import Lock
from typing import Any

import psycopg

from wallet_api import metrics
from wallet_api.database import sql
from wallet_api.database.sql import Row
from wallet_api.errors import DatabaseUnavailable

DISTRIBUTION_COLUMN = "fid"
"""The column whose value decides on which machine a row is. A parameter of this name is a value."""

_SLOW_SECONDS = 0.5
_QUERIES = sql.load("machines")


class Machines:
    """The machines of a cluster, and the connections in use for each. A single server has none.

    The coordinator answers for all machines, so that an unresponsive one looks like a slow
    statement. Without a cap, requests for its rows would occupy every thread of the process, also
    threads that could serve rows of other machines.
    """

    def __init__(self, pool: str, cap: int) -> None:
        """At most `cap` connections may wait for a machine or a value without an answer."""
        self._pool = pool
        self._cap = cap
        self._lock = Lock()
        # The first hash of each shard, in order, and the machine that the shard is on.
        self._shards: tuple[list[int], list[int]] = ([], [])
        # By machine: the start and the value of each connection's current work on it.
        self._active: dict[int, dict[psycopg.Connection[Any], tuple[float, int]]] = {}
        # By machine: the time of its last quick answer.
        self._answered: dict[int, float] = {}
        self._slow: set[int] = set()

    def read_shards(self, connection: psycopg.Connection[Row]) -> None:
        """Read the locations of the shards on a new connection: an outage may have moved them."""
        shards = _list_shards(connection) if _is_cluster(connection) else []
        self._shards = (
            [shard["first_hash"] for shard in shards],
            [shard["machine"] for shard in shards],
        )

    def enter(self, connection: psycopg.Connection[Any], value: int) -> None:
        """Count a connection, until leave(), for the machine of this distribution value.

        Raises DatabaseUnavailable if too many connections already wait for the machine.
        """
        first_hashes, machines = self._shards
        if not machines:
            return
        machine = machines[bisect_right(first_hashes, hash_of(value)) - 1]
        now = time.monotonic()
        with self._lock:
            active = self._active.setdefault(machine, {})
            if connection in active:
                return
            waiting = self._update_slow(machine, active.values(), now)
            if machine in self._slow:
                count = len(active)
            else:
                count = sum(one == value for _, one in active.values()) if value in waiting else 0
            if count >= self._cap:
                metrics.POOL_REFUSALS.labels(self._pool).inc()
                raise DatabaseUnavailable("too many requests wait for the machine of these rows")
            active[connection] = now, value

    def leave(self, connection: psycopg.Connection[Any]) -> None:
        """Record that a connection's work has ended."""
        now = time.monotonic()
        with self._lock:
            for machine, active in self._active.items():
                if connection not in active:
                    continue
                work = list(active.values())
                since, _ = active.pop(connection)
                if now - since <= _SLOW_SECONDS:
                    self._answered[machine] = now
                    self._slow.discard(machine)
                else:
                    self._update_slow(machine, work, now)

    def _update_slow(self, machine: int, work: Iterable[tuple[float, int]], now: float) -> set[int]:
        """Mark a machine as slow if work on two values waits for long and none was quick recently.

        If work on only one value waits, the cause may be a lock. Return the values.
        """
        answered = self._answered.get(machine, -math.inf)
        waiting = {value for since, value in work if now - max(since, answered) > _SLOW_SECONDS}
        if len(waiting) > 1:
            self._slow.add(machine)
        return waiting


def _is_cluster(connection: psycopg.Connection[Row]) -> bool:
    return bool(_QUERIES.is_cluster(connection))


def _list_shards(connection: psycopg.Connection[Row]) -> list[Row]:
    return list(_QUERIES.list_shards(connection))


def hash_of(value: int) -> int:
    """Return PostgreSQL's hashint8() of a positive number, by which Citus chooses the shard.

    See hash_bytes_uint32() in src/common/hashfn.c: Bob Jenkins' lookup3.
    """
    word = (value ^ value >> 32) & 0xFFFFFFFF
    start = (0x9E3779B9 + 4 + 3923095) & 0xFFFFFFFF
    a, b, c = (start + word) & 0xFFFFFFFF, start, start
    c = ((c ^ b) - _rotate(b, 14)) & 0xFFFFFFFF
    a = ((a ^ c) - _rotate(c, 11)) & 0xFFFFFFFF
    b = ((b ^ a) - _rotate(a, 25)) & 0xFFFFFFFF
    c = ((c ^ b) - _rotate(b, 16)) & 0xFFFFFFFF
    a = ((a ^ c) - _rotate(c, 4)) & 0xFFFFFFFF
    b = ((b ^ a) - _rotate(a, 14)) & 0xFFFFFFFF
    c = ((c ^ b) - _rotate(b, 24)) & 0xFFFFFFFF
    return c - 0x100000000 if c & 0x80000000 else c


def _rotate(word: int, bits: int) -> int:
    return (word << bits | word >> (32 - bits)) & 0xFFFFFFFF
