"""Rules that can never match, or never allow anything, are named with the reason."""

import pytest

from tests.unit.policies.requests import BASE, DAI, PERMIT2, ROUTER, STRANGER, USDC
from tests.unit.policies.warned import ASSETS, BY_TRANSACTION, FEE, SEND, rule, typed, warned
from wallet_api.policies.reading import read_rules
from wallet_api.policies.rules import KINDS, METHODS
from wallet_api.policies.warnings import warnings


def test_a_policy_that_only_denies_refuses_everything():
    denying = [rule(effect="deny"), rule(id="b", effect="deny", kinds=["message"])]
    assert warnings(read_rules(denying)) == [
        "The policy refuses everything: no rule allows anything."
    ]


@pytest.mark.parametrize(
    ("members", "conflict"),
    [
        ({"kinds": ["contract_creation"], "selectors": ["0x12345678"]}, "`kinds` and `selectors`"),
        ({"kinds": ["network_fee"], "to": [ROUTER]}, "`kinds` and `to`"),
        ({"kinds": ["token_transfer"], "spenders": [ROUTER]}, "`kinds` and `spenders`"),
        ({"kinds": ["contract_call"], "tokens": [USDC]}, "`kinds` and `tokens`"),
        ({"kinds": ["token_transfer"], "tokens": ["native"]}, "`kinds` and `tokens`"),
        ({"kinds": ["native_transfer"], "tokens": [USDC]}, "`kinds` and `tokens`"),
        ({"kinds": ["message"], "methods": BY_TRANSACTION}, "`kinds` and `methods`"),
        ({"kinds": ["native_transfer"], **typed("Permit")}, "`kinds` and `typed_data`"),
        ({"kinds": ["allowance"], **typed("permit")}, "`kinds` and `typed_data`"),
        ({"kinds": ["token_transfer"], **typed("Permit")}, "`kinds` and `typed_data`"),
        ({"methods": BY_TRANSACTION, **typed("Permit")}, "`methods` and `typed_data`"),
        ({"kinds": ["message"], "max_lifetime_seconds": 60}, "`kinds` and `max_lifetime_seconds`"),
        ({"to": [ROUTER], "spenders": [ROUTER]}, "`spenders` and `to`"),
        (
            {"selectors": ["0x12345678"], "methods": ["personal_sign"]},
            "`methods` and `selectors`",
        ),
        ({"methods": ["sign/message"], "chain_ids": [BASE]}, "`chain_ids` and `methods`"),
        (
            {"kinds": ["allowance"], **typed("PermitSingle", USDC)},
            "`kinds` and `typed_data`",
        ),
        (
            {"kinds": ["token_transfer"], "tokens": [USDC], **typed(None, DAI)},
            "`tokens` and `typed_data`",
        ),
        ({"tokens": [USDC], **typed("Permit", DAI)}, "`tokens` and `typed_data`"),
        (
            {"kinds": ["allowance"], "max_lifetime_seconds": 60, **typed("Permit")},
            "`max_lifetime_seconds` and `typed_data`",
        ),
        (
            {"kinds": ["delegation"], "to": [ROUTER], "max_lifetime_seconds": 60},
            "`kinds` and `max_lifetime_seconds`",
        ),
        ({"kinds": ["contract_call"], "max_amount": "5", **ASSETS}, "`kinds` and `tokens`"),
        ({"kinds": ["contract_call"], "max_amount": "0", **ASSETS}, "`kinds` and `tokens`"),
        (typed("EIP712Domain"), "`typed_data`"),
        (typed("uint256"), "`typed_data`"),
    ],
)
def test_a_rule_that_can_never_match_is_named_with_its_conflict(members, conflict):
    together = " together" if " and " in conflict else ""
    assert warned(rule(**members), SEND, FEE) == [
        f"can never match: no request matches its {conflict}{together}."
    ]


@pytest.mark.parametrize(
    "members",
    [
        {"kinds": ["delegation"]},
        {"methods": ["sign/authorization"]},
        {"methods": ["sign/authorization"], "to": [ROUTER]},
    ],
)
def test_a_delegation_without_its_kind_or_a_delegate_is_named(members):
    why = "a delegation needs `kinds` that name it, and `to`, which names the delegates"
    assert warned(rule(**members), SEND, FEE) == [f"can never match: {why}."]
    assert warned(rule(effect="deny", **members), SEND, FEE) == []


