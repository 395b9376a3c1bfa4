"""Schemas of /v1/wallets."""

from typing import Any

from marshmallow import fields, validate, validates_schema

from wallet_api.blueprints.schemas.bases import (
    ADDRESS,
    CHAINS,
    FID,
    TRADING_ADDRESS,
    TYPES,
    WALLET_ID,
    Answer,
    PageAnswer,
    Timestamp,
    wallet_id,
)
from wallet_api.blueprints.schemas.url_parameters import (
    MOMENT,
    Fid,
    Moment,
    PageQuery,
    require_order,
)


class WalletQuery(PageQuery):
    address = fields.String(
        load_default=None, metadata={"description": "In upper, lower or mixed case.", **ADDRESS}
    )
    address_prefix = fields.String(
        data_key="addressPrefix",
        load_default=None,
        metadata={
            "description": "The beginning of an address, in upper, lower or mixed case.",
            "pattern": "^0[xX][0-9a-fA-F]{4,40}$",
            "examples": ["0x24e08CE1"],
        },
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
        metadata={
            **MOMENT,
            "description": "Exclusive end of the range, later than `createdAfter`.",
        },
    )

    @validates_schema
    def require_order(self, query: dict[str, Any], **kwargs: Any) -> None:
        names = ("createdAfter", "createdBefore")
        require_order(query["created_after"], query["created_before"], names=names)


class FoundWallet(Answer):
    """A wallet that a search found."""

    id = fields.Function(lambda found: wallet_id(found.wallet), metadata=WALLET_ID)
    fid = fields.Integer(attribute="wallet.fid", metadata=FID)
    chain = fields.String(attribute="wallet.chain", metadata={"enum": list(CHAINS)})
    type = fields.String(attribute="wallet.wallet_type", metadata={"enum": list(TYPES)})
    address = fields.Function(
        lambda found: found.wallet.address if found.decrypts else None,
        metadata={
            "type": ["string", "null"],
            "description": "Null if the stored key does not decrypt. Do not deposit there.",
            "examples": [TRADING_ADDRESS],
            **ADDRESS,
        },
    )
    decrypts = fields.Boolean(
        data_key="opened",
        metadata={
            "description": "Whether the stored key decrypts. False needs an operator. A Base "
            "Account has no key and is true."
        },
    )
    created_at = Timestamp(attribute="wallet.created_at", data_key="createdAt")
    updated_at = Timestamp(attribute="wallet.updated_at", data_key="updatedAt")


class WalletPage(PageAnswer):
    data = fields.List(fields.Nested(FoundWallet))
