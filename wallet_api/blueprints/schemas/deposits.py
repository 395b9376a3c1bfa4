"""Schemas of the deposits that were prepared."""

from marshmallow import fields

from wallet_api.blueprints.schemas.bases import (
    ADDRESS,
    BASE_ACCOUNT,
    FID,
    TRADING_ADDRESS,
    Answer,
    PageAnswer,
    Timestamp,
)
from wallet_api.blueprints.schemas.wallets import NetworkAnswer
from wallet_api.ethereum.amounts import ASSETS
from wallet_api.ethereum.networks import NETWORKS
from wallet_api.ethereum.transfers import Payment

_URL = {"format": "uri"}
_PAYMENT = Payment(
    network=NETWORKS["base-mainnet"], asset="USDC", units=20_000_000, to_address=TRADING_ADDRESS
)


class ExplorerLinks(Answer):
    """Pages of a block explorer, which shows whether the money arrived."""

    sender = fields.String(
        metadata={**_URL, "examples": [f"https://basescan.org/address/{BASE_ACCOUNT}"]}
    )
    wallet = fields.String(
        metadata={
            **_URL,
            "description": "The transfers of the asset to and from the trading wallet.",
            "examples": [_PAYMENT.explorer_url()],
        }
    )


class RecordedDeposit(Answer):
    """A deposit that was prepared. It was not necessarily signed, sent or received."""

    id = fields.UUID()
    fid = fields.Integer(metadata=FID)
    status = fields.String(
        metadata={
            "enum": ["prepared"],
            "description": "The service does not watch the blockchain yet: the status stays "
            "prepared.",
        }
    )
    note = fields.String(metadata={"description": "The meaning of the status, for the user."})
    asset = fields.String(metadata={"enum": list(ASSETS)})
    amount = fields.String(
        metadata={"description": "In whole units of the asset.", "examples": ["20"]}
    )
    amount_units = fields.String(
        data_key="amountUnits",
        metadata={
            "description": "In the smallest unit of the asset: wei, or millionths of a USDC.",
            "examples": ["20000000"],
        },
    )
    from_address = fields.String(
        data_key="fromAddress",
        metadata={
            "description": "The address that should send it.",
            "examples": [BASE_ACCOUNT],
            **ADDRESS,
        },
    )
    deposit_address = fields.String(
        data_key="depositAddress",
        metadata={
            "description": "The user's trading wallet.",
            "examples": [TRADING_ADDRESS],
            **ADDRESS,
        },
    )
    network = fields.Nested(NetworkAnswer)
    explorer = fields.Nested(ExplorerLinks)
    created_at = Timestamp(data_key="createdAt")


class DepositPage(PageAnswer):
    data = fields.List(fields.Nested(RecordedDeposit))