@pytest.mark.parametrize(
    ("members", "found"),
    [
        (
            {"kinds": ["token_transfer", "allowance"], "to": [ROUTER]},
            ("allowance", "kinds", "`kinds` and `to`"),
        ),
        (
            {"methods": ["personal_sign", "sign/message"], "chain_ids": [BASE]},
            ("sign/message", "methods", "`chain_ids` and `methods`"),
        ),
        (
            {"methods": ["personal_sign", "sign/message", "sign/authorization"], "chain_ids": [1]},
            ("sign/authorization and sign/message", "methods", "`chain_ids` and `methods`"),
        ),
        (
            {"kinds": ["message"], "methods": ["personal_sign", *BY_TRANSACTION]},
            ("eth_signTransaction and sign/transaction", "methods", "`kinds` and `methods`"),
        ),
        (
            {"kinds": ["allowance"], **typed("PermitSingle", PERMIT2, USDC)},
            (USDC, "verifying_contracts", "`kinds` and `typed_data`"),
        ),
        (
            {
                "kinds": ["token_transfer"],
                "typed_data": {"primary_types": ["Permit", "TransferWithAuthorization"]},
            },
            ("Permit", "primary_types", "`kinds` and `typed_data`"),
        ),
    ],
)
def test_values_that_can_never_match_are_named(members, found):
    values, name, conflict = found
    sentence = (
        f"names {values} in `{name}`, which can never match: no request matches its {conflict} "
        "together."
    )
    assert sentence in warned(rule(**members), SEND, FEE)


@pytest.mark.parametrize(
    "members",
    [
        {"to": [ROUTER]},
        {"chain_ids": [BASE], "kinds": ["message"]},
        {"tokens": [USDC, DAI], **typed("Permit", USDC, DAI)},
        # The same list for all rules.
        {"tokens": ["native", USDC], "kinds": ["native_transfer"]},
        typed("PermitSingle", PERMIT2),
        {"kinds": ["allowance"], "methods": ["eth_signTypedData_v4", "sign/transaction"]},
    ],
)
def test_values_that_can_match_are_not_named(members):
    assert warned(rule(effect="deny", **members), SEND, FEE) == []


