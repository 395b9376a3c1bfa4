"""The JSON-RPC route in the OpenAPI document."""

from typing import Any

from wallet_api.blueprints.idempotency import SIGNING_KEY
from wallet_api.blueprints.reasons import REASON
from wallet_api.blueprints.schemas.bases import FID, TRADING_ADDRESS
from wallet_api.blueprints.schemas.signing import TRANSACTION, TYPED_DATA
from wallet_api.ethereum.strict_json import MAX_SAFE_INTEGER

_REQUEST_ID = "8e27ac97b3e14c1f8f0ac1b1de0a9a53"

_FID = {"in": "path", "name": "fid", "required": True, "schema": FID}
_CHAIN_ID = {
    "in": "path",
    "name": "chain_id",
    "description": "The chain to sign for, or to read.",
    "schema": {
        "type": "integer",
        "format": "int64",
        "minimum": 1,
        "maximum": MAX_SAFE_INTEGER,
        "examples": [8453],
    },
}
_KEY = SIGNING_KEY | {
    "description": f"{SIGNING_KEY['description']} In a batch, each position has a key of its own."
}
PARAMETERS = [_FID, _CHAIN_ID, REASON, _KEY]


def _call(method: str, *params: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}


_ACCOUNTS = _call("eth_accounts")
BODY: dict[str, Any] = {
    "content": {
        "application/json": {
            # Not restricted, because any other body gets an error of JSON-RPC.
            "schema": {
                "description": "A request of JSON-RPC 2.0, or an array of 1 to 20 requests. "
                "Methods: eth_accounts, eth_chainId, eth_requestAccounts, net_version, "
                "personal_sign, eth_sign, eth_signTypedData, eth_signTypedData_v4, "
                "eth_signTransaction, and reads of the chain if the service has a node for it.",
                "examples": [
                    _call("personal_sign", "0x68656c6c6f", TRADING_ADDRESS),
                    _call("eth_signTypedData_v4", TRADING_ADDRESS, TYPED_DATA),
                    _call("eth_signTransaction", {"from": TRADING_ADDRESS, **TRANSACTION}),
                    [_ACCOUNTS, {**_call("eth_chainId"), "id": 2}],
                ],
            },
            "example": _ACCOUNTS,
        }
    },
}

_ANSWER = {
    "type": "object",
    "properties": {
        "jsonrpc": {"const": "2.0"},
        "id": {"type": ["string", "integer", "null"]},
        "result": {"description": "Absent after an error."},
        "error": {
            "type": "object",
            "description": "Codes of EIP-1474; 4100 (EIP-1193) if no policy allows the signature, "
            "or if the client was revoked during a batch.",
            "properties": {
                "code": {"type": "integer"},
                "message": {"type": "string"},
                "data": {
                    "description": "Of our own errors an object: request_id, code, and field (the "
                    "JSON path of what is wrong)."
                },
            },
            "required": ["code", "message"],
        },
    },
    "required": ["jsonrpc", "id"],
}
ANSWER: dict[str, Any] = {
    "oneOf": [_ANSWER, {"type": "array", "items": _ANSWER, "minItems": 1, "maxItems": 20}]
}
ANSWER_EXAMPLES = {
    "result": {"value": {"jsonrpc": "2.0", "id": 1, "result": [TRADING_ADDRESS]}},
    "error": {
        "value": {
            "jsonrpc": "2.0",
            "id": 1,
            "error": {
                "code": -32602,
                "message": "nonce: This member is missing.",
                "data": {"request_id": _REQUEST_ID, "code": "not_signable", "field": "nonce"},
            },
        }
    },
}
