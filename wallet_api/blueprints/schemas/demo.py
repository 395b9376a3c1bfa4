"""Schema of /demo/token."""

from marshmallow import fields

from wallet_api.blueprints.schemas.bases import FID, Answer


class DemoTokenAnswer(Answer):
    fid = fields.Integer(metadata=FID)
    token = fields.String(metadata={"description": "For the other routes of /api."})
