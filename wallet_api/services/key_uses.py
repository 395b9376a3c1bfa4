"""Uses of a private key, which BaseAccountWalletService.use_key() runs."""

from collections.abc import Callable
from datetime import datetime

from wallet_api.database import Connection
from wallet_api.models import AuditEvent, Wallet


class KeyUse:
    """A use of a wallet's key, and the event that records it.

    Its methods run in the transaction of the audit entry, in this order, and again if the
    transaction is retried. They must be quick.
    """

    def __init__(self, event_of: Callable[[Wallet], AuditEvent]) -> None:
        """`event_of` may raise an error. Then nothing is written and the key stays encrypted."""
        self._event_of = event_of

    def send_queries(self, connection: Connection) -> None:
        """Send the queries of this use, after the lock of the user's audit chain."""

    def is_repeated(self, wallet: Wallet) -> bool:
        """Return whether the entry of an earlier request with the same key records this use."""
        return False

    def decide(self, connection: Connection, wallet: Wallet, *, now: datetime) -> AuditEvent:
        """Return the event to record. Raise an error if the key must not be used.

        `now` is the database's time after the chain was locked.
        """
        return self._event_of(wallet)

    def record(self, connection: Connection, *, audit_id: int) -> None:
        """Send what must be committed with the audit entry, whose id is `audit_id`."""