@pytest.mark.parametrize(
    "members", [typed("PermitSingle", USDC), {"kinds": ["typed_data"], **typed("Permit", USDC)}]
)
def test_the_type_of_a_standard_that_matches_only_imitations_is_named(members):
    (name,) = members["typed_data"]["primary_types"]
    assert warned(rule(**members), SEND, FEE) == [
        (
            f"names the primary type {name}, but matches only typed data that differs from that "
            "standard: compare its `kinds` and `verifying_contracts` with the standard."
        )
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_match_without_other_conditions(kind):
    named = {"to": [ROUTER]} if kind == "delegation" else {}
    found = warned(rule(kinds=[kind], **named), {**FEE, "chain_ids": [1, BASE]})
    assert not [sentence for sentence in found if "never" in sentence]


@pytest.mark.parametrize(
    "denying",
    [
        {},
        {"kinds": ["native_transfer", "network_fee"]},
        {"chain_ids": [1, BASE]},
        {"to": [ROUTER, STRANGER]},
        {"kinds": ["native_transfer"], "to": [ROUTER], "chain_ids": [BASE]},
        {"tokens": ["native"]},
        {"methods": BY_TRANSACTION},
    ],
)
def test_a_rule_whose_every_effect_is_denied_is_named(denying):
    denying = {"id": "no", "effect": "deny", **denying}
    assert warned(SEND, FEE, denying, about="send") == [
        'never allows anything: rule "no" denies all of it.'
    ]


@pytest.mark.parametrize(
    ("allowed", "denied"),
    [
        ({"kinds": ["message"]}, {"methods": ["personal_sign", "eth_sign", "sign/message"]}),
        ({"kinds": ["message"], "chain_ids": [BASE]}, {"methods": ["personal_sign", "eth_sign"]}),
        (typed("Order"), {"methods": [name for name in METHODS if "yped" in name]}),
        (
            {"kinds": ["token_transfer"], "tokens": ["native", USDC], **typed(None, USDC)},
            {"tokens": [USDC]},
        ),
    ],
)
def test_a_rule_is_denied_by_all_values_that_its_kind_can_have(allowed, denied):
    denying = {"id": "no", "effect": "deny", **denied}
    sentence = 'never allows anything: rule "no" denies all of it.'
    assert sentence in warned(rule(**allowed), denying)
    (name, values), *_ = denied.items()
    if len(values) > 1:
        assert sentence not in warned(rule(**allowed), denying | {name: values[1:]})


def test_a_rule_whose_effects_are_denied_by_several_rules_is_named():
    both = rule(kinds=["native_transfer", "message"], chain_ids=[BASE])
    denying = [
        {"id": "a", "effect": "deny", "kinds": ["message"]},
        {"id": "b", "effect": "deny", "kinds": ["native_transfer"]},
    ]
    assert warned(both, FEE, *denying) == [
        'never allows anything: rules "a" and "b" deny all of it.'
    ]
    assert warned(both, FEE, denying[0]) == []


DENIED_TOGETHER = [
    ({"kinds": ["native_transfer"], "to": [ROUTER, STRANGER]}, "to"),
    ({"kinds": ["message"], "chain_ids": [1, BASE]}, "chain_ids"),
    ({"kinds": ["token_transfer"], "tokens": ["native", DAI, USDC]}, "tokens"),
    ({"kinds": ["allowance"], "spenders": [ROUTER, STRANGER], "chain_ids": [BASE]}, "spenders"),
    (
        {"kinds": ["contract_call"], "to": [ROUTER], "selectors": ["0x12345678", "0x3593564c"]},
        "selectors",
    ),
    ({"kinds": ["contract_creation"], "methods": BY_TRANSACTION}, "methods"),
]


@pytest.mark.parametrize(("allowed", "name"), DENIED_TOGETHER)
def test_a_rule_that_several_rules_deny_only_together_is_named(allowed, name):
    values = [value for value in allowed[name] if value != "native"]
    denying = [
        {"id": f"d{index}", "effect": "deny", name: [value]} for index, value in enumerate(values)
    ]
    sentence = 'never allows anything: rules "d0" and "d1" deny all of it.'
    assert sentence in warned(rule(**allowed), FEE, *denying)
    # Without one of them, or if one denies less, some of it is allowed.
    assert sentence not in warned(rule(**allowed), FEE, denying[0])
    less = {**denying[1], "methods": ["eth_sign"]}
    assert sentence not in warned(rule(**allowed), FEE, denying[0], less)


def test_a_rule_that_two_rules_deny_by_different_conditions_is_not_named():
    transfers = rule(
        kinds=["native_transfer"], to=[ROUTER, STRANGER], methods=BY_TRANSACTION, chain_ids=[BASE]
    )
    denying = [
        {"id": "a", "effect": "deny", "to": [ROUTER]},
        {"id": "b", "effect": "deny", "methods": [BY_TRANSACTION[0]]},
    ]
    assert warned(transfers, FEE, *denying) == []
    one_recipient = [
        {"id": method[:3], "effect": "deny", "to": [ROUTER], "methods": [method]}
        for method in BY_TRANSACTION
    ]
    assert warned(transfers, FEE, *one_recipient) == []
    # A condition without values does not hide one with them.
    other = {"id": "0", "effect": "deny", "selectors": ["0x12345678"]}
    each = [
        {"id": "a", "effect": "deny", "to": [ROUTER]},
        {"id": "b", "effect": "deny", "to": [STRANGER]},
    ]
    assert warned(transfers, FEE, other, *each) == [
        'never allows anything: rules "a" and "b" deny all of it.'
    ]


def test_the_types_that_several_rules_deny_only_together_are_named():
    orders = rule(typed_data={"primary_types": ["Order", "Bid"], "verifying_contracts": [DAI]})
    denying = [
        {"id": "a", "effect": "deny", **typed("Order")},
        {"id": "b", "effect": "deny", **typed("Bid", DAI)},
    ]
    assert warned(orders, *denying) == ['never allows anything: rules "a" and "b" deny all of it.']
    elsewhere = {"id": "b", "effect": "deny", **typed("Bid", USDC)}
    assert warned(orders, denying[0], elsewhere) == []


@pytest.mark.parametrize(
    "denying",
    [
        {"chain_ids": [1]},
        {"to": [STRANGER]},
        {"methods": ["sign/transaction"]},
        {"tokens": ["native"], "to": [STRANGER]},
        {"typed_data": {"primary_types": ["Permit"]}},
    ],
)
def test_a_rule_that_is_denied_in_part_is_not_named(denying):
    denying = {"id": "no", "effect": "deny", **denying}
    assert warned(SEND, FEE, denying, about="send") == []
