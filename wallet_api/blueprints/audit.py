"""/v1/audit: search of the audit log."""

from typing import Any

from wallet_api.blueprints.access_control import client
from wallet_api.blueprints.application import application
from wallet_api.blueprints.pagination import LINK_HEADER
from wallet_api.blueprints.routing import Blueprint
from wallet_api.blueprints.schemas.audit import AuditPage, AuditQuery
from wallet_api.errors import InvalidCursor, InvalidFilter
from wallet_api.services.audit.read import AuditFilters

blueprint = Blueprint("audit", __name__)


@blueprint.get("/audit")
@blueprint.requires(client("audit:read"), InvalidFilter, InvalidCursor)
@blueprint.arguments(AuditQuery, location="query")
@blueprint.response(200, AuditPage, headers=LINK_HEADER)
def find_audit_entries(query: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Find audit log entries, newest first. Filters can be combined."""
    filters = AuditFilters(
        fid=query["fid"],
        actions=query["action"],
        actor=query["actor"],
        request_id=query["request_id"],
        since=query["after"],
        before=query["before"],
    )
    cursors = application().cursors
    page = application().audit_log.find(filters, cursors.page_request(query, int))
    return cursors.page_response(page)
