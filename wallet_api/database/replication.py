"""Whether what a database shows will still be there after a failover or a restore.

Two questions that only the write-ahead log answers:

- Is a visible row also on the synchronous standby? PostgreSQL shows a row that is not there after a
  restart of the primary, or after somebody cancelled the wait of its commit.
- Is this the database that acknowledged our last new wallet, or an earlier state of it?
"""

import mmap
import struct
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
import structlog

from wallet_api import metrics
from wallet_api.errors import DatabaseUnavailable, DatabaseWentBack

# Longer than any of our transactions lasts: what carries an older time was committed before.
_LONGEST_TRANSACTION = timedelta(minutes=2)
# Position (bytes), oid of the database, and 1 once it went back.
_KNOWN = struct.Struct("QQQ")
_LOOK = (
    "select /* replication.look */"
    " current_setting('synchronous_standby_names') <> '' as has_standby,"
    " case when not pg_is_in_recovery() then pg_current_wal_lsn() - '0/0'::pg_lsn end as position,"
    " (select mine.oid from pg_database as mine where mine.datname = current_database())"
    " as database"
)
_BARRIER = (
    "select /* replication.wait */ clock_timestamp() as now, case when not pg_is_in_recovery()"
    " then pg_logical_emit_message(true, 'wallet-api', '') - '0/0'::pg_lsn end as position"
)
_POSITION = (
    "select /* replication.position */ pg_current_wal_insert_lsn() - '0/0'::pg_lsn as position"
)

log = structlog.get_logger("wallet_api.database")


class Replication:
    """What the processes of one service know about the write-ahead log of their database.

    The highest acknowledged position is shared with every process that is forked later.
    """

    def __init__(self) -> None:
        self._known = mmap.mmap(-1, _KNOWN.size)
        # Whether commits wait for a synchronous standby.
        self.has_standby = False
        self._confirmed_before: datetime | None = None

    def look(self, connection: psycopg.Connection[Any]) -> None:
        """Look at the database behind a new connection, and notice if it went back in time."""
        # Read before the look: other threads and processes acknowledge more all the time.
        acknowledged, database, went_back = _KNOWN.unpack_from(self._known)
        seen = _row(connection.execute(_LOOK))
        self.has_standby = seen["has_standby"]
        if not acknowledged:
            # There is no new wallet yet that could have been lost.
            self._remember(0, seen["database"], 0)
        elif not went_back and seen["position"] is not None:
            same = seen["database"] == database
            if not same or seen["position"] < acknowledged:
                self._remember(acknowledged, database, 1)
                metrics.WENT_BACK.set(1)
                log.critical(
                    "database went back",
                    acknowledged_position=acknowledged,
                    position=int(seen["position"]),
                    same_database=same,
                )

    def require_history(self) -> None:
        """Raise DatabaseWentBack if the database has lost something that it acknowledged."""
        if _KNOWN.unpack_from(self._known)[2]:
            raise DatabaseWentBack(
                "the database went back to a time before the last new wallet: a user whose wallet "
                "was lost would get another address; see docs/backup.md, then restart the service"
            )

    def position_later(self, connection: psycopg.Connection[Any]) -> Callable[[], None]:
        """Ask for the position in a transaction; the call remembers it as acknowledged."""
        cursor = connection.execute(_POSITION)
        return lambda: self._acknowledge(_row(cursor)["position"])

    def covers(self, written: datetime | None) -> bool:
        """Tell whether what was written at that time (None: just now) is known to be replicated."""
        if not self.has_standby:
            return True
        if written is None or self._confirmed_before is None:
            return False
        return written < self._confirmed_before

    def wait(self, connection: psycopg.Connection[Any]) -> None:
        """Wait until the standby has everything that is visible now.

        A commit waits for the standby only if it wrote something: this writes a message of a few
        bytes. Without a synchronous standby there is nothing to wait for.
        """
        if not self.has_standby:
            return
        sent = _row(connection.execute(_BARRIER))
        if sent["position"] is None:
            raise DatabaseUnavailable("the database is a standby: it cannot confirm anything")
        self._confirmed_before = sent["now"] - _LONGEST_TRANSACTION
        self._acknowledge(sent["position"])

    def _acknowledge(self, position: int) -> None:
        acknowledged, database, went_back = _KNOWN.unpack_from(self._known)
        if position > acknowledged:
            self._remember(int(position), database, went_back)

    def _remember(self, acknowledged: int, database: int, went_back: int) -> None:
        _KNOWN.pack_into(self._known, 0, acknowledged, database, went_back)


def _row(cursor: psycopg.Cursor[Any]) -> dict[str, Any]:
    row: dict[str, Any] | None = cursor.fetchone()
    if row is None:
        raise AssertionError("a select without a table gives one row")
    return row
