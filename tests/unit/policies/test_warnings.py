"""Probable mistakes are named, and policies without any have no warnings."""

import pytest

from tests.unit.policies.requests import BASE, DAI, PERMIT2, ROUTER, STRANGER, USDC
from wallet_api.policies.reading import read_rules
from wallet_api.policies.rules import KINDS, METHODS
from wallet_api.policies.warnings import warnings

BY_TRANSACTION = ["eth_signTransaction", "sign/transaction"]


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
EVERYTHING = {"id": "all", "effect": "allow"}


def warned(*rules, about="r"):
    """Return the warnings about a rule, without its name."""
    found = warnings(read_rules(list(rules)))
    start = f'Rule "{about}" '
    assert all(sentence.endswith(".") for sentence in found)
    return [sentence.removeprefix(start) for sentence in found if sentence.startswith(start)]


def rule(**members):
    return {"id": "r", "effect": "allow", **members}


def test_a_policy_that_pays_with_a_fee_has_no_warnings():
    assert warnings(read_rules([SEND, FEE])) == []


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


def test_a_limit_next_to_rules_that_allow_the_same_only_together_is_named():
    limited = rule(kinds=["native_transfer"], to=[ROUTER, STRANGER], max_amount="5", **ASSETS)
    other = {**SEND, "id": "other", "to": [STRANGER]}
    assert warned(limited, SEND, other, FEE) == [
        'never limits anything: rules "other" and "send" allow all of it without limits.'
    ]


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


def test_a_limit_next_to_a_rule_without_limits_is_named():
    limited = rule(kinds=["native_transfer"], to=[ROUTER], max_amount="5", **ASSETS)
    assert warned(limited, SEND, FEE) == [
        'never limits anything: rule "send" allows all of it without limits.'
    ]
    elsewhere = rule(kinds=["native_transfer"], to=[STRANGER], max_amount="5", **ASSETS)
    assert warned(elsewhere, SEND, FEE) == []
    wide = rule(kinds=["native_transfer"], chain_ids=[BASE])
    assert warned(SEND, FEE, wide, about="send") == []


@pytest.mark.parametrize(
    "members",
    [
        {"kinds": ["token_transfer", "delegation"], "to": [ROUTER]},
        {"kinds": ["token_transfer", "hash_message"]},
        # Only a rule that names this selector, of `transfer`, allows it.
        {"kinds": ["contract_call"], "to": [ROUTER], "selectors": ["0x3593564c", "0xa9059cbb"]},
    ],
)
def test_a_lifetime_that_refuses_what_no_other_rule_allows_limits(members):
    limited = rule(**members, max_lifetime_seconds=600)
    assert not [one for one in warned(limited, EVERYTHING, FEE) if "limits" in one]
    transfers = rule(kinds=["token_transfer"], max_lifetime_seconds=600)
    assert warned(transfers, EVERYTHING, FEE) == [
        'never limits anything: rule "all" allows all of it without limits.'
    ]


def test_a_transaction_needs_a_rule_for_its_fee():
    sentence = "allows no transaction: transactions need a rule for network_fee."
    assert warned(SEND, about="send") == [sentence]
    assert warned(SEND, FEE | {"chain_ids": [1]}, about="send") == [
        f"allows no transaction on chain {BASE}: transactions need a rule for network_fee."
    ]
    denied = {"id": "no", "effect": "deny", "kinds": ["network_fee"]}
    assert warned(SEND, FEE, denied, about="send") == [sentence]
    native = {"id": "no", "effect": "deny", "tokens": ["native"]}
    token = rule(kinds=["token_transfer"], tokens=[USDC], methods=BY_TRANSACTION)
    assert warned(token, FEE, native) == [sentence]
    assert warned(token, {"id": "fee", "effect": "allow"}, native) == [sentence]
    everywhere = {name: value for name, value in SEND.items() if name != "chain_ids"}
    assert warned(everywhere, about="send") == [sentence]
    assert warned(everywhere, FEE | {"chain_ids": [10, BASE]}, about="send") == [
        f"allows transactions only on chains 10 and {BASE}: others need a rule for network_fee."
    ]
    anywhere = {"id": "fee", "effect": "allow", "kinds": ["network_fee"]}
    assert warned(SEND, anywhere, about="send") == []
    assert warned(SEND, FEE | {"chain_ids": [1, BASE]}, about="send") == []


