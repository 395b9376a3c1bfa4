"""Rules of policies, and the warnings about them."""

from tests.unit.policies.requests import BASE, ROUTER, USDC
from wallet_api.policies.reading import read_rules
from wallet_api.policies.rules import METHODS
from wallet_api.policies.warnings import warnings

BY_TRANSACTION = ["eth_signTransaction", "sign/transaction"]
BY_SIGNATURE = [name for name in METHODS if "yped" in name]


def typed(primary_type, *contracts):
    condition = {"primary_types": [primary_type]} if primary_type else {}
    if contracts:
        condition["verifying_contracts"] = list(contracts)
    return {"typed_data": condition}


ASSETS = {"tokens": ["native", USDC], "chain_ids": [BASE]}
FEE = {
    "id": "fee",
    "effect": "allow",
    "kinds": ["network_fee"],
    "tokens": ["native"],
    "chain_ids": [BASE],
    "max_amount": "5",
}
SEND = {
    "id": "send",
    "effect": "allow",
    "kinds": ["native_transfer"],
    "chain_ids": [BASE],
    "to": [ROUTER],
}


def warned(*rules, about="r"):
    """Return the warnings about a rule, without its name."""
    found = warnings(read_rules(list(rules)))
    start = f'Rule "{about}" '
    assert all(sentence.endswith(".") for sentence in found)
    return [sentence.removeprefix(start) for sentence in found if sentence.startswith(start)]


def rule(**members):
    return {"id": "r", "effect": "allow", **members}
