"""The secrets of a database: what is sealed under each, and letting one go."""

from dataclasses import dataclass
from datetime import datetime

from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection, Database, long_transaction
from wallet_api.errors import SecretMismatch
from wallet_api.repositories.encryption_keys import EncryptionKeyRepository, KeyInUse
from wallet_api.services.audit.verify import audit_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretStatus:
    """A secret that this database knows, and what is still sealed under it.

    `state` is "current", "previous" (this configuration can open its keys), "missing" (it cannot),
    or "retired".
    """

    key_id: str
    state: str
    wallets: int
    succeeds: str | None
    created_at: datetime


class SecretStillInUse(Exception):
    """A secret that wallets need cannot be retired. The message says how many do."""


class KnownSecrets:
    """The secrets of a database: which are in use, and letting one go."""

    def __init__(
        self, database: Database, encryption: EncryptionService, *, wallets_in_files: bool
    ) -> None:
        """`wallets_in_files` says that wallet files are in use, whose secrets are not counted."""
        self._database = database
        self._encryption = encryption
        self._wallets_in_files = wallets_in_files

    def status(self) -> list[SecretStatus]:
        """Return every secret that the database knows, in the order of their coming."""

        def look(connection: Connection) -> list[SecretStatus]:
            with long_transaction(connection):
                return self.status_on(connection)

        return self._database.run(look)

    def status_on(self, connection: Connection) -> list[SecretStatus]:
        """Do what status() does, within the time limits of a connection that is at hand."""
        keys = EncryptionKeyRepository(connection)
        counts = keys.count_wallets()
        return [
            SecretStatus(
                key_id=key.key_id,
                state=self._state(key.key_id, active=key.active),
                wallets=counts.get(key.key_id, 0),
                succeeds=key.succeeds,
                created_at=key.created_at,
            )
            for key in keys.list_keys()
        ]

    def list_unneeded(self) -> list[str]:
        """Return the retired secrets that are configured all the same, by their key ids.

        Without those that the audit log needs. Empty where wallet files are in use, which may need
        any.
        """
        if self._wallets_in_files:
            return []
        ours = self._encryption.audit_keys
        known = self._database.run(
            lambda connection: EncryptionKeyRepository(connection).list_keys()
        )
        retired = [key.key_id for key in known if key.key_id in ours and not key.active]
        return [key_id for key_id in retired if not self.audit_log_needs(key_id)]

    def audit_log_needs(self, key_id: str) -> bool:
        """Tell whether what was written under a secret cannot be verified without it.

        The current one leads to those that it succeeded, and to no others.
        """
        current = self._encryption.key_id
        mine = {current: self._encryption.audit_keys[current]}
        return key_id not in self._database.run(lambda connection: audit_keys(connection, mine))

    def retire(self, key_id: str) -> bool:
        """Let no wallet be sealed under a secret any more; tell whether one could be until now.

        PostgreSQL itself refuses while one is (the foreign key), whoever seals at that moment.
        Raises SecretStillInUse, also for the current secret, and SecretMismatch if the current one
        is not the database's: then nobody would be left to seal.
        """
        if key_id == self._encryption.key_id:
            raise SecretStillInUse("It is the current ENCRYPTION_SECRET.")
        if self._wallets_in_files:
            raise SecretStillInUse(
                "Wallet files may be sealed under it: import them, and set WALLET_STORAGE=postgres "
                "everywhere first."
            )

        def retire(connection: Connection) -> bool | None:
            with long_transaction(connection):
                keys = EncryptionKeyRepository(connection)
                return keys.retire(key_id) if keys.hold_active(self._encryption.key_id) else None

        try:
            retired = self._database.run(retire)
        except KeyInUse as error:
            wallets = {one.key_id: one.wallets for one in self.status()}[key_id]
            raise SecretStillInUse(
                f"It still seals keys ({wallets}): run `wallet-api keys rotate` first."
                if wallets
                else "It seals no key in `wallets`, and another table refers to it, such as "
                "`wallets_whole` of queries/operations/partitions.sql: drop that one first."
            ) from error
        if retired is None:
            raise SecretMismatch(
                "this ENCRYPTION_SECRET may seal no key here", "run `wallet-api keys rotate` first"
            )
        return retired

    def _state(self, key_id: str, *, active: bool) -> str:
        if not active:
            return "retired"
        if key_id == self._encryption.key_id:
            return "current"
        return "previous" if key_id in self._encryption.audit_keys else "missing"
