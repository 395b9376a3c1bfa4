"""Does every row open, and do rows, files and an import's report tell the same?"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Database
from wallet_api.errors import KeyUnreadable
from wallet_api.models import Wallet
from wallet_api.repositories.filesystem import FilesystemWalletRepository
from wallet_api.repositories.wallet_batches import WalletBatchRepository, WalletKey
from wallet_api.services.opening import open_verified


class RowOutcome(StrEnum):
    """What was found out about a row."""

    OPENED = "opened"
    WITHOUT_FILE = "only in PostgreSQL"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowReport:
    """What was found out about one row, and why."""

    fid: int
    chain: str
    outcome: RowOutcome
    reason: str | None


class LineOutcome(StrEnum):
    """What has become of a file since a report was written."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    GONE = "gone"
    UNREADABLE = "a line that cannot be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineReport:
    """What has become of the file that a line of a report names."""

    file: str
    outcome: LineOutcome


class StoredWallets:
    """Every wallet in PostgreSQL, a page at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self) -> int:
        """Return how many there are."""
        return self._database.run(
            lambda connection: WalletBatchRepository(connection).count_all(), repeatable=True
        )

    def pages(self, size: int) -> Iterator[list[Wallet]]:
        """Give all of them in lists of `size`; those that are made meanwhile may be missing."""
        after: WalletKey = (0, "")
        while page := self._page(after, size):
            yield page
            after = (page[-1].fid, page[-1].chain)

    def shared_addresses(self) -> dict[str, list[int]]:
        """Return the trading addresses that more than one user has, with their FIDs."""
        return self._database.run(
            lambda connection: WalletBatchRepository(connection).list_shared_addresses(),
            repeatable=True,
        )

    def _page(self, after: WalletKey, size: int) -> list[Wallet]:
        return self._database.run(
            lambda connection: WalletBatchRepository(connection).list_page(after, size),
            repeatable=True,
        )


class RowCheck:
    """Checks batches of rows. Writes nothing."""

    def __init__(
        self, encryption: EncryptionService, files: FilesystemWalletRepository | None
    ) -> None:
        """`files` is None where there are none to compare with."""
        self._encryption = encryption
        self._files = files

    def run(self, wallets: Sequence[Wallet]) -> list[RowReport]:
        """Open each row and derive its address; look whether it has a file."""
        return [self._check(wallet) for wallet in wallets]

    def _check(self, wallet: Wallet) -> RowReport:
        outcome, reason = RowOutcome.OPENED, None
        try:
            open_verified(self._encryption, wallet)
        except KeyUnreadable as error:
            outcome, reason = RowOutcome.UNREADABLE, error.reason
        else:
            if self._files is not None and not self._has_file(self._files, wallet):
                outcome = RowOutcome.WITHOUT_FILE
        return RowReport(fid=wallet.fid, chain=wallet.chain, outcome=outcome, reason=reason)

    @staticmethod
    def _has_file(files: FilesystemWalletRepository, wallet: Wallet) -> bool:
        try:
            return files.get(wallet.fid, wallet.chain) is not None
        except KeyUnreadable:
            # There is one. What is wrong with it comes out where the files are checked.
            return True


class ReportCheck:
    """Compares files with what the report of an import said about them."""

    def __init__(self, files: FilesystemWalletRepository) -> None:
        self._files = files

    def run(self, lines: Sequence[str]) -> list[LineReport]:
        """Compare the file that each line names with the line's checksum."""
        return [self._check(line) for line in lines]

    def _check(self, line: str) -> LineReport:
        try:
            said = json.loads(line)
            name, sha256 = str(said["file"]), said["sha256"]
        except (ValueError, TypeError, KeyError):
            return LineReport(file=line.strip(), outcome=LineOutcome.UNREADABLE)
        stored = self._files.directory.read(name)
        if stored is None:
            return LineReport(file=name, outcome=LineOutcome.GONE)
        same = stored.sha256 == sha256
        return LineReport(file=name, outcome=LineOutcome.UNCHANGED if same else LineOutcome.CHANGED)
