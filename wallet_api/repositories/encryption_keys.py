"""The tables `encryption_keys` and `active_…`. Queries: queries/encryption_keys.sql."""

from psycopg import errors as pg

from wallet_api.database import sql
from wallet_api.models import EncryptionKey
from wallet_api.repositories import Repository

_QUERIES = sql.load("encryption_keys")


class KeyInUse(Exception):
    """A row of `wallets` or another table refers to the secret."""


class EncryptionKeyRepository(Repository):
    """The registered secrets of this database, and which of them are active."""

    def list_keys(self) -> list[EncryptionKey]:
        """Return all registered secrets, in the order of registration."""
        return [EncryptionKey(**row) for row in _QUERIES.list_keys(self._connection)]

    def may_register(self) -> bool:
        """Return whether our role in the database may register a secret."""
        return bool(_QUERIES.may_register(self._connection))

    def query_shards_sequentially(self) -> None:
        """Allow this transaction to write to these tables after it queried a whole cluster."""
        _QUERIES.query_shards_sequentially(self._connection)

    def insert_if_absent(
        self, key_id: str, *, succeeds: str | None, sealed_audit_root: str | None
    ) -> None:
        """Register a secret, unless it is known or another one was first."""
        _QUERIES.insert_if_absent(
            self._connection,
            key_id=key_id,
            succeeds=succeeds,
            sealed_audit_root=sealed_audit_root,
        )

    def activate(self, key_id: str) -> None:
        """Allow wallets to be encrypted with a registered secret."""
        _QUERIES.activate(self._connection, key_id=key_id)

    def lock_active(self, key_id: str) -> bool:
        """Prevent the retirement of a secret in this transaction; False if it is not active."""
        return _QUERIES.lock_active(self._connection, key_id=key_id) is not None

    def retire(self, key_id: str) -> bool:
        """Retire a secret: no wallet can be encrypted with it. Return whether it was active.

        Raises KeyInUse while any foreign key refers to it.
        """
        try:
            return _QUERIES.retire(self._connection, key_id=key_id) is not None
        except pg.ForeignKeyViolation as error:
            raise KeyInUse from error

    def count_wallets(self) -> dict[str, int]:
        """Return how many keys are encrypted with each secret."""
        rows = _QUERIES.count_wallets(self._connection)
        return {row["key_id"]: row["wallets"] for row in rows}
