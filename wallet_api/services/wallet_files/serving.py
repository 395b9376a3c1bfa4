"""The wallet service on wallet files (WALLET_STORAGE=filesystem)."""

from collections.abc import Callable
from functools import partial
from typing import NoReturn, TypeVar

from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection, Database, one_round_trip
from wallet_api.errors import StorageUnavailable, WalletsInFiles
from wallet_api.models import (
    TRADING_CHAIN,
    AuditContext,
    AuditEvent,
    AuditHead,
    NewWallet,
    Wallet,
    WalletWithKey,
)
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository
from wallet_api.repositories.wallets.rows import PostgresWalletRepository
from wallet_api.services.audit.append import PendingEntries
from wallet_api.services.audit.events import wallet_event
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.key_uses import KeyUse
from wallet_api.services.wallet_files.recorded import is_recorded
from wallet_api.services.wallets import BaseAccountWalletService

T = TypeVar("T")


class UnsupportedWithFiles:
    """Search and statistics with WALLET_STORAGE=filesystem, which support neither."""

    def find(self, *_: object, **__: object) -> NoReturn:
        """Raise WalletsInFiles."""
        raise WalletsInFiles

    of_days = find

    def report(self) -> None:
        """Set no metrics, because there are no rows to count."""


class FilesystemWalletService(BaseAccountWalletService):
    """One trading wallet per user, in files, with the audit log in PostgreSQL.

    Files have no transactions: the entry of a new or changed file is written after the file, and
    the entry of a key read before the key is returned. If a process or the database fails between
    file and entry, the next request for the wallet writes the entry. A file of the old service is
    recorded in the same way, so that the loss of a file that was ever returned is noticed. No file
    is read, locked or flushed inside a transaction, because its locks would wait for the disk.
    """

    def __init__(
        self,
        database: Database,
        files: FilesystemWalletRepository,
        encryption: EncryptionService,
        registration: SecretRegistration,
    ) -> None:
        super().__init__(database, self._files_with_rows, encryption, registration)
        self._files = files

    def use_key(
        self, fid: int, chain: str, use: KeyUse, *, access: AuditContext
    ) -> WalletWithKey | None:
        """Decrypt a wallet's key after its entry is written. None if the user has no such key."""
        wallet = self.get_wallet(fid, chain, access=access)
        if wallet is None or wallet.encrypted_key is None:
            return None
        pending = self._trail.pending()
        repeated = False

        def record(connection: Connection) -> None:
            nonlocal repeated
            self._registration.register_on(connection)
            with one_round_trip(connection, commit=False):
                locked = AuditRepository(connection).lock_head(fid)
                use.send_queries(connection)
            repeated = self._key_uses.commit(connection, use, wallet, locked(), pending)

        self._database.run(record)
        return self._key_uses.decrypt(wallet, repeated=repeated)

    def _is_base_account(self, fid: int, address: str, access: AuditContext) -> bool:
        stored = super()._is_base_account(fid, address, access)
        return (
            stored and self._read_log(lambda audit: audit.get_base_account_address(fid)) == address
        )

    def _put_base_account(self, fid: int, address: str, event: AuditEvent) -> None:
        self._files.put_base_account(fid, address)
        self._events.record(event)

    def _verified(self, wallet: Wallet, access: AuditContext) -> Wallet:
        """Return the wallet after the audit log has it, with this address."""
        super()._verified(wallet, access)
        unless = partial(is_recorded, wallet)
        if wallet.chain == TRADING_CHAIN and not self._read_log(unless):
            service_access = AuditContext(
                actor="service:filesystem",
                request_id=access.request_id,
                reason="the file had no entry",
            )
            self._events.record(
                wallet_event("wallet.created", wallet, service_access), unless=unless
            )
        return wallet

    def _read_log(self, read: Callable[[AuditRepository], T]) -> T:
        return self._database.run(lambda connection: read(AuditRepository(connection)))

    def _claim(
        self,
        connection: Connection,
        candidate: NewWallet,
        head: AuditHead,
        access: AuditContext,
        pending: PendingEntries,
        on_creation: Callable[[], None],
    ) -> Wallet:
        """Return the user's wallet; if there is no file, write one, and then its entry."""
        # Raises before a file is written whose entry could not be appended.
        self._trail.next_entry(head, wallet_event("wallet.created", candidate, access))
        files = self._files_with_rows(connection, access)
        files.insert_if_absent(candidate)
        stored = files.get(candidate.fid, TRADING_CHAIN)
        if stored is None:
            raise StorageUnavailable(f"{files.directory.path} lost a file that was just written")
        if stored.address == candidate.address:
            # Another request may have found the file, and recorded it.
            unless = partial(is_recorded, stored)
            event = wallet_event("wallet.created", stored, access)
            self._events.append(connection, event, pending, unless=unless)
        return stored

    def _files_with_rows(
        self, connection: Connection, _: AuditContext
    ) -> FilesystemWalletRepository:
        self._registration.register_on(connection)
        return self._files.with_rows(PostgresWalletRepository(connection))
