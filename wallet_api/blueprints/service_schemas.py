"""Schemas of the parameters and bodies of /v1."""

from marshmallow import Schema, fields, validate

from wallet_api.blueprints.query_schemas import (
    DAY,
    MOMENT,
    Day,
    Fid,
    Moment,
    PageQuery,
    Query,
    printable,
)
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
from wallet_api.models import BASE_ACCOUNT_CHAIN, TRADING_CHAIN

CHAINS = (TRADING_CHAIN, BASE_ACCOUNT_CHAIN)


class WalletQuery(PageQuery):
    address = fields.String(
        load_default=None, metadata={"description": "In upper, lower or mixed case.", **ADDRESS}
    )
    fid = Fid(load_default=None, metadata=FID)
    type = fields.String(load_default=None, validate=validate.OneOf(TYPES))
    chain = fields.String(load_default=None, validate=validate.OneOf(CHAINS))
    created_after = Moment(
        data_key="createdAfter",
        load_default=None,
        metadata={**MOMENT, "description": "Inclusive start of the range."},
    )
    created_before = Moment(
        data_key="createdBefore",
        load_default=None,
        metadata={**MOMENT, "description": "Exclusive end of the range."},
    )


class StatsQuery(Query):
    first = Day(
        data_key="from",
        load_default=None,
        metadata={
            **DAY,
            "description": "The first day (UTC). Default: 29 days before the last day.",
        },
    )
    last = Day(
        data_key="to",
        load_default=None,
        metadata={**DAY, "description": "The last day (UTC), inclusive. Default: today."},
    )


class KeyBody(Body):
    """The reason for a key read, and the recipient of the key."""

    reason = fields.String(
        required=True,
        validate=[validate.Length(1, 500), printable],
        metadata={
            "description": "Printable text for the audit log.",
            "examples": ["sign swap 8c1f"],
        },
    )
    recipient_public_key = fields.String(
        data_key="recipientPublicKey",
        load_default=None,
        allow_none=True,
        metadata={
            "pattern": "^[A-Za-z0-9_-]{43}$",
            "description": "An X25519 public key in base64url. If given, the private key is "
            "encrypted to it (HPKE, RFC 9180), so that no proxy or log can read it.",
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
            "description": "Null if the stored key does not decrypt. Do not deposit there.",
            "examples": [TRADING_ADDRESS],
            **ADDRESS,
        },
    )
    opened = fields.Boolean(
        metadata={
            "description": "Whether the stored key decrypts. False needs an operator. A Base "
            "Account has no key and is true."
        }
    )
    created_at = Timestamp(attribute="wallet.created_at", data_key="createdAt")
    updated_at = Timestamp(attribute="wallet.updated_at", data_key="updatedAt")


class PageAnswer(Answer):
    next_cursor = fields.String(
        allow_none=True, metadata={"description": "Send it as cursor with the same filters."}
    )
    has_more = fields.Boolean()


class WalletPage(PageAnswer):
    class Meta:
        fields = ("data", "next_cursor", "has_more")

    data = fields.List(fields.Nested(FoundWallet))


class SealedPrivateKey(Answer):
    """A private key (32 raw bytes) encrypted with HPKE (RFC 9180), base mode, single shot."""

    suite = fields.String()
    enc = fields.String(metadata={"description": "The encapsulated key, base64url."})
    ciphertext = fields.String(metadata={"description": "base64url."})
    info = fields.String(
        metadata={"description": "The HPKE info. Check that it names the wallet you asked for."}
    )


class KeyAnswer(Schema):
    """A private key, in plain text or encrypted to the recipient."""

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
    """Deposits that were prepared. They are not necessarily signed or confirmed."""

    day = fields.Date()
    chain_id = fields.Integer(data_key="chainId")
    asset = fields.String()
    count = fields.Integer(attribute="deposits")
    total = fields.String(
        metadata={
            "description": "The exact sum in whole units of the asset.",
            "examples": ["1234.5"],
        }
    )
    total_units = fields.String(
        data_key="totalUnits",
        metadata={"description": "The exact sum in its smallest unit.", "examples": ["1234500000"]},
    )


class StatsAnswer(Answer):
    first = fields.Date(data_key="from")
    last = fields.Date(data_key="to")
    users = fields.Integer()
    wallets = fields.List(fields.Nested(WalletCount))
    new_wallets = fields.List(fields.Nested(NewWallets), data_key="newWallets")
    deposits = fields.List(fields.Nested(Deposits))


class SecretUse(Answer):
    """A secret that keys are or were encrypted under."""

    key_id = fields.String(
        data_key="keyId",
        metadata={
            "description": "Identifies the secret without revealing it.",
            "pattern": "^[0-9a-f]{16}$",
        },
    )
    state = fields.String(
        metadata={
            "enum": ["current", "previous", "missing", "retired"],
            "description": "previous: this process can decrypt its keys. missing: it cannot.",
        }
    )
    wallets = fields.Integer(
        metadata={"description": "The number of keys that are encrypted under it."}
    )
    since = Timestamp(attribute="created_at")


class FileCounts(Answer):
    """Counts of wallet files, by file name. Files are not opened."""

    present = fields.Integer(metadata={"description": "The wallet is also in PostgreSQL."})
    missing = fields.Integer(metadata={"description": "The wallet is only in the file."})
    misnamed = fields.Integer(
        metadata={
            "description": "The file name is not valid. An import reports the file as invalid."
        }
    )


class StorageAnswer(Answer):
    storage = fields.String(metadata={"enum": ["postgres", "filesystem", "migrating"]})
    files = fields.Nested(
        FileCounts,
        allow_none=True,
        metadata={"description": "Null if the directory is not used."},
    )
    imported = fields.Integer(
        metadata={"description": "The number of wallets that were imported from files."}
    )
    secrets = fields.List(fields.Nested(SecretUse))
