"""Limits that do not limit, missing fees, and uncounted moves of assets are named."""

import pytest

from tests.unit.policies.requests import BASE, DAI, PERMIT2, ROUTER, STRANGER, USDC
from tests.unit.policies.warned import ASSETS, BY_TRANSACTION, FEE, SEND, rule, typed, warned
from wallet_api.ethereum.effects import PERMIT2_TYPES
from wallet_api.policies.reading import read_rules
from wallet_api.policies.rules import KINDS, METHODS
from wallet_api.policies.warnings import warnings

EVERYTHING = {"id": "all", "effect": "allow"}


def test_a_policy_that_pays_with_a_fee_has_no_warnings():
    assert warnings(read_rules([SEND, FEE])) == []


def test_a_limit_next_to_a_rule_without_limits_is_named():
    limited = rule(kinds=["native_transfer"], to=[ROUTER], max_amount="5", **ASSETS)
    assert warned(limited, SEND, FEE) == [
        'never limits anything: rule "send" allows all of it without limits.'
    ]
    elsewhere = rule(kinds=["native_transfer"], to=[STRANGER], max_amount="5", **ASSETS)
    assert warned(elsewhere, SEND, FEE) == []
    wide = rule(kinds=["native_transfer"], chain_ids=[BASE])
    assert warned(SEND, FEE, wide, about="send") == []


def test_a_limit_next_to_rules_that_allow_the_same_only_together_is_named():
    limited = rule(kinds=["native_transfer"], to=[ROUTER, STRANGER], max_amount="5", **ASSETS)
    other = {**SEND, "id": "other", "to": [STRANGER]}
    assert warned(limited, SEND, other, FEE) == [
        'never limits anything: rules "other" and "send" allow all of it without limits.'
    ]


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


ALLOWANCES = (
    "allows allowances that are valid for any time, and count in its windows until then: set "
    "max_lifetime_seconds, which allowances without an expiry never fit."
)
TRANSFERS = (
    "allows signatures that are valid for any time, and count in its windows until then: set "
    "max_lifetime_seconds, or name the methods for transactions only."
)
PERMITS = (
    "allows Permit (ERC-2612), which may count in its windows until the year 9999: deny Permit."
)
APPROVALS = {"kinds": ["allowance"], "methods": BY_TRANSACTION}
BY_SIGNATURE = [name for name in METHODS if "yped" in name]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"kinds": ["allowance"]}, [ALLOWANCES, PERMITS]),
        ({"kinds": ["allowance"], "max_lifetime_seconds": 60}, []),
        # An allowance at Permit2 by transaction has an expiry.
        (APPROVALS, [ALLOWANCES]),
        ({**APPROVALS, "spenders": [PERMIT2, ROUTER]}, [ALLOWANCES]),
        ({**APPROVALS, "spenders": [PERMIT2]}, []),
        ({"kinds": ["allowance"], "spenders": [PERMIT2]}, [PERMITS]),
        ({"kinds": ["allowance"], **typed("PermitSingle", PERMIT2)}, [ALLOWANCES]),
        ({"kinds": ["allowance"], **typed("Permit", USDC)}, [PERMITS]),
        ({"kinds": ["allowance"], **typed("Permit")}, [PERMITS]),
        ({"kinds": ["allowance"], **typed(None, USDC)}, [PERMITS]),
        ({"kinds": ["allowance"], **typed(None, PERMIT2)}, [ALLOWANCES]),
        ({"kinds": ["token_transfer"]}, [TRANSFERS]),
        ({"kinds": ["token_transfer"], "methods": BY_SIGNATURE}, [TRANSFERS]),
        ({"kinds": ["token_transfer"], "methods": BY_TRANSACTION}, []),
        ({"kinds": ["native_transfer"]}, []),
        # A lifetime limits the transfers, too.
        ({"kinds": ["allowance", "token_transfer"]}, [ALLOWANCES, PERMITS]),
        ({}, [ALLOWANCES, PERMITS]),
    ],
)
def test_a_window_over_signatures_needs_a_lifetime_that_permit_never_fits(members, expected):
    limited = rule(**members, windows=windows((3600, 10)), **ASSETS)
    assert warned(limited, FEE) == expected
    without_windows = rule(**members, max_amount="5", **ASSETS)
    assert warned(without_windows, FEE) == []


