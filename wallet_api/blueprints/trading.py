"""The trading wallet under its former name, "fallback wallet"."""

from typing import Any

from flask import g

from wallet_api.blueprints.access_control import USER, audit_context
from wallet_api.blueprints.application import application
from wallet_api.blueprints.routing import Blueprint
from wallet_api.blueprints.schemas.trading import FallbackWalletAnswer, FallbackWalletStatusAnswer
from wallet_api.models import TRADING_CHAIN

blueprint = Blueprint(
    "trading",
    __name__,
    url_prefix="/api/trading",
    description="The trading wallet under its former name.",
)


@blueprint.post("/create-fallback-wallet")
@blueprint.requires(USER)
@blueprint.response(200, FallbackWalletAnswer)
def create_fallback_wallet() -> dict[str, Any]:
    """Create the trading wallet if needed. An existing one is never replaced."""
    wallet = application().wallets.ensure_trading_wallet(g.fid, access=audit_context())
    return {
        "success": True,
        "wallet_address": wallet.address,
        "message": "Your trading wallet is ready.",
        "note": "Deposit USDC or ETH on Base to this address to start trading.",
    }


@blueprint.get("/create-fallback-wallet")
@blueprint.requires(USER)
@blueprint.response(200, FallbackWalletStatusAnswer)
def fallback_wallet_status() -> dict[str, Any]:
    """Return whether the trading wallet exists."""
    address = application().wallets.get_wallet_address(g.fid, TRADING_CHAIN, access=audit_context())
    return {"has_fallback_wallet": address is not None, "wallet_address": address}
