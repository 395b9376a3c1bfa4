"""Schemas of /v1/stats."""

from marshmallow import fields

from wallet_api.blueprints.schemas.bases import CHAINS, TYPES, Answer
from wallet_api.blueprints.schemas.url_parameters import DAY, Day, Query


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
        attribute="units",
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
