"""How often one address, one user and one client may ask (draft-ietf-httpapi-ratelimit-headers)."""

import time
from collections.abc import Callable

import structlog
from flask import Flask, Response, g, request
from flask_limiter import ApplicationLimit, Limiter, RateLimitExceeded, RequestLimit
from limits.errors import StorageError

from wallet_api import metrics
from wallet_api.blueprints.callers import client_ip
from wallet_api.blueprints.problems import refuse
from wallet_api.config import Settings
from wallet_api.errors import TooManyRequests

# Load balancers ask these, often and all from the same place.
_EXEMPT = {"health.healthz", "health.readyz"}

log = structlog.get_logger("wallet_api")


def init_app(app: Flask, settings: Settings, authenticate: Callable[[Flask], None]) -> None:
    """Limit by address before a caller has to prove itself, and by caller behind that."""
    uri = settings.ratelimit_storage_uri.reveal()
    app.config.update(
        RATELIMIT_ENABLED=settings.ratelimit_enabled,
        RATELIMIT_STORAGE_URI=uri,
        # A storage that hangs must not make us hang; memory takes over meanwhile.
        RATELIMIT_STORAGE_OPTIONS=(
            {}
            if uri == "memory://"
            else {"socket_connect_timeout": 1, "socket_timeout": 1, "wrap_exceptions": True}
        ),
        RATELIMIT_STRATEGY="sliding-window-counter",
    )
    by_address = _limiter("ip", settings.ratelimit_per_ip, lambda: str(client_ip()))
    by_address.init_app(app)
    authenticate(app)
    by_user = _limiter("user", settings.ratelimit_per_user, lambda: str(g.actor))
    by_user.init_app(app)
    by_client = _limiter("client", settings.ratelimit_per_client, lambda: str(g.actor))
    by_client.init_app(app)
    limiters = {"ip": by_address, "user": by_user, "client": by_client}
    if settings.ratelimit_enabled:
        app.after_request(lambda response: _tell(response, limiters))
    app.register_error_handler(RateLimitExceeded, lambda _: refuse(TooManyRequests()))


def _limiter(per: str, limits: str, key: Callable[[], str]) -> Limiter:
    def is_exempt() -> bool:
        return request.endpoint in _EXEMPT or (per != "ip" and not g.actor.startswith(f"{per}:"))

    limit = ApplicationLimit(limits, key_function=key, exempt_when=is_exempt, scope=per)
    return Limiter(key, application_limits=[limit], in_memory_fallback_enabled=True)


def _tell(response: Response, limiters: dict[str, Limiter]) -> Response:
    """Say what the limits are, and how much of them is left; on a refusal, when to come back."""
    policies, states = [], []
    for per, limiter in limiters.items():
        for found in limiter.current_limits:
            try:
                remaining, seconds = found.remaining, _seconds_left(found)
            except StorageError:
                # It went away since the limit was checked; the next check notices.
                log.warning("the storage of rate limits does not answer")
                continue
            policies.append(f'"{per}";q={found.limit.amount};w={found.limit.get_expiry()}')
            states.append(f'"{per}";r={remaining};t={seconds}')
            if found.breached:
                metrics.RATE_LIMITED.labels(per).inc()
                response.headers["Retry-After"] = str(seconds)
    if policies:
        response.headers["RateLimit-Policy"] = ", ".join(policies)
        response.headers["RateLimit"] = ", ".join(states)
    return response


def _seconds_left(found: RequestLimit) -> int:
    return max(1, round(found.reset_at - time.time()))
