"""Does our ENCRYPTION_SECRET belong to this database? Nothing is written until it does."""

import threading

import structlog

from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection, Database
from wallet_api.errors import SecretMismatch
from wallet_api.repositories.encryption_keys import EncryptionKeyRepository
from wallet_api.repositories.postgres import PostgresWalletRepository
from wallet_api.services.file_store import FileStore

log = structlog.get_logger("wallet_api")


class SealingSecret:
    """The bond between a process's secret and the database it works on.

    The first secret that seals a key in a database owns it. Another joins only by naming a known
    one in ENCRYPTION_SECRET_PREVIOUS. So a process with a wrong secret can do no harm, and two
    processes with different secrets cannot both begin an empty database: a unique index decides.
    """

    def __init__(
        self, database: Database, encryption: EncryptionService, store: FileStore | None = None
    ) -> None:
        """`store` is the folder of wallet files, where the service works with one."""
        self._database = database
        self._encryption = encryption
        self._store = store
        self._registered = threading.Event()

    def check(self) -> None:
        """Raise SecretMismatch if this database's keys were sealed under secrets we do not have.

        Raises StorageUnavailable too, where wallet files are needed and cannot be used.
        """
        known = self._database.run(self._succeeds, repeatable=True)
        if self._store is not None:
            self._store.check(database_in_use=known is not None)

    def register(self) -> None:
        """Make our secret one of the database's, before the first write of this process.

        Raises what check() raises. Key ids are never removed, so that once is enough.
        """
        if not self._registered.is_set():
            self._database.run(self.register_on, repeatable=True)

    def register_on(self, connection: Connection) -> None:
        """Do what register() does, on a connection that is at hand."""
        if self._registered.is_set():
            return
        known = self._succeeds(connection)
        if self._store is not None:
            self._store.prepare(database_in_use=known is not None)
        if known != self._encryption.key_id:
            self._register(connection)
        self._registered.set()

    def _succeeds(self, connection: Connection) -> str | None:
        """Return the registered key id that ours is or follows; None on a database without keys."""
        keys = EncryptionKeyRepository(connection)
        known = keys.list_ids()
        sealed = not known and PostgresWalletRepository(connection).any_sealed()
        if sealed:
            # Somebody may have begun this database between our two questions.
            known = keys.list_ids()
        if self._encryption.key_id in known:
            return self._encryption.key_id
        older = known & self._encryption.previous_key_ids
        if older:
            return min(older)
        if known or sealed:
            # For the log alone: /readyz is public, and a key id lets a guessed secret be tested.
            ours = self._encryption.key_id
            log.critical("secret mismatch", key_id=ours, key_ids_of_the_database=sorted(known))
            raise SecretMismatch(
                "ENCRYPTION_SECRET is not the secret that this database's keys are sealed under: "
                "set the one it was filled with, or name it in ENCRYPTION_SECRET_PREVIOUS"
            )
        return None

    def _register(self, connection: Connection) -> None:
        with connection.transaction():
            predecessor = self._succeeds(connection)
            keys = EncryptionKeyRepository(connection)
            keys.insert_if_absent(self._encryption.key_id, succeeds=predecessor)
            # Another process may have begun this database in the meantime.
            self._succeeds(connection)