@pytest.mark.parametrize(
    ("kinds", "denied", "expected"),
    [
        (["allowance"], [typed("Permit")], [ALLOWANCES]),
        (["allowance"], [typed(None, USDC)], [ALLOWANCES]),
        (["allowance"], [typed(None, PERMIT2), APPROVALS], [PERMITS]),
        (["allowance"], [{"methods": BY_SIGNATURE}], [ALLOWANCES]),
        (["allowance"], [typed("PermitSingle"), APPROVALS], [ALLOWANCES, PERMITS]),
        (["allowance"], [*map(typed, sorted(PERMIT2_TYPES)), APPROVALS], [PERMITS]),
        (["token_transfer"], [{"methods": BY_SIGNATURE}], []),
        (
            ["token_transfer"],
            [typed("TransferWithAuthorization"), typed("ReceiveWithAuthorization")],
            [],
        ),
        (["token_transfer"], [typed("TransferWithAuthorization")], [TRANSFERS]),
    ],
)
def test_a_lifetime_is_not_needed_for_signatures_that_are_denied(kinds, denied, expected):
    limited = rule(kinds=kinds, windows=windows((3600, 10)), **ASSETS)
    denying = [
        {"id": f"no{index}", "effect": "deny", **members} for index, members in enumerate(denied)
    ]
    assert warned(limited, FEE, *denying) == expected


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


def test_functions_of_a_token_that_can_move_it_are_named():
    token = rule(kinds=["contract_call"], chain_ids=[BASE], to=[USDC, DAI])
    send = rule(id="b", kinds=["token_transfer"], chain_ids=[BASE], tokens=[USDC, DAI], to=[ROUTER])
    usdc, dai = (
        f"allows functions of the token {address} that can move it, and that no limit counts: name "
        "the selectors."
        for address in (USDC, DAI)
    )
    assert warned(token, send, FEE) == sorted([usdc, dai])
    denying = {"id": "no", "effect": "deny", "kinds": ["contract_call"], "to": [USDC]}
    assert warned(token, send, FEE, denying) == [dai]
    assert warned(token | {"selectors": ["0x12345678"]}, send, FEE) == []


@pytest.mark.parametrize(
    ("members", "denied"),
    [
        ({}, {"kinds": ["contract_call", "typed_data"]}),
        ({"kinds": ["contract_call", "message"]}, {"kinds": ["contract_call"]}),
        ({"kinds": ["contract_call", "message"]}, {"methods": BY_TRANSACTION}),
        ({"kinds": ["typed_data", "message"]}, {"kinds": ["typed_data"]}),
        ({"kinds": ["typed_data", "message"]}, {"methods": BY_SIGNATURE}),
        ({"kinds": ["typed_data", "message"], **typed("Order")}, typed("Order")),
    ],
)
def test_what_another_rule_denies_is_not_named(members, denied):
    denying = {"id": "no", "effect": "deny", **denied}
    assert not [one for one in warned(rule(**members), FEE, denying) if "no limit counts" in one]
    elsewhere = denying | {"chain_ids": [1]}
    assert [one for one in warned(rule(**members), FEE, elsewhere) if "no limit counts" in one]


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


def test_a_permit_of_one_token_is_not_named_where_that_token_is_denied():
    """The contract of a Permit is its token."""
    limited = rule(
        **typed("Permit", USDC),
        kinds=["allowance"],
        windows=windows((3600, 10)),
        tokens=[USDC, DAI],
        chain_ids=[BASE],
    )
    for token, expected in ((USDC, []), (DAI, [PERMITS])):
        deny = {"id": "no", "effect": "deny", "tokens": [token], "methods": BY_SIGNATURE}
        assert [one for one in warned(limited, FEE, deny) if one == PERMITS] == expected
