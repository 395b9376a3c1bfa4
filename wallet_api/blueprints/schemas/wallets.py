"""Schemas of /api/wallet: wallets, deposits, payments."""

from typing import Any

from marshmallow import fields, pre_load

from wallet_api.blueprints.schemas.bases import (
    ADDRESS,
    BASE_ACCOUNT,
    PRIVATE_KEY,
    TRADING_ADDRESS,
    TYPES,
    WALLET_ID,
    Answer,
    Body,
    Timestamp,
    timestamp,
    wallet_id,
)
from wallet_api.blueprints.schemas.url_parameters import Query
from wallet_api.ethereum.networks import NETWORKS
from wallet_api.ethereum.transfers import Transfer
from wallet_api.models import BASE_ACCOUNT_CHAIN, Wallet

_AMOUNT = "^([0-9]+[.]?[0-9]*|[.][0-9]+)$"
_HEX = {"type": "string", "pattern": "^0x[0-9a-f]*$"}


class DepositBody(Body):
    """POST /api/wallet/deposit. The service validates the values."""

    asset = fields.Raw(
        load_default="USDC", allow_none=True, metadata={"type": "string", "enum": ["USDC", "ETH"]}
    )
    amount = fields.Raw(
        required=True,
        allow_none=True,
        metadata={
            "type": "string",
            "pattern": _AMOUNT,
            "description": "Decimal digits, in whole units of the asset.",
            "examples": ["20", "0.5"],
        },
    )
    base_address = fields.Raw(
        data_key="baseAddress",
        load_default=None,
        allow_none=True,
        metadata={
            "type": ["string", "null"],
            "description": "The sender. Default: the stored Base Account address.",
            "examples": [BASE_ACCOUNT],
            **ADDRESS,
        },
    )

    @pre_load
    def default_missing_amount(self, members: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        return {"amount": None, **members}


class PaymentQuery(Query):
    """GET /api/wallet/payment-qr. The service validates the values."""

    asset = fields.String(load_default="USDC", metadata={"enum": ["USDC", "ETH"]})
    amount = fields.String(required=True, metadata={"pattern": _AMOUNT, "examples": ["20"]})


class CreateWalletBody(Body):
    """POST /api/wallet/user-wallets."""

    chain = fields.Raw(
        load_default="ethereum", allow_none=True, metadata={"type": "string", "enum": ["ethereum"]}
    )


class NetworkAnswer(Answer):
    name = fields.String(metadata={"examples": ["Base Mainnet"]})
    chain_id = fields.Integer(data_key="chainId", metadata={"examples": [8453]})


_EXAMPLE_TRANSFER = Transfer(
    network=NETWORKS["base-mainnet"],
    asset="USDC",
    units=20_000_000,
    from_address=BASE_ACCOUNT,
    to_address=TRADING_ADDRESS,
)
_TRANSACTION = {
    "type": "object",
    "examples": [_EXAMPLE_TRANSFER.transaction()],
    "description": "Parameters of eth_sendTransaction. An ETH transfer has no gas.",
    "properties": {
        "from": {"type": "string", **ADDRESS},
        "to": {"type": "string", **ADDRESS},
        "value": _HEX,
        "data": _HEX,
        "gas": _HEX,
    },
    "required": ["from", "to", "value", "data"],
}
_SEND_CALLS = {
    "type": "object",
    "examples": [_EXAMPLE_TRANSFER.wallet_send_calls()],
    "description": "Parameters of wallet_sendCalls (EIP-5792).",
    "properties": {
        "version": {"type": "string"},
        "from": {"type": "string", **ADDRESS},
        "chainId": _HEX,
        "atomicRequired": {"type": "boolean"},
        "calls": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"to": {"type": "string", **ADDRESS}, "value": _HEX, "data": _HEX},
                "required": ["to", "value", "data"],
            },
        },
    },
    "required": ["version", "from", "chainId", "atomicRequired", "calls"],
}


class DepositAnswer(Answer):
    success = fields.Boolean()
    network = fields.Nested(NetworkAnswer)
    asset = fields.String(metadata={"enum": ["USDC", "ETH"]})
    amount = fields.String(metadata={"examples": ["20"]})
    deposit_address = fields.String(
        data_key="depositAddress", metadata={"examples": [TRADING_ADDRESS], **ADDRESS}
    )
    transaction = fields.Raw(metadata=_TRANSACTION)
    note = fields.String(metadata={"description": "A sentence for the user."})
    deposit_id = fields.UUID(data_key="depositId")
    payment_uri = fields.String(
        data_key="paymentUri",
        metadata={
            "description": "An ERC-681 URI for a QR code.",
            "examples": [_EXAMPLE_TRANSFER.payment_uri()],
        },
    )
    wallet_send_calls = fields.Raw(data_key="walletSendCalls", metadata=_SEND_CALLS)


def _spelling(wallet: Wallet) -> str:
    """Return the name of a wallet's chain that the frontends know."""
    return "base" if wallet.chain == BASE_ACCOUNT_CHAIN else wallet.chain


class PrimaryWallet(Answer):
    """A wallet in the format of the frontends, without id and times."""

    address = fields.String(metadata={"examples": [TRADING_ADDRESS], **ADDRESS})
    chain = fields.Function(_spelling, metadata={"type": "string", "enum": ["ethereum", "base"]})
    wallet_type = fields.String(data_key="walletType", metadata={"enum": list(TYPES)})


class CreatedWallet(PrimaryWallet):
    id = fields.Function(wallet_id, metadata=WALLET_ID)
    created_at = Timestamp(data_key="createdAt")


class ListedWallet(CreatedWallet):
    updated_at = Timestamp(data_key="updatedAt")


class ExportedWallet(Answer):
    """A wallet with its private key."""

    id = fields.Function(lambda found: wallet_id(found.wallet), metadata=WALLET_ID)
    address = fields.String(
        attribute="wallet.address", metadata={"examples": [TRADING_ADDRESS], **ADDRESS}
    )
    chain = fields.String(attribute="wallet.chain", metadata={"enum": ["ethereum"]})
    private_key = fields.Function(
        lambda found: f"0x{found.private_key.reveal().hex()}",
        data_key="privateKey",
        metadata=PRIVATE_KEY,
    )
    created_at = Timestamp(attribute="wallet.created_at", data_key="createdAt")


class ExportedWalletAnswer(Answer):
    wallet = fields.Nested(ExportedWallet)


class PrimaryWalletAnswer(Answer):
    wallet = fields.Nested(PrimaryWallet, allow_none=True)


class WalletListAnswer(Answer):
    wallets = fields.List(fields.Nested(ListedWallet))

    def dump(self, obj: dict[str, list[Wallet]], *, many: bool | None = None) -> dict[str, Any]:
        """Return what the fields declare, for the most frequent request in less time."""
        return {
            "wallets": [
                {
                    "address": wallet.address,
                    "chain": _spelling(wallet),
                    "walletType": wallet.wallet_type,
                    "id": wallet_id(wallet),
                    "createdAt": timestamp(wallet.created_at),
                    "updatedAt": timestamp(wallet.updated_at),
                }
                for wallet in obj["wallets"]
            ]
        }


class CreatedWalletAnswer(Answer):
    wallet = fields.Nested(CreatedWallet)
