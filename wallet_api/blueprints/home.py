"""The landing page, with a demo deposit in development, and the operator console."""

from pathlib import Path

from flask import Response, render_template, request, send_from_directory
from flask.typing import ResponseReturnValue

from wallet_api.blueprints.application import application
from wallet_api.blueprints.authorization import PUBLIC
from wallet_api.blueprints.demo import is_local_request
from wallet_api.blueprints.routing import Blueprint
from wallet_api.blueprints.schemas.bases import BASE_ACCOUNT

blueprint = Blueprint("home", __name__, template_folder="../templates")
"""Pages and their assets, which the OpenAPI document leaves out."""

_ASSETS = Path(__file__).parents[1] / "assets"
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


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
    return _page(render_template("console.html"))


def _page(text: str) -> Response:
    headers = {"Content-Security-Policy": _CSP}
    return Response(text, headers=headers, mimetype="text/html")


@blueprint.get("/assets/<name>")
@blueprint.requires(PUBLIC, 404)
@blueprint.response(200, {"type": "string"}, content_type="*/*")
def home_asset(name: str) -> Response:
    """Serve an asset of the pages. Browsers revalidate it on each use."""
    return send_from_directory(_ASSETS, name, max_age=0)
