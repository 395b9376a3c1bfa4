"""Examples, times and base schemas of bodies, which several schemas share."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import RAISE, Schema, fields, pre_load

from wallet_api.errors import MnemonicRefused
from wallet_api.models import BASE_ACCOUNT_CHAIN, MAX_FID, TRADING_CHAIN, Wallet
from wallet_api.policies.evaluation import LAYERS, REASONS

ADDRESS = {"pattern": "^0x[0-9a-fA-F]{40}$"}
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
CHAINS = (TRADING_CHAIN, BASE_ACCOUNT_CHAIN)


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
        return None if value is None else timestamp(value)


def timestamp(moment: datetime) -> str:
    """Format a point in time as Timestamp describes."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def wallet_id(wallet: Wallet) -> str:
    """Return the id of a wallet in responses."""
    return f"fid_{wallet.fid}_{wallet.chain}"


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


class PageAnswer(Answer):
    """A page of a list. Subclasses declare `data`, its items."""

    class Meta:
        fields = ("data", "next_cursor", "has_more")

    next_cursor = fields.String(
        allow_none=True, metadata={"description": "Send it as cursor with the same filters."}
    )
    has_more = fields.Boolean()
