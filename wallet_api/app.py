"""The application factory: settings → pool → services → blueprints → commands."""

import os
from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, Response
from flask_smorest import Api

from wallet_api import logs
from wallet_api.auth.issuer_keys import IssuerKeys
from wallet_api.auth.quick_auth import QuickAuth
from wallet_api.auth.rate_limits import RateLimits
from wallet_api.auth.user_tokens import UserTokens
from wallet_api.blueprints import (
    access_control,
    api_clients,
    audit,
    cross_origin,
    demo,
    deposits,
    docs,
    hardening,
    health,
    home,
    paths,
    policies,
    policy_assignments,
    problems,
    rate_limits,
    request_hooks,
    rpc,
    sign_in,
    signing,
    stats,
    status,
    storage,
    trading,
    users,
    wallet_search,
    wallets,
)
from wallet_api.blueprints.application import Application
from wallet_api.blueprints.pagination import Cursors
from wallet_api.blueprints.rate_limits import RequestLimits
from wallet_api.blueprints.routing import Blueprint
from wallet_api.cli import cli
from wallet_api.config import Settings
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Database, ServingConnection
from wallet_api.process_protection import require_gunicorn_settings
from wallet_api.services.api_client_changes import ApiClientChanges
from wallet_api.services.api_clients import ApiClientService
from wallet_api.services.audit.changes import AuditedChanges
from wallet_api.services.audit.read import AuditLog
from wallet_api.services.deposit_history import DepositHistory
from wallet_api.services.deposits import DepositService
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.encryption_keys.registry import KnownSecrets
from wallet_api.services.key_access import KeyAccessService
from wallet_api.services.node_reads import NodeReadService
from wallet_api.services.policies.assignments import PolicyAssignments
from wallet_api.services.policies.dry_runs import PolicyDryRuns
from wallet_api.services.policies.effective import EffectivePolicies
from wallet_api.services.policies.versions import PolicyVersions
from wallet_api.services.readiness import ReadinessService
from wallet_api.services.signing.service import SigningService
from wallet_api.services.status import StatusService
from wallet_api.services.storage import StorageService
from wallet_api.services.wallet_files.storages import select_storage
from wallet_api.services.watch import Watch


