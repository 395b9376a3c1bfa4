"""The places of a user's wallets, and comparison of files and import reports."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Database
from wallet_api.models import BASE_ACCOUNT_SPELLINGS, TRADING_CHAIN, Wallet
from wallet_api.repositories.wallet_files.file import file_name
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository
from wallet_api.repositories.wallets.rows import PostgresWalletRepository
from wallet_api.services.row_verification import find_fault


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
        _location("PostgreSQL", wallet.chain, wallet, find_fault(encryption, wallet))
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
