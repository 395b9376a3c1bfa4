"""Limits that do not limit, and spends that count in windows for any time, are named."""

import pytest

from tests.unit.policies.requests import BASE, DAI, PERMIT2, ROUTER, STRANGER, USDC
from tests.unit.policies.warned import (
    ASSETS,
    BY_SIGNATURE,
    BY_TRANSACTION,
    FEE,
    rule,
    typed,
    warned,
)
from wallet_api.ethereum.effects import PERMIT2_TYPES


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
        (
            {"windows": windows((3600, 10)), "max_amount": "0"},
            ["has windows that never limit: its max_amount is 0."],
        ),
        (
            {"windows": windows((60, 0), (3600, 10))},
            ["has a window of 1 hour that never limits: the one of 1 minute allows nothing."],
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


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"kinds": ["allowance"]}, [ALLOWANCES, PERMITS]),
        ({"kinds": ["allowance"], "max_lifetime_seconds": 60}, []),
        # An allowance at Permit2 by transaction has an expiry.
        (APPROVALS, [ALLOWANCES]),
        ({**APPROVALS, "spenders": [PERMIT2, ROUTER]}, [ALLOWANCES]),
        # Nobody can use an allowance at Permit2 for Permit2 itself.
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
    nothing = rule(**members, windows=windows((3600, 0)), **ASSETS)
    assert warned(nothing, FEE) == []


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


def counted(**members):
    """Return a rule with a window, and a lifetime that all that it allows fits."""
    return {
        "id": "w",
        "effect": "allow",
        "kinds": ["allowance"],
        "tokens": [USDC],
        "chain_ids": [BASE],
        "spenders": [ROUTER],
        "windows": windows((3600, 10)),
        "max_lifetime_seconds": 600,
        **members,
    }


TRANSFERRED = {"kinds": ["token_transfer"], "to": [ROUTER]}
COUNTED_TRANSFERS = {
    name: value for name, value in counted(**TRANSFERRED).items() if name != "spenders"
}
OF_ROUTER = {"kinds": ["allowance"], "spenders": [ROUTER], "tokens": [USDC], "chain_ids": [BASE]}


def elsewhere(sentence):
    return sentence.replace("its windows", 'the windows of rule "w"')


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({**OF_ROUTER, **typed("Permit"), "max_amount": "5"}, [PERMITS]),
        ({**OF_ROUTER, **typed("PermitSingle")}, [ALLOWANCES]),
        ({**OF_ROUTER, **typed("PermitTransferFrom"), "max_amount": "5"}, [ALLOWANCES]),
        ({**OF_ROUTER, **APPROVALS}, [ALLOWANCES]),
        ({**OF_ROUTER, "max_amount": "5"}, [ALLOWANCES, PERMITS]),
        ({"kinds": ["allowance"], **typed("Permit")}, [PERMITS]),
        ({"kinds": ["allowance"], "spenders": [STRANGER, ROUTER], **typed("Permit")}, [PERMITS]),
        # These are not counted there.
        ({**OF_ROUTER, **typed("Permit"), "spenders": [STRANGER]}, []),
        ({**OF_ROUTER, **typed("Permit"), "tokens": [DAI]}, []),
        ({"kinds": ["allowance"], **typed("Permit", DAI)}, []),
        ({**OF_ROUTER, **typed("Permit"), "chain_ids": [1]}, []),
        ({**OF_ROUTER, "max_amount": "0"}, []),
        ({**OF_ROUTER, "max_lifetime_seconds": 86_400}, []),
        ({"kinds": ["token_transfer"], "to": [STRANGER], "chain_ids": [BASE]}, []),
    ],
)
def test_what_another_rule_allows_for_any_time_is_named_where_windows_count_it(members, expected):
    assert warned(rule(**members), counted(), FEE) == list(map(elsewhere, expected))
    assert warned(rule(**members), counted(), FEE, about="w") == []
    assert warned(rule(**members), counted(max_amount="0"), FEE) == []


def test_only_its_own_windows_are_named_if_they_count_it_too():
    own = {**OF_ROUTER, **typed("Permit"), "windows": windows((60, 5))}
    assert warned(rule(**own), counted(), FEE) == [PERMITS]


@pytest.mark.parametrize(
    ("members", "is_named"),
    [
        (TRANSFERRED, True),
        ({**TRANSFERRED, "methods": BY_SIGNATURE, "tokens": [USDC, DAI]}, True),
        ({**TRANSFERRED, "methods": BY_TRANSACTION}, False),
        ({**TRANSFERRED, "to": [STRANGER]}, False),
        ({**TRANSFERRED, **typed("TransferWithAuthorization", DAI)}, False),
        ({"kinds": ["allowance"], "spenders": [ROUTER]}, False),
    ],
)
def test_transfers_by_a_signature_that_another_rule_allows_are_named(members, is_named):
    found = warned(rule(**{**ASSETS, **members}, max_amount="5"), COUNTED_TRANSFERS, FEE)
    assert (elsewhere(TRANSFERS) in found) == is_named


def test_a_permit_that_another_rule_allows_is_not_named_where_it_is_denied():
    permits = rule(**OF_ROUTER | typed("Permit") | {"spenders": [ROUTER, STRANGER]})
    for spender, expected in ((ROUTER, []), (STRANGER, [elsewhere(PERMITS)])):
        deny = {"id": "no", "effect": "deny", "spenders": [spender]}
        assert warned(permits, counted(), FEE, deny) == expected


@pytest.mark.parametrize("members", [APPROVALS, {"kinds": ["allowance"], **typed("PermitSingle")}])
def test_permit2_itself_has_no_allowance_at_permit2(members):
    both = rule(**members, **ASSETS, spenders=[PERMIT2, ROUTER], windows=windows((60, 5)))
    assert warned(both, FEE) == [ALLOWANCES]
    assert warned(both, FEE, {"id": "no", "effect": "deny", "spenders": [ROUTER]}) == []


def test_windows_that_another_rule_makes_void_are_not_named():
    """A full window refuses nothing that a rule without limits allows."""
    assert warned(rule(**OF_ROUTER), counted(), FEE) == []
    assert "never limits anything" in warned(rule(**OF_ROUTER), counted(), FEE, about="w")[0]
