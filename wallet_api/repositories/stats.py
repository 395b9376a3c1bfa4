"""Counts and sums over all users. Queries: queries/stats.sql."""

from datetime import datetime

from wallet_api.database import sql
from wallet_api.models import DepositSum, WalletCount
from wallet_api.repositories import Repository

_QUERIES = sql.load("stats")


class StatsRepository(Repository):
    """Statistics of wallets, users and deposits."""

    def count_wallets(self) -> list[WalletCount]:
        """Count all wallets by type and chain."""
        return [WalletCount(**row) for row in _QUERIES.count_wallets(self._connection)]

    def count_users(self) -> int:
        """Count the users with a wallet on any chain."""
        return int(_QUERIES.count_users(self._connection))

    def count_new_wallets(self, since: datetime, before: datetime) -> list[WalletCount]:
        """Count the wallets created in a time range, by day, type and chain."""
        rows = _QUERIES.count_new_wallets(self._connection, since=since, before=before)
        return [WalletCount(**row) for row in rows]

    def sum_deposits(self, since: datetime, before: datetime) -> list[DepositSum]:
        """Sum the deposits of a time range, by day, network and asset."""
        rows = _QUERIES.sum_deposits(self._connection, since=since, before=before)
        return [DepositSum(**{**row, "units": int(row["units"])}) for row in rows]

    def count_imported(self) -> int:
        """Count the wallets that were imported from files."""
        return int(_QUERIES.count_imported(self._connection))
