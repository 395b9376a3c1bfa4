"""Counts and sums over all users. Queries: queries/stats.sql."""

from datetime import datetime

from wallet_api.database import Connection
from wallet_api.models import DepositSum, WalletCount
from wallet_api.repositories import sql

_QUERIES = sql.load("stats")


class StatsRepository:
    """How many wallets, users and deposits there are. No question here names a user."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count_wallets(self) -> list[WalletCount]:
        """Count all wallets by type and chain."""
        return [WalletCount(**row) for row in _QUERIES.count_wallets(self._connection)]

    def count_users(self) -> int:
        """Count the users who have a wallet of any kind."""
        return int(_QUERIES.count_users(self._connection))

    def count_new_wallets(self, since: datetime, before: datetime) -> list[WalletCount]:
        """Count the wallets that were made in a range of time, by day, type and chain."""
        rows = _QUERIES.count_new_wallets(self._connection, since=since, before=before)
        return [WalletCount(**row) for row in rows]

    def sum_deposits(self, since: datetime, before: datetime) -> list[DepositSum]:
        """Add up the deposits of a range of time, by day, network and asset."""
        rows = _QUERIES.sum_deposits(self._connection, since=since, before=before)
        return [DepositSum(**{**row, "units": int(row["units"])}) for row in rows]

    def count_imported(self) -> int:
        """Count the wallets that came from files."""
        return int(_QUERIES.count_imported(self._connection))
