"""Verification that every row decrypts, and comparison of rows, files and import reports."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection, Database, long_transaction
from wallet_api.errors import KeyUnreadable
from wallet_api.models import BASE_ACCOUNT_SPELLINGS, TRADING_CHAIN, Wallet
from wallet_api.repositories.wallet_batches import WalletBatchRepository, WalletKey
from wallet_api.repositories.wallet_files.file import file_name
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository
from wallet_api.repositories.wallets import PostgresWalletRepository
from wallet_api.services.decryption import decrypt_verified


class RowOutcome(StrEnum):
    """The result for a row."""

    OPENED = "opened"
    WITHOUT_FILE = "only in PostgreSQL"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowReport:
    """The result for one row, with the reason."""

    fid: int
    chain: str
    outcome: RowOutcome
    reason: str | None


class LineOutcome(StrEnum):
    """The state of a file since a report was written."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    GONE = "gone"
    UNREADABLE = "a line that cannot be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineReport:
    """The result for the file that a line of a report names (or for the number of the line)."""

    file: str
    outcome: LineOutcome


class StoredWallets:
    """All wallets in PostgreSQL, read page by page."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self) -> int:
        """Return how many there are."""

        def count(connection: Connection) -> int:
            with long_transaction(connection):
                return WalletBatchRepository(connection).count_all()

        return self._database.run(count)

    def pages(self, size: int) -> Iterator[list[Wallet]]:
        """Yield all wallets in lists of `size`; wallets created meanwhile may be missing."""
        after: WalletKey = (0, "")
        while page := self._page(after, size):
            yield page
            after = (page[-1].fid, page[-1].chain)

    def shared_addresses(self) -> dict[str, list[int]]:
        """Return the trading addresses that more than one user has, with their FIDs."""

        def shared(connection: Connection) -> dict[str, list[int]]:
            with long_transaction(connection):
                return WalletBatchRepository(connection).list_shared_addresses()

        return self._database.run(shared)

    def _page(self, after: WalletKey, size: int) -> list[Wallet]:
        def read(connection: Connection) -> list[Wallet]:
            page = WalletBatchRepository(connection).list_page(after, size)
            # Operators delete files whose wallets are reported to be rows.
            self._database.replication.wait(connection)
            return page

        return self._database.run(read)


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletLocation:
    """A row or file with a user's wallet; `fault` if it cannot be decrypted."""

    place: str
    chain: str
    address: str | None
    created_at: datetime | None
    fault: str | None


class UserCheck:
    """Finds all rows and files of one user. Writes nothing."""

    def __init__(
        self, database: Database, encryption: EncryptionService, files: FilesystemWalletRepository
    ) -> None:
        self._database = database
        self._encryption = encryption
        self._files = files

    def run(self, fid: int) -> list[WalletLocation]:
        """Return a user's rows, then the user's files."""
        rows = self._database.run(
            lambda connection: PostgresWalletRepository(connection).list_for_user(fid)
        )
        return [*map(self._row, rows), *self._files_of(fid)]

    def _row(self, wallet: Wallet) -> WalletLocation:
        fault = None
        try:
            decrypt_verified(self._encryption, wallet)
        except KeyUnreadable as error:
            fault = error.reason
        return _location("PostgreSQL", wallet.chain, wallet, fault)

    def _files_of(self, fid: int) -> Iterator[WalletLocation]:
        if not self._files.directory.exists():
            return
        for spelling in (*BASE_ACCOUNT_SPELLINGS, TRADING_CHAIN):
            name = file_name(fid, spelling)
            if self._files.directory.has(name):
                found = self._files.inspect(name)
                wallet = None if found.file is None else found.file.wallet
                yield _location(name, spelling, wallet, found.fault)


def _location(place: str, chain: str, wallet: Wallet | None, fault: str | None) -> WalletLocation:
    if wallet is None:
        return WalletLocation(place=place, chain=chain, address=None, created_at=None, fault=fault)
    return WalletLocation(
        place=place,
        chain=wallet.chain,
        address=wallet.address,
        created_at=wallet.created_at,
        fault=fault,
    )


class RowCheck:
    """Checks batches of rows. Writes nothing."""

    def __init__(
        self, encryption: EncryptionService, files: FilesystemWalletRepository | None
    ) -> None:
        """`files` is None if there are none to compare with."""
        self._encryption = encryption
        self._files = files

    def run(self, wallets: Sequence[Wallet]) -> list[RowReport]:
        """Decrypt each row, verify its address, and look for its file."""
        return [self._check(wallet) for wallet in wallets]

    def _check(self, wallet: Wallet) -> RowReport:
        outcome, reason = RowOutcome.OPENED, None
        try:
            decrypt_verified(self._encryption, wallet)
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
            # There is one. The check of the files reports its fault.
            return True


class ReportCheck:
    """Compares files with the report of an import."""

    def __init__(self, files: FilesystemWalletRepository) -> None:
        self._files = files

    def run(self, lines: Sequence[tuple[int, str]]) -> list[LineReport]:
        """Compare the file that each numbered line names with the line's checksum."""
        return [self._check(number, line) for number, line in lines]

    def _check(self, number: int, line: str) -> LineReport:
        try:
            said = json.loads(line)
            name, sha256 = str(said["file"]), said["sha256"]
            stored = self._files.directory.read(name)
        except (ValueError, TypeError, KeyError, RecursionError):
            # Without its text: the wrong file may have been given, one with secrets.
            return LineReport(file=f"line {number}", outcome=LineOutcome.UNREADABLE)
        if stored is None:
            return LineReport(file=name, outcome=LineOutcome.GONE)
        same = stored.sha256 == sha256
        return LineReport(file=name, outcome=LineOutcome.UNCHANGED if same else LineOutcome.CHANGED)
