"""The shapes of bodies and answers, with the names that frontends use."""

from datetime import UTC
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, fields, pre_load

from wallet_api.errors import MnemonicRefused

ADDRESS = {"pattern": "^0x[0-9a-fA-F]{40}$"}
TRADING_ADDRESS = "0x24e08CE165170235Ff6E27529b73f9933bCD74E2"
BASE_ACCOUNT = "0x78547fc07fdc8aac05e53b034e510b276a5ba384"


class Problem(Schema):
    """What every refusal and every fault looks like (RFC 9457)."""

    type = fields.String(required=True, metadata={"description": "A URN that ends in the code."})
    title = fields.String(
        required=True, metadata={"description": "The same for every such problem."}
    )
    status = fields.Integer(required=True)
    detail = fields.String(
        required=True, metadata={"description": "What exactly is wrong, for developers."}
    )
    code = fields.String(required=True, metadata={"description": "Stable: compare this one."})
    request_id = fields.String(required=True, allow_none=True)
    error = fields.String(required=True, metadata={"description": "A sentence for the user."})


class Timestamp(fields.DateTime):
    """A point in time as ISO 8601 in UTC with milliseconds: 2026-11-22T10:42:23.489Z."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if value is None:
            return None
        text: str = value.astimezone(UTC).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")


class Body(Schema):
    """A request body: members that we do not know are refused, and so is a seed phrase."""

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": "unknown member."}

    @pre_load
    def refuse_mnemonic(self, members: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        if any(name.strip().lower() == "mnemonic" for name in members):
            raise MnemonicRefused
        return members


class DepositBody(Body):
    """POST /api/wallet/deposit. The service checks the values and words the refusals."""

    asset = fields.Raw(
        load_default="USDC", allow_none=True, metadata={"type": "string", "enum": ["USDC", "ETH"]}
    )
    amount = fields.Raw(
        load_default=None,
        allow_none=True,
        metadata={
            "type": "string",
            "pattern": "^[0-9]*[.]?[0-9]*$",
            "description": "Plain decimal digits, such as 20 or 0.5.",
        },
    )
    base_address = fields.Raw(
        data_key="baseAddress",
        load_default=None,
        allow_none=True,
        metadata={
            "type": "string",
            "description": "Who sends; else the remembered one.",
            **ADDRESS,
        },
    )


class CreateWalletBody(Body):
    """POST /api/wallet/user-wallets."""

    chain = fields.Raw(
        load_default="ethereum", allow_none=True, metadata={"type": "string", "enum": ["ethereum"]}
    )


class SignInQuery(Schema):
    """GET or POST /api/auth/base-account. Mini apps add parameters of their own to URLs."""

    class Meta:
        unknown = EXCLUDE

    address = fields.List(fields.String(metadata=ADDRESS), load_default=list)


class HealthAnswer(Schema):
    status = fields.String()


class SignInAnswer(Schema):
    success = fields.Boolean()
    fid = fields.Integer()
    user_id = fields.String(data_key="userId")
    address = fields.String(allow_none=True)
    token = fields.String()


class NetworkAnswer(Schema):
    name = fields.String()
    chain_id = fields.Integer(data_key="chainId")


class DepositAnswer(Schema):
    success = fields.Boolean()
    network = fields.Nested(NetworkAnswer)
    asset = fields.String()
    amount = fields.String()
    deposit_address = fields.String(data_key="depositAddress")
    transaction = fields.Raw()
    note = fields.String()
    deposit_id = fields.UUID(data_key="depositId")
    payment_uri = fields.String(data_key="paymentUri")
    wallet_send_calls = fields.Raw(data_key="walletSendCalls")


class PrimaryWallet(Schema):
    """A wallet as frontends know it, at its shortest."""

    address = fields.String()
    chain = fields.Function(
        lambda wallet: "base" if wallet.chain == "base-account" else wallet.chain
    )
    wallet_type = fields.String(data_key="walletType")


class CreatedWallet(PrimaryWallet):
    id = fields.Function(lambda wallet: f"fid_{wallet.fid}_{wallet.chain}")
    created_at = Timestamp(data_key="createdAt")


class ListedWallet(CreatedWallet):
    updated_at = Timestamp(data_key="updatedAt")


class ExportedWallet(Schema):
    """The one shape that carries a private key."""

    id = fields.Function(lambda found: f"fid_{found.wallet.fid}_{found.wallet.chain}")
    address = fields.String(attribute="wallet.address")
    chain = fields.String(attribute="wallet.chain")
    private_key = fields.Function(
        lambda found: f"0x{found.private_key.reveal().hex()}", data_key="privateKey"
    )
    created_at = Timestamp(attribute="wallet.created_at", data_key="createdAt")


class ExportedWalletAnswer(Schema):
    wallet = fields.Nested(ExportedWallet)


class PrimaryWalletAnswer(Schema):
    wallet = fields.Nested(PrimaryWallet, allow_none=True)


class WalletListAnswer(Schema):
    wallets = fields.List(fields.Nested(ListedWallet))


class CreatedWalletAnswer(Schema):
    wallet = fields.Nested(CreatedWallet)


class FallbackWalletAnswer(Schema):
    success = fields.Boolean()
    wallet_address = fields.String(data_key="walletAddress")
    message = fields.String()
    note = fields.String()


class FallbackWalletStatusAnswer(Schema):
    has_fallback_wallet = fields.Boolean(data_key="hasFallbackWallet")
    wallet_address = fields.String(data_key="walletAddress", allow_none=True)
