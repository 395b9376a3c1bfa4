"""Rules and refusals in English."""

import pytest

from tests.unit.policies.requests import BASE, DAI, ROUTER, STRANGER, USDC, permit2
from wallet_api.policies.evaluation import LAYERS, REASONS, LayerVerdict, Verdict
from wallet_api.policies.explanation import duration, explain, explain_refusal
from wallet_api.policies.reading import read_rules
from wallet_api.policies.rules import KINDS

SEPOLIA, SEPOLIA_USDC = 84532, "0x036cbd53842c5426634e7929541ec2318f3dcf7e"


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({}, "Allow anything."),
        ({"effect": "deny", "to": [ROUTER]}, f"Deny anything to {ROUTER}."),
        (
            {"kinds": ["message", "allowance", "network_fee"]},
            "Allow allowances, messages and network fees.",
        ),
        (
            {"kinds": ["allowance"], "spenders": [STRANGER, ROUTER]},
            f"Allow allowances to the spender {ROUTER} or {STRANGER}.",
        ),
        (
            {"kinds": ["contract_call"], "to": [ROUTER], "selectors": ["0xac9650d8"]},
            f"Allow contract calls to {ROUTER} with the selector 0xac9650d8.",
        ),
        (
            {
                "kinds": ["typed_data"],
                "typed_data": {"verifying_contracts": [DAI], "primary_types": ["Order"]},
                "methods": ["sign/typed-data"],
                "chain_ids": [10, BASE],
            },
            (
                f"Allow typed data of no known standard by typed data of type Order for the "
                f"contract {DAI} by sign/typed-data on chain 10 or Base Mainnet (8453)."
            ),
        ),
        (
            {
                "kinds": ["token_transfer"],
                "tokens": [USDC],
                "chain_ids": [BASE],
                "max_amount": "1500000",
                "windows": [{"seconds": 604_800, "max_amount": "20000000"}],
                "max_lifetime_seconds": 90,
            },
            (
                "Allow token transfers of USDC on Base Mainnet (8453): at most 1.5 USDC in one "
                "request, at most 20 USDC in any 7 days and valid for at most 90 seconds."
            ),
        ),
        (
            {"tokens": ["native"], "chain_ids": [BASE, SEPOLIA], "max_amount": "1"},
            (
                "Allow anything of ETH on Base Mainnet (8453) or Base Sepolia Testnet (84532): at "
                "most 0.000000000000000001 ETH in one request."
            ),
        ),
        # USDC has another address on the other chain: there the token is not known.
        (
            {"tokens": [USDC], "chain_ids": [BASE, SEPOLIA], "max_amount": "5"},
            (
                f"Allow anything of {USDC} on Base Mainnet (8453) or Base Sepolia Testnet (84532): "
                "at most 5 of the smallest unit in one request."
            ),
        ),
        (
            {"tokens": [SEPOLIA_USDC], "chain_ids": [SEPOLIA], "max_amount": "5"},
            (
                "Allow anything of USDC on Base Sepolia Testnet (84532): at most 0.000005 USDC in "
                "one request."
            ),
        ),
        (
            {"tokens": ["native"], "chain_ids": [137], "max_amount": "5"},
            (
                "Allow anything of the native asset on chain 137: at most 5 of the smallest unit "
                "in one request."
            ),
        ),
        (
            {"tokens": ["native", USDC], "chain_ids": [BASE], "max_amount": "5"},
            (
                "Allow anything of ETH or USDC on Base Mainnet (8453): at most 5 of the smallest "
                "unit of each in one request."
            ),
        ),
    ],
)
def test_a_rule_is_one_sentence(members, sentence):
    (rule,) = read_rules([{"id": "r", "effect": "allow", **members}])
    assert explain(rule) == sentence


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_words(kind):
    (rule,) = read_rules([{"id": "r", "effect": "allow", "kinds": [kind]}])
    assert "_" not in explain(rule)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (90, "90 seconds"),
        (3600, "1 hour"),
        (5400, "90 minutes"),
        (86_400, "24 hours"),
        (90_000, "25 hours"),
        (172_800, "2 days"),
    ],
)
def test_a_duration_is_in_its_largest_exact_unit(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("reason", REASONS[1:])
def test_a_refusal_names_its_layer_and_its_rule(layer, reason):
    rules = () if reason == "no_rule" else ("pay",)
    (effect,) = permit2(1).effects
    refusal = LayerVerdict(
        layer=layer, policy="p", version=1, reason=reason, rules=rules, effect=effect
    )
    sentence = explain_refusal(Verdict(reason=reason, layers=(refusal,)))
    assert layer in sentence.replace("user's own", "user")
    assert ('"pay"' in sentence) == bool(rules)
    assert "allowance" in sentence or reason in ("max_amount", "window")
    assert sentence.endswith(".")


def test_a_refusal_without_a_policy_says_what_to_do():
    assert "Assign a policy" in explain_refusal(Verdict(reason="no_policy", layers=()))
