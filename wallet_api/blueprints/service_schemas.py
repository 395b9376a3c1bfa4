"""The shapes of /v1, which other services call."""

import re
from datetime import date, datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from wallet_api.auth.fids import parse_fid
from wallet_api.blueprints.schemas import (
    ADDRESS,
    FID,
    PRIVATE_KEY,
    TRADING_ADDRESS,
    TYPES,
    WALLET_ID,
    Answer,
    Body,
    Timestamp,
)
from wallet_api.models import AUDIT_ACTIONS, BASE_ACCOUNT_CHAIN, MAX_FID, TRADING_CHAIN

CHAINS = (TRADING_CHAIN, BASE_ACCOUNT_CHAIN)
_TIME = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+ -]\d\d:\d\d))?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
_YEARS = range(1970, 9000)


class Moment(fields.Field[datetime]):
    """A point in time to compare with: ISO 8601 with an offset, or a day, which begins in UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if _TIME.fullmatch(value):
            # In a URL a plus that is not escaped arrives as a space.
            text = value.replace(" ", "+") if "T" in value else f"{value}T00:00Z"
            try:
                moment = datetime.fromisoformat(text)
            except ValueError:
                pass
            else:
                if moment.year in _YEARS:
                    return moment
        raise ValidationError(
            "must be a day, or a time with an offset, such as 2026-11-22T10:42:23Z."
        )


class Number(fields.Field[int]):
    """A whole number in a query: ASCII digits and nothing else."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not _NUMBER.fullmatch(value):
            raise ValidationError("must be a whole number.")
        return int(value)


class Day(fields.Field[date]):
    """A day in a query, written like 2026-11-22."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        try:
            day = date.fromisoformat(value) if _DAY.fullmatch(value) else None
        except ValueError:
            day = None
        if day is None or day.year not in _YEARS:
            raise ValidationError("must be a day such as 2026-11-22.")
        return day


class Fid(fields.Field[int]):
    """A Farcaster id in a query."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        fid = parse_fid(value)
        if fid is None:
            raise ValidationError(f"must be a whole number from 1 to {MAX_FID}.")
        return fid


def _printable(text: str) -> None:
    """Let text for people and logs through: something to read, without control characters."""
    if not text.isprintable() or not text.strip():
        raise ValidationError("must be printable text.")


DAY = {"type": "string", "format": "date"}
MOMENT = {
    "type": "string",
    "anyOf": [{"format": "date-time"}, {"format": "date"}],
    "examples": ["2026-11-22T10:42:23Z", "2026-11-22"],
}


class Query(Schema):
    """Parameters of a URL: an unknown one is refused, because a filter must not be ignored."""

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": "unknown parameter."}

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        # A URL cannot say null, whatever stands for a parameter that is left out.
        field_obj.allow_none = False


class PageQuery(Query):
    limit = Number(
        load_default=50,
        validate=validate.Range(1, 100, error="must be from {min} to {max}."),
        metadata={"type": "integer", "minimum": 1, "maximum": 100, "description": "At most."},
    )
    cursor = fields.String(
        load_default=None, metadata={"description": "next_cursor of the page before."}
    )


class WalletQuery(PageQuery):
    address = fields.String(load_default=None, metadata={"description": "In any case.", **ADDRESS})
    fid = Fid(load_default=None, metadata=FID)
    type = fields.String(load_default=None, validate=validate.OneOf(TYPES))
    chain = fields.String(load_default=None, validate=validate.OneOf(CHAINS))
    created_after = Moment(
        data_key="createdAfter",
        load_default=None,
        metadata={**MOMENT, "description": "The first moment that counts."},
    )
    created_before = Moment(
        data_key="createdBefore",
        load_default=None,
        metadata={**MOMENT, "description": "The first moment that does not count any more."},
    )


