"""Schemas of /api/trading."""

from marshmallow import fields

from wallet_api.blueprints.schemas.bases import ADDRESS, TRADING_ADDRESS, Answer


class FallbackWalletAnswer(Answer):
    success = fields.Boolean()
    wallet_address = fields.String(
        data_key="walletAddress", metadata={"examples": [TRADING_ADDRESS], **ADDRESS}
    )
    message = fields.String(metadata={"description": "A sentence for the user."})
    note = fields.String(metadata={"description": "Another sentence for the user."})


class FallbackWalletStatusAnswer(Answer):
    has_fallback_wallet = fields.Boolean(data_key="hasFallbackWallet")
    wallet_address = fields.String(
        data_key="walletAddress",
        allow_none=True,
        metadata={"examples": [TRADING_ADDRESS], **ADDRESS},
    )
