"""/v1/wallets: search for wallets of all users."""

from typing import Any

from wallet_api.blueprints.access_control import client
from wallet_api.blueprints.application import application
from wallet_api.blueprints.pagination import LINK_HEADER
from wallet_api.blueprints.routing import Blueprint
from wallet_api.blueprints.schemas.wallet_search import WalletPage, WalletQuery
from wallet_api.errors import InvalidAddress, InvalidCursor, InvalidFilter, WalletsInFiles
from wallet_api.ethereum.addresses import parse_address, parse_address_prefix
from wallet_api.models import BASE_ACCOUNT_CHAIN, TRADING_CHAIN
from wallet_api.services.wallet_search import WalletFilters

blueprint = Blueprint("wallet_search", __name__)

_CHAIN_OF_TYPE = {"trading": TRADING_CHAIN, "base-account": BASE_ACCOUNT_CHAIN}


@blueprint.get("/wallets")
@blueprint.requires(
    client("wallets:read"), InvalidAddress, InvalidFilter, InvalidCursor, WalletsInFiles
)
@blueprint.arguments(WalletQuery, location="query")
@blueprint.response(200, WalletPage, headers=LINK_HEADER)
def find_wallets(query: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Find wallets, newest first. Filters can be combined.

    With `addressPrefix` and without `fid`, wallets are ordered by address instead, from the last to
    the first; wallets with the same address are ordered newest first.
    """
    address, prefix = query["address"], query["address_prefix"]
    if address is not None and prefix is not None:
        raise InvalidFilter(hint="An address has one beginning. Remove addressPrefix.")
    filters = WalletFilters(
        # A search ignores case, and therefore the checksum.
        address=None if address is None else parse_address(address.lower()),
        address_prefix=None if prefix is None else parse_address_prefix(prefix),
        fid=query["fid"],
        chain=_chain(query["type"], query["chain"]),
        since=query["created_after"],
        before=query["created_before"],
    )
    cursors = application().cursors
    page = application().wallet_search.find(filters, cursors.page_request(query, str))
    return cursors.page_response(page)


def _chain(wallet_type: str | None, chain: str | None) -> str | None:
    chain_of_type = wallet_type and _CHAIN_OF_TYPE[wallet_type]
    if chain_of_type and chain and chain_of_type != chain:
        raise InvalidFilter(
            hint=f"Wallets of type {wallet_type} are on the chain {chain_of_type}. Remove chain."
        )
    return chain or chain_of_type
