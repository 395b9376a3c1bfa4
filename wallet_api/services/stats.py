"""Statistics: users, wallets and deposits, in total and by day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from wallet_api import metrics
from wallet_api.database import Connection, Database, one_snapshot
from wallet_api.ethereum.amounts import ASSETS
from wallet_api.models import DepositSum, WalletCount
from wallet_api.repositories.stats import StatsRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """All figures, those by day from `first` to `last`, from one snapshot.

    Days are in UTC; days without rows are omitted.
    """

    first: date
    last: date
    users: int
    wallets: list[WalletCount]
    new_wallets: list[WalletCount]
    deposits: list[DepositSum]


class StatsService:
    """Statistics of wallets in PostgreSQL. May read a replica, which may lag."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_days(self, first: date, last: date) -> Stats:
        """Return the totals, and the figures of these days, from one snapshot.

        Raises DatabaseUnavailable.
        """
        since = datetime.combine(first, time.min, UTC)
        before = datetime.combine(last, time.min, UTC) + timedelta(days=1)

        def count(connection: Connection) -> Stats:
            stats = StatsRepository(connection)
            with one_snapshot(connection):
                return Stats(
                    first=first,
                    last=last,
                    users=stats.count_users(),
                    wallets=stats.count_wallets(),
                    new_wallets=stats.count_new_wallets(since, before),
                    deposits=stats.sum_deposits(since, before),
                )

        return self._database.run(count)

    def report(self) -> None:
        """Set the metrics of wallets, and of the deposits of the last 24 hours.

        Raises DatabaseUnavailable.
        """
        now = datetime.now(UTC)

        def count(connection: Connection) -> tuple[list[WalletCount], list[DepositSum]]:
            stats = StatsRepository(connection)
            return stats.count_wallets(), stats.sum_deposits(now - timedelta(days=1), now)

        wallets, deposits = self._database.run(count)
        for row in wallets:
            metrics.WALLETS.labels(row.wallet_type).set(row.wallets)
        # Deposits of two calendar days and of several networks, and none of some assets.
        for asset in ASSETS:
            prepared = sum(row.deposits for row in deposits if row.asset == asset)
            metrics.DEPOSITS.labels(asset).set(prepared)
