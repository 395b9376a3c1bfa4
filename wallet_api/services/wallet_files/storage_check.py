"""Is the folder of wallet files the one that is meant, and may we go by what it says?"""

from contextlib import suppress

from wallet_api.config import ConfigurationError
from wallet_api.environment import VariableFault
from wallet_api.errors import StorageUnavailable
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository


class FileStore:
    """The folder of wallet files, as the service depends on it.

    "There is no file" makes a new wallet, so that it must never mean "the disk is not mounted" or
    "the secret is another one". And of two processes that make wallets, one in the folder and one
    in PostgreSQL, the first has to stop before the second begins.
    """

    def __init__(
        self, files: FilesystemWalletRepository, *, migrating: bool, read_only: bool = False
    ) -> None:
        """With `read_only` the folder is not marked: for those who only ask."""
        self._files = files
        self._migrating = migrating
        self._read_only = read_only

    def check(self, *, database_in_use: bool) -> None:
        """Raise StorageUnavailable or SecretMismatch unless wallets can be served, and made.

        `database_in_use` says that wallets were made before, here or there. Where PostgreSQL takes
        over, the folder is marked so that wallets are made in one place only.
        """
        self._require_store(database_in_use=database_in_use)
        directory = self._files.directory
        if self._migrating:
            directory.hand_over(only_ask=self._read_only)
        elif not (directory.exists() and directory.is_handed_over()):
            try:
                directory.require_lock()
            except StorageUnavailable as error:
                raise StorageUnavailable(
                    f"{error.reason}",
                    "let this process's user write to it (until then only users "
                    "who have a wallet are served)",
                ) from error

    def prepare(self, *, database_in_use: bool) -> None:
        """Raise what check() raises if no wallet can be served, and mark or make the folder.

        Reading needs no lock: where the folder cannot be marked, users who have a file are served.
        """
        holds_wallets = self._require_store(database_in_use=database_in_use)
        directory = self._files.directory
        if self._migrating:
            # For a user who has no file it is tried again, and they are told why it fails.
            with suppress(StorageUnavailable):
                directory.hand_over()
        elif not holds_wallets:
            directory.create()

    def _require_store(self, *, database_in_use: bool) -> bool:
        """Return whether the folder holds wallets; it need not before the first one is made."""
        directory = self._files.directory
        if self._files.holds_wallets():
            return True
        if self._migrating:
            raise StorageUnavailable(
                f"{directory.path} holds no wallet files",
                "is the disk mounted? "
                "Where there never were any, WALLET_STORAGE=postgres needs no migration",
            )
        if database_in_use:
            raise StorageUnavailable(
                f"{directory.path} holds no wallet files, but wallets were made before",
                "is the disk mounted? To go back from PostgreSQL, export its wallets first",
            )
        return False


def heed_files(directory: WalletDirectory, *, ignored_on_purpose: bool) -> str | None:
    """Return a warning of wallet files that nobody looks at; refuse them unless somebody said so.

    Whoever has a wallet in a file would get a second one. Raises ConfigurationError.
    """
    fault = None
    try:
        if directory.exists() and any(name.startswith("wallet_") for name in directory.names()):
            fault = f"there are wallet files in {directory.path}"
    except StorageUnavailable as error:
        # Whoever says postgres, and may not read them, does not mean to serve them.
        fault = None if ignored_on_purpose else error.reason
    if fault is None:
        return None
    if not ignored_on_purpose:
        choice = "Set it to migrating to serve them, or to postgres once all are imported."
        said = f"is not set, and {fault}"
        raise ConfigurationError([VariableFault("WALLET_STORAGE", said, choice)])
    return (
        f"WALLET_STORAGE=postgres does not look at the files in {directory.path}: "
        "until they are imported, WALLET_STORAGE=migrating does"
    )
