"""Connections to PostgreSQL: the pool, transactions, retries, and translation of errors.

The transaction rule: connections are in autocommit. A service that needs a transaction uses
`connection.transaction()` or `one_round_trip(connection)`. Repositories never commit. Nothing
outside the database is called while a transaction is open.
"""

from wallet_api.database.connections import (
    Connection,
    Row,
    ServingConnection,
    connect,
    connection_error,
    set_up,
)
from wallet_api.database.faults import Conflict, translate_violation
from wallet_api.database.pool import Database
from wallet_api.database.transactions import (
    batch_transaction,
    long_transaction,
    one_round_trip,
    one_snapshot,
)

__all__ = [
    "Conflict",
    "Connection",
    "Database",
    "Row",
    "ServingConnection",
    "batch_transaction",
    "connect",
    "connection_error",
    "long_transaction",
    "one_round_trip",
    "one_snapshot",
    "set_up",
    "translate_violation",
]
