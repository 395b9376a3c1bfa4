"""Verification that every row decrypts, and that its file exists where files are served."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection, Database
from wallet_api.errors import KeyUnreadable
from wallet_api.models import Wallet
from wallet_api.repositories.stats import StatsRepository
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository
from wallet_api.repositories.wallets.batches import WalletBatchRepository, WalletKey
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


class StoredWallets:
    """All wallets in PostgreSQL, read page by page."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self) -> int:
        """Return how many there are."""
        counts = self._database.run_long(
            lambda connection: StatsRepository(connection).count_wallets()
        )
        return sum(count.wallets for count in counts)

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


def check_rows(
    encryption: EncryptionService,
    files: FilesystemWalletRepository | None,
    wallets: Sequence[Wallet],
) -> list[RowReport]:
    """Decrypt each row, verify its address, and look for its file, if there are files."""
    reports = []
    for wallet in wallets:
        fault = find_fault(encryption, wallet)
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


def find_fault(encryption: EncryptionService, wallet: Wallet) -> str | None:
    """Return why the key of a wallet does not decrypt to its address; None if it does."""
    try:
        decrypt_verified(encryption, wallet)
    except KeyUnreadable as error:
        return error.reason
    return None
