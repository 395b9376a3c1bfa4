"""Checks that the wallet directory is mounted and decrypts with our secrets."""

from contextlib import suppress

from wallet_api.config import ConfigurationError
from wallet_api.environment import VariableFault
from wallet_api.errors import StorageUnavailable
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository


class StorageCheck:
    """Checks of the wallet directory, on which the service depends.

    A missing file leads to a new wallet, so that it must not be caused by an unmounted disk or
    another secret. And processes that create wallets in the directory must stop before one creates
    wallets in PostgreSQL.
    """

    def __init__(
        self, files: FilesystemWalletRepository, *, migrating: bool, read_only: bool = False
    ) -> None:
        """With `read_only`, check without marking the directory."""
        self._files = files
        self._migrating = migrating
        self._read_only = read_only

    def check(self, *, database_in_use: bool) -> None:
        """Raise StorageUnavailable or SecretMismatch unless wallets can be served and created.

        `database_in_use`: wallets were created before, in files or in PostgreSQL. If PostgreSQL
        takes over, mark the directory, so that wallets are created only there.
        """
        self._require_store(database_in_use=database_in_use)
        directory = self._files.directory
        if self._migrating:
            directory.hand_over(check_only=self._read_only)
        elif not (directory.exists() and directory.is_handed_over()):
            try:
                directory.require_lock()
            except StorageUnavailable as error:
                raise StorageUnavailable(
                    f"{error.reason}",
                    "let this process's user write to it (until then, only users "
                    "who have a wallet are served)",
                ) from error

    def prepare(self, *, database_in_use: bool) -> None:
        """Raise what check() raises if no wallet can be served; mark or create the directory.

        Reading needs no lock: if the directory cannot be marked, users with a file are served.
        """
        holds_wallets = self._require_store(database_in_use=database_in_use)
        directory = self._files.directory
        if self._migrating:
            # It is retried for a user who has no file, and the error is reported then.
            with suppress(StorageUnavailable):
                directory.hand_over()
        elif not holds_wallets:
            directory.create()

    def _require_store(self, *, database_in_use: bool) -> bool:
        """Return whether the directory holds wallets; it need not before the first is created."""
        directory = self._files.directory
        if self._files.holds_wallets():
            return True
        if self._migrating:
            raise StorageUnavailable(
                f"{directory.path} holds no wallet files",
                "mount its disk. "
                "If there never were any, WALLET_STORAGE=postgres needs no migration",
            )
        if database_in_use:
            raise StorageUnavailable(
                f"{directory.path} holds no wallet files, but wallets were created before",
                "mount its disk. To go back from PostgreSQL, export its wallets first",
            )
        return False


def unused_files_warning(directory: WalletDirectory, *, ignored_explicitly: bool) -> str | None:
    """Return a warning about unused wallet files; refuse them unless they are ignored on purpose.

    A user with a wallet in a file would get a second one. Raises ConfigurationError.
    """
    fault = None
    try:
        if directory.exists() and any(name.startswith("wallet_") for name in directory.names()):
            fault = f"there are wallet files in {directory.path}"
    except StorageUnavailable as error:
        # With an explicit "postgres", files that cannot be read are not meant to be served.
        fault = None if ignored_explicitly else error.reason
    if fault is None:
        return None
    if not ignored_explicitly:
        choice = "Set it to migrating to serve them, or to postgres once all are imported."
        reason = f"is not set, and {fault}"
        raise ConfigurationError([VariableFault("WALLET_STORAGE", reason, choice)])
    return (
        f"WALLET_STORAGE=postgres ignores the files in {directory.path}: "
        "until they are imported, use WALLET_STORAGE=migrating"
    )
