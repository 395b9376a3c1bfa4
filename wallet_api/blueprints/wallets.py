"""The wallets and deposits of the current user."""

import io
from typing import Any

import segno
from flask import Response, g

from wallet_api.blueprints.access_control import USER, audit_context
from wallet_api.blueprints.application import application
from wallet_api.blueprints.idempotency import (
    IDEMPOTENCY_KEY,
    REPLAYED,
    idempotency_key,
    replayed_header,
)
from wallet_api.blueprints.routing import Blueprint
from wallet_api.blueprints.schemas.bases import BASE_ACCOUNT
from wallet_api.blueprints.schemas.wallets import (
    CreatedWalletAnswer,
    CreateWalletBody,
    DepositAnswer,
    DepositBody,
    ExportedWalletAnswer,
    PaymentQuery,
    PrimaryWalletAnswer,
    WalletListAnswer,
)
from wallet_api.errors import (
    AmountNotPositive,
    BaseAddressRequired,
    BaseWalletMismatch,
    IdempotencyKeyInUse,
    IdempotencyKeyReused,
    InvalidAddress,
    InvalidAmount,
    InvalidIdempotencyKey,
    KeyExportDisabled,
    MnemonicRefused,
    UnsupportedAsset,
    UnsupportedChain,
    WalletNotFound,
)
from wallet_api.models import BASE_ACCOUNT_CHAIN, TRADING_CHAIN
from wallet_api.services.deposits import DepositRequest

blueprint = Blueprint(
    "wallet", __name__, url_prefix="/api/wallet", description="The user's own wallets."
)


@blueprint.post("/deposit", parameters=[IDEMPOTENCY_KEY])
@blueprint.requires(
    USER,
    InvalidAddress,
    InvalidAmount,
    AmountNotPositive,
    UnsupportedAsset,
    BaseAddressRequired,
    BaseWalletMismatch,
    MnemonicRefused,
    InvalidIdempotencyKey,
    IdempotencyKeyInUse,
    IdempotencyKeyReused,
)
@blueprint.arguments(
    DepositBody, example={"asset": "USDC", "amount": "20", "baseAddress": BASE_ACCOUNT}
)
@blueprint.response(200, DepositAnswer, headers=REPLAYED)
def deposit(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Prepare a transfer to the user's trading wallet, creating the wallet if needed."""
    application().request_limits.count_write()
    prepared = application().deposits.prepare(
        g.fid,
        DepositRequest(
            asset=body["asset"],
            amount=body["amount"],
            base_address=body["base_address"],
            idempotency_key=idempotency_key(),
        ),
        access=audit_context(),
    )
    transfer = prepared.transfer
    members = {
        "success": True,
        "network": transfer.network,
        "asset": transfer.asset,
        "amount": body["amount"],
        "deposit_address": transfer.to_address,
        "transaction": transfer.transaction(),
        "note": "Confirm this transaction in your wallet to fund your trading wallet.",
        "deposit_id": prepared.id,
        "payment_uri": transfer.payment_uri(),
        "wallet_send_calls": transfer.wallet_send_calls(),
    }
    return members, replayed_header(prepared.replayed)


@blueprint.get("/payment-qr")
@blueprint.requires(USER, UnsupportedAsset, InvalidAmount, AmountNotPositive, WalletNotFound)
@blueprint.arguments(PaymentQuery, location="query")
@blueprint.response(200, {"type": "string"}, content_type="image/svg+xml")
def payment_qr(query: dict[str, Any]) -> Response:
    """Return a payment to the user's trading wallet as a QR code of its ERC-681 URI."""
    payment = application().deposits.payment(g.fid, **query, access=audit_context())
    drawn = io.BytesIO()
    # Always dark on light, because some cameras cannot read inverted codes.
    segno.make_qr(payment.payment_uri(), error="m").save(
        drawn, kind="svg", xmldecl=False, svgclass=None, lineclass=None, omitsize=True, light="#fff"
    )
    return Response(drawn.getvalue(), mimetype="image/svg+xml")


@blueprint.get("/primary")
@blueprint.requires(USER)
@blueprint.response(200, PrimaryWalletAnswer)
def primary() -> dict[str, Any]:
    """Return the user's Base Account address."""
    return {
        "wallet": application().wallets.get_wallet(
            g.fid, BASE_ACCOUNT_CHAIN, access=audit_context()
        )
    }


@blueprint.get("/primary-with-key")
@blueprint.requires(USER, KeyExportDisabled, WalletNotFound)
@blueprint.response(200, ExportedWalletAnswer)
def primary_with_key() -> dict[str, Any]:
    """Return the private key of the trading wallet to its owner, if that is enabled."""
    application().request_limits.count_write()
    return {"wallet": application().key_access.export(g.fid, access=audit_context())}


@blueprint.get("/user-wallets")
@blueprint.requires(USER)
@blueprint.response(200, WalletListAnswer)
def user_wallets() -> dict[str, Any]:
    """List the user's wallets, the Base Account first."""
    return {"wallets": application().wallets.list_wallets(g.fid, access=audit_context())}


@blueprint.post("/user-wallets")
@blueprint.requires(USER, UnsupportedChain, MnemonicRefused)
@blueprint.arguments(CreateWalletBody, required=False, example={"chain": "ethereum"})
@blueprint.response(200, CreatedWalletAnswer)
def create_user_wallet(body: dict[str, Any]) -> dict[str, Any]:
    """Create the trading wallet if needed, and return it."""
    if body["chain"] != TRADING_CHAIN:
        raise UnsupportedChain
    return {"wallet": application().wallets.ensure_trading_wallet(g.fid, access=audit_context())}
