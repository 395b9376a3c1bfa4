"""Uses of a private key, which BaseAccountWalletService.use_key() runs."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime

from wallet_api.database import Connection
from wallet_api.errors import Unauthenticated
from wallet_api.models import AuditContext, AuditEvent, Wallet
from wallet_api.repositories.api_clients import ActiveClient, ApiClientRepository


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
