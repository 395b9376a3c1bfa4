"""The landing page, with a demo deposit in development, the console, and pages for 404 and 405."""

from datetime import UTC, datetime
from pathlib import Path

from flask import Flask, Response, g, render_template, request, send_from_directory
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from wallet_api.blueprints.access_control import PUBLIC
from wallet_api.blueprints.application import application
from wallet_api.blueprints.demo import is_local_request
from wallet_api.blueprints.paths import raw_path
from wallet_api.blueprints.problems import http_error_response
from wallet_api.blueprints.routing import Blueprint
from wallet_api.blueprints.schemas.bases import BASE_ACCOUNT

blueprint = Blueprint("home", __name__, template_folder="../templates")
"""Pages and their assets, excluded from the OpenAPI document."""

_ASSETS = Path(__file__).parents[1] / "assets"
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


# The first one is for callers that accept anything.
_KINDS_OF_ERRORS = ("application/problem+json", "application/json", "text/html")


def init_app(app: Flask) -> None:
    """Return a page to a browser for a path that `app` does not serve, or not with this method."""
    for kind in (NotFound, MethodNotAllowed):
        app.register_error_handler(kind, _not_found)


def _not_found(error: HTTPException) -> ResponseReturnValue:
    """Return a page if the request prefers HTML, and a problem otherwise."""
    response = http_error_response(error)
    if request.accept_mimetypes.best_match(_KINDS_OF_ERRORS) != "text/html":
        return response
    # Links of pages are relative, because a proxy may serve them under a path of its own.
    root = "../" * (raw_path().count("/") - 1)
    response.data = render_template(
        "not_found.html", error=error, root=root, request_id=g.request_id
    )
    response.mimetype = "text/html"
    response.headers["Content-Security-Policy"] = _CSP
    return response


@blueprint.get("/")
@blueprint.requires(PUBLIC)
@blueprint.response(200, {"type": "string"}, content_type="text/html")
def home() -> ResponseReturnValue:
    """Render the landing page."""
    page = render_template(
        "home.html",
        network=application().network,
        demo_fid=application().demo_fid if is_local_request() else None,
        base_account=BASE_ACCOUNT,
        url=request.url_root.rstrip("/"),
    )
    return _page(page)


@blueprint.get("/console")
@blueprint.requires(PUBLIC)
@blueprint.response(200, {"type": "string"}, content_type="text/html")
def console() -> ResponseReturnValue:
    """Render the operator console, which needs the token of an API client."""
    return _page(render_template("console.html", now=datetime.now(UTC).isoformat()))


def _page(text: str) -> Response:
    headers = {"Content-Security-Policy": _CSP}
    return Response(text, headers=headers, mimetype="text/html")


@blueprint.get("/assets/<name>")
@blueprint.requires(PUBLIC, 404)
@blueprint.response(200, {"type": "string"}, content_type="*/*")
def home_asset(name: str) -> Response:
    """Serve an asset of the pages. Browsers revalidate it on each use."""
    return send_from_directory(_ASSETS, name, max_age=0)
