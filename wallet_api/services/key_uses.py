"""Uses of private keys: what a use decides and records, and the transaction that runs it."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from functools import partial

from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Conflict, Connection, Database, one_round_trip
from wallet_api.errors import SecretMismatch, Unauthenticated
from wallet_api.models import AuditContext, AuditEvent, AuditHead, Wallet, WalletWithKey
from wallet_api.repositories.api_clients import ActiveClient, ApiClientRepository
from wallet_api.repositories.wallets.protocol import WalletRepositories
from wallet_api.repositories.wallets.rows import PostgresWalletRepository
from wallet_api.services.audit.append import AuditTrail, PendingEntries
from wallet_api.services.decryption import decrypt_verified
from wallet_api.services.encryption_keys.registration import SecretRegistration


class KeyUse(ABC):
    """A use of a wallet's key, and the event that records it.

    Its methods run in the transaction of the audit entry, in this order, and again if the
    transaction is retried. They must be quick.
    """

    def __init__(self, access: AuditContext) -> None:
        self._access = access
        self._fetch_client: Callable[[], ActiveClient | None] = lambda: None
        self._client: ActiveClient | None = None

    def send_queries(self, connection: Connection) -> None:
        """Send the queries of this use, after the lock of the user's audit chain."""
        if self._access.client_id is not None:
            clients = ApiClientRepository(connection)
            self._fetch_client = clients.get_active_later(self._access.client_id)

    def require_client(self) -> None:
        """Raise Unauthenticated if the API client was revoked, or has expired, since it called.

        A request may have waited for seconds.
        """
        self._client = self._fetch_client()
        if self._client is None and self._access.client_id is not None:
            raise Unauthenticated

    @abstractmethod
    def is_repeated(self, wallet: Wallet, *, now: datetime) -> bool:
        """Return whether the entry of an earlier request with the same key records this use.

        `now` is the database's time after the chain was locked. Raises what decide() raises.
        """

    @abstractmethod
    def decide(self, connection: Connection, wallet: Wallet, *, now: datetime) -> AuditEvent:
        """Return the event to record. Raise an error if the key must not be used.

        Then nothing is written, and the key stays encrypted.
        """

    @abstractmethod
    def record(self, connection: Connection, *, audit_id: int) -> None:
        """Send what must be committed with the audit entry, whose id is `audit_id`."""


class KeyRead(KeyUse):
    """A read of the key itself."""

    def is_repeated(self, wallet: Wallet, *, now: datetime) -> bool:
        """Return False: each read has an entry."""
        return False

    def decide(self, connection: Connection, wallet: Wallet, *, now: datetime) -> AuditEvent:
        """Return the event."""
        return AuditEvent(
            fid=wallet.fid, chain=wallet.chain, action="key.read", access=self._access
        )

    def record(self, connection: Connection, *, audit_id: int) -> None:
        """Send nothing more."""


class KeyUses:
    """Runs uses of the keys of trading wallets that are stored in rows."""

    def __init__(
        self,
        database: Database,
        repositories: WalletRepositories,
        encryption: EncryptionService,
        registration: SecretRegistration,
        trail: AuditTrail,
    ) -> None:
        self._database = database
        self._repositories = repositories
        self._encryption = encryption
        self._registration = registration
        self._trail = trail

    def run(
        self, fid: int, chain: str, use: KeyUse, *, access: AuditContext
    ) -> WalletWithKey | None:
        """Decrypt a wallet's key for a use. None if the user has no such key.

        The read of the wallet, the decision, and the audit entry are one transaction: unless the
        entry is committed, the key is not decrypted. After a lost connection, the log shows whether
        it was, so that one use leaves one entry. It takes two round trips with one commit, and
        those that the use needs to decide. If it raises an error, nothing is written. The lock of
        the user's chain serializes concurrent requests: each sees the entries of the others.

        Raises DatabaseDamaged if the entry was not written although PostgreSQL reports no error.
        """
        pending = self._trail.pending()
        repeated = False

        def read(connection: Connection) -> Wallet | None:
            nonlocal repeated
            rows = PostgresWalletRepository(connection)
            with one_round_trip(connection, commit=False):
                locked = rows.lock_with_head_later(fid, chain)
                use.send_queries(connection)
            wallet, head = locked()
            if wallet is None:
                connection.rollback()
                if self._repositories(connection, access).get(fid, chain) is None:
                    return None
                # It was imported in the meantime.
                raise Conflict
            if wallet.encrypted_key is None:
                return wallet
            if not self._registration.is_registered(connection):
                connection.rollback()
                self._register_for(wallet, connection)
                raise Conflict
            repeated = self.commit(connection, use, wallet, head, pending)
            return wallet

        wallet = self._database.run(read)
        return None if wallet is None else self.decrypt(wallet, repeated=repeated)

    def commit(
        self,
        connection: Connection,
        use: KeyUse,
        wallet: Wallet,
        head: AuditHead,
        pending: PendingEntries,
    ) -> bool:
        """Decide on a use of a key, and commit its entry in the transaction that locked `head`.

        Return whether the entry of an earlier request records it, so that nothing was written.
        """
        use.require_client()
        if pending.is_written(connection):
            return False
        if use.is_repeated(wallet, now=head.now):
            connection.commit()
            self._database.replication.wait(connection)
            return True
        event = use.decide(connection, wallet, now=head.now)
        act = partial(use.record, connection, audit_id=head.id + 1)
        pending.append(connection, head, event, act=act)
        return False

    def decrypt(self, wallet: Wallet, *, repeated: bool) -> WalletWithKey | None:
        """Decrypt the key of a wallet after its entry is committed; None if it has none."""
        private_key = decrypt_verified(self._encryption, wallet)
        if private_key is None:
            return None
        return WalletWithKey(wallet=wallet, private_key=private_key, repeated=repeated)

    def _register_for(self, wallet: Wallet, connection: Connection) -> None:
        """Register our secret before the first key of this process is read."""
        try:
            self._registration.register_on(connection)
        except SecretMismatch:
            # A key that does not decrypt is the more important fault.
            decrypt_verified(self._encryption, wallet)
            raise
