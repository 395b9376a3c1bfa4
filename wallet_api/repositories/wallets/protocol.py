"""The protocol of wallet repositories."""

from collections.abc import Callable
from typing import Protocol

from wallet_api.database import Connection
from wallet_api.models import AuditContext, AuditHead, Wallet


class WalletRepository(Protocol):
    """Wallets in PostgreSQL, in files, or in migration from one to the other.

    Keys are returned encrypted as in rows, wherever they are stored.
    """

    def get(self, fid: int, chain: str) -> Wallet | None:
        """Return the wallet of a user on a chain, or None."""

    def get_with_head(self, fid: int, chain: str) -> tuple[Wallet | None, AuditHead]:
        """Return the wallet, or None, and the head of the user's audit chain."""

    def list_for_user(self, fid: int) -> list[Wallet]:
        """Return a user's wallets, the Base Account address first."""

    def list_with_head(self, fid: int) -> tuple[list[Wallet], AuditHead]:
        """Return a user's wallets and the head of the user's audit chain."""


WalletRepositories = Callable[[Connection, AuditContext], WalletRepository]
"""Returns the repository for a connection and a caller."""