@pytest.mark.parametrize(
    "members",
    [
        {"kinds": ["message"]},
        {"kinds": ["token_transfer"], "methods": ["sign/typed-data"]},
        {
            "kinds": ["token_transfer"],
            "typed_data": {"primary_types": ["TransferWithAuthorization"]},
        },
    ],
)
def test_a_signature_without_a_transaction_needs_no_fee(members):
    assert warned(rule(**members)) == []


def windows(*pairs):
    return [{"seconds": seconds, "max_amount": str(most)} for seconds, most in pairs]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"windows": windows((3600, 10), (86_400, 100))}, []),
        (
            {"windows": windows((3600, 10), (86_400, 10))},
            ["has a window of 1 hour that never limits: the one of 24 hours allows no more."],
        ),
        # It also counts what other rules and earlier versions of the policy allowed.
        ({"windows": windows((3600, 10), (86_400, 240))}, []),
        ({"windows": windows((3600, 10)), "max_amount": "10"}, []),
        (
            {"windows": windows((3600, 10)), "max_amount": "11"},
            ["has a max_amount that never limits: the window of 1 hour allows less."],
        ),
    ],
)
def test_a_limit_that_cannot_bind_is_named(limits, expected):
    assert warned(rule(kinds=["native_transfer"], **ASSETS, **limits), FEE) == expected


def test_a_window_over_signatures_needs_a_lifetime():
    limits = {"windows": windows((3600, 10)), **ASSETS}
    sentence = (
        "allows signatures that are valid for any time, and count in its windows until then: "
        "set max_lifetime_seconds, or name the methods for transactions only."
    )
    assert warned(rule(kinds=["allowance"], **limits), FEE) == [sentence]
    assert warned(rule(kinds=["allowance"], **limits, max_lifetime_seconds=60), FEE) == []
    assert warned(rule(kinds=["allowance"], **limits, methods=BY_TRANSACTION), FEE) == []
    assert warned(rule(kinds=["allowance"], **limits, **typed("PermitSingle", PERMIT2))) == [
        sentence
    ]
    # With a lifetime, this rule would never match.
    assert warned(rule(kinds=["allowance"], **limits, **typed("Permit", USDC))) == []


def test_what_could_move_assets_without_being_counted_is_named():
    calls = "allows calls of any contract, which can move any asset, and which no limit counts."
    assert warned(rule(kinds=["contract_call"], chain_ids=[BASE]), FEE) == [calls]
    assert warned(rule(kinds=["contract_call"], chain_ids=[BASE], to=[ROUTER]), FEE) == []
    orders = (
        "allows typed data of any contract, which can sell any asset, and which no limit counts."
    )
    assert warned(rule(kinds=["typed_data"])) == [orders]
    assert warned(rule(kinds=["typed_data"], **typed("Order"))) == [orders]
    assert warned(rule(kinds=["typed_data"], **typed("Order", DAI))) == []
    assert warned(rule(kinds=["typed_data"], **typed(None, DAI))) == []
    assert warned(rule(kinds=list(KINDS), methods=list(METHODS), to=[ROUTER]), FEE)


def test_any_function_of_a_token_is_named():
    token = rule(kinds=["contract_call"], chain_ids=[BASE], to=[USDC])
    send = rule(id="b", kinds=["token_transfer"], chain_ids=[BASE], tokens=[USDC], to=[ROUTER])
    assert warned(token, send, FEE) == [
        (
            f"allows any function of the token {USDC}, which can move it, and which no limit "
            "counts: name the selectors."
        )
    ]
    assert warned(token | {"selectors": ["0x12345678"]}, send, FEE) == []


def test_the_selector_of_a_known_function_is_named():
    approve = rule(
        kinds=["contract_call"], chain_ids=[BASE], to=[PERMIT2], selectors=["0x095EA7B3"]
    )
    assert warned(approve, FEE) == [
        (
            "names the selector 0x095ea7b3, whose calls are transfers or allowances: it matches "
            "only calls with an unusual encoding, whose amounts are not counted. Remove it, and "
            "name the kind."
        )
    ]
