"""Repositories, the only callers of SQL: one class per file in queries/, on one connection.

They never commit, and return dataclasses, lists or None.
"""

from wallet_api.database import Connection


class Repository:
    """The queries of one file, on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
