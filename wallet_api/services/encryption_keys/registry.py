"""The registered secrets of a database: their status and retirement."""

from dataclasses import dataclass
from datetime import datetime

from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection, Database
from wallet_api.errors import SecretMismatch
from wallet_api.repositories.encryption_keys import EncryptionKeyRepository, KeyInUse
from wallet_api.services.audit.verify import audit_keys
from wallet_api.services.wallet_files.storages import WalletStorage


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretStatus:
    """A registered secret, and the number of wallets that are encrypted with it.

    `state` is "current", "previous" (this configuration can decrypt its keys), "missing" (it
    cannot), or "retired".
    """

    key_id: str
    state: str
    wallets: int
    succeeds: str | None
    created_at: datetime


class SecretStillInUse(Exception):
    """A secret that is in use cannot be retired. The message says by what."""


class KnownSecrets:
    """The registered secrets of a database."""

    def __init__(
        self, database: Database, encryption: EncryptionService, storage: WalletStorage
    ) -> None:
        self._database = database
        self._encryption = encryption
        self._storage = storage

    def status(self) -> list[SecretStatus]:
        """Return all registered secrets, in the order of registration."""
        return self._database.run_long(self.status_on)

    def status_on(self, connection: Connection) -> list[SecretStatus]:
        """Do what status() does, on an open connection with its timeouts."""
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

    def list_removable(self) -> list[str]:
        """Return the key ids of configured secrets that are retired and not needed.

        Secrets that the audit log needs are not included. Empty if wallet files are served:
        they may need any secret, and are not counted.
        """
        if self._storage.uses_files:
            return []
        own_keys = self._encryption.audit_keys
        known = self._database.run(
            lambda connection: EncryptionKeyRepository(connection).list_keys()
        )
        retired = [key.key_id for key in known if key.key_id in own_keys and not key.active]
        return [key_id for key_id in retired if not self.audit_log_needs(key_id)]

    def audit_log_needs(self, key_id: str) -> bool:
        """Tell whether entries written with a secret cannot be verified without it.

        The current secret leads only to those that it succeeded.
        """
        current = self._encryption.key_id
        current_key = {current: self._encryption.audit_keys[current]}
        return key_id not in self._database.run(
            lambda connection: audit_keys(connection, current_key)
        )

    def retire(self, key_id: str) -> bool:
        """Retire a secret, so that no wallet can be encrypted with it; tell whether it was active.

        A foreign key makes PostgreSQL refuse while a wallet is encrypted with it, also under
        concurrency. Raises SecretStillInUse, also for the current secret, and SecretMismatch if
        the current one is not active in this database: then no active secret would be left.
        """
        if key_id == self._encryption.key_id:
            raise SecretStillInUse("It is the current ENCRYPTION_SECRET.")
        if self._storage.uses_files:
            raise SecretStillInUse(
                "Wallet files may be encrypted with it: import them, and set "
                "WALLET_STORAGE=postgres everywhere first."
            )

        def retire(connection: Connection) -> bool | None:
            keys = EncryptionKeyRepository(connection)
            return keys.retire(key_id) if keys.lock_active(self._encryption.key_id) else None

        try:
            retired = self._database.run_long(retire)
        except KeyInUse as error:
            wallets = {one.key_id: one.wallets for one in self.status()}[key_id]
            raise SecretStillInUse(
                f"It still encrypts keys ({wallets}): run `wallet-api keys rotate` first."
                if wallets
                else "It encrypts no key in `wallets`, but another table refers to it, such as "
                "`wallets_whole` of queries/operations/partitions.sql: drop that table first."
            ) from error
        if retired is None:
            raise SecretMismatch(
                "this ENCRYPTION_SECRET is not active in this database",
                "run `wallet-api keys rotate` first",
            )
        return retired

    def _state(self, key_id: str, *, active: bool) -> str:
        if not active:
            return "retired"
        if key_id == self._encryption.key_id:
            return "current"
        return "previous" if key_id in self._encryption.audit_keys else "missing"
