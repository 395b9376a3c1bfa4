"""The services that views use, attached to the Flask application."""

from dataclasses import dataclass

from flask import Flask, current_app

from wallet_api.auth.quick_auth import QuickAuth
from wallet_api.auth.user_tokens import UserTokens
from wallet_api.blueprints.pagination import Cursors
from wallet_api.blueprints.rate_limits import RequestLimits
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.ethereum.networks import Network
from wallet_api.services.api_client_changes import ApiClientChanges
from wallet_api.services.api_clients import ApiClientService
from wallet_api.services.audit.read import AuditLog
from wallet_api.services.deposit_history import DepositHistory
from wallet_api.services.deposits import DepositService
from wallet_api.services.key_access import KeyAccessService
from wallet_api.services.node_reads import NodeReadService
from wallet_api.services.policies.assignments import PolicyAssignments
from wallet_api.services.policies.dry_runs import PolicyDryRuns
from wallet_api.services.policies.effective import EffectivePolicies
from wallet_api.services.policies.versions import PolicyVersions
from wallet_api.services.readiness import ReadinessService
from wallet_api.services.signing.signatures import SigningService
from wallet_api.services.stats import StatsService
from wallet_api.services.status import StatusService
from wallet_api.services.storage import StorageService
from wallet_api.services.wallet_files.serving import UnsupportedWithFiles
from wallet_api.services.wallet_search import WalletSearch
from wallet_api.services.wallets import BaseAccountWalletService
from wallet_api.services.watch import Watch

_EXTENSION = "wallet_api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The services of one process, shared by all requests.

    `replica` is the database for statistics and searches. It may be `database` itself.
    """

    database: Database
    replica: Database
    wallets: BaseAccountWalletService
    signing: SigningService
    key_access: KeyAccessService
    policies: PolicyVersions
    policy_assignments: PolicyAssignments
    dry_runs: PolicyDryRuns
    effective_policies: EffectivePolicies
    node_reads: NodeReadService
    deposits: DepositService
    deposit_history: DepositHistory
    readiness: ReadinessService
    watch: Watch
    clients: ApiClientService
    client_changes: ApiClientChanges
    wallet_search: WalletSearch | UnsupportedWithFiles
    stats: StatsService | UnsupportedWithFiles
    storage: StorageService
    status: StatusService
    audit_log: AuditLog
    cursors: Cursors
    limits: RequestLimits
    user_tokens: UserTokens
    quick_auth: QuickAuth
    metrics_token: Secret[str] | None
    network: Network
    demo_fid: int | None

    def init_app(self, app: Flask) -> None:
        """Attach these services to `app`."""
        app.extensions[_EXTENSION] = self

    def open(self) -> None:
        """Open the connection pools in the background."""
        for database in {self.database, self.replica}:
            database.open()

    def close(self) -> None:
        """Close the connection pools."""
        for database in {self.database, self.replica}:
            database.close()


def application(app: Flask = current_app) -> Application:
    """Return the services of `app`, by default of the current application."""
    services: Application = app.extensions[_EXTENSION]
    return services
