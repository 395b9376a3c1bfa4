"""Registration of ENCRYPTION_SECRET in the database, required before the first write."""

from typing import NoReturn

from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection, Database
from wallet_api.errors import SecretMismatch
from wallet_api.models import EncryptionKey
from wallet_api.repositories.encryption_keys import EncryptionKeyRepository
from wallet_api.repositories.wallets.rows import PostgresWalletRepository
from wallet_api.services.wallet_files.storage_check import StorageCheck


class SecretRegistration:
    """The registration of this process's secret in its database.

    The first secret that encrypts a key in a database is registered. Another one is accepted only
    with a registered one in ENCRYPTION_SECRET_PREVIOUS, so that a process with a wrong secret
    writes nothing. If two processes with different secrets start on an empty database, a unique
    index decides the race.
    """

    def __init__(
        self, database: Database, encryption: EncryptionService, store: StorageCheck | None = None
    ) -> None:
        """`store` is the wallet directory, if the service uses one."""
        self._database = database
        self._encryption = encryption
        self._store = store
        # The history of the database in which our secret is registered: a failover or a restore may
        # lose the registration.
        self._history: object = ()

    def check(self) -> None:
        """Raise SecretMismatch if our secrets do not decrypt this database's keys.

        Raises StorageUnavailable if wallet files are needed and cannot be used.
        """
        known = self._database.run(self._succeeds)
        if self._store is not None:
            self._store.check(database_in_use=known is not None)

    def is_registered(self, connection: Connection) -> bool:
        """Return whether this process has registered the secret in this history of the database."""
        return self._history == connection.history

    def register(self) -> None:
        """Register our secret, before the first write of this process.

        Raises what check() raises. Key ids are never removed, so that once is enough for a history.
        """
        self._database.run(self.register_on)

    def register_on(self, connection: Connection) -> None:
        """Do what register() does, on an open connection."""
        if self.is_registered(connection):
            return
        known = self._succeeds(connection)
        if self._store is not None:
            self._store.prepare(database_in_use=known is not None)
        if known != self._encryption.key_id:
            self._register(connection)
        self._history = connection.history

    def _succeeds(self, connection: Connection) -> str | None:
        """Return the registered key id that ours is or succeeds; None on a database without keys.

        Raises SecretMismatch if ours must not be used, and if our role may not register it.
        """
        repository = EncryptionKeyRepository(connection)
        known = repository.list_keys()
        in_use = not known and PostgresWalletRepository(connection).any_encrypted_key()
        if in_use:
            # Another process may have registered its secret between our two queries.
            known = repository.list_keys()
        own_id = self._encryption.key_id
        if not known and not in_use:
            self._require_registration_privilege(repository, known)
            return None
        readable = [key.key_id for key in known if key.key_id in self._encryption.audit_keys]
        if not readable:
            self._refuse(
                known,
                "ENCRYPTION_SECRET is not the secret that this database's keys are encrypted with",
                "set the secret that it was created with, or add it to ENCRYPTION_SECRET_PREVIOUS",
            )
        active = {key.key_id for key in known if key.active}
        if own_id in readable and own_id not in active:
            self._refuse(known, "ENCRYPTION_SECRET was retired", "set the one that succeeded it")
        if active - set(readable) - _successors(own_id, known):
            self._refuse(
                known,
                "wallets may still be encrypted with an older secret",
                "keep it in ENCRYPTION_SECRET_PREVIOUS until `wallet-api keys retire` succeeds",
            )
        if own_id in readable:
            return own_id
        self._require_registration_privilege(repository, known)
        # The latest one leads to those before it.
        return min(
            reversed(readable),
            key=lambda key_id: len(_successors(key_id, known).intersection(readable)),
        )

    def _require_registration_privilege(
        self, repository: EncryptionKeyRepository, known: list[EncryptionKey]
    ) -> None:
        if not self._encryption.secret_is_trimmed:
            # Only for new secrets: one that is registered stays valid.
            self._refuse(
                known,
                "ENCRYPTION_SECRET has white space or quotes around it",
                "remove them, because a copy without them would decrypt no wallet. If wallet files "
                "are encrypted with it, also add it unchanged to ENCRYPTION_SECRET_PREVIOUS",
            )
        if not repository.may_register():
            self._refuse(
                known,
                "ENCRYPTION_SECRET is not registered in this database, and its role may not do so",
                "run `wallet-api keys register` as the owner of the tables",
            )

    def _refuse(self, known: list[EncryptionKey], fault: str, remedy: str) -> NoReturn:
        # Only for the log: /readyz is public, and a key id allows testing a guessed secret.
        logged = {
            "key_id": self._encryption.key_id,
            "key_ids_of_the_database": [key.key_id for key in known],
        }
        raise SecretMismatch(fault, remedy, logged=logged)

    def _register(self, connection: Connection) -> None:
        audit_keys, own_id = self._encryption.audit_keys, self._encryption.key_id
        keys = EncryptionKeyRepository(connection)
        with connection.transaction():
            keys.query_shards_sequentially()
            predecessor = self._succeeds(connection)
            if predecessor == own_id:
                # Another process with this secret was first.
                return
            root = None
            if predecessor is not None:
                root = audit_keys[own_id].encrypt_root_of(audit_keys[predecessor])
            keys.insert_if_absent(own_id, succeeds=predecessor, sealed_audit_root=root)
            if own_id not in {key.key_id for key in keys.list_keys()}:
                # Another process has registered a secret in the meantime.
                self._succeeds(connection)
            keys.activate(own_id)


def _successors(key_id: str, known: list[EncryptionKey]) -> set[str]:
    """Return the secrets that succeeded one, directly or indirectly."""
    found: set[str] = set()
    # Not by their times: a clock may have gone back.
    latest = {key_id}
    while latest := {key.key_id for key in known if key.succeeds in latest} - found:
        found |= latest
    return found
