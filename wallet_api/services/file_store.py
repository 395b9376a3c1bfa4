"""Is the folder of wallet files the one that is meant, and may we go by what it says?"""

from wallet_api.errors import StorageUnavailable
from wallet_api.repositories.filesystem import FilesystemWalletRepository


class FileStore:
    """The folder of wallet files, as the service depends on it.

    "There is no file" makes a new wallet, so that it must never mean "the disk is not mounted" or
    "the secret is another one". And of two processes that make wallets, one in the folder and one
    in PostgreSQL, the first has to stop before the second begins.
    """

    def __init__(self, files: FilesystemWalletRepository, *, migrating: bool) -> None:
        self._files = files
        self._migrating = migrating

    def check(self, *, database_in_use: bool) -> None:
        """Raise StorageUnavailable or SecretMismatch unless wallets may be made.

        `database_in_use` says that wallets were made before, here or there. Where PostgreSQL takes
        over, the folder is marked so that wallets are made in one place only.
        """
        directory = self._files.directory
        if self._files.holds_wallets():
            if self._migrating:
                directory.hand_over()
        elif self._migrating:
            raise StorageUnavailable(
                f"{directory.path} holds no wallet files: is the disk mounted? "
                "Where there never were any, WALLET_STORAGE=postgres needs no migration"
            )
        elif database_in_use:
            raise StorageUnavailable(
                f"{directory.path} holds no wallet files, but wallets were made before: "
                "is the disk mounted? To go back from PostgreSQL, export its wallets first"
            )

    def prepare(self, *, database_in_use: bool) -> None:
        """Check, and make the folder of a service that has never made a wallet."""
        self.check(database_in_use=database_in_use)
        if not self._migrating and not database_in_use:
            self._files.directory.create()
