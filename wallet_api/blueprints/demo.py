"""The demo sign-in for development: a token of the demo user, only on this machine."""

import re

from flask import request
from werkzeug.exceptions import NotFound

from wallet_api.blueprints.access_control import PUBLIC
from wallet_api.blueprints.application import application
from wallet_api.blueprints.client_addresses import client_ip
from wallet_api.blueprints.routing import Blueprint
from wallet_api.blueprints.schemas.demo import DemoTokenAnswer

blueprint = Blueprint(
    "demo", __name__, description="Sign-in without authentication, for development."
)
"""Registered only with DEMO_FID, which `wallet-api dev` sets."""

# An attacker's DNS server may resolve any other name to this machine (DNS rebinding).
_LOOPBACK_HOST = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?", re.ASCII)
# The headers that browsers and curl send. The headers that proxies add cannot be enumerated.
_LOCAL_HEADER = re.compile(
    r"accept|accept-encoding|accept-language|cache-control|connection|content-length|content-type"
    r"|cookie|dnt|host|origin|pragma|priority|referer|sec-[a-z-]+|upgrade-insecure-requests"
    r"|user-agent",
    re.ASCII | re.IGNORECASE,
)


def is_local_request() -> bool:
    """Return whether the request was made on this machine without a proxy or tunnel.

    A proxy on this machine is not recognized if it uses a loopback name and HTTP/1.1, and adds no
    header.
    """
    ip, environ = client_ip(), request.environ
    return (
        ip is not None
        and ip.is_loopback
        and _LOOPBACK_HOST.fullmatch(_host()) is not None
        and all(_LOCAL_HEADER.fullmatch(name) for name, _ in request.headers)
        # nginx uses HTTP/1.0 by default.
        and environ["SERVER_PROTOCOL"] == "HTTP/1.1"
        # In the absolute form the host of the URL counts (RFC 9112, section 3.2.2).
        and environ.get("RAW_URI", "/").startswith("/")
    )


def _is_same_origin() -> bool:
    """Return whether the request comes from our page or from no browser.

    Browsers send Origin with every POST, and Sec-Fetch-Site with every request to this machine
    (https://www.w3.org/TR/fetch-metadata/). curl sends neither.
    """
    own_origin = f"http://{_host()}"
    return (
        request.headers.get("Origin", own_origin) == own_origin
        and request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    )


def _host() -> str:
    return request.headers.get("Host", "").lower()


@blueprint.post("/demo/token")
@blueprint.requires(PUBLIC, 404)
@blueprint.response(200, DemoTokenAnswer)
def demo_token() -> dict[str, object]:
    """Return a session token of the demo user to a caller on this machine."""
    fid = application().demo_fid
    if fid is None or not is_local_request() or not _is_same_origin():
        raise NotFound
    return {"fid": fid, "token": application().user_tokens.issue(fid).reveal()}
