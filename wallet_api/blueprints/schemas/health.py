"""Schema of /healthz."""

from marshmallow import fields

from wallet_api.blueprints.schemas.bases import Answer


class HealthAnswer(Answer):
    status = fields.String(metadata={"examples": ["ok"]})
    version = fields.String(metadata={"examples": ["1.0.0"]})
