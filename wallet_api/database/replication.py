"""Whether what a database shows will still be there after a failover or a restore.

Two questions that only the write-ahead log answers:

- Is a visible row also on the synchronous standby? PostgreSQL shows a row that is not there after a
  restart of the primary, or after somebody cancelled the wait of its commit.
- Is this the database that acknowledged our last write, or an earlier state of it?
"""

import mmap
import struct
from collections.abc import Callable, Iterable
from typing import Any

import psycopg
import structlog
from psycopg import errors as pg

from wallet_api import metrics
from wallet_api.database.connections import Connection
from wallet_api.errors import DatabaseWentBack

# At these places of the shared memory: the position (bytes) of the last acknowledged write, the
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
    " pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next_transaction,"
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

# What is confirmed is forgotten after so many transactions, long before their ids of 32 bits come
# again.
_SOON = 2**30

log = structlog.get_logger("wallet_api.database")


class Replication:
    """What the processes of one service know about the write-ahead log of their database.

    The highest acknowledged position is shared with every process that is forked later.
    """

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 3 * _NUMBER.size)
        # Whether commits wait for a synchronous standby, as the newest connection saw it.
        self.has_standby = False
        # Every transaction of this history before this one is replicated.
        self._confirmed: tuple[object, int] | None = None

    def look(self, connection: Connection) -> None:
        """Look at the database behind a new connection, and notice if it went back in time."""
        # Read before the look: other threads and processes acknowledge more all the time.
        acknowledged, confirmed = self._read(_POSITION), self._confirmed
        seen = _row(connection.execute(_LOOK))
        self.has_standby = connection.has_standby = seen["has_standby"]
        if seen["position"] is None:
            return
        connection.history = seen["timeline"], seen["database"]
        # A restore begins again at an earlier id. Connections, and so looks, come every hour.
        if confirmed and not 0 <= seen["next_transaction"] - confirmed[1] < _SOON:
            self._confirmed = None
        if not acknowledged:
            # There is no write yet that could have been lost.
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

    def require_history(self, connection: Connection) -> None:
        """Raise DatabaseWentBack if the database has lost a write that it acknowledged."""
        self._look_again(connection)
        if self._read(_WENT_BACK):
            raise DatabaseWentBack(
                "the database went back to a time before the last acknowledged write: "
                "see docs/backup.md, then restart the service"
            )

    def position_later(self, connection: Connection) -> Callable[[], None]:
        """Ask for the position in a transaction; the call remembers it as acknowledged."""
        cursor = connection.execute(_ACKNOWLEDGE)
        return lambda: self._acknowledge(int(_row(cursor)["position"]))

    def wait_for(self, connection: Connection, transaction_ids: Iterable[int | None]) -> None:
        """Wait until the standby has what these transactions wrote, if there is a standby.

        To be called outside of a transaction, on the connection that read the rows, and inside of
        the Database.run() that read them: a server that took over in between may lack them, and
        has nothing to wait for. The ids have 32 bits, as xmin has; None stands for what is not in
        PostgreSQL.
        """
        if not all(self._is_confirmed(connection, one) for one in transaction_ids):
            self.wait(connection)

    def _is_confirmed(self, connection: Connection, transaction_id: int | None) -> bool:
        confirmed = self._confirmed
        if transaction_id is None:
            return True
        if confirmed is None or confirmed[0] != connection.history:
            return False
        # They wrap around. What does not come soon after is older, be it by 2^31 or more.
        return (transaction_id - confirmed[1]) % 2**32 >= _SOON

    def wait(self, connection: Connection) -> None:
        """Wait until the standby has everything that is visible now, if there is a standby.

        A commit waits for the standby only if it wrote something: this writes a message of a few
        bytes.
        """
        self._look_again(connection)
        if not (self.has_standby or connection.has_standby):
            return
        sent = _row(connection.execute(_WAIT))
        if sent["message"] is None:
            # It was the primary, or another one has a standby: the pool replaces the connection.
            raise pg.ReadOnlySqlTransaction("the server is a standby, which cannot wait for one")
        # If somebody cancelled the wait, it confirms nothing.
        if not connection.unreplicated:
            self._confirmed = connection.history, sent["oldest_running"]

    def _look_again(self, connection: Connection) -> None:
        """Look again at a server that was a standby before, which may have been promoted since."""
        if connection.history is None:
            self.look(connection)

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
