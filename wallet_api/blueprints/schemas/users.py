"""Schemas of /v1/users: wallets, and reads of private keys."""

from marshmallow import Schema, fields

from wallet_api.blueprints.reasons import reason_field
from wallet_api.blueprints.schemas.bases import (
    ADDRESS,
    CHAINS,
    FID,
    PRIVATE_KEY,
    TRADING_ADDRESS,
    TYPES,
    WALLET_ID,
    Answer,
    Body,
    Timestamp,
    wallet_id,
)


class KeyBody(Body):
    """The reason for a key read, and the recipient of the key."""

    reason = reason_field("Printable text for the audit log.", required=True)
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

    id = fields.Function(wallet_id, metadata=WALLET_ID)
    fid = fields.Integer(metadata=FID)
    chain = fields.String(metadata={"enum": list(CHAINS)})
    type = fields.String(attribute="wallet_type", metadata={"enum": list(TYPES)})
    address = fields.String(metadata={"examples": [TRADING_ADDRESS], **ADDRESS})
    created_at = Timestamp(data_key="createdAt")
    updated_at = Timestamp(data_key="updatedAt")


class ServiceWalletList(Answer):
    data = fields.List(fields.Nested(ServiceWallet))


class EncryptedPrivateKey(Answer):
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
    encrypted_private_key = fields.Nested(EncryptedPrivateKey, data_key="sealedPrivateKey")
