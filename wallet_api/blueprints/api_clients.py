"""/v1/clients: API clients, for operators."""

from typing import Any

from flask import g

from wallet_api.auth.client_grants import NAME
from wallet_api.blueprints.access_control import audit_context, client
from wallet_api.blueprints.application import application
from wallet_api.blueprints.pagination import LINK_HEADER
from wallet_api.blueprints.routing import Blueprint
from wallet_api.blueprints.schemas.api_clients import (
    EXAMPLE,
    EXAMPLE_NAME,
    ClientBody,
    ClientPage,
    CreatedClientAnswer,
    RevokedClientAnswer,
)
from wallet_api.blueprints.schemas.url_parameters import PageQuery
from wallet_api.errors import (
    ClientCreationDisabled,
    ClientNameTaken,
    ClientNotFound,
    GrantRefused,
    InvalidCursor,
    MnemonicRefused,
    PolicyNotFound,
)
from wallet_api.models import ClientRights

blueprint = Blueprint(
    "clients", __name__, url_prefix="/v1/clients", description="API clients, for operators."
)

_NAME = {
    "in": "path",
    "name": "client_name",
    "required": True,
    "schema": {"type": "string", "pattern": f"^{NAME.pattern}$", "examples": [EXAMPLE_NAME]},
}


@blueprint.get("")
@blueprint.requires(client("clients:read"), InvalidCursor)
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, ClientPage, headers=LINK_HEADER)
def list_clients(query: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """List all API clients by name, including revoked and expired ones. No token is shown."""
    cursors = application().cursors
    page = application().api_clients.find(cursors.page_request(query, str))
    return cursors.page_response(page)


@blueprint.post("")
@blueprint.requires(
    client("clients:write"),
    MnemonicRefused,
    ClientCreationDisabled,
    GrantRefused,
    PolicyNotFound,
    ClientNameTaken,
)
@blueprint.arguments(ClientBody, example=EXAMPLE)
@blueprint.response(201, CreatedClientAnswer)
def create_client(body: dict[str, Any]) -> Any:
    """Create an API client with rights that the caller has, and return its token once.

    Where the body names no policy, no networks or no expiry, those of the caller apply.
    """
    application().request_limits.count_write()
    return application().api_client_changes.create(
        body.pop("name"), ClientRights(**body), creator=g.client, access=audit_context()
    )


@blueprint.post("/<client_name>/revoke", parameters=[_NAME])
@blueprint.requires(client("clients:write"), ClientNotFound)
@blueprint.response(200, RevokedClientAnswer)
def revoke_client(client_name: str) -> Any:
    """Revoke an API client permanently; the time of the first revocation stays."""
    if not NAME.fullmatch(client_name):
        raise ClientNotFound
    return application().api_client_changes.revoke(client_name, access=audit_context())
