"""Connections to PostgreSQL: the pool, transactions, retries, and what an error means.

The transaction rule: connections are in autocommit. A service that needs several statements to hold
together says so with `connection.transaction()` or `one_round_trip(connection)`. Repositories never
commit. Nothing outside the database is called while a transaction is open.
"""

from wallet_api.database.connections import (
    Connection,
    Row,
    ServingConnection,
    connection_error,
    set_up,
)
from wallet_api.database.faults import Conflict
from wallet_api.database.pool import Database
from wallet_api.database.transactions import one_round_trip, one_snapshot, patient

__all__ = [
    "Conflict",
    "Connection",
    "Database",
    "Row",
    "ServingConnection",
    "connection_error",
    "one_round_trip",
    "one_snapshot",
    "patient",
    "set_up",
]
