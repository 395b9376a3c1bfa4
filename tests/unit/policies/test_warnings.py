"""Probable mistakes are named, and policies without any have no warnings."""

import pytest

from tests.unit.policies.requests import BASE, DAI, PERMIT2, ROUTER, STRANGER, USDC
from wallet_api.policies.reading import read_rules
from wallet_api.policies.rules import KINDS, METHODS
from wallet_api.policies.warnings import warnings

BY_TRANSACTION = ["eth_signTransaction", "sign/transaction"]
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


def test_a_policy_that_pays_with_a_fee_has_no_warnings():
    assert warnings(read_rules([SEND, FEE])) == []


def test_a_policy_that_only_denies_refuses_everything():
    denying = [rule(effect="deny"), rule(id="b", effect="deny", kinds=["message"])]
    assert warnings(read_rules(denying)) == [
        "The policy refuses everything: no rule allows anything."
    ]


@pytest.mark.parametrize(
    ("members", "why"),
    [
        (
            {"kinds": ["contract_creation"], "selectors": ["0x12345678"]},
            "contract_creation has nothing that `selectors` could be about",
        ),
        (
            {"kinds": ["network_fee"], "to": [ROUTER]},
            "network_fee has nothing that `to` could be about",
        ),
        (
            {"kinds": ["token_transfer"], "spenders": [ROUTER]},
            "token_transfer has nothing that `spenders` could be about",
        ),
        (
            {"kinds": ["contract_call"], "tokens": [USDC]},
            "contract_call has no asset that `tokens` names",
        ),
        (
            {"kinds": ["token_transfer"], "tokens": ["native"]},
            "token_transfer has no asset that `tokens` names",
        ),
        (
            {"kinds": ["native_transfer"], "tokens": [USDC]},
            "native_transfer has no asset that `tokens` names",
        ),
        (
            {"kinds": ["message"], "methods": BY_TRANSACTION},
            "message is not signed by any of `methods`",
        ),
        (
            {"kinds": ["native_transfer"], "typed_data": {"primary_types": ["Permit"]}},
            "native_transfer does not come from such `typed_data`",
        ),
        (
            {"kinds": ["allowance"], "typed_data": {"primary_types": ["permit"]}},
            "allowance does not come from such `typed_data`",
        ),
        (
            {"kinds": ["token_transfer"], "typed_data": {"primary_types": ["Permit"]}},
            "token_transfer does not come from such `typed_data`",
        ),
        (
            {
                "kinds": ["allowance"],
                "methods": BY_TRANSACTION,
                "typed_data": {"primary_types": ["Permit"]},
            },
            "allowance does not come from such `typed_data`",
        ),
        ({"kinds": ["delegation"]}, "delegation needs `to`, which names the delegates"),
        (
            {"kinds": ["message"], "max_lifetime_seconds": 60},
            "message has no end that `max_lifetime_seconds` could limit",
        ),
        (
            {"to": [ROUTER], "spenders": [ROUTER]},
            "no effect has everything that its conditions name",
        ),
        (
            {"selectors": ["0x12345678"], "methods": ["personal_sign"]},
            "no effect has everything that its conditions name",
        ),
    ],
)
def test_a_rule_that_can_never_match_is_named(members, why):
    assert warned(rule(**members), SEND, FEE) == [f"can never match: {why}."]


def test_of_several_kinds_those_that_never_match_are_named():
    found = warned(rule(effect="deny", kinds=["token_transfer", "allowance"], to=[ROUTER]), SEND)
    assert found == [
        "names allowance, which it can never match: allowance has nothing that `to` could be about."
    ]
    assert warned(rule(effect="deny", to=[ROUTER]), SEND) == []


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
    ],
)
def test_a_rule_whose_every_effect_is_denied_is_named(denying):
    denying = {"id": "no", "effect": "deny", **denying}
    assert warned(SEND, FEE, denying, about="send") == [
        'never allows anything: rule "no" denies all of it.'
    ]


@pytest.mark.parametrize(
    "denying",
    [
        {"kinds": ["network_fee"]},
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


def test_a_transaction_needs_a_rule_for_its_fee():
    sentence = "allows no transaction: transactions need a rule for network_fee."
    assert warned(SEND, about="send") == [sentence]
    assert warned(SEND, FEE | {"chain_ids": [1]}, about="send") == [
        f"allows no transaction on chain {BASE}: transactions need a rule for network_fee."
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
        (
            {"windows": windows((3600, 10), (86_400, 240))},
            [
                (
                    "has a window of 24 hours that never limits: "
                    "the one of 1 hour allows no more in that time."
                )
            ],
        ),
        ({"windows": windows((3600, 10), (86_400, 239))}, []),
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


def test_what_could_move_assets_without_being_counted_is_named():
    calls = "allows calls of any contract, which can move any asset without being counted."
    assert warned(rule(kinds=["contract_call"], chain_ids=[BASE]), FEE) == [calls]
    assert warned(rule(kinds=["contract_call"], chain_ids=[BASE], to=[ROUTER]), FEE) == []
    typed = "allows typed data of any contract, which can sell any asset without being counted."
    assert warned(rule(kinds=["typed_data"])) == [typed]
    assert warned(rule(kinds=["typed_data"], typed_data={"verifying_contracts": [DAI]})) == []
    assert warned(rule(kinds=list(KINDS), methods=list(METHODS), to=[ROUTER]), FEE)


def test_any_function_of_a_token_is_named():
    token = rule(kinds=["contract_call"], chain_ids=[BASE], to=[USDC])
    send = rule(id="b", kinds=["token_transfer"], chain_ids=[BASE], tokens=[USDC], to=[ROUTER])
    assert warned(token, send, FEE) == [
        (
            f"allows any function of the token {USDC}, which can move it without being counted: "
            "name the selectors."
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
