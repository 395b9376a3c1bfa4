"""Rules and refusals in English."""

import pytest

from tests.unit.policies.requests import BASE, DAI, ROUTER, STRANGER, USDC, permit2
from wallet_api.policies.evaluation import PolicyVersion, evaluate, match
from wallet_api.policies.explanation import duration, explain, explain_refusal
from wallet_api.policies.reading import read_rules
from wallet_api.policies.rules import KINDS

SEPOLIA, SEPOLIA_USDC = 84532, "0x036cbd53842c5426634e7929541ec2318f3dcf7e"


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({}, "Allow anything, except delegations and messages of 32 bytes."),
        (
            {"to": [ROUTER]},
            f"Allow contract calls, native transfers and token transfers to {ROUTER}.",
        ),
        (
            {"to": [ROUTER], "chain_ids": [10]},
            (
                f"Allow contract calls, native transfers and token transfers to {ROUTER} on chain "
                "10."
            ),
        ),
        (
            {"methods": ["sign/message"]},
            "Allow anything by sign/message, except delegations and messages of 32 bytes.",
        ),
        (
            {"chain_ids": [10]},
            "Allow anything on chain 10, except delegations and messages of 32 bytes.",
        ),
        ({"tokens": [DAI]}, f"Allow allowances and token transfers of {DAI}."),
        ({"effect": "deny"}, "Deny anything."),
        # An allowance for this address is not denied, and neither is a call of `permit` at a token.
        (
            {"effect": "deny", "to": [ROUTER]},
            (
                "Deny contract calls, delegations, native transfers and token transfers to "
                f"{ROUTER}."
            ),
        ),
        (
            {"effect": "deny", "tokens": [USDC], "chain_ids": [BASE]},
            "Deny allowances and token transfers of USDC on Base Mainnet (8453).",
        ),
        ({"effect": "deny", "spenders": [ROUTER]}, f"Deny allowances to the spender {ROUTER}."),
        (
            {"kinds": ["token_transfer", "allowance"], "to": [ROUTER]},
            f"Allow token transfers to {ROUTER}.",
        ),
        ({"kinds": ["contract_call"], "tokens": [DAI]}, f"Allow nothing of {DAI}."),
        (
            {"typed_data": {"primary_types": ["PermitSingle"]}},
            (
                "Allow allowances and typed data of no known standard by typed data of type "
                "PermitSingle."
            ),
        ),
        (
            {"kinds": ["message", "allowance", "network_fee"]},
            "Allow allowances, messages and network fees.",
        ),
        ({"kinds": ["delegation", "native_transfer"]}, "Allow native transfers."),
        (
            {"kinds": ["delegation", "native_transfer"], "to": [ROUTER]},
            f"Allow delegations and native transfers to {ROUTER}.",
        ),
        ({"kinds": ["delegation"], "chain_ids": [10]}, "Allow nothing on chain 10."),
        ({"effect": "deny", "kinds": ["delegation"]}, "Deny delegations."),
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
                f"Allow typed data of no known standard of type Order for the contract {DAI} "
                "by sign/typed-data on chain 10 or Base Mainnet (8453)."
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
                "Allow native transfers and network fees of ETH on Base Mainnet (8453) or Base "
                "Sepolia Testnet (84532): at most 0.000000000000000001 ETH in one request."
            ),
        ),
        (
            {
                "tokens": ["native"],
                "chain_ids": [BASE, SEPOLIA],
                "windows": [{"seconds": 60, "max_amount": "1000000000000000000"}],
            },
            (
                "Allow native transfers and network fees of ETH on Base Mainnet (8453) or Base "
                "Sepolia Testnet (84532): at most 1 ETH on each chain in any 1 minute."
            ),
        ),
        (
            {"kinds": ["native_transfer"], "tokens": ["native"], "chain_ids": [BASE]},
            "Allow native transfers of ETH on Base Mainnet (8453).",
        ),
        # USDC has another address on the other chain: there the token is not known.
        (
            {"tokens": [USDC], "chain_ids": [BASE, SEPOLIA], "max_amount": "5"},
            (
                f"Allow allowances and token transfers of {USDC} on Base Mainnet (8453) or Base "
                "Sepolia Testnet (84532): at most 5 of the smallest unit in one request."
            ),
        ),
        (
            {"tokens": [SEPOLIA_USDC], "chain_ids": [SEPOLIA], "max_amount": "5"},
            (
                "Allow allowances and token transfers of USDC on Base Sepolia Testnet (84532): at "
                "most 0.000005 USDC in one request."
            ),
        ),
        (
            {"tokens": ["native"], "chain_ids": [137], "max_amount": "5"},
            (
                "Allow native transfers and network fees of the native asset on chain 137: at most "
                "5 of the smallest unit in one request."
            ),
        ),
        (
            {"tokens": ["native", USDC], "chain_ids": [BASE], "max_amount": "5"},
            (
                "Allow allowances, native transfers, network fees and token transfers of ETH or "
                "USDC on Base Mainnet (8453): at most 5 of the smallest unit of each in one "
                "request."
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


PAY = {
    "id": "pay",
    "effect": "allow",
    "chain_ids": [BASE],
    "tokens": [USDC],
    "max_amount": "1000000",
    "windows": [{"seconds": 86_400, "max_amount": "5000000"}],
    "max_lifetime_seconds": 600,
}
LIMITED = (
    'Rule "pay" of {} allows allowances: at most 1 USDC in one request, at most 5 USDC '
    "in any 24 hours and valid for at most 10 minutes."
)


@pytest.mark.parametrize(
    ("layer", "owner"),
    [
        ("service", "the service's policy"),
        ("client", "the policy of the API client"),
        ("wallet", "the wallet's policy"),
        ("user", "the user's own policy"),
    ],
)
@pytest.mark.parametrize(
    ("rule", "request_", "held", "sentence"),
    [
        (
            PAY,
            permit2(1_000_001, lasts=600, deadline=600),
            0,
            LIMITED,
        ),
        (PAY, permit2(1, lasts=601, deadline=600), 0, LIMITED),
        (
            PAY,
            permit2(1, lasts=600, deadline=600),
            5_000_000,
            f"{LIMITED} Earlier signatures count towards this limit.",
        ),
        (
            PAY,
            permit2(2**160 - 1, lasts=600, deadline=600),
            0,
            f"{LIMITED} This allowance is unlimited.",
        ),
        (
            {"id": "no", "effect": "deny", "tokens": [USDC]},
            permit2(1),
            0,
            'Rule "no" of {} denies allowances like this.',
        ),
        (PAY, permit2(1, token=DAI), 0, "No rule of {} allows allowances like this."),
    ],
)
def test_a_refusal_names_its_layer_its_rule_and_its_limits(
    layer, owner, rule, request_, held, sentence
):
    layers = [PolicyVersion(layer=layer, policy="p", version=1, rules=read_rules([rule]))]
    matching = match(request_, layers)
    verdict = evaluate(matching, dict.fromkeys(matching.windows, held), unrestricted=False)
    assert explain_refusal(verdict) == sentence.format(owner)


def test_a_refusal_without_a_policy_says_what_to_do():
    refused = evaluate(match(permit2(1), []), {}, unrestricted=False)
    assert refused.reason == "no_policy"
    assert "Assign a policy" in explain_refusal(refused)


def test_a_verdict_is_written_for_audit_entries_and_responses():
    layers = [PolicyVersion(layer="client", policy="p", version=3, rules=read_rules([PAY]))]
    request = permit2(1, token=DAI)
    (refused,) = evaluate(match(request, layers), {}, unrestricted=False).layers
    common = {"layer": "client", "policy": "p", "version": 3}
    assert refused.as_json() == common | {
        "rules": [],
        "reason": "no_rule",
        "effect": request.effects[0].as_json(),
    }
    request = permit2(1, lasts=600, deadline=600)
    matching = match(request, layers)
    sums = dict.fromkeys(matching.windows, 0)
    (allowed,) = evaluate(matching, sums, unrestricted=False).layers
    assert allowed.as_json() == common | {"rules": ["pay"]}
