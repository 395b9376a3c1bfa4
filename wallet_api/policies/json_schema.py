"""The JSON Schema (draft 2020-12) of a policy.

Every policy that read_policy() accepts is valid. The reverse is not true. The schema does not check
address checksums (EIP-55), values that differ only in case, duplicate ids and windows, amounts over
2^256 - 1, and names with invisible characters. It also accepts 1.0 as an integer.
"""

from wallet_api.ethereum.strict_json import MAX_SAFE_INTEGER
from wallet_api.policies.reading import (
    AMOUNT_PATTERN,
    ID_PATTERN,
    PRIMARY_TYPE_PATTERN,
    SELECTOR_PATTERN,
)
from wallet_api.policies.rules import (
    KINDS,
    MAX_ITEMS,
    MAX_NAME,
    MAX_RULES,
    MAX_SECONDS,
    MAX_WINDOWS,
    METHODS,
    NATIVE,
    RULE_EFFECTS,
)


def _list_of(items: dict[str, object], description: str) -> dict[str, object]:
    return {
        "type": "array",
        "description": description,
        "items": items,
        "minItems": 1,
        "maxItems": MAX_ITEMS,
        "uniqueItems": True,
    }


def _matching(pattern: str) -> dict[str, object]:
    return {"type": "string", "pattern": f"^(?:{pattern})$"}


_ADDRESS = _matching("0x[0-9a-fA-F]{40}")
_AMOUNT = _matching(AMOUNT_PATTERN) | {
    "description": "Decimal digits, in the smallest unit of the asset, at most 2^256 - 1."
}
_SECONDS: dict[str, object] = {"type": "integer", "minimum": 1, "maximum": MAX_SECONDS}
_CHAIN_ID: dict[str, object] = {"type": "integer", "minimum": 1, "maximum": MAX_SAFE_INTEGER}
_ASSETS_NEEDED = ["tokens", "chain_ids"]
_LIMITS = ("max_amount", "windows", "max_lifetime_seconds")

RULE_SCHEMA: dict[str, object] = {
    "type": "object",
    "description": (
        "A rule. An absent condition matches anything. A condition does not match an effect that "
        "lacks the property that it tests. Only a rule that allows has limits."
    ),
    "additionalProperties": False,
    "required": ["id", "effect"],
    "properties": {
        "id": _matching(ID_PATTERN) | {"description": "Unique in the policy."},
        "effect": {"enum": list(RULE_EFFECTS)},
        "methods": _list_of(
            {"enum": list(METHODS)}, "The method of JSON-RPC, or the end of the route."
        ),
        "chain_ids": _list_of(_CHAIN_ID, "The chains for which it is signed (EIP-155)."),
        "kinds": _list_of({"enum": list(KINDS)}, "The kinds of effects."),
        "to": _list_of(
            _ADDRESS, "The recipient of a transfer, the contract that is called, or the delegate."
        ),
        "tokens": _list_of(
            {"anyOf": [{"const": NATIVE}, _ADDRESS]},
            "The asset of a transfer, an allowance or a fee.",
        ),
        "spenders": _list_of(_ADDRESS, "The spender of an allowance."),
        "selectors": _list_of(
            _matching(SELECTOR_PATTERN), "The first four bytes of the data of a contract call."
        ),
        "typed_data": {
            "type": "object",
            "description": "The typed data (EIP-712) that is signed, regardless of its effects.",
            "additionalProperties": False,
            "minProperties": 1,
            "properties": {
                "verifying_contracts": _list_of(_ADDRESS, "The contract of the domain."),
                "primary_types": _list_of(_matching(PRIMARY_TYPE_PATTERN), "The primary type."),
            },
        },
        "max_amount": _AMOUNT,
        "windows": {
            "type": "array",
            "description": "Limits of what is spent within rolling windows.",
            "minItems": 1,
            "maxItems": MAX_WINDOWS,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["seconds", "max_amount"],
                "properties": {"seconds": _SECONDS, "max_amount": _AMOUNT},
            },
        },
        "max_lifetime_seconds": _SECONDS
        | {"description": "How long a signature and its allowance may be valid."},
    },
    "dependentRequired": {"max_amount": _ASSETS_NEEDED, "windows": _ASSETS_NEEDED},
    "if": {"properties": {"effect": {"const": "deny"}}},
    "then": {"properties": dict.fromkeys(_LIMITS, False)},
}

RULES_SCHEMA: dict[str, object] = {
    "type": "array",
    "description": "The rules. Their order has no meaning.",
    "items": RULE_SCHEMA,
    "minItems": 1,
    "maxItems": MAX_RULES,
}

POLICY_SCHEMA: dict[str, object] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Policy",
    "description": "What wallets may sign.",
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "rules"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": MAX_NAME},
        "rules": RULES_SCHEMA,
    },
}
