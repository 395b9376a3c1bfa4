"""/v1/stats: statistics of users, wallets and deposits."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from wallet_api.blueprints.access_control import client
from wallet_api.blueprints.application import application
from wallet_api.blueprints.routing import Blueprint
from wallet_api.blueprints.schemas.stats import StatsAnswer, StatsQuery
from wallet_api.errors import InvalidFilter, WalletsInFiles
from wallet_api.ethereum.amounts import ASSETS, format_amount

blueprint = Blueprint("stats", __name__)

_MAX_DAYS = 366
_IF_NONE_MATCH = {
    "in": "header",
    "name": "If-None-Match",
    "description": "The ETag of an earlier response.",
    "schema": {"type": "string"},
}


@blueprint.get("/stats", parameters=[_IF_NONE_MATCH])
@blueprint.requires(client("stats:read"), InvalidFilter, WalletsInFiles)
@blueprint.arguments(StatsQuery, location="query")
@blueprint.alt_response(304, description="Not changed since the response with this ETag.")
@blueprint.response(
    200,
    StatsAnswer,
    headers={"ETag": {"description": "The value for If-None-Match.", "schema": {"type": "string"}}},
)
def stats(query: dict[str, Any]) -> ResponseReturnValue:
    """Return the numbers of users and wallets, and daily numbers (default: 30 days)."""
    last = query["last"] or datetime.now(UTC).date()
    first = query["first"] or last - timedelta(days=29)
    if not 0 <= (last - first).days < _MAX_DAYS:
        raise InvalidFilter(
            hint=f"from must be at most to, and less than {_MAX_DAYS} days before it."
        )
    found = application().stats.of_days(first, last)
    deposits = [
        asdict(row) | {"total": format_amount(row.units, ASSETS[row.asset])}
        for row in found.deposits
    ]
    response = jsonify(StatsAnswer().dump(asdict(found) | {"deposits": deposits}))
    # Only the client may cache it, and it must revalidate before use.
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    return response.make_conditional(request)
