"""The state of the service, for operators."""

from dataclasses import dataclass

from wallet_api import metrics
from wallet_api.database import Connection, Database
from wallet_api.repositories.migrations import MigrationRepository
from wallet_api.services.migrations import migration_names
from wallet_api.services.wallet_files.storages import WalletStorage


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationState:
    """The migrations of the database. `newest` is the last one that was applied.

    `missing` are those that this code knows and the database does not have.
    """

    applied: int
    newest: str | None
    missing: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolState:
    """The connections of a pool, in all processes of this machine."""

    name: str
    in_use: int
    max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCount:
    """How often an alarm was raised by the processes of this machine."""

    code: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """The state of the database's migrations, and what the processes of this machine measured.

    `storage` is WALLET_STORAGE.
    """

    storage: str
    migrations: MigrationState
    pools: list[PoolState]
    alarms: list[AlarmCount]


class StatusService:
    """The state of the service."""

    def __init__(self, database: Database, storage: WalletStorage) -> None:
        self._database = database
        self._storage = storage

    def get(self) -> ServiceStatus:
        """Return the state. Raises DatabaseUnavailable."""

        def applied(connection: Connection) -> set[str]:
            return MigrationRepository(connection).list_applied()

        in_use = metrics.values_by("wallet_api_db_pool_connections_in_use", "pool")
        sizes = metrics.values_by("wallet_api_db_pool_connections_max", "pool")
        alarms = metrics.values_by("wallet_api_alarms_total", "code")
        return ServiceStatus(
            storage=self._storage.name,
            migrations=_migrations(self._database.run(applied)),
            pools=[
                PoolState(name=name, in_use=in_use.get(name, 0), max=size)
                for name, size in sorted(sizes.items())
            ],
            alarms=[
                AlarmCount(code=code, count=count)
                for code, count in sorted(alarms.items())
                if count
            ],
        )


def _migrations(applied: set[str]) -> MigrationState:
    names = migration_names()
    newest = max(applied, default=None)
    return MigrationState(
        applied=len(applied),
        # A migration of a newer release has no name here.
        newest=newest and "_".join(filter(None, (newest, names.get(newest)))),
        missing=[f"{version}_{names[version]}" for version in sorted(names.keys() - applied)],
    )
