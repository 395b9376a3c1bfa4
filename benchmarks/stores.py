"""Both architectures filled with wallets, and the operations to measure."""

import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from coincurve import PublicKey

from benchmarks import wallet_rows, wallet_store
from benchmarks.old_service import OldService
from wallet_api.app import create_app
from wallet_api.blueprints.application import application
from wallet_api.config import Settings
from wallet_api.crypto.secret import Secret
from wallet_api.database import Connection, Database
from wallet_api.development.postgres import LocalPostgres
from wallet_api.models import TRADING_CHAIN, AuditContext, ClientRights
from wallet_api.services import migrations
from wallet_api.services.api_client_changes import CreatedClient
from wallet_api.services.signing.signatures import SigningService
from wallet_api.services.wallets import BaseAccountWalletService

ACCESS = AuditContext(actor="user:benchmark", request_id="benchmark")
NEW_FIDS = 1_000_000_000
"""FIDs above this have no wallet when a benchmark starts."""
SELECT = "select address from wallets where fid = %s and chain = 'ethereum'"
_TABLE = """
create table if not exists bench_rows (
    fid bigint not null,
    chain text not null,
    payload text not null,
    created_at timestamptz default now() not null,
    primary key (fid, chain)
)
"""
INSERT = "insert into bench_rows (fid, chain, payload) values (%s, 'ethereum', %s)"
# The size of a wallet's row.
_PAYLOAD = "x" * 210
_TABLES = ("wallets", "wallet_audit_log", "wallet_audit_heads", "deposits")
_SIZE_OF_TABLE = (
    "select count(*) as rows, pg_table_size(%s) as heap, pg_indexes_size(%s) as indexes"
)


def environ_of(url: str, **more: str) -> dict[str, str]:
    """Return the environment of a service on this database."""
    return {
        "DATABASE_URL": url,
        "ENCRYPTION_SECRET": wallet_store.SECRET,
        "JWT_SECRET": "worthless, and of quite sufficient length",
        "LOG_LEVEL": "WARNING",
        **more,
    }


class Rows:
    """The service on its own database with a number of users."""

    def __init__(self, postgres: LocalPostgres, users: int, *, threads: int = 8) -> None:
        self.users = users
        name = f"users_{users}"
        postgres.create_database(name)
        self.url = postgres.url(name)
        migrations.upgrade(Secret(self.url))
        secret = Secret(wallet_store.SECRET)
        self.population = wallet_rows.fill(Secret(self.url), secret, users)
        settings = Settings.from_environ(environ_of(self.url, WEB_THREADS=str(threads)))
        self._services = application(create_app(settings))
        self._services.open()
        self.database: Database = self._services.database
        self.database.run(lambda connection: connection.execute(_TABLE))
        self._fids = random.Random(users)
        self._next = NEW_FIDS

    @property
    def service(self) -> BaseAccountWalletService:
        """The service that the views call."""
        return self._services.wallets

    @property
    def signing(self) -> SigningService:
        """The signing service that the views call."""
        return self._services.signing

    def create_client(self, name: str, *, scopes: tuple[str, ...]) -> CreatedClient:
        """Return a new API client, for which wallets sign everything."""
        rights = ClientRights(scopes=frozenset(scopes), unrestricted=True)
        changes = self._services.client_changes
        return changes.create(name, rights, creator=None, access=ACCESS)

    def close(self) -> None:
        """Close the pool."""
        self._services.close()

    def new_fid(self) -> int:
        """Return the FID of a user without a wallet."""
        self._next += 1
        return self._next

    def some_fid(self) -> int:
        """Return the FID of a random user with a wallet."""
        return self._fids.randint(1, self.users)

    def operations(self) -> dict[str, Callable[[int], object]]:
        """Return the operations to time: three of the service, and the bare statements."""
        return {
            "create": lambda _: self.make_wallet(self.new_fid()),
            "key": lambda _: self.service.get_wallet_with_key(
                self.some_fid(), TRADING_CHAIN, access=ACCESS
            ),
            "address": lambda _: self.service.get_wallet_address(
                self.some_fid(), TRADING_CHAIN, access=ACCESS
            ),
            "bare select": lambda _: self._bare(SELECT, [self.some_fid()]),
            "bare insert": lambda _: self._bare(INSERT, [self.new_fid(), _PAYLOAD]),
        }

    def make_wallet(self, fid: int) -> str:
        """Return the address of a user's trading wallet. Create it if needed."""
        return self.service.ensure_trading_wallet(fid, access=ACCESS).address

    def bytes_per_row(self) -> dict[str, dict[str, float]]:
        """Return the bytes on disk per row of each table: heap and indexes."""
        found = {}
        for table in _TABLES:

            def look(connection: Connection, table: str = table) -> dict[str, int]:
                statement = f"{_SIZE_OF_TABLE} from {table}"
                return connection.execute(statement, [table, table]).fetchone()

            row = self.database.run(look)
            found[table] = {part: round(row[part] / row["rows"], 1) for part in ("heap", "indexes")}
            found[table]["rows"] = row["rows"]
        return found

    def _bare(self, statement: str, parameters: list[object]) -> object:
        def run(connection: Connection) -> object:
            cursor = connection.execute(statement, parameters, prepare=True)
            return cursor.fetchone() if cursor.description else None

        return self.database.run(run)


@dataclass
class Files:
    """The old service on a directory with two files per user."""

    folder: Path
    users: int

    def __post_init__(self) -> None:
        wallet_store.make_store(self.folder, self.users * 2)
        self.service = OldService(self.folder, wallet_store.SECRET)
        pairs = wallet_store.wallets(self.users * 2)
        self._owners = [fid for fid, chain in pairs if chain == TRADING_CHAIN]
        self._fids = random.Random(self.users)
        self._next = NEW_FIDS

    def close(self) -> None:
        """Remove the directory."""
        shutil.rmtree(self.folder)

    def new_fid(self) -> int:
        """Return the FID of a user without a wallet."""
        self._next += 1
        return self._next

    def some_fid(self) -> int:
        """Return the FID of a random user with a wallet."""
        return self._fids.choice(self._owners)

    def operations(self) -> dict[str, Callable[[int], object]]:
        """Return the operations to time."""
        return {
            "create": lambda _: self.service.ensure_trading_wallet(self.new_fid()),
            "key": lambda _: self.service.get_wallet_with_key(self.some_fid()),
        }

    def bytes_per_file(self) -> float:
        """Return the mean disk usage in bytes of the first thousand files."""
        sample = [path.stat().st_blocks * 512 for path in islice(self.folder.iterdir(), 1000)]
        return sum(sample) / len(sample)


def key_generation(_: int) -> bytes:
    """Generate only a key pair (coincurve)."""
    return PublicKey.from_valid_secret(os.urandom(32)).format(compressed=False)
