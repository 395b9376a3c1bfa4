"""The storages of wallets, of which WALLET_STORAGE selects one, and all that depends on it."""

import functools
from abc import ABC, abstractmethod
from typing import ClassVar

from wallet_api.config import WalletSettings
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection, Database
from wallet_api.models import AuditContext
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository
from wallet_api.repositories.wallet_files.migrating import MigratingWalletRepository
from wallet_api.repositories.wallets.protocol import WalletRepository
from wallet_api.repositories.wallets.rows import PostgresWalletRepository
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.stats import StatsService
from wallet_api.services.wallet_files.on_demand import OnDemandImport
from wallet_api.services.wallet_files.serving import FilesystemWalletService, UnsupportedWithFiles
from wallet_api.services.wallet_files.storage_check import StorageCheck, unused_files_warning
from wallet_api.services.wallet_search import WalletSearch
from wallet_api.services.wallets import BaseAccountWalletService


class WalletStorage(ABC):
    """Where wallets are stored."""

    name: ClassVar[str]
    """The value of WALLET_STORAGE."""
    uses_rows: ClassVar[bool] = True
    """Whether rows of `wallets` are served."""
    uses_files: ClassVar[bool] = True
    """Whether wallet files are served."""

    def __init__(self, directory: WalletDirectory) -> None:
        self.directory = directory

    @abstractmethod
    def wallet_service(
        self, database: Database, encryption: EncryptionService, registration: SecretRegistration
    ) -> BaseAccountWalletService:
        """Return the service of wallets."""

    def requires_row(self, imports: int) -> bool:
        """Return whether a wallet that the audit log records must have a row.

        `imports` is the number of entries that record its import from a file.
        """
        return self.uses_rows and (imports > 0 or not self.uses_files)

    def directory_check(
        self, encryption: EncryptionService, *, read_only: bool = False
    ) -> StorageCheck | None:
        """Return the checks of the directory; None if the service does not use it."""
        if not self.uses_files:
            return None
        files = FilesystemWalletRepository(self.directory, encryption)
        return StorageCheck(files, migrating=self.uses_rows, read_only=read_only)

    def unused_files_warning(self, *, explicit: bool) -> str | None:
        """Return a warning about wallet files that are not served, or None.

        Raises ConfigurationError if WALLET_STORAGE is not set explicitly.
        """
        if self.uses_files:
            return None
        return unused_files_warning(self.directory, ignored_explicitly=explicit)

    def search(
        self, replica: Database, encryption: EncryptionService, *, primary: Database
    ) -> WalletSearch | UnsupportedWithFiles:
        """Return the search of rows."""
        if not self.uses_rows:
            return UnsupportedWithFiles()
        return WalletSearch(replica, encryption, primary=primary)

    def stats(self, replica: Database) -> StatsService | UnsupportedWithFiles:
        """Return the statistics of rows."""
        return StatsService(replica) if self.uses_rows else UnsupportedWithFiles()


class PostgresStorage(WalletStorage):
    """Wallets are in PostgreSQL."""

    name = "postgres"
    uses_files = False

    def wallet_service(
        self, database: Database, encryption: EncryptionService, registration: SecretRegistration
    ) -> BaseAccountWalletService:
        """Return the service of wallets in rows."""

        def rows(connection: Connection, _: AuditContext) -> WalletRepository:
            return PostgresWalletRepository(connection)

        return BaseAccountWalletService(database, rows, encryption, registration)


class MigratingStorage(WalletStorage):
    """Wallets are created in PostgreSQL. One that is only in a file is imported when it is read."""

    name = "migrating"

    def wallet_service(
        self, database: Database, encryption: EncryptionService, registration: SecretRegistration
    ) -> BaseAccountWalletService:
        """Return the service of wallets in rows and files."""
        files = FilesystemWalletRepository(self.directory, encryption)
        importer = OnDemandImport(encryption)

        def rows_and_files(connection: Connection, access: AuditContext) -> WalletRepository:
            rows = PostgresWalletRepository(connection)
            before_files = functools.partial(registration.register_on, connection)
            import_wallet = functools.partial(importer.run, connection, access)
            return MigratingWalletRepository(rows, files, before_files, import_wallet)

        return BaseAccountWalletService(database, rows_and_files, encryption, registration)


class FilesystemStorage(WalletStorage):
    """Wallets are in files."""

    name = "filesystem"
    uses_rows = False

    def wallet_service(
        self, database: Database, encryption: EncryptionService, registration: SecretRegistration
    ) -> BaseAccountWalletService:
        """Return the service of wallets in files."""
        files = FilesystemWalletRepository(self.directory, encryption)
        return FilesystemWalletService(database, files, encryption, registration)


STORAGES = {
    storage.name: storage for storage in (PostgresStorage, FilesystemStorage, MigratingStorage)
}


def select_storage(settings: WalletSettings) -> WalletStorage:
    """Return the storage that the settings select."""
    return STORAGES[settings.wallet_storage](WalletDirectory(settings.wallet_storage_path))
