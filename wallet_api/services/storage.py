"""The state of a migration from wallet files to rows, and of the encryption secrets."""

from dataclasses import dataclass

from wallet_api.database import Connection, Database, one_snapshot
from wallet_api.errors import KeyUnreadable
from wallet_api.models import BASE_ACCOUNT_CHAIN, CHAIN_SPELLINGS, TRADING_CHAIN
from wallet_api.repositories.stats import StatsRepository
from wallet_api.repositories.wallet_files import file as wallet_file
from wallet_api.repositories.wallets.batches import WalletBatchRepository, WalletKey
from wallet_api.services.encryption_keys.registry import KnownSecrets, SecretStatus
from wallet_api.services.wallet_files.storages import WalletStorage

# Names per statement: about ten milliseconds.
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCounts:
    """Counts of wallet files by name, without opening them.

    `present` files have a row, `missing` files have none, and the name of a `misnamed` file is not
    that of a wallet: an import reports it as invalid.
    """

    present: int
    missing: int
    misnamed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageState:
    """The progress of a migration from files to rows, and the secrets of the rows.

    `storage` is WALLET_STORAGE. `files` is None where the directory is not used. `imported` counts
    the wallets that were imported from files, whether the files still exist or not.
    """

    storage: str
    files: FileCounts | None
    imported: int
    secrets: list[SecretStatus]


class StorageService:
    """The state of rows and files. May read a replica, which may lag."""

    def __init__(self, database: Database, secrets: KnownSecrets, storage: WalletStorage) -> None:
        self._database = database
        self._secrets = secrets
        self._storage = storage

    def get_state(self) -> StorageState:
        """Return the state. Raises StorageUnavailable and DatabaseUnavailable.

        With files, list the directory once and look up each name by primary key.
        """
        names = list(self._storage.directory.names()) if self._storage.uses_files else None

        def count(connection: Connection) -> StorageState:
            with one_snapshot(connection):
                return StorageState(
                    storage=self._storage.name,
                    files=None if names is None else _count_files(connection, names),
                    imported=StatsRepository(connection).count_imported(),
                    secrets=self._secrets.status_on(connection),
                )

        return self._database.run(count)


def _count_files(connection: Connection, names: list[str]) -> FileCounts:
    keys = [key for name in names if (key := _key_of(name)) is not None]
    batches = WalletBatchRepository(connection)
    known = {fid for fid, chain in keys if chain == BASE_ACCOUNT_CHAIN}
    present = 0
    for begin in range(0, len(keys), _AT_ONCE):
        chunk = keys[begin : begin + _AT_ONCE]
        stored = batches.list_keys_of(fid for fid, _ in chunk)
        present += sum(key in stored for key in chunk)
        # The oldest files store a Base Account, without key, under a trading wallet's name.
        trading_only = [fid for fid, chain in chunk if chain == TRADING_CHAIN and fid not in known]
        without_row = [fid for fid in trading_only if (fid, TRADING_CHAIN) not in stored]
        present += batches.count_imported_base_accounts(without_row)
    return FileCounts(present=present, missing=len(keys) - present, misnamed=len(names) - len(keys))


def _key_of(name: str) -> WalletKey | None:
    """Return the FID and chain in the name of a file; None if it has none."""
    try:
        fid, spelling = wallet_file.parse_name(name)
    except KeyUnreadable:
        return None
    return fid, CHAIN_SPELLINGS[spelling]
