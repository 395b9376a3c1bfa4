"""The protocol of a place where wallets are kept."""

from collections.abc import Callable
from typing import Protocol

from wallet_api.database import Connection
from wallet_api.models import AuditContext, AuditHead, Wallet


class WalletRepository(Protocol):
    """Wallets in PostgreSQL, in files, or on their way from one to the other.

    Wallets come back with their keys sealed as rows keep them, wherever they are kept.
    """

    def get(self, fid: int, chain: str) -> Wallet | None:
        """Return the wallet of a user on a chain, or None."""

    def get_with_head(self, fid: int, chain: str) -> tuple[Wallet | None, AuditHead]:
        """Return the wallet, or None, and where its user's chain of audit entries ends."""

    def list_for_user(self, fid: int) -> list[Wallet]:
        """Return a user's wallets, the Base Account address first."""


WalletRepositories = Callable[[Connection, AuditContext], WalletRepository]
"""Gives the repository that works on a connection, on behalf of a caller."""
