"""The address of the client of a request, as the trusted proxies report it."""

import re
from functools import cache, lru_cache
from ipaddress import IPv6Address, ip_address

import structlog
from flask import current_app, request

from wallet_api.models import IPAddress

# An IPv6 address (45 characters at most) with a zone, brackets and a port.
_MAX_ADDRESS_LENGTH = 80
# Some proxies add a port: 192.0.2.1:443, [2001:db8::1]:443.
_WITH_PORT = re.compile(r"([0-9.]+):\d+|\[(.+)\](?::\d+)?", re.ASCII)
# Headers in which proxies describe the client: X-Forwarded-For, Forwarded, X-Real-IP, Via, …
_ADDED_BY_PROXIES = re.compile(
    r"forwarded|client-?ip|-(ip|ipv6|addr|address)\Z|\A(x-)?via\Z|\Acdn-loop\Z",
    re.ASCII | re.IGNORECASE,
)

log = structlog.get_logger("wallet_api.request")


def client_ip() -> IPAddress | None:
    """Return the client's address, as the trusted proxies report it; None if it is unknown."""
    text = request.remote_addr or ""
    # What a proxy forwards may be as long as a header. It is not kept.
    return _parse_ip(text) if len(text) <= _MAX_ADDRESS_LENGTH else None


@lru_cache(maxsize=10_000)
def _parse_ip(text: str) -> IPAddress | None:
    if found := _WITH_PORT.fullmatch(text):
        text = found[1] or found[2]
    try:
        ip = ip_address(text)
    except ValueError:
        return None
    if isinstance(ip, IPv6Address):
        # Without its zone (fe80::1%eth0), which has a meaning only on this machine.
        return ip.ipv4_mapped or IPv6Address(int(ip))
    return ip


def ip_for_allowed_networks() -> IPAddress | None:
    """Return the address to compare with a client's allowed networks; None if unknown.

    Without trusted proxies it is the address of the peer. If a header shows that the peer is a
    proxy, the address is unknown: the proxy may be in an allowed network and the client not.
    """
    if current_app.config["TRUSTED_PROXY_HOPS"] == 0 and any(
        _ADDED_BY_PROXIES.search(name) for name, _ in request.headers
    ):
        report_unexpected_proxy()
        return None
    return client_ip()


@cache
def report_unexpected_proxy() -> None:
    """Log, once in each process, that requests come through a proxy that is not configured."""
    log.warning(
        "an API client came through a proxy: TRUSTED_PROXY_HOPS is probably wrong, it is 0",
        hint="Set it to the number of proxies. Until then --allow-ip refuses such requests.",
    )
