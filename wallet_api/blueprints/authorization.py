"""Authentication and authorization: policies of views, and the hook that enforces them."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from flask import Flask, current_app, g, request
from flask.globals import app_ctx
from werkzeug.exceptions import NotFound

from wallet_api.auth.fids import parse_fid
from wallet_api.blueprints.application import application
from wallet_api.blueprints.requests import client_ip, ip_for_allowed_networks, read_body
from wallet_api.crypto.secret import Secret
from wallet_api.errors import (
    FidRequired,
    InsufficientScope,
    NetworkNotAllowed,
    SignInUnavailable,
    Unauthenticated,
    WalletApiError,
)
from wallet_api.models import AuditContext
from wallet_api.services.signing.counters import initialize_counters


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthPolicy:
    """How callers of a view are authenticated and authorized.

    `security` lists schemes of the OpenAPI document. `scope` is the scope that an API client needs.
    `refusals` are the errors that the policy may raise.
    """

    authenticate: Callable[[], None]
    authorize: Callable[[], None] = lambda: None
    security: tuple[str, ...] = ()
    refusals: tuple[type[WalletApiError], ...] = ()
    scope: str | None = None


def init_app(app: Flask) -> None:
    """Enforce the policy of the view on every request to `app`."""
    app.before_request(_enforce_policy)


def _enforce_policy() -> None:
    """Apply rate limits, authenticate the caller, and authorize the request."""
    limits = application().limits
    limits.count_address()
    read_body()
    endpoint = request.endpoint
    if endpoint is None or request.method == "OPTIONS":
        return
    # A view without a policy raises AttributeError, and is never served.
    view: Any = current_app.view_functions[endpoint]
    try:
        view.auth_policy.authenticate()
    finally:
        structlog.contextvars.bind_contextvars(actor=g.actor)
    limits.count_caller()
    view.auth_policy.authorize()


def audit_context(
    *,
    reason: str | None = None,
    recipient: str | None = None,
    idempotency_key: str | None = None,
) -> AuditContext:
    """Describe the current caller for an audit row."""
    state = app_ctx.g
    return AuditContext(
        actor=state.actor,
        request_id=state.request_id,
        ip=client_ip(),
        reason=reason,
        recipient=recipient,
        client_id=state.client.id if "client" in state else None,
        unrestricted="client" in state and state.client.unrestricted,
        idempotency_key=idempotency_key,
    )


def _bearer_token() -> Secret[str]:
    """Return the token of the Authorization header (RFC 6750). Raises Unauthenticated."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated
    return Secret(token.strip())


def _authenticate_user() -> None:
    fid = application().user_tokens.verify(_bearer_token())
    g.fid, g.actor = fid, f"user:{fid}"


def _authenticate_farcaster_user() -> None:
    # The frontend also reads `fid` from error responses.
    g.problem_members = {"fid": None}
    g.fid = application().quick_auth.verify(_bearer_token())
    g.actor = f"user:{g.fid}"


def _authenticate_scraper() -> None:
    token = application().metrics_token
    if token is None:
        raise NotFound
    given = _bearer_token().reveal().encode()
    if not hmac.compare_digest(given, token.reveal().encode()):
        raise Unauthenticated
    g.actor = "metrics"


def client(scope: str) -> AuthPolicy:
    """Return the policy of views for API clients with this scope."""

    def authenticate() -> None:
        g.client = application().clients.identify(_bearer_token())
        g.actor = f"client:{g.client.name}"
        if "wallets:sign" in g.client.scopes:
            initialize_counters(g.client.name)

    def authorize() -> None:
        try:
            application().clients.authorize(g.client, scope=scope, ip=ip_for_allowed_networks())
        except (InsufficientScope, NetworkNotAllowed):
            _record_refusal(scope)
            raise

    return AuthPolicy(
        authenticate=authenticate,
        authorize=authorize,
        security=("clientToken",),
        refusals=(Unauthenticated, InsufficientScope, NetworkNotAllowed),
        scope=scope,
    )


def _record_refusal(scope: str) -> None:
    """Record that an authenticated client was denied a request about the user in its path."""
    path = request.view_args or {}
    fid = parse_fid(path.get("fid"))
    if fid is not None and str(fid) == path["fid"]:
        application().key_access.record_refusal(
            scope, fid, path.get("chain"), access=audit_context()
        )


PUBLIC = AuthPolicy(authenticate=lambda: None)
USER = AuthPolicy(
    authenticate=_authenticate_user,
    security=("userToken",),
    refusals=(Unauthenticated, FidRequired),
)
FARCASTER_USER = AuthPolicy(
    authenticate=_authenticate_farcaster_user,
    security=("quickAuth",),
    refusals=(Unauthenticated, SignInUnavailable),
)
SCRAPER = AuthPolicy(
    authenticate=_authenticate_scraper, security=("metricsToken",), refusals=(Unauthenticated,)
)
