"""The wallet service on wallet files (WALLET_STORAGE=filesystem)."""

from typing import NoReturn

from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection, Database
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
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository
from wallet_api.repositories.wallets import PostgresWalletRepository
from wallet_api.services.audit.append import PendingEntries
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.wallets import BaseAccountWalletService, creation_event


class UnsupportedWithFiles:
    """Search and statistics where wallets are kept in files: both are refused."""

    def find(self, *_: object, **__: object) -> NoReturn:
        """Raise WalletsInFiles."""
        raise WalletsInFiles

    of_days = find


class FilesystemWalletService(BaseAccountWalletService):
    """One trading wallet per user, in files, with the audit log in PostgreSQL.

    Files have no transactions: the entry of a new or changed file is written after the file, and
    the entry of a key read before the key is returned. No file is read, locked or flushed inside a
    transaction, because its locks would wait for the disk.
    """

    def __init__(
        self,
        database: Database,
        files: FilesystemWalletRepository,
        encryption: EncryptionService,
        registration: SecretRegistration,
    ) -> None:
        super().__init__(database, self._beside, encryption, registration)
        self._files = files

    def get_or_create_trading_wallet(
        self, fid: int, *, access: AuditContext
    ) -> tuple[Wallet, bool]:
        """Do what ensure_trading_wallet() does, and tell whether this call created the wallet."""
        wallet, made = super().get_or_create_trading_wallet(fid, access=access)
        if made:
            self._record(creation_event(wallet, access))
        return wallet, made

    def get_wallet_with_key(
        self, fid: int, chain: str, *, access: AuditContext
    ) -> WalletWithKey | None:
        """Return a wallet with its private key, or None if the user has none with a key."""
        wallet = self.get_wallet(fid, chain, access=access)
        if wallet is None or wallet.encrypted_key is None:
            return None
        self._record(AuditEvent(fid=fid, chain=wallet.chain, action="key.read", access=access))
        return self._opened(wallet, access)

    def _put_base_account(self, fid: int, address: str, event: AuditEvent) -> None:
        self._files.put_base_account(fid, address)
        self._record(event)

    def _claim(
        self,
        connection: Connection,
        candidate: NewWallet,
        head: AuditHead,
        access: AuditContext,
        pending: PendingEntries,
    ) -> Wallet:
        """Write the file of a new wallet, unless there is one, and return the user's wallet."""
        # Raises before a file is written whose entry could not be appended.
        self._trail.next_entry(head, creation_event(candidate, access))
        files = self._beside(connection, access)
        files.insert_if_absent(candidate)
        there = files.get(candidate.fid, TRADING_CHAIN)
        if there is None:
            raise StorageUnavailable(f"{files.directory.path} lost a file that was just written")
        return there

    def _beside(self, connection: Connection, _: AuditContext) -> FilesystemWalletRepository:
        self._registration.register_on(connection)
        return self._files.with_rows(PostgresWalletRepository(connection))