class AuditQuery(PageQuery):
    fid = Fid(load_default=None, metadata=FID)
    action = fields.String(load_default=None, validate=validate.OneOf(AUDIT_ACTIONS))
    actor = fields.String(
        load_default=None,
        validate=[validate.Length(1, 200), _printable],
        metadata={"description": "user:<fid>, client:<name> or cli:<account>."},
    )
    after = Moment(
        load_default=None,
        metadata={**MOMENT, "description": "The first moment that counts."},
    )
    before = Moment(
        load_default=None,
        metadata={**MOMENT, "description": "The first moment that does not count any more."},
    )


class StatsQuery(Query):
    first = Day(
        data_key="from",
        load_default=None,
        metadata={
            **DAY,
            "description": "The first day (UTC); 29 days before the last one if left out.",
        },
    )
    last = Day(
        data_key="to",
        load_default=None,
        metadata={**DAY, "description": "The last day (UTC), which counts too; today if left out."},
    )


class KeyBody(Body):
    """Why a key is wanted, and to whose eyes it shall go."""

    reason = fields.String(
        required=True,
        validate=[validate.Length(1, 500), _printable],
        metadata={
            "description": "For the audit log; printable text.",
            "examples": ["sign swap 8c1f"],
        },
    )
    recipient_public_key = fields.String(
        data_key="recipientPublicKey",
        load_default=None,
        allow_none=True,
        metadata={
            "pattern": "^[A-Za-z0-9_-]{43}$",
            "description": "An X25519 public key in base64url. With it the private key is sealed "
            "(HPKE, RFC 9180), and no proxy or log on the way can read it.",
        },
    )


class ServiceWallet(Answer):
    """A wallet of a user."""

    id = fields.Function(
        lambda wallet: f"fid_{wallet.fid}_{wallet.chain}",
        metadata=WALLET_ID,
    )
    fid = fields.Integer(metadata=FID)
    chain = fields.String(metadata={"enum": list(CHAINS)})
    type = fields.String(attribute="wallet_type", metadata={"enum": list(TYPES)})
    address = fields.String(metadata={"examples": [TRADING_ADDRESS], **ADDRESS})
    created_at = Timestamp(data_key="createdAt")
    updated_at = Timestamp(data_key="updatedAt")


class ServiceWalletList(Answer):
    data = fields.List(fields.Nested(ServiceWallet))


class FoundWallet(Answer):
    """A wallet that a search found."""

    id = fields.Function(
        lambda found: f"fid_{found.wallet.fid}_{found.wallet.chain}",
        metadata=WALLET_ID,
    )
    fid = fields.Integer(attribute="wallet.fid", metadata=FID)
    chain = fields.String(attribute="wallet.chain", metadata={"enum": list(CHAINS)})
    type = fields.String(attribute="wallet.wallet_type", metadata={"enum": list(TYPES)})
    address = fields.Function(
        lambda found: found.wallet.address if found.opened else None,
        metadata={
            "type": ["string", "null"],
            "description": "Null if the stored key does not open: nobody must deposit there.",
            "examples": [TRADING_ADDRESS],
            **ADDRESS,
        },
    )
    opened = fields.Boolean(
        metadata={"description": "False is an alarm. A Base Account has no key: true."}
    )
    created_at = Timestamp(attribute="wallet.created_at", data_key="createdAt")
    updated_at = Timestamp(attribute="wallet.updated_at", data_key="updatedAt")


class PageAnswer(Answer):
    next_cursor = fields.String(
        allow_none=True, metadata={"description": "Send it as cursor, with the same filters."}
    )
    has_more = fields.Boolean()


class WalletPage(PageAnswer):
    class Meta:
        fields = ("data", "next_cursor", "has_more")

    data = fields.List(fields.Nested(FoundWallet))


