"""Schemas of the bodies of the signing routes."""

from typing import Any

from marshmallow import ValidationError, fields

from wallet_api.blueprints.reasons import reason_field
from wallet_api.blueprints.schemas.bases import ADDRESS, TRADING_ADDRESS, Answer, Body
from wallet_api.ethereum.strict_json import MAX_SAFE_INTEGER

_HASH = {"pattern": "^0x[0-9a-f]{64}$"}
_USDC = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
_SPENDER = "0x78547fc07fdc8aac05e53b034e510b276a5ba384"
TYPED_DATA = {
    "types": {
        "Permit": [
            {"name": "owner", "type": "address"},
            {"name": "spender", "type": "address"},
            {"name": "value", "type": "uint256"},
            {"name": "nonce", "type": "uint256"},
            {"name": "deadline", "type": "uint256"},
        ]
    },
    "primaryType": "Permit",
    "domain": {
        "name": "USD Coin",
        "version": "2",
        "chainId": 8453,
        "verifyingContract": _USDC,
    },
    "message": {
        "owner": TRADING_ADDRESS,
        "spender": _SPENDER,
        "value": "20000000",
        "nonce": 0,
        "deadline": 1798761600,
    },
}
TRANSACTION = {
    "type": "0x2",
    "nonce": "0x0",
    "to": _SPENDER,
    "value": "0x5af3107a4000",
    "gas": "0x5208",
    "maxFeePerGas": "0x77359400",
    "maxPriorityFeePerGas": "0xf4240",
}
AUTHORIZATION = {"chainId": "0x2105", "address": _SPENDER, "nonce": "0x0"}
_MESSAGE = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {"raw": {"type": "string", "pattern": "^0x([0-9a-fA-F]{2})*$"}},
            "required": ["raw"],
            "additionalProperties": False,
        },
    ],
    "description": "A text, which is signed as UTF-8 even if it begins with 0x, or "
    '{"raw": "0x…"} for bytes. Exactly 32 bytes, which may be a hash, need a policy.',
    "examples": ["Sign in to example.com", {"raw": "0x5369676e20696e"}],
}
_TYPED_DATA = {
    "type": ["object", "string"],
    "description": "Typed data (EIP-712), or its JSON text. `domain.chainId` must equal `chainId`.",
    "examples": [TYPED_DATA],
}
_TRANSACTION = {
    "type": "object",
    "description": "A complete transaction of type 0, 1, 2 or 4 in the form of "
    "`eth_signTransaction`: quantities and bytes are hex strings.",
    "examples": [TRANSACTION],
}
_AUTHORIZATION = {
    "type": "object",
    "description": "An authorization (EIP-7702): the account gets the code of the contract "
    "`address`. `chainId` must equal that of the request, and cannot be 0. Quantities are hex "
    "strings.",
    "examples": [AUTHORIZATION],
}
_EFFECTS = {
    "type": "object",
    "properties": {"kind": {"type": "string"}},
    "required": ["kind"],
    "additionalProperties": {"type": ["string", "boolean", "null"]},
    "examples": [
        {"kind": "native_transfer", "to": _SPENDER, "amount": "100000000000000"},
        {"kind": "network_fee", "amount": "42000000000000"},
    ],
}


class ChainId(fields.Field[int]):
    """A chain id as a JSON integer."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        # bool is a subclass of int.
        if type(value) is not int or not 1 <= value <= MAX_SAFE_INTEGER:
            raise ValidationError("must be a chain id, an integer such as 8453.")
        return value


def _chain_id(*, required: bool) -> ChainId:
    return ChainId(
        data_key="chainId",
        required=required,
        metadata={
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_SAFE_INTEGER,
            "description": "The chain for which it is signed.",
            "examples": [8453],
        },
    )


class SigningBody(Body):
    reason = reason_field(
        "Printable text for the audit log. Default: the header X-Reason.", load_default=None
    )


class MessageBody(SigningBody):
    """A message to sign as `personal_sign` does (EIP-191)."""

    message = fields.Raw(required=True, metadata=_MESSAGE)


class TypedDataBody(SigningBody):
    """Typed data to sign as `eth_signTypedData_v4` does (EIP-712)."""

    chain_id = _chain_id(required=True)
    typed_data = fields.Raw(data_key="typedData", required=True, metadata=_TYPED_DATA)


class TransactionBody(SigningBody):
    """A transaction to sign as `eth_signTransaction` does."""

    chain_id = _chain_id(required=True)
    transaction = fields.Raw(required=True, metadata=_TRANSACTION)


class AuthorizationBody(SigningBody):
    """An authorization of a delegate to sign (EIP-7702)."""

    chain_id = _chain_id(required=True)
    authorization = fields.Raw(required=True, metadata=_AUTHORIZATION)


class PreviewBody(Body):
    """One of message, typedData, transaction and authorization; all but a message with chainId."""

    chain_id = _chain_id(required=False)
    message = fields.Raw(metadata=_MESSAGE)
    typed_data = fields.Raw(data_key="typedData", metadata=_TYPED_DATA)
    transaction = fields.Raw(metadata=_TRANSACTION)
    authorization = fields.Raw(metadata=_AUTHORIZATION)


class _Signed(Answer):
    address = fields.String(metadata={"examples": [TRADING_ADDRESS], **ADDRESS})
    digest = fields.String(metadata={"description": "What the wallet signed.", **_HASH})


class SignatureAnswer(_Signed):
    """A signature of a wallet."""

    signature = fields.String(
        metadata={
            "description": "r, s and v (27 or 28) in 65 bytes.",
            "pattern": "^0x[0-9a-f]{128}1[bc]$",
        }
    )


class SignedTransactionAnswer(_Signed):
    """A signed transaction of a wallet. It was not sent."""

    raw_transaction = fields.String(
        data_key="rawTransaction",
        metadata={"description": "For eth_sendRawTransaction.", "pattern": "^0x[0-9a-f]+$"},
    )
    hash = fields.String(metadata={"description": "The hash of the transaction.", **_HASH})
    transaction = fields.Raw(
        metadata={"type": "object", "description": "The transaction with its signature."}
    )


class SignedAuthorizationAnswer(_Signed):
    """A signed authorization of a wallet. Anyone can send it in a transaction of type 4."""

    authorization = fields.Raw(
        metadata={"type": "object", "description": "An element of `authorizationList`."}
    )


class PreviewAnswer(_Signed):
    """What would be signed, and what that would do."""

    effects = fields.List(fields.Raw(metadata=_EFFECTS))
