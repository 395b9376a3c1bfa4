"""The OpenAPI document and its Swagger UI page. All assets are served from this host."""

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

from wallet_api.blueprints.access_control import PUBLIC
from wallet_api.blueprints.routing import Blueprint

blueprint = Blueprint("docs", __name__, description="The description of this API.")
pages = Blueprint("swagger", __name__, template_folder="../templates")
"""The page and its assets, which the document leaves out."""

_SWAGGER_ASSETS = Path(flask_swagger_ui.__file__).parent / "dist"
_OWN_ASSETS = Path(__file__).parents[1] / "assets"
_FOLDERS = {
    "docs.js": _OWN_ASSETS,
    "swagger-ui.css": _SWAGGER_ASSETS,
    "swagger-ui-bundle.js": _SWAGGER_ASSETS,
}
# Swagger UI uses inline styles and images in data: URLs, but no inline scripts.
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_DESCRIPTION = """\
One trading wallet per user of a Farcaster / Base mini app. `/api` is for users' frontends, `/v1`
for other services.

Errors are `application/problem+json` (RFC 9457). Programs compare `code`; `error` is a sentence for
the user. Requests that fail with 429, 503, or 409 and `Retry-After` can be retried."""
_SECURITY_SCHEMES = {
    "userToken": "A session token (JWT) from /api/auth/base-account.",
    "quickAuth": "A Farcaster Quick Auth token (JWT).",
    "clientToken": "The token of an API client, from `wallet-api clients create`.",
    "metricsToken": "The setting METRICS_TOKEN.",
}
_HEADERS = {
    "X-Request-Id": "The X-Request-Id of the request, or a new one. It is also logged.",
    "RateLimit-Policy": 'Quota (q) and window in seconds (w): `"ip";q=12000;w=60`.',
    "RateLimit": 'Remaining requests (r) in the next t seconds: `"ip";r=11999;t=42`.',
    "Retry-After": "Seconds to wait before a retry.",
    "WWW-Authenticate": "The authentication scheme (RFC 6750).",
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
    """Add operation ids and response headers to every operation."""

    def operation_helper(
        self, path: str | None = None, operations: dict[str, Any] | None = None, **given: Any
    ) -> None:
        operations = operations or {}
        name = given["rule"].endpoint.rpartition(".")[2]
        for method, operation in operations.items():
            operation["operationId"] = name if len(operations) == 1 else f"{name}_{method}"
            for status, response in operation["responses"].items():
                headers = response.setdefault("headers", {})
                # apispec replaces the names by references.
                headers.update(
                    {h: h for h in (*_COMMON_HEADERS, *_HEADERS_BY_STATUS.get(str(status), ()))}
                )


def _declared_type(
    _: OpenAPIConverter, field: fields.Field[Any], *, ret: dict[str, Any]
) -> dict[str, Any]:
    """Use the type in a field's metadata, and omit defaults that are null."""
    if ret.get("default", ...) is None:
        del ret["default"]
    # apispec adds these for a range if it does not know that the field is a number.
    for unknown in ("x-minimum", "x-maximum"):
        ret.pop(unknown, None)
    return {"type": field.metadata["type"]} if "type" in field.metadata else {}


def describe(api: Api) -> None:
    """Add description, security schemes and headers to the OpenAPI document of `api`."""
    api.DEFAULT_ERROR_RESPONSE_NAME = None
    api.spec.options.update(info={"description": _DESCRIPTION}, servers=[{"url": "/"}])
    api.spec.plugins.append(_OperationPlugin())
    api.ma_plugin.converter.add_attribute_function(_declared_type)
    components = api.spec.components
    # Remove flask-smorest's error schema, which no route uses.
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
    """Return the OpenAPI 3.1 document."""
    spec = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec
    response = current_app.json.response(spec.to_dict())
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@pages.get("/docs")
@pages.requires(PUBLIC)
@pages.response(200, {"type": "string"}, content_type="text/html")
def page() -> ResponseReturnValue:
    """Render the Swagger UI page."""
    headers = {"Content-Security-Policy": _CSP}
    return Response(render_template("docs.html"), headers=headers, mimetype="text/html")


@pages.get("/docs/<name>")
@pages.requires(PUBLIC, 404)
@pages.response(200, {"type": "string"}, content_type="*/*")
def asset(name: str) -> Response:
    """Serve an asset of the Swagger UI page."""
    folder = _FOLDERS.get(name)
    if folder is None:
        raise NotFound
    return send_from_directory(folder, name, max_age=3600)
