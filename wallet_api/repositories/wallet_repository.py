"""What the service asks of wherever wallets are kept."""

from collections.abc import Callable
from typing import Protocol

from wallet_api.database import Connection
from wallet_api.models import AuditContext, AuditHead, NewWallet, Wallet


class WalletRepository(Protocol):
    """One wallet per user and chain, for ever, in PostgreSQL or in files.

    Wallets come back with their keys sealed as rows keep them, wherever they are kept. Methods
    named `_later` send their question now and return the call that fetches the answer: inside
    one_round_trip() it comes after the commit.
    """

    def get(self, fid: int, chain: str) -> Wallet | None:
        """Return the wallet of a user on a chain, or None."""

    def get_with_head(self, fid: int, chain: str) -> tuple[Wallet | None, AuditHead]:
        """Return the wallet, or None, and where its user's chain of audit entries ends."""

    def get_with_head_later(
        self, fid: int, chain: str
    ) -> Callable[[], tuple[Wallet | None, AuditHead]]:
        """Return the same, without what get() would still have to turn into a row."""

    def list_for_user(self, fid: int) -> list[Wallet]:
        """Return a user's wallets, the Base Account address first."""

    def insert_if_absent_later(self, wallet: NewWallet) -> Callable[[], Wallet | None]:
        """Claim (fid, chain) for a new trading wallet; return it, or None if somebody was first."""

    def put_base_account(self, fid: int, address: str) -> None:
        """Remember the address of a user's own Base Account, in place of an older one."""


WalletRepositories = Callable[[Connection, AuditContext], WalletRepository]
"""Gives the repository that works on a connection, on behalf of a caller."""
