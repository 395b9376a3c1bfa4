"""The table `encryption_keys`. Queries: queries/encryption_keys.sql."""

from wallet_api.database import Connection
from wallet_api.repositories import sql

_QUERIES = sql.load("encryption_keys")


class EncryptionKeyRepository:
    """Which secrets this database's keys were ever sealed under."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_ids(self) -> set[str]:
        """Return the ids of all registered secrets."""
        return {row["key_id"] for row in _QUERIES.list_ids(self._connection)}

    def insert_if_absent(self, key_id: str, *, succeeds: str | None) -> None:
        """Register a secret, unless it is known or another one was first."""
        _QUERIES.insert_if_absent(self._connection, key_id=key_id, succeeds=succeeds)
