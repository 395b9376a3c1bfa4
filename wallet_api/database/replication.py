"""Checks, by the write-ahead log, that visible rows survive a failover or a restore.

- A visible row may be missing on the synchronous standby, after a restart of the primary or a
  canceled wait of its commit.
- A restored or promoted database may lack writes that were acknowledged.
"""

import mmap
import struct
from collections.abc import Callable, Iterable

from psycopg import errors as pg

from wallet_api import metrics
from wallet_api.alarms import alarm
from wallet_api.database import sql
from wallet_api.database.connections import Connection
from wallet_api.database.sql import Row
from wallet_api.errors import DatabaseWentBack

# The offsets in the shared memory of: the position (bytes) of the last acknowledged write, the oid
# of the database, and 1 after it went back. Each is written separately, so that no process
# overwrites another value.
_NUMBER = struct.Struct("Q")
_POSITION, _DATABASE, _WENT_BACK = 0, 8, 16
# An id (32 bits) that is not among this many after the confirmed one counts as older. A
# confirmation expires after half as many transactions, long before their ids wrap around.
_ID_RANGE = 2**30
_EXPIRES = _ID_RANGE // 2

_QUERIES = sql.load("replication")


class Replication:
    """The state of the write-ahead log, as seen by the processes of one service.

    The highest acknowledged position is shared with processes that are forked later.
    """

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 3 * _NUMBER.size)
        # Whether commits wait for a synchronous standby, according to the newest connection.
        self.has_standby = False
        # Every transaction of this history before this one is replicated.
        self._confirmed: tuple[object, int] | None = None

    def read_state(self, connection: Connection) -> None:
        """Read the state of the database on a new connection, and detect if it went back."""
        # Read these first: other threads and processes may acknowledge more meanwhile.
        acknowledged, confirmed = self._read(_POSITION), self._confirmed
        state = _read_state(connection)
        self.has_standby = connection.has_standby = state["has_standby"]
        if state["wal_position"] is None:
            return
        connection.history = state["timeline"], state["database_oid"]
        # A restored database continues at an earlier id. The pool connects at least every hour.
        if confirmed and not 0 <= state["next_transaction"] - confirmed[1] < _EXPIRES:
            self._confirmed = None
        if not acknowledged:
            # No acknowledged write could have been lost yet.
            self._write(_DATABASE, state["database_oid"])
        elif not self._read(_WENT_BACK):
            same = state["database_oid"] == self._read(_DATABASE)
            if not same or state["wal_position"] < acknowledged:
                self._write(_WENT_BACK, 1)
                alarm(
                    "database went back",
                    "database_went_back",
                    acknowledged_position=acknowledged,
                    position=int(state["wal_position"]),
                    same_database=same,
                )
        metrics.WENT_BACK.set(self._read(_WENT_BACK))

    def require_history(self, connection: Connection) -> None:
        """Raise DatabaseWentBack if the database has lost an acknowledged write."""
        self._refresh_after_promotion(connection)
        if self._read(_WENT_BACK):
            raise DatabaseWentBack(
                "the database is in a state from before the last acknowledged write: "
                "see docs/backup.md, then restart the service"
            )

    def position_later(self, connection: Connection) -> Callable[[], None]:
        """Query the position in a transaction; return a function that marks it as acknowledged."""
        cursor = sql.send(connection, _QUERIES.position)

        def acknowledge() -> None:
            (row,) = cursor
            self._acknowledge(int(row["wal_position"]))

        return acknowledge

    def wait_for(self, connection: Connection, transaction_ids: Iterable[int | None]) -> None:
        """Wait until the standby, if any, has the writes of these transactions.

        Call it outside of a transaction, on the connection that read the rows, in the same
        Database.run(): a promoted server may lack the rows, and has nothing to wait for. The ids
        have 32 bits, as xmin; None is that of something that is not a row.
        """
        if not all(self._is_confirmed(connection, written) for written in transaction_ids):
            self.wait(connection)

    def _is_confirmed(self, connection: Connection, transaction_id: int | None) -> bool:
        confirmed = self._confirmed
        if transaction_id is None:
            return True
        if confirmed is None or confirmed[0] != connection.history:
            return False
        return (transaction_id - confirmed[1]) % 2**32 >= _ID_RANGE

    def wait(self, connection: Connection) -> None:
        """Wait until the standby, if any, has everything that is visible now.

        A commit waits for the standby only if it wrote something, so that this writes a message of
        a few bytes.
        """
        self._refresh_after_promotion(connection)
        if not (self.has_standby or connection.has_standby):
            return
        state = _QUERIES.wait(connection)
        if state["message"] is None:
            # The server is no longer the primary: the pool replaces the connection.
            raise pg.ReadOnlySqlTransaction("the server is a standby, and cannot wait for another")
        # A canceled wait confirms nothing, nor does one while no standby is configured, which an
        # operator may change under an open connection. A transaction that is open for very long
        # keeps the oldest id too far back.
        waited = state["has_standby"] and not connection.unreplicated
        oldest = state["oldest_running"]
        if not waited or state["next_transaction"] - oldest >= _EXPIRES:
            return
        # An operator who no longer configures a standby ends the wait without a warning.
        if _read_state(connection)["has_standby"]:
            self._confirmed = connection.history, oldest

    def _refresh_after_promotion(self, connection: Connection) -> None:
        """Read the state again if the server was a standby, which may have been promoted since."""
        if connection.history is None:
            self.read_state(connection)

    def _acknowledge(self, position: int) -> None:
        if position > self._read(_POSITION):
            self._write(_POSITION, position)

    def _read(self, offset: int) -> int:
        number: int = _NUMBER.unpack_from(self._shared, offset)[0]
        return number

    def _write(self, offset: int, number: int) -> None:
        _NUMBER.pack_into(self._shared, offset, number)


def _read_state(connection: Connection) -> Row:
    state: Row = _QUERIES.read_state(connection)
    return state
