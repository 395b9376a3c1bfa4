"""Schema of /v1/status."""

from marshmallow import fields

from wallet_api.alarms import CODES
from wallet_api.blueprints.schemas.bases import ADDRESS, Answer
from wallet_api.blueprints.schemas.wallets import NetworkAnswer
from wallet_api.ethereum.networks import NETWORKS
from wallet_api.services.wallet_files.storages import STORAGES


class ServiceNetwork(NetworkAnswer):
    usdc = fields.String(
        metadata={
            "description": "The contract of USDC.",
            "examples": [NETWORKS["base-mainnet"].usdc],
            **ADDRESS,
        }
    )
    explorer = fields.String(
        metadata={
            "format": "uri",
            "description": "The block explorer of the network.",
            "examples": ["https://basescan.org"],
        }
    )


class MigrationState(Answer):
    """The migrations of the database."""

    applied = fields.Integer(metadata={"description": "How many were applied."})
    newest = fields.String(
        allow_none=True,
        metadata={
            "description": "The last one that was applied.",
            "examples": ["0001_create_wallets"],
        },
    )
    missing = fields.List(
        fields.String(),
        metadata={"description": "Those that this version knows and the database lacks."},
    )


class PoolState(Answer):
    """A pool of connections, in all processes of the machine that answers."""

    name = fields.String(metadata={"enum": ["primary", "replica"]})
    in_use = fields.Integer(data_key="inUse")
    max = fields.Integer()


class RateLimit(Answer):
    """A rate limit."""

    per = fields.String(
        metadata={
            "enum": ["ip", "user", "client", "writes"],
            "description": "writes: what a user stores.",
        }
    )
    amount = fields.Integer(metadata={"description": "The number of requests."})
    seconds = fields.Integer()


class AlarmCount(Answer):
    """How often an alarm was raised since the processes of the machine that answers started."""

    code = fields.String(metadata={"enum": list(CODES)})
    count = fields.Integer(metadata={"minimum": 1})


class StatusAnswer(Answer):
    version = fields.String(metadata={"examples": ["1.0.0"]})
    network = fields.Nested(ServiceNetwork)
    storage = fields.String(metadata={"enum": list(STORAGES)})
    migrations = fields.Nested(MigrationState)
    pools = fields.List(fields.Nested(PoolState))
    limits = fields.List(fields.Nested(RateLimit))
    alarms = fields.List(fields.Nested(AlarmCount))
