"""Sign-in: exchange of a Farcaster Quick Auth token for a session token."""

from typing import Any

from flask import g

from wallet_api.blueprints.access_control import FARCASTER_USER, audit_context
from wallet_api.blueprints.application import application
from wallet_api.blueprints.routing import Blueprint
from wallet_api.blueprints.schemas.sign_in import SignInAnswer, SignInQuery
from wallet_api.errors import InvalidAddress
from wallet_api.ethereum.addresses import parse_address

blueprint = Blueprint("auth", __name__, url_prefix="/api/auth", description="Sign-in.")


@blueprint.route("/base-account", methods=["GET", "POST"])
@blueprint.requires(FARCASTER_USER, InvalidAddress)
@blueprint.arguments(SignInQuery, location="query")
@blueprint.response(200, SignInAnswer)
def sign_in(query: dict[str, Any]) -> dict[str, Any]:
    """Sign in with Farcaster, and store the Base Account address if given."""
    fid = g.fid
    address = None
    if query["address"]:
        address = parse_address(query["address"])
        application().request_limits.count_write()
        application().wallets.store_base_account_address(fid, address, access=audit_context())
    token = application().user_tokens.issue(fid)
    return {
        "success": True,
        "fid": fid,
        "user_id": f"fid_{fid}",
        "address": address,
        "token": token.reveal(),
    }
