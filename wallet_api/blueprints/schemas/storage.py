"""Schema of /v1/storage."""

from marshmallow import fields

from wallet_api.blueprints.schemas.bases import Answer, Timestamp
from wallet_api.services.wallet_files.storages import STORAGES


class SecretUse(Answer):
    """A secret that keys are or were encrypted with."""

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
        metadata={"description": "The number of keys that are encrypted with it."}
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
    storage = fields.String(metadata={"enum": list(STORAGES)})
    files = fields.Nested(
        FileCounts,
        allow_none=True,
        metadata={"description": "Null if the directory is not used."},
    )
    imported = fields.Integer(
        metadata={"description": "The number of wallets that were imported from files."}
    )
    secrets = fields.List(fields.Nested(SecretUse))
