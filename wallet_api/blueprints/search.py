"""/v1: search of wallets and audit log entries, storage state, and statistics."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from wallet_api.blueprints.application import application
from wallet_api.blueprints.authorization import client
from wallet_api.blueprints.routing import Blueprint
from wallet_api.blueprints.service_schemas import (
    AuditPage,
    AuditQuery,
    StatsAnswer,
    StatsQuery,
    StorageAnswer,
    WalletPage,
    WalletQuery,
)
from wallet_api.errors import InvalidAddress, InvalidCursor, InvalidFilter, WalletsInFiles
from wallet_api.ethereum.addresses import parse_address
from wallet_api.ethereum.amounts import ASSETS, format_amount
from wallet_api.models import BASE_ACCOUNT_CHAIN, TRADING_CHAIN
from wallet_api.services.audit.read import AuditFilters
from wallet_api.services.storage import StorageState
from wallet_api.services.wallet_search import WalletFilters

blueprint = Blueprint(
    "search",
    __name__,
    url_prefix="/v1",
    description="Wallet search, audit log, and statistics.",
)

_CHAIN_OF_TYPE = {"trading": TRADING_CHAIN, "base-account": BASE_ACCOUNT_CHAIN}
_MAX_DAYS = 366
_IF_NONE_MATCH = {
    "in": "header",
    "name": "If-None-Match",
    "description": "The ETag of an earlier response.",
    "schema": {"type": "string"},
}
_LINK = {"Link": {"description": 'The next page (rel="next").', "schema": {"type": "string"}}}


@blueprint.get("/wallets")
@blueprint.requires(
    client("wallets:read"), InvalidAddress, InvalidFilter, InvalidCursor, WalletsInFiles
)
@blueprint.arguments(WalletQuery, location="query")
@blueprint.response(200, WalletPage, headers=_LINK)
def find_wallets(query: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Find wallets, newest first. Filters can be combined."""
    filters = WalletFilters(
        # A search ignores case, and therefore the checksum.
        address=None if query["address"] is None else parse_address(query["address"].lower()),
        fid=query["fid"],
        chain=_chain(query["type"], query["chain"]),
        since=query["created_after"],
        before=query["created_before"],
    )
    cursors = application().cursors
    after = cursors.read(query, str)
    return cursors.page_response(
        application().search.find(filters, after=after, limit=query["limit"])
    )


def _chain(wallet_type: str | None, chain: str | None) -> str | None:
    implied = wallet_type and _CHAIN_OF_TYPE[wallet_type]
    if implied and chain and implied != chain:
        raise InvalidFilter(
            hint=f"Wallets of type {wallet_type} are on the chain {implied}. Leave out chain."
        )
    return chain or implied


@blueprint.get("/audit")
@blueprint.requires(client("audit:read"), InvalidCursor)
@blueprint.arguments(AuditQuery, location="query")
@blueprint.response(200, AuditPage, headers=_LINK)
def find_audit_entries(query: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Find audit log entries, newest first. Filters can be combined."""
    filters = AuditFilters(
        fid=query["fid"],
        action=query["action"],
        actor=query["actor"],
        since=query["after"],
        before=query["before"],
    )
    cursors = application().cursors
    after = cursors.read(query, int)
    return cursors.page_response(
        application().audit_log.find(filters, after=after, limit=query["limit"])
    )


@blueprint.get("/storage")
@blueprint.requires(client("stats:read"))
@blueprint.response(200, StorageAnswer)
def storage() -> StorageState:
    """Return the storage mode, the number of imported wallets, and the secrets of the keys."""
    return application().storage.look()


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
        {
            "day": row.day,
            "chain_id": row.chain_id,
            "asset": row.asset,
            "deposits": row.deposits,
            "total": format_amount(row.units, ASSETS[row.asset]),
            "total_units": str(row.units),
        }
        for row in found.deposits
    ]
    response = jsonify(
        StatsAnswer().dump(
            {
                "first": first,
                "last": last,
                "users": found.users,
                "wallets": found.wallets,
                "new_wallets": found.new_wallets,
                "deposits": deposits,
            }
        )
    )
    # Only the client may cache it, and it must revalidate before use.
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    return response.make_conditional(request)
