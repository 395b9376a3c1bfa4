"""Events of wallets, refusals and files, and their entries."""

from collections.abc import Callable

from wallet_api.database import Connection, Database, one_round_trip
from wallet_api.models import AuditContext, AuditEvent, NewWallet, Wallet
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.services.audit.append import AuditTrail, PendingEntries
from wallet_api.services.encryption_keys.registration import SecretRegistration


class AuditEvents:
    """Appends single events to the audit log."""

    def __init__(
        self, database: Database, trail: AuditTrail, registration: SecretRegistration
    ) -> None:
        self._database = database
        self._trail = trail
        self._registration = registration

    def record(
        self, event: AuditEvent, *, unless: Callable[[AuditRepository], bool] = lambda _: False
    ) -> None:
        """Append an event in a transaction of its own.

        Append nothing if `unless` returns True while the user's chain is locked.
        """
        pending = self._trail.pending()

        def record(connection: Connection) -> None:
            self._registration.register_on(connection)
            self.append(connection, event, pending, unless=unless)

        self._database.run(record)

    def append(
        self,
        connection: Connection,
        event: AuditEvent,
        pending: PendingEntries,
        *,
        unless: Callable[[AuditRepository], bool] = lambda _: False,
    ) -> None:
        """Do what record() does, once for all attempts with `pending`."""
        audit = AuditRepository(connection)
        with one_round_trip(connection, commit=False):
            fetch_head = audit.lock_head(event.fid)
        head = fetch_head()
        if not pending.is_written(connection) and not unless(audit):
            pending.append(connection, head, event)


def wallet_event(action: str, wallet: Wallet | NewWallet, access: AuditContext) -> AuditEvent:
    """Return the event that a wallet was created or imported, with its address."""
    return AuditEvent(
        fid=wallet.fid, chain=wallet.chain, action=action, access=access, address=wallet.address
    )
