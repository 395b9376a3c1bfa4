"""Schemas of /api/auth/base-account."""

from marshmallow import EXCLUDE, Schema, fields

from wallet_api.blueprints.schemas.bases import ADDRESS, BASE_ACCOUNT, FID, Answer


class SignInQuery(Schema):
    """GET or POST /api/auth/base-account. Unknown parameters of mini apps are ignored."""

    class Meta:
        unknown = EXCLUDE

    address = fields.String(
        load_default=None,
        metadata={
            "type": "string",
            # Some frontends send an empty string.
            "pattern": "^(0x[0-9a-fA-F]{40})?$",
            "description": "The user's Base Account address, which is stored.",
        },
    )


class SignInAnswer(Answer):
    success = fields.Boolean()
    fid = fields.Integer(metadata=FID)
    user_id = fields.String(data_key="userId", metadata={"examples": ["fid_1464243"]})
    address = fields.String(allow_none=True, metadata={"examples": [BASE_ACCOUNT], **ADDRESS})
    token = fields.String(metadata={"description": "For the other routes of /api."})
