"""The API's description, for programs and for people. Nothing comes from another host."""

from pathlib import Path

import flask_swagger_ui
from flask import Response, current_app, render_template, send_from_directory
from flask.typing import ResponseReturnValue
from flask_smorest import Api
from werkzeug.exceptions import NotFound

from wallet_api.blueprints.callers import ANYBODY
from wallet_api.blueprints.routing import Blueprint

blueprint = Blueprint("docs", __name__, template_folder="../templates")

_ASSETS = Path(flask_swagger_ui.__file__).parent / "dist"
_OURS = Path(__file__).parents[1] / "assets"
# Swagger UI draws with inline styles and small images in data: URLs; it runs no inline script.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_SECURITY_SCHEMES = {
    "userToken": "Our own JWT, from /api/auth/base-account.",
    "quickAuth": "A Farcaster Quick Auth JWT.",
    "clientToken": "The token of an API client, from `wallet-api clients create`.",
    "metricsToken": "METRICS_TOKEN.",
}


def describe(api: Api) -> None:
    """Tell the document of `api` what its routes cannot tell themselves."""
    api.DEFAULT_ERROR_RESPONSE_NAME = None
    for name, description in _SECURITY_SCHEMES.items():
        api.spec.components.security_scheme(
            name, {"type": "http", "scheme": "bearer", "description": description}
        )


@blueprint.get("/openapi.json")
@blueprint.opened_by(ANYBODY)
@blueprint.response(200, {"type": "object"})
def openapi() -> ResponseReturnValue:
    """Describe every route (OpenAPI 3.1)."""
    spec = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec
    response = current_app.json.response(spec.to_dict())
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@blueprint.get("/docs")
@blueprint.opened_by(ANYBODY)
@blueprint.response(200, {"type": "string"}, content_type="text/html")
def page() -> ResponseReturnValue:
    """Show the description, and let a reader try it."""
    headers = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"}
    return Response(render_template("docs.html"), headers=headers, mimetype="text/html")


@blueprint.get("/docs/<name>", parameters=[{"in": "path", "name": "name", "required": True}])
@blueprint.opened_by(ANYBODY)
@blueprint.alt_response(404, description="There is no such file.")
@blueprint.response(200, {"type": "string"}, content_type="*/*")
def asset(name: str) -> Response:
    """Serve what the page is made of."""
    folder = {"docs.js": _OURS, "swagger-ui.css": _ASSETS, "swagger-ui-bundle.js": _ASSETS}.get(
        name
    )
    if folder is None:
        raise NotFound
    response = send_from_directory(folder, name, max_age=3600)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
