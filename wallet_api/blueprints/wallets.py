"""The wallets and deposits of the current user."""

import io
import re
from typing import Any

import segno
from flask import Response, g, request

from wallet_api.blueprints.application import application
from wallet_api.blueprints.authorization import USER, audit_context
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

_IDEMPOTENCY_KEY_HEADER = {
    "in": "header",
    "name": "Idempotency-Key",
    "description": "A retry with the same key returns the first response again.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
}
_REPLAYED = {
    "Idempotent-Replayed": {
        "description": "Present if this is the response to an earlier request.",
        "schema": {"enum": ["true"]},
    }
}
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)


@blueprint.post("/deposit", parameters=[_IDEMPOTENCY_KEY_HEADER])
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
@blueprint.response(200, DepositAnswer, headers=_REPLAYED)
def deposit(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Prepare a transfer to the user's trading wallet, creating the wallet if needed."""
    application().limits.count_write()
    prepared = application().deposits.prepare(
        g.fid,
        DepositRequest(
            asset=body["asset"],
            amount=body["amount"],
            base_address=body["base_address"],
            idempotency_key=_idempotency_key(),
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
    return members, {"Idempotent-Replayed": "true"} if prepared.replayed else {}


def _idempotency_key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        raise InvalidIdempotencyKey
    return key


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
    application().limits.count_write()
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
