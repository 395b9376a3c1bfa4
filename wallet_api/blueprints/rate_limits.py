"""How often one address, one user and one client may ask (draft-ietf-httpapi-ratelimit-headers)."""

import time
from ipaddress import IPv6Address, ip_network

from flask import Flask, Response, g, request
from limits import RateLimitItem

from wallet_api import metrics
from wallet_api.auth.rate_limits import REDIS_SECONDS, RateLimits, Usage
from wallet_api.blueprints.requests import client_ip
from wallet_api.errors import TooManyRequests

# Load balancers ask these, often and all from the same place.
_EXEMPT = {"health.healthz", "health.readyz"}
# Whoever has one IPv6 address has all of its network.
_IPV6_NETWORK_BITS = 64


def init_app(app: Flask) -> None:
    """Have every answer of `app` say what the limits are, and how much of them is left."""
    app.after_request(_add_headers)


class RequestLimits:
    """The limits that the current request is counted against.

    `per` is "ip", "user" or "client", or "writes" for a user's requests that append to tables.
    """

    def __init__(self, counts: RateLimits, limits: dict[str, list[RateLimitItem]]) -> None:
        """Count nothing that `limits` does not name."""
        self._counts = counts
        self._limits = limits

    def count_address(self) -> None:
        """Count for the address the request came from. Raises TooManyRequests.

        Callers whose address is unknown are counted together.
        """
        ip = client_ip()
        if isinstance(ip, IPv6Address):
            self._count("ip", str(ip_network((ip, _IPV6_NETWORK_BITS), strict=False)))
        else:
            self._count("ip", str(ip or "unknown"))

    def count_caller(self) -> None:
        """Count for the user or client who proved to be the caller. Raises TooManyRequests."""
        per, _, name = g.actor.partition(":")
        self._count(per, name)

    def count_write(self) -> None:
        """Count a request that may append to a table for its user. Raises TooManyRequests.

        Nobody may delete from these tables, so that their growth has to be bounded here.
        """
        self._count("writes", str(g.fid))

    def _count(self, per: str, identifier: str) -> None:
        if per not in self._limits or request.endpoint in _EXEMPT:
            return
        limits = self._limits[per]
        began, redis_seconds = time.monotonic(), g.get("redis_seconds", REDIS_SECONDS)
        usages = self._counts.hit(limits, per, identifier, redis_seconds=redis_seconds)
        g.redis_seconds = redis_seconds - (time.monotonic() - began)
        # Answers tell several limits of one kind apart by their windows.
        names = [per if len(limits) == 1 else f"{per}-{u.limit.get_expiry()}" for u in usages]
        g.usages = [*g.get("usages", []), *zip(names, usages, strict=True)]
        if not all(usage.allowed for usage in usages):
            metrics.RATE_LIMITED.labels(per).inc()
            raise TooManyRequests


def _add_headers(response: Response) -> Response:
    """Say what is left of each limit; on a refusal, when to come back."""
    usages: list[tuple[str, Usage]] = g.get("usages", [])
    if usages:
        response.headers["RateLimit-Policy"] = ", ".join(
            f'"{name}";q={usage.limit.amount};w={usage.limit.get_expiry()}'
            for name, usage in usages
        )
        response.headers["RateLimit"] = ", ".join(
            f'"{name}";r={usage.remaining};t={usage.seconds}' for name, usage in usages
        )
    waits = [usage.seconds for _, usage in usages if not usage.allowed]
    if waits:
        response.headers["Retry-After"] = str(max(waits))
    return response
