"""Verification that every row decrypts, and comparison of rows, files and import reports."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection, Database
from wallet_api.errors import KeyUnreadable
from wallet_api.models import BASE_ACCOUNT_SPELLINGS, TRADING_CHAIN, Wallet
from wallet_api.repositories.wallet_files.file import file_name
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository
from wallet_api.repositories.wallets.batches import WalletBatchRepository, WalletKey
from wallet_api.repositories.wallets.rows import PostgresWalletRepository
from wallet_api.services.decryption import decrypt_verified


class RowOutcome(StrEnum):
    """The result for a row."""

    DECRYPTED = "opened"
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
        return self._database.run_long(
            lambda connection: WalletBatchRepository(connection).count_all()
        )

    def pages(self, size: int) -> Iterator[list[Wallet]]:
        """Yield all wallets in lists of `size`; wallets created meanwhile may be missing."""
        after: WalletKey = (0, "")
        while page := self._page(after, size):
            yield page
            after = (page[-1].fid, page[-1].chain)

    def shared_addresses(self) -> dict[str, list[int]]:
        """Return the trading addresses that more than one user has, with their FIDs."""
        return self._database.run_long(
            lambda connection: WalletBatchRepository(connection).list_shared_addresses()
        )

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


def list_locations(
    database: Database, encryption: EncryptionService, files: FilesystemWalletRepository, fid: int
) -> list[WalletLocation]:
    """Return a user's rows, then the user's files."""
    rows = database.run(lambda connection: PostgresWalletRepository(connection).list_for_user(fid))
    found = [
        _location("PostgreSQL", wallet.chain, wallet, _find_fault(encryption, wallet))
        for wallet in rows
    ]
    if not files.directory.exists():
        return found
    for spelling in (*BASE_ACCOUNT_SPELLINGS, TRADING_CHAIN):
        name = file_name(fid, spelling)
        if files.directory.has(name):
            file = files.inspect(name)
            wallet = None if file.file is None else file.file.wallet
            found.append(_location(name, spelling, wallet, file.fault))
    return found


def _location(place: str, chain: str, wallet: Wallet | None, fault: str | None) -> WalletLocation:
    return WalletLocation(
        place=place,
        chain=chain if wallet is None else wallet.chain,
        address=None if wallet is None else wallet.address,
        created_at=None if wallet is None else wallet.created_at,
        fault=fault,
    )


def _find_fault(encryption: EncryptionService, wallet: Wallet) -> str | None:
    try:
        decrypt_verified(encryption, wallet)
    except KeyUnreadable as error:
        return error.reason
    return None


def check_rows(
    encryption: EncryptionService,
    files: FilesystemWalletRepository | None,
    wallets: Sequence[Wallet],
) -> list[RowReport]:
    """Decrypt each row, verify its address, and look for its file, if there are files."""
    reports = []
    for wallet in wallets:
        fault = _find_fault(encryption, wallet)
        outcome = RowOutcome.DECRYPTED if fault is None else RowOutcome.UNREADABLE
        if fault is None and files is not None and not _has_file(files, wallet):
            outcome = RowOutcome.WITHOUT_FILE
        reports.append(RowReport(fid=wallet.fid, chain=wallet.chain, outcome=outcome, reason=fault))
    return reports


def _has_file(files: FilesystemWalletRepository, wallet: Wallet) -> bool:
    try:
        return files.get(wallet.fid, wallet.chain) is not None
    except KeyUnreadable:
        # There is one. The check of the files reports its fault.
        return True


def check_lines(
    files: FilesystemWalletRepository, lines: Sequence[tuple[int, str]]
) -> list[LineReport]:
    """Compare the file that each numbered line of an import report names with its checksum."""
    return [_check_line(files, number, line) for number, line in lines]


def _check_line(files: FilesystemWalletRepository, number: int, line: str) -> LineReport:
    try:
        report = json.loads(line)
        name, sha256 = str(report["file"]), report["sha256"]
        stored = files.directory.read(name)
    except (ValueError, TypeError, KeyError, RecursionError):
        # Without its text: the wrong file may have been given, one with secrets.
        return LineReport(file=f"line {number}", outcome=LineOutcome.UNREADABLE)
    if stored is None:
        return LineReport(file=name, outcome=LineOutcome.GONE)
    unchanged = stored.sha256 == sha256
    return LineReport(
        file=name, outcome=LineOutcome.UNCHANGED if unchanged else LineOutcome.CHANGED
    )
