"""Where wallets are kept at this moment, and under which secrets: for those who migrate."""

from dataclasses import dataclass

from wallet_api.database import Connection, Database, one_snapshot
from wallet_api.repositories.stats import StatsRepository
from wallet_api.repositories.wallet_directory import WalletDirectory
from wallet_api.services.known_secrets import KnownSecrets, SecretStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageState:
    """How far the way from files to rows is gone, and what the rows are sealed under.

    `storage` is WALLET_STORAGE. `files` is how many wallet files the folder holds, None where
    nobody looks at it; `imported` how many wallets came from files into rows.
    """

    storage: str
    files: int | None
    imported: int
    secrets: list[SecretStatus]


class StorageService:
    """Looks at rows and files. May read a replica, which lags a little behind."""

    def __init__(
        self, database: Database, secrets: KnownSecrets, storage: str, directory: WalletDirectory
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._storage = storage
        self._directory = directory

    def look(self) -> StorageState:
        """Count everything. Raises StorageUnavailable and DatabaseUnavailable."""
        files = None
        if self._storage != "postgres":
            files = sum(name.startswith("wallet_") for name in self._directory.names())

        def count(connection: Connection) -> StorageState:
            with one_snapshot(connection):
                return StorageState(
                    storage=self._storage,
                    files=files,
                    imported=StatsRepository(connection).count_imported(),
                    secrets=self._secrets.status_on(connection),
                )

        return self._database.run(count, repeatable=True)
