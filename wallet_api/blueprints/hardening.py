"""What browsers must not do with our answers, and that nobody talks to us in the clear."""

import re
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv6Address
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

from wallet_api.errors import InvalidRequest

_YEAR_SECONDS = 365 * 24 * 60 * 60
# RFC 9110, 7.2, with names as they can be resolved (RFC 1123, 2.1).
_LABEL = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
_HOST = re.compile(
    rf"(?:(?=[^:]{{1,254}}(?::|$)){_LABEL}(?:\.{_LABEL})*\.?|\[(?P<ip>[0-9A-Fa-f:.]+)\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
)
# For what is not a page. A page has a policy of its own.
_NOTHING = "default-src 'none'; frame-ancestors 'none'"


def init_app(app: Flask, trusted_proxy_hops: int) -> None:
    """Believe the nearest proxies about addresses and schemes, and add headers to every answer."""
    app.after_request(_restrict)
    if trusted_proxy_hops:
        # Only what the nearest proxies added to the headers: what a client put there is older.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            _with_scheme(app.wsgi_app, trusted_proxy_hops),
            x_for=trusted_proxy_hops,
            x_proto=0,
            x_host=0,
        )
        app.before_request(_redirect)
        app.after_request(_insist)


def _with_scheme(application: WSGIApplication, hops: int) -> WSGIApplication:
    """Have the application see the scheme that clients came to the outermost proxy by.

    Not ProxyFix's way, which wants one word from each proxy: where the inner ones put theirs, or
    pass on the outer one's, in the place of all, it would find too few, believe none, and send
    those who came by https to https again, without end.
    """

    def with_scheme(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        words = environ.pop("HTTP_X_FORWARDED_PROTO", "").split(",")
        scheme = words[-hops:][0].strip().lower()
        if scheme in ("http", "https"):
            environ["HTTP_X_FORWARDED_PROTO"] = environ["wsgi.url_scheme"] = scheme
        return application(environ, start)

    return with_scheme


def _restrict(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _NOTHING)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _redirect() -> Response | None:
    """Send whoever came in the clear to the same place under https (RFC 9110, 308).

    Raises InvalidRequest where no host is named (RFC 9112, 3.2).
    """
    # Health checks come past the proxy, and without its header.
    if "X-Forwarded-Proto" not in request.headers or request.is_secure:
        return None
    if not _is_host(request.headers.get("Host", "")):
        raise InvalidRequest(hint="Come by https, and name a host in the Host header.")
    return Response(status=308, headers={"Location": request.url.replace("http:", "https:", 1)})


def _is_host(text: str) -> bool:
    host = _HOST.fullmatch(text)
    if host is None or int(host["port"] or 443) > 65535:
        return False
    try:
        return host["ip"] is None or bool(IPv6Address(host["ip"]))
    except AddressValueError:
        return False


def _insist(response: Response) -> Response:
    """Have browsers come by https from now on (HSTS, RFC 6797)."""
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = f"max-age={_YEAR_SECONDS}"
    return response
