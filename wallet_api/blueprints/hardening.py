"""What browsers must not do with our answers, and that nobody talks to us in the clear."""

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

_YEAR_SECONDS = 365 * 24 * 60 * 60
# For what is not a page. A page has a policy of its own.
_NOTHING = "default-src 'none'; frame-ancestors 'none'"


def init_app(app: Flask, trusted_proxy_hops: int) -> None:
    """Believe the nearest proxies about addresses and schemes, and add headers to every answer."""
    app.after_request(_restrict)
    if trusted_proxy_hops:
        # Only what the nearest proxies added to the headers: what a client put there is older.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=trusted_proxy_hops, x_proto=trusted_proxy_hops, x_host=0
        )
        app.before_request(_redirect)
        app.after_request(_insist)


def _restrict(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _NOTHING)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _redirect() -> Response | None:
    """Send whoever came in the clear to the same place under https (RFC 9110, 308)."""
    # Health checks come past the proxy, and without its header.
    if "X-Forwarded-Proto" not in request.headers or request.is_secure:
        return None
    return Response(status=308, headers={"Location": request.url.replace("http:", "https:", 1)})


def _insist(response: Response) -> Response:
    """Have browsers come by https from now on (HSTS, RFC 6797)."""
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = f"max-age={_YEAR_SECONDS}"
    return response
