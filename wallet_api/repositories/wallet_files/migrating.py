"""Wallets in migration from files to PostgreSQL: rows first, else files."""

from collections.abc import Callable

import structlog

from wallet_api.errors import KeyUnreadable
from wallet_api.models import BASE_ACCOUNT_CHAIN, TRADING_CHAIN, AuditHead, Wallet
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository
from wallet_api.repositories.wallets.rows import PostgresWalletRepository

log = structlog.get_logger("wallet_api")


class MigratingWalletRepository:
    """Rows, and for wallets without a row, files, which are imported when they are read.

    A wallet that is only in a file is verified, inserted as a row, and returned as that row. The
    primary key decides races; files are never written. A file that cannot be verified raises
    KeyUnreadable: its user gets no other wallet.

    `before_files` is called before files are read. A missing trading wallet counts as missing only
    after no process can create one in the directory. `import_wallet` inserts the row of a wallet
    with its audit entry, and tells whether it was inserted.
    """

    def __init__(
        self,
        rows: PostgresWalletRepository,
        files: FilesystemWalletRepository,
        before_files: Callable[[], None],
        import_wallet: Callable[[Wallet], bool],
    ) -> None:
        self._rows = rows
        self._files = files
        self._before_files = before_files
        self._import_wallet = import_wallet

    def get(self, fid: int, chain: str) -> Wallet | None:
        """Return the wallet of a user on a chain, or None."""
        return self._rows.get(fid, chain) or self._import(fid, chain)

    def get_with_head(self, fid: int, chain: str) -> tuple[Wallet | None, AuditHead]:
        """Return the wallet, or None, and the head of the user's audit chain."""
        wallet, head = self._rows.get_with_head(fid, chain)
        if wallet is None and self._import(fid, chain) is not None:
            # The import appended an entry.
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
                # A faulty file must not block the trading wallet's row.
                if TRADING_CHAIN not in rows:
                    raise
                log.critical("wallet file unreadable", fid=fid, reason=error.reason)
        trading = rows.get(TRADING_CHAIN) or self._import(fid, TRADING_CHAIN)
        return [wallet for wallet in (base_account, trading) if wallet is not None]

    def list_with_head(self, fid: int) -> tuple[list[Wallet], AuditHead]:
        """Return a user's wallets and the head of the user's audit chain."""
        wallets = self.list_for_user(fid)
        # Read later, because an import appends entries.
        return wallets, self._rows.get_with_head(fid, TRADING_CHAIN)[1]

    def _import(self, fid: int, chain: str) -> Wallet | None:
        self._before_files()
        wallet = self._files.get(fid, chain)
        if wallet is None and chain == TRADING_CHAIN:
            # A new wallet may follow, so first make sure that no process creates one in a file.
            self._files.directory.hand_over()
            wallet = self._files.get(fid, chain)
            if wallet is None:
                # Raises if a key is stored under the other chain by mistake.
                self._files.get(fid, BASE_ACCOUNT_CHAIN)
        if wallet is None:
            return None
        if self._import_wallet(wallet):
            log.info("wallet imported", fid=fid, chain=chain, address=wallet.address)
        return self._rows.get(fid, chain)
