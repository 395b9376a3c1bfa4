"""Rate limits per address, user and client (draft-ietf-httpapi-ratelimit-headers)."""

import time
from functools import lru_cache
from ipaddress import IPv6Address, ip_network

from flask import Flask, Response, g, request
from flask.globals import app_ctx
from limits import RateLimitItem

from wallet_api import metrics
from wallet_api.auth.rate_limits import REDIS_SECONDS, RateLimits, Usage
from wallet_api.blueprints.client_addresses import client_ip
from wallet_api.errors import TooManyRequests
from wallet_api.models import IPAddress

# Load balancers call these often, from few addresses.
_EXEMPT = {"health.healthz", "health.readyz"}
# One client usually controls a whole IPv6 /64 network.
_IPV6_NETWORK_BITS = 64


def init_app(app: Flask) -> None:
    """Add the rate limit headers to every response of `app`."""
    app.after_request(_add_headers)


class RequestLimits:
    """Count the current request against the configured limits.

    The kinds of limits are "ip", "user", "client", and "writes" (requests of a user that append to
    tables, and those of an API client that create API clients).
    """

    def __init__(self, counts: RateLimits, limits: dict[str, list[RateLimitItem]]) -> None:
        """`limits` maps kinds to limits. A missing kind is not limited."""
        self._counts = counts
        self._limits = limits

    def count_address(self) -> None:
        """Count the request for its client address. Raises TooManyRequests.

        Requests with an unknown address are counted together.
        """
        self._count("ip", _identify(client_ip()))

    def count_caller(self) -> None:
        """Count the request for the authenticated caller. Raises TooManyRequests."""
        per, _, name = g.actor.partition(":")
        self._count(per, name)

    def count_write(self) -> None:
        """Count a request of the caller that may append to a table. Raises TooManyRequests.

        Rows of these tables are never deleted, so that their growth must be limited here. Where API
        clients use wallets they have one limit for everything: an engine may sign for one user all
        the time.
        """
        self._count("writes", g.actor)

    def count_batch(self, calls: int) -> None:
        """Count a batch as its calls one by one would be counted. Raises TooManyRequests.

        The request itself was counted as one call.
        """
        per, _, name = g.actor.partition(":")
        if calls > 1:
            self._count(per, name, cost=calls - 1)

    def configured(self) -> list[dict[str, str | int]]:
        """Return the limits, for operators."""
        return [
            {"per": per, "amount": limit.amount, "seconds": limit.get_expiry()}
            for per, limits in self._limits.items()
            for limit in limits
        ]

    def _count(self, per: str, identifier: str, *, cost: int = 1) -> None:
        if per not in self._limits or request.endpoint in _EXEMPT:
            return
        limits, state = self._limits[per], app_ctx.g
        began, redis_seconds = time.monotonic(), state.get("redis_seconds", REDIS_SECONDS)
        usages = self._counts.hit(limits, per, identifier, redis_seconds=redis_seconds, cost=cost)
        state.redis_seconds = redis_seconds - (time.monotonic() - began)
        # If a kind has several limits, their names in the headers include the window.
        names = [per if len(limits) == 1 else f"{per}-{u.limit.get_expiry()}" for u in usages]
        # A later count of the same limit replaces the earlier one.
        state.usages = state.get("usages", {}) | dict(zip(names, usages, strict=True))
        if not all(usage.allowed for usage in usages):
            metrics.RATE_LIMITED.labels(per).inc()
            raise TooManyRequests


@lru_cache(maxsize=10_000)
def _identify(ip: IPAddress | None) -> str:
    if isinstance(ip, IPv6Address):
        return str(ip_network((ip, _IPV6_NETWORK_BITS), strict=False))
    return str(ip or "unknown")


def _add_headers(response: Response) -> Response:
    """Add the state of each limit, and Retry-After if one was exceeded."""
    usages: dict[str, Usage] = g.get("usages", {})
    if usages:
        policies = ", ".join(
            f'"{name}";q={usage.limit.amount};w={usage.limit.get_expiry()}'
            for name, usage in usages.items()
        )
        states = ", ".join(
            f'"{name}";r={usage.remaining};t={usage.seconds}' for name, usage in usages.items()
        )
        response.headers.add("RateLimit-Policy", policies)
        response.headers.add("RateLimit", states)
    waits = [usage.seconds for usage in usages.values() if not usage.allowed]
    if waits:
        response.headers["Retry-After"] = str(max(waits))
    return response
