"""The deposits that were prepared: for their users, and for other services."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask import g

from wallet_api.blueprints.access_control import USER, audit_context, client
from wallet_api.blueprints.application import application
from wallet_api.blueprints.pagination import LINK_HEADER
from wallet_api.blueprints.paths import parse_fid_of_path
from wallet_api.blueprints.routing import Blueprint
from wallet_api.blueprints.schemas.bases import FID
from wallet_api.blueprints.schemas.deposits import DepositPage, RecordedDeposit
from wallet_api.blueprints.schemas.url_parameters import PageQuery
from wallet_api.errors import DepositNotFound, InvalidCursor, InvalidFid
from wallet_api.ethereum.amounts import ASSETS, format_amount
from wallet_api.ethereum.networks import NETWORKS_BY_CHAIN_ID
from wallet_api.ethereum.transfers import Payment
from wallet_api.models import RecordedDeposit as Deposit

blueprint = Blueprint("deposits", __name__, description="The deposits that were prepared.")

_READER = client("wallets:read")
_FID = {"in": "path", "name": "fid", "required": True, "schema": FID}
_ID = {
    "in": "path",
    "name": "deposit_id",
    "required": True,
    "description": "The depositId of a prepared deposit.",
    "schema": {"type": "string", "format": "uuid"},
}
_NOTE = (
    "This deposit was prepared. The service does not watch the blockchain yet. Check a block "
    "explorer to see whether the money arrived."
)


@blueprint.get("/api/wallet/deposits")
@blueprint.requires(USER, InvalidCursor)
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, DepositPage, headers=LINK_HEADER)
def list_own_deposits(query: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """List the user's deposits, newest first."""
    return _page(g.fid, query)


@blueprint.get("/api/wallet/deposits/<deposit_id>", parameters=[_ID])
@blueprint.requires(USER, DepositNotFound)
@blueprint.response(200, RecordedDeposit)
def get_own_deposit(deposit_id: str) -> dict[str, Any]:
    """Return a deposit of the user."""
    history = application().deposit_history
    return _members(history.get(g.fid, _parse_id(deposit_id), access=audit_context()))


@blueprint.get("/v1/users/<fid>/deposits", parameters=[_FID])
@blueprint.requires(_READER, InvalidFid, InvalidCursor)
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, DepositPage, headers=LINK_HEADER)
def list_deposits(query: dict[str, Any], fid: str) -> tuple[dict[str, Any], dict[str, str]]:
    """List the deposits of a user, newest first."""
    return _page(parse_fid_of_path(fid), query)


@blueprint.get("/v1/users/<fid>/deposits/<deposit_id>", parameters=[_FID, _ID])
@blueprint.requires(_READER, InvalidFid, DepositNotFound)
@blueprint.response(200, RecordedDeposit)
def get_deposit(fid: str, deposit_id: str) -> dict[str, Any]:
    """Return a deposit of a user."""
    user = parse_fid_of_path(fid)
    history = application().deposit_history
    return _members(history.get(user, _parse_id(deposit_id), access=audit_context()))


@blueprint.get("/v1/deposits/<deposit_id>", parameters=[_ID])
@blueprint.requires(_READER, DepositNotFound)
@blueprint.response(200, RecordedDeposit)
def find_deposit(deposit_id: str) -> dict[str, Any]:
    """Return a deposit whose user is not known. With the user, the other route is faster."""
    history = application().deposit_history
    return _members(history.find(_parse_id(deposit_id), access=audit_context()))


def _page(fid: int, query: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    cursors = application().cursors
    request = cursors.page_request(query, str)
    page = application().deposit_history.list_by_user(fid, request, access=audit_context())
    body, headers = cursors.page_response(page)
    return {**body, "data": [_members(deposit) for deposit in page.items]}, headers


def _parse_id(text: str) -> UUID:
    """Return the id in a path. Raises DepositNotFound unless it is a canonical id."""
    try:
        deposit_id = UUID(text)
    except ValueError as error:
        raise DepositNotFound from error
    if str(deposit_id) != text:
        raise DepositNotFound
    return deposit_id


def _members(deposit: Deposit) -> dict[str, Any]:
    network = NETWORKS_BY_CHAIN_ID[deposit.chain_id]
    payment = Payment(
        network=network,
        asset=deposit.asset,
        units=deposit.amount,
        to_address=deposit.to_address,
    )
    return {
        **asdict(deposit),
        "note": _NOTE,
        "amount": format_amount(deposit.amount, ASSETS[deposit.asset]),
        "amount_units": str(deposit.amount),
        "deposit_address": deposit.to_address,
        "network": network,
        "explorer": {
            "sender": f"{network.explorer}/address/{deposit.from_address}",
            "wallet": payment.explorer_url(),
        },
    }
