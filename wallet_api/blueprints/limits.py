"""How often one address, one user and one client may ask (draft-ietf-httpapi-ratelimit-headers)."""

from collections.abc import Callable

from flask import Flask, Response, g, request
from limits import RateLimitItem, parse_many

from wallet_api import metrics
from wallet_api.auth.rate_limits import RateLimits, Usage
from wallet_api.blueprints.callers import client_ip
from wallet_api.config import Settings
from wallet_api.errors import TooManyRequests

# Load balancers ask these, often and all from the same place.
_EXEMPT = {"health.healthz", "health.readyz"}


def init_app(app: Flask, settings: Settings, authenticate: Callable[[Flask], None]) -> None:
    """Limit by address before a caller has to prove itself, and by caller behind that."""
    if not settings.ratelimit_enabled:
        authenticate(app)
        return
    counts = RateLimits(settings.ratelimit_storage_uri)
    limits = {
        "ip": parse_many(settings.ratelimit_per_ip),
        "user": parse_many(settings.ratelimit_per_user),
        "client": parse_many(settings.ratelimit_per_client),
    }

    def count(per: str, identifier: str) -> None:
        if request.endpoint not in _EXEMPT:
            _count(counts, per, limits[per], identifier)

    def count_address() -> None:
        g.usages = []
        count("ip", str(client_ip()))

    def count_caller() -> None:
        kind, _, name = g.actor.partition(":")
        if kind in limits:
            count(kind, name)

    app.before_request(count_address)
    authenticate(app)
    app.before_request(count_caller)
    app.after_request(_tell)


def _count(counts: RateLimits, per: str, limits: list[RateLimitItem], identifier: str) -> None:
    usages = counts.hit(limits, per, identifier)
    g.usages += [(per, usage) for usage in usages]
    if not all(usage.allowed for usage in usages):
        metrics.RATE_LIMITED.labels(per).inc()
        raise TooManyRequests


def _tell(response: Response) -> Response:
    """Say what the limits are, and how much of them is left; on a refusal, when to come back."""
    usages: list[tuple[str, Usage]] = g.get("usages", [])
    if usages:
        response.headers["RateLimit-Policy"] = ", ".join(
            f'"{per}";q={usage.limit.amount};w={usage.limit.get_expiry()}' for per, usage in usages
        )
        response.headers["RateLimit"] = ", ".join(
            f'"{per}";r={usage.remaining};t={usage.seconds}' for per, usage in usages
        )
    waits = [usage.seconds for _, usage in usages if not usage.allowed]
    if waits:
        response.headers["Retry-After"] = str(max(waits))
    return response
