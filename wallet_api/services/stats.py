"""How much there is of everything, and how it grows."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from wallet_api.database import Connection, Database, one_snapshot
from wallet_api.models import DepositSum, WalletCount
from wallet_api.repositories.stats import StatsRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """All figures of one moment. Days are UTC; a day without wallets or deposits is left out."""

    users: int
    wallets: list[WalletCount]
    new_wallets: list[WalletCount]
    deposits: list[DepositSum]


class StatsService:
    """Figures about wallets in PostgreSQL. May read a replica, which lags a little behind."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_days(self, first: date, last: date) -> Stats:
        """Count everything, and what came on these days, all as of one moment.

        Raises DatabaseUnavailable.
        """
        since = datetime.combine(first, time.min, UTC)
        before = datetime.combine(last, time.min, UTC) + timedelta(days=1)

        def count(connection: Connection) -> Stats:
            stats = StatsRepository(connection)
            with one_snapshot(connection):
                return Stats(
                    users=stats.count_users(),
                    wallets=stats.count_wallets(),
                    new_wallets=stats.count_new_wallets(since, before),
                    deposits=stats.sum_deposits(since, before),
                )

        return self._database.run(count)
