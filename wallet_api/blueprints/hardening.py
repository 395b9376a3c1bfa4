"""What browsers must not do with our answers, and that nobody talks to us in the clear."""

import re
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv6Address
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, request

from wallet_api.blueprints.problems import error_response
from wallet_api.errors import HttpsRequired, InvalidRequest

_YEAR_SECONDS = 365 * 24 * 60 * 60
# RFC 9110, 7.2, with names as they can be resolved (RFC 1123, 2.1).
_LABEL = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
_HOST = re.compile(
    rf"(?:(?=[^:]{{1,254}}(?::|$)){_LABEL}(?:\.{_LABEL})*\.?|\[(?P<ip>[0-9A-Fa-f:.]+)\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
)
# For what is not a page. A page has a policy of its own.
_DEFAULT_CSP = "default-src 'none'; frame-ancestors 'none'"


def init_app(app: Flask, trusted_proxy_hops: int) -> None:
    """Believe the nearest proxies about addresses and schemes, and add headers to every answer."""
    app.after_request(_add_security_headers)
    app.config["TRUSTED_PROXY_HOPS"] = trusted_proxy_hops
    if trusted_proxy_hops:
        app.wsgi_app = _trust_proxies(  # type: ignore[method-assign, assignment]
            app.wsgi_app, trusted_proxy_hops
        )
        app.before_request(_redirect_to_https)
        app.after_request(_add_hsts)


def _trust_proxies(application: WSGIApplication, hops: int) -> WSGIApplication:
    """Give the application the client's address and scheme as the outermost trusted proxy saw them.

    Each proxy adds the address of its peer to the end of X-Forwarded-For, so the client's is the
    `hops`-th entry from the end: what stands before it is the client's own words. With fewer
    entries a proxy was bypassed or adds nothing, and the client's address is unknown. It is never
    the proxy's own, which may be in a network that `--allow-ip` names.

    Not Werkzeug's ProxyFix. It keeps the proxy's address where entries are missing, and reads
    quotation marks: one of the client's would join the entries after it to one. For the scheme it
    wants one word from each proxy: where the inner proxy replaces X-Forwarded-Proto instead of
    adding to it, the redirect to https would never end.
    """

    def with_client_address(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        addresses = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
        environ["REMOTE_ADDR"] = addresses[-hops].strip() if len(addresses) >= hops else ""
        words = environ.pop("HTTP_X_FORWARDED_PROTO", "").split(",")
        scheme = words[-hops:][0].strip().lower()
        if scheme in ("http", "https"):
            environ["HTTP_X_FORWARDED_PROTO"] = scheme
        environ["wsgi.url_scheme"] = "https" if scheme == "https" else "http"
        return application(environ, start)

    return with_client_address


def _add_security_headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _DEFAULT_CSP)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _redirect_to_https() -> Response | None:
    """Send whoever came in the clear to the same place under https (RFC 9110, 308).

    Raises InvalidRequest where no host is named (RFC 9112, 3.2).
    """
    # Health checks come past the proxy, and without its header.
    if "X-Forwarded-Proto" not in request.headers or request.is_secure:
        return None
    if not _is_host(request.headers.get("Host", "")):
        raise InvalidRequest(hint="Come by https, and name a host in the Host header.")
    response = error_response(HttpsRequired())
    response.headers["Location"] = request.url.replace("http:", "https:", 1)
    return response


def _is_host(text: str) -> bool:
    host = _HOST.fullmatch(text)
    if host is None or int(host["port"] or 443) > 65535:
        return False
    try:
        return host["ip"] is None or bool(IPv6Address(host["ip"]))
    except AddressValueError:
        return False


def _add_hsts(response: Response) -> Response:
    """Have browsers come by https from now on (HSTS, RFC 6797)."""
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = f"max-age={_YEAR_SECONDS}"
    return response
