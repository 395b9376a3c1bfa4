"""Does our ENCRYPTION_SECRET belong to this database? Nothing is written until it does."""

import threading
from typing import NoReturn

import structlog

from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection, Database
from wallet_api.errors import SecretMismatch
from wallet_api.models import EncryptionKey
from wallet_api.repositories.encryption_keys import EncryptionKeyRepository
from wallet_api.repositories.wallets import PostgresWalletRepository
from wallet_api.services.wallet_files.storage_check import FileStore

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
        known = self._database.run(self._succeeds)
        if self._store is not None:
            self._store.check(database_in_use=known is not None)

    def is_registered(self) -> bool:
        """Tell whether register() has been done in this process."""
        return self._registered.is_set()

    def register(self) -> None:
        """Make our secret one of the database's, before the first write of this process.

        Raises what check() raises. Key ids are never removed, so that once is enough.
        """
        if not self._registered.is_set():
            self._database.run(self.register_on)

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
        """Return the registered key id that ours is or follows; None on a database without keys.

        Raises SecretMismatch if ours may not be used, and if it would have to be registered by
        another role than ours.
        """
        repository = EncryptionKeyRepository(connection)
        known = repository.list_keys()
        sealed = not known and PostgresWalletRepository(connection).any_sealed()
        if sealed:
            # Somebody may have begun this database between our two questions.
            known = repository.list_keys()
        ours = self._encryption.key_id
        if not known and not sealed:
            self._need_the_right_to_register(repository, known)
            return None
        readable = [key.key_id for key in known if key.key_id in self._encryption.audit_keys]
        if not readable:
            self._refuse(
                known,
                "ENCRYPTION_SECRET is not the secret that this database's keys are sealed under",
                "set the one it was filled with, or name it in ENCRYPTION_SECRET_PREVIOUS",
            )
        active = {key.key_id for key in known if key.active}
        if ours in readable and ours not in active:
            self._refuse(known, "ENCRYPTION_SECRET was retired", "set the one that succeeded it")
        if active - set(readable) - _successors(ours, known):
            self._refuse(
                known,
                "wallets may still be sealed under an older secret",
                "name it in "
                "ENCRYPTION_SECRET_PREVIOUS until `wallet-api keys retire` has let it go",
            )
        if ours in readable:
            return ours
        self._need_the_right_to_register(repository, known)
        # The latest one knows the way to those before it.
        return min(
            reversed(readable),
            key=lambda one: len(_successors(one, known).intersection(readable)),
        )

    def _need_the_right_to_register(
        self, repository: EncryptionKeyRepository, known: list[EncryptionKey]
    ) -> None:
        if not self._encryption.secret_is_trimmed:
            # One that a database knows goes on: this is for new ones only.
            self._refuse(
                known,
                "ENCRYPTION_SECRET has white space or quotes around it",
                "remove them, because a copy without them would open no wallet. If wallet files "
                "are sealed under it, name it exactly as it is in ENCRYPTION_SECRET_PREVIOUS too",
            )
        if not repository.may_register():
            self._refuse(
                known,
                "ENCRYPTION_SECRET is not registered in this database, which its role may not do",
                "run `wallet-api keys register` as the owner of the tables",
            )

    def _refuse(self, known: list[EncryptionKey], fault: str, remedy: str) -> NoReturn:
        # For the log alone: /readyz is public, and a key id lets a guessed secret be tested.
        log.critical(
            "secret mismatch",
            key_id=self._encryption.key_id,
            key_ids_of_the_database=[key.key_id for key in known],
        )
        raise SecretMismatch(fault, remedy)

    def _register(self, connection: Connection) -> None:
        audit_keys, ours = self._encryption.audit_keys, self._encryption.key_id
        keys = EncryptionKeyRepository(connection)
        with connection.transaction():
            keys.ask_in_turn()
            predecessor = self._succeeds(connection)
            if predecessor == ours:
                # Another process of this secret was here first.
                return
            root = None
            if predecessor is not None:
                root = audit_keys[ours].seal_root_of(audit_keys[predecessor])
            keys.insert_if_absent(ours, succeeds=predecessor, sealed_audit_root=root)
            if ours not in {key.key_id for key in keys.list_keys()}:
                # Another process has begun this database in the meantime.
                self._succeeds(connection)
            keys.activate(ours)


def _successors(key_id: str, known: list[EncryptionKey]) -> set[str]:
    """Return the secrets that came after one: whoever has that one need not have them yet."""
    found: set[str] = set()
    # Their times say nothing: a clock may have gone back.
    latest = {key_id}
    while latest := {key.key_id for key in known if key.succeeds in latest} - found:
        found |= latest
    return found