class _Flask(Flask):
    """Flask without async views and without HTML responses to OPTIONS."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function itself. Flask would check each hook and view at each request."""
        return func

    def make_default_options_response(self) -> Response:
        """Return 204 with `Allow`. Flask returns 200 with an empty body of type text/html."""
        response = super().make_default_options_response()
        response.status_code = 204
        del response.headers["Content-Type"]
        return response


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application that serves HTTP.

    The pool opens at its first use, in the process that uses it. Raises ConfigurationError, which
    lists all configuration errors. Exits if gunicorn calls it without our settings.
    """
    require_gunicorn_settings()
    settings = settings or Settings.from_environ(os.environ)
    logs.configure(settings.log_level, settings.log_format)
    for warning in settings.warnings:
        structlog.get_logger("wallet_api").warning("configuration", warning=str(warning))

    app = _Flask("wallet_api", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config.update(
        API_TITLE="wallet-api",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        # Overrides FLASK_DEBUG.
        DEBUG=False,
    )
    _services(settings).init_app(app)
    request_hooks.init_app(app)
    paths.init_app(app)
    hardening.init_app(app, settings.trusted_proxy_hops)
    access_control.init_app(app)
    rate_limits.init_app(app)
    cross_origin.init_app(app, settings.cors_origins)
    api = Api(app)
    docs.describe(api)
    for blueprint in (
        sign_in.blueprint,
        wallets.blueprint,
        deposits.blueprint,
        trading.blueprint,
        users.blueprint,
        signing.blueprint,
        rpc.blueprint,
        policies.blueprint,
        policy_assignments.blueprint,
        policy_assignments.own,
        api_clients.blueprint,
        _search(),
        health.blueprint,
        docs.blueprint,
    ):
        api.register_blueprint(blueprint)
    for pages in (docs.pages, home.blueprint):
        app.register_blueprint(pages)
    if settings.demo_fid is not None:
        api.register_blueprint(demo.blueprint)
    problems.init_app(app)
    home.init_app(app)
    for command in cli.commands.values():
        app.cli.add_command(command)
    return app


def _search() -> Blueprint:
    """Return the blueprint of the routes over all users, which are one group in the API docs."""
    search = Blueprint(
        "search",
        __name__,
        url_prefix="/v1",
        description="Wallet search, audit log, statistics, and status.",
    )
    for module in (wallet_search, audit, storage, stats, status):
        search.register_blueprint(module.blueprint)
    return search


def _services(settings: Settings) -> Application:
    wallet_settings = settings.wallets
    database = replica = Database(
        wallet_settings.database_url,
        min_size=settings.db_pool_min,
        max_size=settings.db_pool_max,
        timeout_seconds=settings.db_pool_timeout,
        slow_query_seconds=settings.slow_query_seconds,
        connection_class=ServingConnection,
    )
    if settings.database_replica_url is not None:
        # A slow replica can block at most half of the threads. The others still serve wallets.
        quarter = max(1, settings.web_threads // 4)
        replica = Database(
            settings.database_replica_url,
            min_size=0,
            max_size=quarter,
            max_waiting=quarter,
            timeout_seconds=settings.db_pool_timeout,
            slow_query_seconds=settings.slow_query_seconds,
            name="replica",
            connection_class=ServingConnection,
        )
    storage = select_storage(wallet_settings)
    unused = storage.unused_files_warning(explicit=settings.wallet_storage_is_explicit)
    if unused is not None:
        structlog.get_logger("wallet_api").warning("configuration", warning=unused)
    encryption = EncryptionService(
        wallet_settings.encryption_secret, wallet_settings.encryption_secret_previous
    )
    registration = SecretRegistration(database, encryption, storage.directory_check(encryption))
    wallet_service = storage.wallet_service(database, encryption, registration)
    signing_service = SigningService(wallet_service)
    changes = AuditedChanges(database, encryption, registration)
    readiness = ReadinessService(database, registration)
    stats_service = storage.stats(replica)
    client_service = ApiClientService(database)
    # The second reads the indexes of all wallets.
    reports = {client_service.report: 60, stats_service.report: 15 * 60}
    return Application(
        database=database,
        replica=replica,
        wallets=wallet_service,
        signing=signing_service,
        policy_versions=PolicyVersions(database, changes),
        policy_assignments=PolicyAssignments(database, changes),
        policy_dry_runs=PolicyDryRuns(database),
        effective_policies=EffectivePolicies(database),
        key_access=KeyAccessService(
            wallet_service,
            signing_service,
            allow_read=settings.allow_key_read,
            allow_export=settings.allow_key_export,
        ),
        node_reads=NodeReadService(settings.node_urls, threads=settings.web_threads),
        deposits=DepositService(database, wallet_service, settings.network),
        deposit_history=DepositHistory(database, wallet_service),
        readiness=readiness,
        watch=Watch(readiness, {} if settings.metrics_token is None else reports),
        api_clients=client_service,
        api_client_changes=ApiClientChanges(changes),
        wallet_search=storage.search(replica, encryption, primary=database),
        stats=stats_service,
        storage=StorageService(replica, KnownSecrets(replica, encryption, storage), storage),
        status=StatusService(database, storage),
        audit_log=AuditLog(database),
        cursors=Cursors(settings.tokens.secret),
        request_limits=RequestLimits(
            RateLimits(settings.ratelimit_storage_uri), settings.ratelimits
        ),
        user_tokens=UserTokens(settings.tokens),
        quick_auth=QuickAuth(
            IssuerKeys(settings.quick_auth_jwks_url),
            issuer=settings.quick_auth_issuer,
            audiences=settings.quick_auth_audience,
        ),
        metrics_token=settings.metrics_token,
        network=settings.network,
        demo_fid=settings.demo_fid,
    )
