"""The import of one wallet that a request found in a file."""

import threading

from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection, one_round_trip
from wallet_api.models import TRADING_CHAIN, AuditContext, Wallet
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.repositories.wallets.rows import PostgresWalletRepository, secret_retired
from wallet_api.services.audit.append import AuditTrail, PendingEntries, begin_append
from wallet_api.services.audit.events import wallet_event
from wallet_api.services.wallet_files.recorded import is_recorded


class OnDemandImport:
    """Imports one wallet that a request found in a file."""

    def __init__(self, encryption: EncryptionService) -> None:
        self._trail = AuditTrail(encryption)
        # The entries that this thread last tried: Database.run() may retry an import.
        self._last = threading.local()

    def run(self, connection: Connection, access: AuditContext, wallet: Wallet) -> bool:
        """Insert the row and its audit entry if missing; return whether they were inserted.

        Raises KeyUnreadable if the audit log records another trading wallet of the user.
        """
        rows, audit = PostgresWalletRepository(connection), AuditRepository(connection)
        row, head = begin_append(
            connection, wallet.fid, lambda: rows.get_later(wallet.fid, wallet.chain)
        )
        if row is not None:
            connection.rollback()
            return False
        if wallet.chain == TRADING_CHAIN and head.id:
            # It may have been served from its file: raise if this is another address.
            is_recorded(wallet, audit)
        # The import is an act of the service, not of the caller.
        service_access = AuditContext(actor="service:migrating", request_id=access.request_id)
        event = wallet_event("wallet.imported", wallet, service_access)
        with (
            self._attempts(wallet).new_entry(connection, head, event) as entry,
            secret_retired(connection),
            one_round_trip(connection, begin=False),
        ):
            rows.add_copy(wallet)
            recorded = audit.append_creation_later(entry)
        return recorded()

    def _attempts(self, wallet: Wallet) -> PendingEntries:
        """Return the entries that this thread has tried for a wallet."""
        key, pending = getattr(self._last, "attempts", (None, None))
        if pending is None or key != (wallet.fid, wallet.chain):
            pending = self._trail.pending()
            self._last.attempts = (wallet.fid, wallet.chain), pending
        return pending
