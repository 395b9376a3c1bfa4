"""Resources and options that the wallet commands share."""

import os
import pwd
import sys
from collections import Counter
from collections.abc import Generator
from contextlib import ExitStack, closing
from itertools import chain
from pathlib import Path

import click

from wallet_api import logs
from wallet_api.cli.command import WholeNumber, require_database
from wallet_api.cli.progress import Progress, ReportFile
from wallet_api.config import read_wallet_settings
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Database
from wallet_api.models import AuditContext
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository
from wallet_api.request_ids import new_request_id
from wallet_api.services.audit.changes import AuditedChanges
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.encryption_keys.registry import KnownSecrets
from wallet_api.services.readiness import check_database
from wallet_api.services.row_verification import StoredWallets
from wallet_api.services.wallet_files.importing import FileReport
from wallet_api.services.wallet_files.storages import select_storage

BATCH = 500
"""Wallets that are read, written and committed together."""

_POOL_SECONDS = 30.0

folder = click.Path(file_okay=False, path_type=Path)
_cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
processes_option = click.option(
    "--processes",
    type=WholeNumber(1, 64),
    default=min(_cores, 64),
    show_default="one per core",
    help="Number of worker processes.",
)


class WalletResources:
    """The database, the secret and the wallet files that the environment configures.

    The constructor raises ServiceUnavailable unless the database is reachable, its schema is
    current, and our secret is the one that encrypts its keys. `check_secret=False` skips the last.
    """

    def __init__(self, *, check_secret: bool = True) -> None:
        logs.configure("WARNING", "command")
        self._settings = read_wallet_settings(os.environ)
        self.storage = select_storage(self._settings)
        self.encryption = EncryptionService(
            self._settings.encryption_secret, self._settings.encryption_secret_previous
        )
        require_database(self._settings.database_url)
        with self.database() as database:
            check_database(database, writable=False)
            if check_secret:
                self.registration(database).check()

    def database(self) -> Database:
        """Return a database, closed. map_in_processes() needs one for each call, and opens it."""
        return Database(
            self._settings.database_url, min_size=0, max_size=1, timeout_seconds=_POOL_SECONDS
        )

    def count_rows(self) -> int:
        """Return the number of wallets in PostgreSQL."""
        with self.database() as database:
            return StoredWallets(database).count()

    def registration(self, database: Database) -> SecretRegistration:
        """Return the registration of our secret in `database`."""
        return SecretRegistration(database, self.encryption)

    def register(self, database: Database) -> None:
        """Register our secret, and create the wallet directory if WALLET_STORAGE is filesystem."""
        directory = (
            None if self.storage.uses_rows else self.storage.directory_check(self.encryption)
        )
        SecretRegistration(database, self.encryption, directory).register()

    def changes(self, database: Database) -> AuditedChanges:
        """Return the runner of changes that the audit log of `database` records."""
        return AuditedChanges(database, self.encryption, self.registration(database))

    def known_secrets(self, database: Database) -> KnownSecrets:
        """Return the secrets that `database` knows."""
        return KnownSecrets(database, self.encryption, self.storage)

    def files(self, path: Path | None) -> FilesystemWalletRepository:
        """Return the wallet files in `path`, by default WALLET_STORAGE_PATH."""
        directory = self.storage.directory if path is None else WalletDirectory(path)
        return FilesystemWalletRepository(directory, self.encryption)


def count_files(files: FilesystemWalletRepository) -> int:
    """Return the number of files. Raises ClickException if there are none."""
    count = sum(1 for _ in files.directory.names())
    if not count:
        raise click.ClickException(
            f"{files.directory.path} contains no files. Check that the disk is mounted."
        )
    return count


def require_outside(files: FilesystemWalletRepository, report: Path | None) -> None:
    """Raise ClickException if the report would be written into the wallet directory."""
    if report is not None and report.resolve().parent == files.directory.path.resolve():
        raise click.ClickException("The report must not be in the directory of the wallet files.")


def collect_reports(
    results: Generator[list[FileReport], None, None], progress: Progress, report: Path | None
) -> Counter[str]:
    """Count the results, print those with a reason, and write all of them to `report`.

    Return the number of results for each reason.
    """
    reasons: Counter[str] = Counter()
    with ExitStack() as stack:
        stack.enter_context(progress)
        lines = None if report is None else stack.enter_context(ReportFile(report))
        for result in chain.from_iterable(stack.enter_context(closing(results))):
            if lines is not None:
                lines.write(result)
            if result.reason is not None:
                reasons[result.reason] += 1
                progress.print_line(f"{result.file}: {result.outcome}: {result.reason}")
            progress.add(result.outcome)
    return reasons


def operator() -> AuditContext:
    """Describe the operator who runs this command, for the audit log."""
    # The environment is not trusted: its user controls it.
    uid = os.getuid()
    try:
        user = pwd.getpwuid(uid).pw_name[:100]
    except KeyError:
        user = f"uid-{uid}"
    return AuditContext(actor=f"cli:{user}", request_id=new_request_id())
