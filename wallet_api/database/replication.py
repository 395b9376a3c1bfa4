"""Whether what a database shows will still be there after a failover or a restore.

Two questions that only the write-ahead log answers:

- Is a visible row also on the synchronous standby? PostgreSQL shows a row that is not there after a
  restart of the primary, or after somebody cancelled the wait of its commit.
- Is this the database that acknowledged our last new wallet, or an earlier state of it?
"""

import mmap
import struct
from collections.abc import Callable
from typing import Any

import psycopg
import structlog

from wallet_api import metrics
from wallet_api.database.connections import Connection
from wallet_api.errors import DatabaseUnavailable, DatabaseWentBack

# At these places of the shared memory: the position (bytes) of the last acknowledged wallet, the
# oid of the database, and 1 once it went back. Each is written alone, so that nobody who writes one
# of them can undo another.
_NUMBER = struct.Struct("Q")
_POSITION, _DATABASE, _WENT_BACK = 0, 8, 16
_LOOK = (
    "select /* replication.look */"
    " current_setting('synchronous_standby_names') <> '' and not pg_is_in_recovery()"
    " as has_standby,"
    " case when not pg_is_in_recovery() then pg_current_wal_lsn() - '0/0'::pg_lsn end as position,"
    " case when not pg_is_in_recovery()"
    " then left(pg_walfile_name(pg_current_wal_lsn()), 8) end as timeline,"
    " (select mine.oid from pg_database as mine where mine.datname = current_database())"
    " as database"
)
_WAIT = (
    "select /* replication.wait */"
    " pg_snapshot_xmin(pg_current_snapshot())::text::bigint as oldest_running,"
    " case when not pg_is_in_recovery()"
    " then pg_logical_emit_message(true, 'wallet-api', '') end as message"
)
_ACKNOWLEDGE = (
    "select /* replication.position */ pg_current_wal_insert_lsn() - '0/0'::pg_lsn as position"
)
_TRANSACTION_IDS = 2**32

log = structlog.get_logger("wallet_api.database")


class Replication:
    """What the processes of one service know about the write-ahead log of their database.

    The highest acknowledged position is shared with every process that is forked later.
    """

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 3 * _NUMBER.size)
        # Whether commits wait for a synchronous standby.
        self.has_standby = False
        # Every transaction before this one is on the standby. And where that was seen.
        self._confirmed_before: int | None = None
        self._timeline: str | None = None
        # How often another server was found to have taken over.
        self.history = 0
        self._last_position = 0

    def look(self, connection: Connection) -> None:
        """Look at the database behind a new connection, and notice if it went back in time."""
        # Read before the look: other threads and processes acknowledge more all the time.
        acknowledged = self._read(_POSITION)
        seen = _row(connection.execute(_LOOK))
        self.has_standby = seen["has_standby"]
        if seen["position"] is None:
            return
        if seen["timeline"] != self._timeline or seen["position"] < self._last_position:
            # After a failover or a restore, nothing is known any more.
            self._confirmed_before = None
        if self._timeline not in (None, seen["timeline"]):
            self.history += 1
        self._timeline, self._last_position = seen["timeline"], seen["position"]
        if not acknowledged:
            # There is no new wallet yet that could have been lost.
            self._write(_DATABASE, seen["database"])
        elif not self._read(_WENT_BACK):
            same = seen["database"] == self._read(_DATABASE)
            if not same or seen["position"] < acknowledged:
                self._write(_WENT_BACK, 1)
                log.critical(
                    "database went back",
                    acknowledged_position=acknowledged,
                    position=int(seen["position"]),
                    same_database=same,
                )
        metrics.WENT_BACK.set(self._read(_WENT_BACK))

    def require_history(self) -> None:
        """Raise DatabaseWentBack if the database has lost a wallet that it acknowledged."""
        if self._read(_WENT_BACK):
            raise DatabaseWentBack(
                "the database went back to a time before the last new wallet: a user whose wallet "
                "was lost would get another address; see docs/backup.md, then restart the service"
            )

    def position_later(self, connection: Connection) -> Callable[[], None]:
        """Ask for the position in a transaction; the call remembers it as acknowledged."""
        cursor = connection.execute(_ACKNOWLEDGE)
        return lambda: self._acknowledge(int(_row(cursor)["position"]))

    def covers(self, transaction_id: int | None) -> bool:
        """Tell whether what a transaction wrote is known to be replicated.

        `transaction_id` has 32 bits, as xmin has, and is compared as PostgreSQL does. None stands
        for what is not in PostgreSQL.
        """
        if not self.has_standby or transaction_id is None:
            return True
        if self._confirmed_before is None:
            return False
        return (transaction_id - self._confirmed_before) % _TRANSACTION_IDS >= _TRANSACTION_IDS // 2

    def wait(self, connection: Connection) -> None:
        """Wait until the standby has everything that is visible now.

        A commit waits for the standby only if it wrote something: this writes a message of a few
        bytes. Without a synchronous standby there is nothing to wait for.
        """
        if not self.has_standby:
            return
        sent = _row(connection.execute(_WAIT))
        if sent["message"] is None:
            raise DatabaseUnavailable("the database is a standby: it cannot wait for one")
        # A wait that somebody cancelled confirms nothing: Database.run() takes it for lost.
        if not connection.unreplicated:
            self._confirmed_before = sent["oldest_running"]

    def _acknowledge(self, position: int) -> None:
        if position > self._read(_POSITION):
            self._write(_POSITION, position)

    def _read(self, place: int) -> int:
        number: int = _NUMBER.unpack_from(self._shared, place)[0]
        return number

    def _write(self, place: int, number: int) -> None:
        _NUMBER.pack_into(self._shared, place, number)


def _row(cursor: psycopg.Cursor[Any]) -> dict[str, Any]:
    row: dict[str, Any] | None = cursor.fetchone()
    if row is None:
        raise AssertionError("a select without a table gives one row")
    return row
