"""The API's description, for programs and for people. Nothing comes from another host."""

from pathlib import Path
from typing import Any

import flask_swagger_ui
from apispec import BasePlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from flask import Response, current_app, render_template, send_from_directory
from flask.typing import ResponseReturnValue
from flask_smorest import Api
from marshmallow import fields
from werkzeug.exceptions import NotFound

from wallet_api.blueprints.authorization import PUBLIC
from wallet_api.blueprints.routing import Blueprint

blueprint = Blueprint(
    "docs", __name__, template_folder="../templates", description="This description."
)

_SWAGGER_ASSETS = Path(flask_swagger_ui.__file__).parent / "dist"
_OWN_ASSETS = Path(__file__).parents[1] / "assets"
_FOLDERS = {
    "docs.js": _OWN_ASSETS,
    "swagger-ui.css": _SWAGGER_ASSETS,
    "swagger-ui-bundle.js": _SWAGGER_ASSETS,
}
_NAME = {"in": "path", "name": "name", "required": True, "schema": {"enum": list(_FOLDERS)}}
# Swagger UI draws with inline styles and small images in data: URLs; it runs no inline script.
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_DESCRIPTION = """\
One trading wallet per user of a Farcaster / Base mini app. `/api` is for the users' own frontends,
`/v1` for other services.

A refusal is `application/problem+json` (RFC 9457): programs compare its `code`, users read its
`error`. Whatever was refused with 409 (with `Retry-After`), 429 or 503 may be sent again."""
_SECURITY_SCHEMES = {
    "userToken": "Our own JWT, from /api/auth/base-account.",
    "quickAuth": "A Farcaster Quick Auth JWT.",
    "clientToken": "The token of an API client, from `wallet-api clients create`.",
    "metricsToken": "The setting METRICS_TOKEN.",
}
_HEADERS = {
    "X-Request-Id": "The request's own X-Request-Id, or a new one. Logs have it too.",
    "RateLimit-Policy": 'How much (q) in how many seconds (w): `"ip";q=12000;w=60`.',
    "RateLimit": 'What is left (r), and for how many seconds (t): `"ip";r=11999;t=42`.',
    "Retry-After": "Seconds to wait before the next try.",
    "WWW-Authenticate": "How to prove who calls (RFC 6750).",
}
_COMMON_HEADERS = ("X-Request-Id", "RateLimit-Policy", "RateLimit")
_HEADERS_BY_STATUS = {
    "401": ("WWW-Authenticate",),
    "403": ("WWW-Authenticate",),
    "409": ("Retry-After",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}


class _OperationPlugin(BasePlugin):
    """An operation is named after its view, for generated clients; answers have our headers."""

    def operation_helper(
        self, path: str | None = None, operations: dict[str, Any] | None = None, **given: Any
    ) -> None:
        operations = operations or {}
        name = given["rule"].endpoint.rpartition(".")[2]
        for method, operation in operations.items():
            operation["operationId"] = name if len(operations) == 1 else f"{name}_{method}"
            for status, response in operation["responses"].items():
                headers = response.setdefault("headers", {})
                # By their names alone: apispec makes references of them.
                headers.update(
                    {h: h for h in (*_COMMON_HEADERS, *_HEADERS_BY_STATUS.get(str(status), ()))}
                )


def _declared_type(
    _: OpenAPIConverter, field: fields.Field[Any], *, ret: dict[str, Any]
) -> dict[str, Any]:
    """Believe what a field says of its type, and show no default for what may be left out."""
    if ret.get("default", ...) is None:
        del ret["default"]
    # What apispec makes of a range where it does not know that a field is a number.
    for unknown in ("x-minimum", "x-maximum"):
        ret.pop(unknown, None)
    return {"type": field.metadata["type"]} if "type" in field.metadata else {}


def describe(api: Api) -> None:
    """Tell the document of `api` what its routes cannot tell themselves."""
    api.DEFAULT_ERROR_RESPONSE_NAME = None
    api.spec.options.update(info={"description": _DESCRIPTION}, servers=[{"url": "/"}])
    api.spec.plugins.append(_OperationPlugin())
    api.ma_plugin.converter.add_attribute_function(_declared_type)
    components = api.spec.components
    # flask-smorest's own, which no route of ours answers with.
    components.schemas.clear()
    for name, description in _SECURITY_SCHEMES.items():
        components.security_scheme(
            name, {"type": "http", "scheme": "bearer", "description": description}
        )
    for name, description in _HEADERS.items():
        kind = "integer" if name == "Retry-After" else "string"
        components.header(name, {"description": description, "schema": {"type": kind}})


@blueprint.get("/openapi.json")
@blueprint.requires(PUBLIC)
@blueprint.response(200, {"type": "object"})
def openapi() -> ResponseReturnValue:
    """Describe every route (OpenAPI 3.1)."""
    spec = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec
    response = current_app.json.response(spec.to_dict())
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@blueprint.get("/docs")
@blueprint.requires(PUBLIC)
@blueprint.response(200, {"type": "string"}, content_type="text/html")
def page() -> ResponseReturnValue:
    """Show the description, and let a reader try it."""
    headers = {"Content-Security-Policy": _CSP}
    return Response(render_template("docs.html"), headers=headers, mimetype="text/html")


@blueprint.get("/docs/<name>", parameters=[_NAME])
@blueprint.requires(PUBLIC, 404)
@blueprint.response(200, {"type": "string"}, content_type="*/*")
def asset(name: str) -> Response:
    """Serve what the page is made of."""
    folder = _FOLDERS.get(name)
    if folder is None:
        raise NotFound
    return send_from_directory(folder, name, max_age=3600)
