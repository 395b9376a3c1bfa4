"""Wallets on their way from files to PostgreSQL: rows first, files where there is no row."""

from collections.abc import Callable

import structlog

from wallet_api.errors import KeyUnreadable
from wallet_api.models import BASE_ACCOUNT_CHAIN, TRADING_CHAIN, AuditHead, Wallet
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository
from wallet_api.repositories.wallets import PostgresWalletRepository

log = structlog.get_logger("wallet_api")


class MigratingWalletRepository:
    """Rows, and for a wallet that has none the file that it is made from.

    A wallet that is found only as a file is verified, becomes a row, and is answered as that row.
    The primary key decides among all who do so at once; the files are never written to. A file
    that cannot be verified raises KeyUnreadable: its user gets no other wallet.

    `before_files` is called before the files are asked. That a user has no trading wallet among
    them counts only once nobody can make one any more. `keep` makes a row of a wallet, with its
    entry in the audit log, and tells whether it was the first to do so.
    """

    def __init__(
        self,
        rows: PostgresWalletRepository,
        files: FilesystemWalletRepository,
        before_files: Callable[[], None],
        keep: Callable[[Wallet], bool],
    ) -> None:
        self._rows = rows
        self._files = files
        self._before_files = before_files
        self._keep = keep

    def get(self, fid: int, chain: str) -> Wallet | None:
        """Return the wallet of a user on a chain, or None."""
        return self._rows.get(fid, chain) or self._import(fid, chain)

    def get_with_head(self, fid: int, chain: str) -> tuple[Wallet | None, AuditHead]:
        """Return the wallet, or None, and where its user's chain of audit entries ends."""
        wallet, head = self._rows.get_with_head(fid, chain)
        if wallet is None and self._import(fid, chain) is not None:
            # The row came with an entry.
            return self._rows.get_with_head(fid, chain)
        return wallet, head

    def list_for_user(self, fid: int) -> list[Wallet]:
        """Return a user's wallets, the Base Account address first."""
        rows = {wallet.chain: wallet for wallet in self._rows.list_for_user(fid)}
        base_account = rows.get(BASE_ACCOUNT_CHAIN)
        if base_account is None:
            try:
                base_account = self._import(fid, BASE_ACCOUNT_CHAIN)
            except KeyUnreadable as error:
                # The trading wallet's row does not wait until somebody has mended a file.
                if TRADING_CHAIN not in rows:
                    raise
                log.critical("wallet file unreadable", fid=fid, reason=error.reason)
        trading = rows.get(TRADING_CHAIN) or self._import(fid, TRADING_CHAIN)
        return [wallet for wallet in (base_account, trading) if wallet is not None]

    def _import(self, fid: int, chain: str) -> Wallet | None:
        self._before_files()
        wallet = self._files.get(fid, chain)
        if wallet is None and chain == TRADING_CHAIN:
            # A new wallet may follow: not while somebody can still make one in the folder.
            self._files.directory.hand_over()
            wallet = self._files.get(fid, chain)
            if wallet is None:
                # Nor if a key lies under the other chain by mistake.
                self._files.get(fid, BASE_ACCOUNT_CHAIN)
        if wallet is None:
            return None
        if self._keep(wallet):
            log.info("wallet imported", fid=fid, chain=chain, address=wallet.address)
        return self._rows.get(fid, chain)
