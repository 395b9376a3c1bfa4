"""Security headers, trusted proxies, and the redirect to HTTPS."""

import re
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv6Address
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, request

from wallet_api.blueprints.problems import error_response
from wallet_api.errors import HttpsRequired, InvalidRequest

_YEAR_SECONDS = 365 * 24 * 60 * 60
# RFC 9110, section 7.2, restricted to valid host names (RFC 1123, section 2.1).
_LABEL = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
_HOST = re.compile(
    rf"(?:(?=[^:]{{1,254}}(?::|$)){_LABEL}(?:\.{_LABEL})*\.?|\[(?P<ip>[0-9A-Fa-f:.]+)\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
)
# For responses that are not pages. Pages set their own policy.
_DEFAULT_CSP = "default-src 'none'; frame-ancestors 'none'"


def init_app(app: Flask, trusted_proxy_hops: int) -> None:
    """Trust the nearest proxies for address and scheme, and add security headers."""
    app.after_request(_add_security_headers)
    app.config["TRUSTED_PROXY_HOPS"] = trusted_proxy_hops
    if trusted_proxy_hops:
        app.wsgi_app = _trust_proxies(  # type: ignore[method-assign, assignment]
            app.wsgi_app, trusted_proxy_hops
        )
        app.before_request(_redirect_to_https)
        app.after_request(_add_hsts)


def _trust_proxies(application: WSGIApplication, hops: int) -> WSGIApplication:
    """Set the client's address and scheme to those that the outermost trusted proxy saw.

    Each proxy appends the address of its peer to X-Forwarded-For, so the client's address is the
    `hops`-th entry from the end. Earlier entries are controlled by the client. With fewer entries a
    proxy was bypassed or appends nothing, and the client's address is unknown. It is never the
    proxy's own address, which may be in a network of `--allow-ip`.

    Werkzeug's ProxyFix is not used. It keeps the proxy's address if entries are missing, and it
    interprets quotes: a quote from the client would merge the entries after it. It also requires
    one X-Forwarded-Proto value per proxy: if the inner proxy replaces the header instead of
    appending to it, the redirect to HTTPS would loop.
    """

    def with_client_address(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        addresses = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
        environ["REMOTE_ADDR"] = addresses[-hops].strip() if len(addresses) >= hops else ""
        schemes = environ.pop("HTTP_X_FORWARDED_PROTO", "").split(",")
        scheme = schemes[-hops:][0].strip().lower()
        if scheme in ("http", "https"):
            environ["HTTP_X_FORWARDED_PROTO"] = scheme
        environ["wsgi.url_scheme"] = "https" if scheme == "https" else "http"
        return application(environ, start)

    return with_client_address


def _add_security_headers(response: Response) -> Response:
    # add() does not look for a header of the same name, as an assignment does.
    headers = response.headers
    if "Content-Security-Policy" not in headers:
        headers.add("Content-Security-Policy", _DEFAULT_CSP)
    headers.add("X-Content-Type-Options", "nosniff")
    headers.add("Referrer-Policy", "no-referrer")
    return response


def _redirect_to_https() -> Response | None:
    """Redirect plain HTTP requests to the same URL under https (308).

    Raises InvalidRequest if the Host header is missing or invalid (RFC 9112, section 3.2).
    """
    # Health checks bypass the proxy and lack its header.
    if "X-Forwarded-Proto" not in request.headers or request.is_secure:
        return None
    if not _is_host(request.headers.get("Host", "")):
        raise InvalidRequest(hint="Use https, and send a valid Host header.")
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
    """Add the HSTS header to responses over HTTPS (RFC 6797)."""
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = f"max-age={_YEAR_SECONDS}"
    return response
