"""What a request handler can reach: the services of this process."""

from dataclasses import dataclass

from flask import Flask, current_app

from wallet_api.auth.quick_auth import QuickAuth
from wallet_api.auth.user_tokens import UserTokens
from wallet_api.blueprints.pagination import Cursors
from wallet_api.blueprints.rate_limits import RequestLimits
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.ethereum.networks import Network
from wallet_api.services.api_clients import ApiClientService
from wallet_api.services.audit.read import AuditLog
from wallet_api.services.deposits import DepositService
from wallet_api.services.readiness import ReadinessService
from wallet_api.services.stats import StatsService
from wallet_api.services.storage import StorageService
from wallet_api.services.wallet_files.serving import WithoutRows
from wallet_api.services.wallet_search import WalletSearch
from wallet_api.services.wallets import BaseAccountWalletService

_EXTENSION = "wallet_api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The services that one process shares among its requests.

    `replica` is where figures and searches are read: another database, or the same one.
    """

    database: Database
    replica: Database
    wallets: BaseAccountWalletService
    deposits: DepositService
    readiness: ReadinessService
    clients: ApiClientService
    search: WalletSearch | WithoutRows
    stats: StatsService | WithoutRows
    storage: StorageService
    audit_log: AuditLog
    cursors: Cursors
    limits: RequestLimits
    user_tokens: UserTokens
    quick_auth: QuickAuth
    metrics_token: Secret[str] | None
    allow_key_export: bool
    network: Network
    demo_fid: int | None

    def init_app(self, app: Flask) -> None:
        """Make these services the ones of `app`."""
        app.extensions[_EXTENSION] = self

    def open(self) -> None:
        """Start connecting to the databases, in the background."""
        for database in {self.database, self.replica}:
            database.open()

    def close(self) -> None:
        """Close what open() opened."""
        for database in {self.database, self.replica}:
            database.close()


def application(app: Flask = current_app) -> Application:
    """Return the services of `app`, or of the app that serves the current request."""
    services: Application = app.extensions[_EXTENSION]
    return services