class AuditEntry(Answer):
    """One act upon a wallet or its key: who, what, whose, when, from where, why."""

    id = fields.String(
        metadata={"description": "The entry's place in its user's chain: a number, as a string."}
    )
    fid = fields.Integer(metadata=FID)
    chain = fields.String(metadata={"enum": list(CHAINS)})
    action = fields.String(metadata={"enum": list(AUDIT_ACTIONS)})
    actor = fields.String(metadata={"examples": ["client:engine"]})
    ip = fields.String(allow_none=True, metadata={"examples": ["203.0.113.7"]})
    reason = fields.String(allow_none=True)
    recipient = fields.String(
        data_key="recipientPublicKey",
        allow_none=True,
        metadata={"description": "The key left sealed to this X25519 public key."},
    )
    address = fields.String(
        allow_none=True,
        metadata={"description": "Of the wallet that was made, or the remembered Base Account."},
    )
    request_id = fields.String(data_key="requestId")
    created_at = Timestamp(data_key="createdAt")


class AuditPage(PageAnswer):
    class Meta:
        fields = ("data", "next_cursor", "has_more")

    data = fields.List(fields.Nested(AuditEntry))


class SealedPrivateKey(Answer):
    """HPKE (RFC 9180), base mode, single shot; the plaintext is the 32 raw bytes of the key."""

    suite = fields.String()
    enc = fields.String(metadata={"description": "The encapsulated key, base64url."})
    ciphertext = fields.String(metadata={"description": "base64url."})
    info = fields.String(metadata={"description": "The info that opens it; check whose it is."})


class KeyAnswer(Schema):
    """A private key: in the open, or sealed to the recipient that was named."""

    wallet = fields.Nested(ServiceWallet, required=True)
    private_key = fields.String(data_key="privateKey", metadata=PRIVATE_KEY)
    sealed_private_key = fields.Nested(SealedPrivateKey, data_key="sealedPrivateKey")


class WalletCount(Answer):
    type = fields.String(attribute="wallet_type", metadata={"enum": list(TYPES)})
    chain = fields.String(metadata={"enum": list(CHAINS)})
    count = fields.Integer(attribute="wallets")


class NewWallets(WalletCount):
    class Meta:
        fields = ("day", "type", "chain", "count")

    day = fields.Date()


class Deposits(Answer):
    """What was prepared for users to sign; whether they did is on the chain."""

    day = fields.Date()
    chain_id = fields.Integer(data_key="chainId")
    asset = fields.String()
    count = fields.Integer(attribute="deposits")
    total = fields.String(
        metadata={"description": "Exact, in the asset itself.", "examples": ["1234.5"]}
    )
    total_units = fields.String(
        data_key="totalUnits",
        metadata={"description": "Exact, in its smallest unit.", "examples": ["1234500000"]},
    )


class StatsAnswer(Answer):
    first = fields.Date(data_key="from")
    last = fields.Date(data_key="to")
    users = fields.Integer()
    wallets = fields.List(fields.Nested(WalletCount))
    new_wallets = fields.List(fields.Nested(NewWallets), data_key="newWallets")
    deposits = fields.List(fields.Nested(Deposits))


class SecretUse(Answer):
    """A secret that keys are or were sealed under."""

    key_id = fields.String(
        data_key="keyId",
        metadata={
            "description": "Names the secret, and does not reveal it.",
            "pattern": "^[0-9a-f]{16}$",
        },
    )
    state = fields.String(
        metadata={
            "enum": ["current", "previous", "missing", "retired"],
            "description": "previous: this process can open its keys. missing: it cannot.",
        }
    )
    wallets = fields.Integer(metadata={"description": "How many keys are sealed under it."})
    since = Timestamp(attribute="created_at")


class FileCounts(Answer):
    """Wallet files by their names; nobody opened them."""

    present = fields.Integer(metadata={"description": "Their wallet is in PostgreSQL too."})
    missing = fields.Integer(metadata={"description": "Their wallet is only in a file."})
    misnamed = fields.Integer(
        metadata={"description": "No wallet is kept under such a name: invalid to an import."}
    )


class StorageAnswer(Answer):
    storage = fields.String(metadata={"enum": ["postgres", "filesystem", "migrating"]})
    files = fields.Nested(
        FileCounts,
        allow_none=True,
        metadata={"description": "Null where nobody looks at the folder."},
    )
    imported = fields.Integer(
        metadata={"description": "Wallets that ever came from files into rows."}
    )
    secrets = fields.List(fields.Nested(SecretUse))
