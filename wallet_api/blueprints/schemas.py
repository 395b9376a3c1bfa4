"""Schemas of the request and response bodies of /api."""

from datetime import UTC
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, fields, pre_load

from wallet_api.errors import MnemonicRefused
from wallet_api.ethereum.networks import NETWORKS
from wallet_api.ethereum.transfers import Transfer
from wallet_api.models import MAX_FID
from wallet_api.policies.evaluation import LAYERS, REASONS

ADDRESS = {"pattern": "^0x[0-9a-fA-F]{40}$"}
AMOUNT = "^([0-9]+[.]?[0-9]*|[.][0-9]+)$"
_HEX = {"type": "string", "pattern": "^0x[0-9a-f]*$"}
TRADING_ADDRESS = "0x24e08CE165170235Ff6E27529b73f9933bCD74E2"
BASE_ACCOUNT = "0x78547fc07fdc8aac05e53b034e510b276a5ba384"
FID = {
    "type": "integer",
    "format": "int64",
    "minimum": 1,
    "maximum": MAX_FID,
    "examples": [1464243],
}
WALLET_ID = {"type": "string", "examples": ["fid_1464243_ethereum"]}
PRIVATE_KEY = {"type": "string", "pattern": "^0x[0-9a-f]{64}$", "examples": [f"0x{1:064x}"]}
TYPES = ("trading", "base-account")


class Problem(Schema):
    """An error response (RFC 9457)."""

    type = fields.String(required=True, metadata={"description": "A URN that ends with the code."})
    title = fields.String(required=True, metadata={"description": "Depends only on the code."})
    status = fields.Integer(required=True)
    detail = fields.String(
        required=True, metadata={"description": "What exactly is wrong, for developers."}
    )
    code = fields.String(
        required=True, metadata={"description": "A stable identifier for programs."}
    )
    request_id = fields.String(required=True, allow_none=True)
    error = fields.String(required=True, metadata={"description": "A sentence for the user."})
    fid = fields.Raw(metadata={"type": "null", "description": "Only for /api/auth/base-account."})
    reason = fields.String(
        metadata={
            "enum": list(REASONS),
            "description": "Only for policy_refused, like the four members below.",
        }
    )
    layer = fields.String(
        allow_none=True,
        metadata={
            "enum": [*LAYERS, None],
            "description": "Whose policy refuses; null if none applies.",
        },
    )
    policy = fields.String(
        allow_none=True,
        metadata={"format": "uuid", "description": "Null for the rules of the user."},
    )
    version = fields.Integer(allow_none=True, metadata={"minimum": 1})
    rule = fields.String(
        allow_none=True, metadata={"description": "The id of the rule; null if no rule matches."}
    )


class Timestamp(fields.DateTime):
    """A point in time as ISO 8601 in UTC with milliseconds: 2026-11-22T10:42:23.489Z."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if value is None:
            return None
        text: str = value.astimezone(UTC).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")


class Body(Schema):
    """A request body. Unknown members and seed phrases are rejected."""

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": "unknown member."}

    @pre_load
    def refuse_mnemonic(self, members: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        if any(name.strip().lower() == "mnemonic" for name in members):
            raise MnemonicRefused
        return members


class Answer(Schema):
    """A response body in which every member is always present."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        field_obj.required = True


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
            "pattern": AMOUNT,
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


class PaymentQuery(Schema):
    """GET /api/wallet/payment-qr. The service validates the values."""

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": "unknown parameter."}
    asset = fields.String(load_default="USDC", metadata={"enum": ["USDC", "ETH"]})
    amount = fields.String(required=True, metadata={"pattern": AMOUNT, "examples": ["20"]})


class CreateWalletBody(Body):
    """POST /api/wallet/user-wallets."""

    chain = fields.Raw(
        load_default="ethereum", allow_none=True, metadata={"type": "string", "enum": ["ethereum"]}
    )


class SignInQuery(Schema):
    """GET or POST /api/auth/base-account. Unknown parameters of mini apps are ignored."""

    class Meta:
        unknown = EXCLUDE

    address = fields.String(
        load_default=None,
        metadata={
            "type": "string",
            # Some frontends send an empty string.
            "pattern": "^(0x[0-9a-fA-F]{40})?$",
            "description": "The user's Base Account address, which is stored.",
        },
    )


class HealthAnswer(Answer):
    status = fields.String(metadata={"examples": ["ok"]})
    version = fields.String(metadata={"examples": ["1.0.0"]})


class SignInAnswer(Answer):
    success = fields.Boolean()
    fid = fields.Integer(metadata=FID)
    user_id = fields.String(data_key="userId", metadata={"examples": ["fid_1464243"]})
    address = fields.String(allow_none=True, metadata={"examples": [BASE_ACCOUNT], **ADDRESS})
    token = fields.String(metadata={"description": "For the other routes of /api."})


class DemoTokenAnswer(Answer):
    fid = fields.Integer(metadata=FID)
    token = fields.String(metadata={"description": "For the other routes of /api."})


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


class PrimaryWallet(Answer):
    """A wallet in the format of the frontends, without id and times."""

    address = fields.String(metadata={"examples": [TRADING_ADDRESS], **ADDRESS})
    chain = fields.Function(
        lambda wallet: "base" if wallet.chain == "base-account" else wallet.chain,
        metadata={"type": "string", "enum": ["ethereum", "base"]},
    )
    wallet_type = fields.String(data_key="walletType", metadata={"enum": list(TYPES)})


class CreatedWallet(PrimaryWallet):
    id = fields.Function(lambda wallet: f"fid_{wallet.fid}_{wallet.chain}", metadata=WALLET_ID)
    created_at = Timestamp(data_key="createdAt")


class ListedWallet(CreatedWallet):
    updated_at = Timestamp(data_key="updatedAt")


class ExportedWallet(Answer):
    """A wallet with its private key."""

    id = fields.Function(
        lambda found: f"fid_{found.wallet.fid}_{found.wallet.chain}", metadata=WALLET_ID
    )
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


class CreatedWalletAnswer(Answer):
    wallet = fields.Nested(CreatedWallet)


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
