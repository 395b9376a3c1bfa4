"""Limits of rules: at the limit, one below, and one above."""

import pytest

from tests.unit.policies.requests import (
    BASE,
    DAI,
    NOW,
    PERMIT2,
    ROUTER,
    STRANGER,
    UNLIMITED,
    USDC,
    WALLET,
    authorization,
    call,
    message,
    permit,
    permit2,
    transaction,
    typed_data,
)
from wallet_api.ethereum.effects import Allowance, Delegation, NativeTransfer, TokenTransfer
from wallet_api.policies.counting import Window
from wallet_api.policies.evaluation import PolicyVersion, evaluate, match
from wallet_api.policies.matching import Request
from wallet_api.policies.reading import read_rules

ASSETS = {"chain_ids": [BASE], "tokens": ["native", USDC, DAI]}
FEE = {"id": "fee", "effect": "allow", "kinds": ["network_fee"]}
CREATE = {"id": "create", "effect": "allow", "kinds": ["contract_creation"]}
DAY = 86_400
OWN_FEE = 200_000 * 100_000_000

SPENDING = {
    "native_transfer": lambda amount: transaction(to=STRANGER, value=hex(amount)),
    "native_transfer into a contract": lambda amount: transaction(data="0x60", value=hex(amount)),
    "token_transfer": lambda amount: transaction(
        to=USDC, data=call("transfer(address,uint256)", STRANGER, amount)
    ),
    "token_transfer by transferFrom": lambda amount: transaction(
        to=USDC, data=call("transferFrom(address,address,uint256)", WALLET, STRANGER, amount)
    ),
    "token_transfer by a signature": lambda amount: authorization(value=amount),
    "allowance": lambda amount: transaction(
        to=USDC, data=call("approve(address,uint256)", ROUTER, amount)
    ),
    "allowance by increase": lambda amount: transaction(
        to=USDC, data=call("increaseAllowance(address,uint256)", ROUTER, amount)
    ),
    "allowance by a signature": lambda amount: permit(value=amount),
    "allowance at Permit2": permit2,
}


def verdict_of_rules(request, *rules, held=0):
    """Return the verdict if each window holds an amount already."""
    layers = [PolicyVersion(layer="client", policy="p", version=1, rules=read_rules(list(rules)))]
    matching = match(request, layers)
    return evaluate(matching, dict.fromkeys(matching.windows, held), unrestricted=False)


def rule(**members):
    return {"id": "limited", "effect": "allow", **members}


@pytest.mark.parametrize("name", SPENDING)
@pytest.mark.parametrize("amount", [0, 1, 999, 1000, 1001, 2**160 - 2])
def test_max_amount_is_the_most_that_one_request_may_spend(name, amount):
    kind = name.split()[0]
    limited = rule(kinds=[kind], max_amount="1000", **ASSETS)
    found = verdict_of_rules(
        SPENDING[name](amount),
        limited,
        FEE,
        {"id": "create", "effect": "allow", "kinds": ["contract_creation"]},
    )
    assert found.reason == (None if amount <= 1000 else "max_amount")
    if amount > 1000:
        assert found.refusal.rules == ("limited",)


@pytest.mark.parametrize("name", SPENDING)
@pytest.mark.parametrize(("held", "amount"), [(0, 1000), (1, 999), (999, 1), (1000, 0)])
def test_a_window_is_what_was_spent_and_what_the_request_spends(name, held, amount):
    kind = name.split()[0]
    limited = rule(kinds=[kind], windows=[{"seconds": DAY, "max_amount": "1000"}], **ASSETS)
    assert verdict_of_rules(SPENDING[name](amount), limited, FEE, CREATE, held=held).allowed
    refused = verdict_of_rules(SPENDING[name](amount + 1), limited, FEE, CREATE, held=held)
    assert (refused.reason, refused.refusal.rules) == ("window", ("limited",))


def test_a_fee_is_an_outflow_with_limits():
    pay = transaction(to=ROUTER, data="0x12345678")
    calls = {"id": "calls", "effect": "allow", "kinds": ["contract_call"]}
    for most, reason in ((OWN_FEE, None), (OWN_FEE - 1, "max_amount")):
        fee = rule(kinds=["network_fee"], max_amount=str(most), **ASSETS)
        assert verdict_of_rules(pay, calls, fee).reason == reason
    window = [{"seconds": DAY, "max_amount": str(OWN_FEE + 5)}]
    fee = rule(kinds=["network_fee"], windows=window, **ASSETS)
    assert verdict_of_rules(pay, calls, fee, held=5).allowed
    assert verdict_of_rules(pay, calls, fee, held=6).reason == "window"


def test_the_native_transfer_and_the_fee_of_one_request_are_added():
    pay = transaction(to=STRANGER, value=hex(1000))
    for most, reason in ((OWN_FEE + 1000, None), (OWN_FEE + 999, "max_amount")):
        assert verdict_of_rules(pay, rule(max_amount=str(most), **ASSETS)).reason == reason


@pytest.mark.parametrize(
    ("first", "second", "reason"), [(500, 500, None), (501, 500, "max_amount")]
)
def test_the_allowances_of_one_signature_are_added(first, second, reason):
    limited = rule(kinds=["allowance"], max_amount="1000", **ASSETS)
    assert verdict_of_rules(permit2(first, second), limited).reason == reason


def test_each_asset_is_counted_on_its_own():
    both = Request(
        method="eth_signTransaction",
        chain_id=BASE,
        effects=(
            TokenTransfer(token=USDC, sender=WALLET, to=STRANGER, amount=1000),
            TokenTransfer(token=DAI, sender=WALLET, to=STRANGER, amount=1000),
            NativeTransfer(to=STRANGER, amount=1000),
        ),
        wallet=WALLET,
        typed_data=None,
        now=NOW,
    )
    limited = rule(max_amount="1000", windows=[{"seconds": DAY, "max_amount": "1000"}], **ASSETS)
    layers = [PolicyVersion(layer="client", policy="p", version=1, rules=read_rules([limited]))]
    matching = match(both, layers)
    assert [window.asset for window in matching.windows] == [USDC, DAI, "native"]
    sums = dict.fromkeys(matching.windows, 0)
    assert evaluate(matching, sums, unrestricted=False).allowed
    full = {window: int(window.asset == DAI) for window in matching.windows}
    refused = evaluate(matching, full, unrestricted=False)
    assert (refused.reason, refused.refusal.effect.token) == ("window", DAI)


def test_a_rule_that_allows_an_amount_for_one_effect_counts_all_that_it_matches():
    limited = rule(kinds=["allowance"], max_amount="1000", **ASSETS)
    # The other rule allows the second allowance, but the first one still counts both.
    small = {**limited, "id": "small", "max_amount": "1"}
    batch = permit2(1000, 1)
    assert verdict_of_rules(batch, limited, small).reason == "max_amount"


@pytest.mark.parametrize("amount", [2**160 - 1, 2**160, UNLIMITED])
def test_an_unlimited_allowance_never_fits_a_limit(amount):
    data = call("approve(address,uint256)", ROUTER, amount)
    unlimited = transaction(to=USDC, data=data)
    most = str(UNLIMITED)
    for limits in ({"max_amount": most}, {"windows": [{"seconds": 1, "max_amount": most}]}):
        found = verdict_of_rules(unlimited, rule(kinds=["allowance"], **limits, **ASSETS), FEE)
        assert found.reason == "unlimited_allowance"
    assert verdict_of_rules(unlimited, rule(kinds=["allowance"]), FEE).allowed


@pytest.mark.parametrize(
    "limits", [{"max_amount": "1000"}, {"windows": [{"seconds": DAY, "max_amount": "1000"}]}]
)
def test_a_limit_matches_only_what_the_wallet_itself_spends(limits):
    limited = rule(**ASSETS | limits)
    data = call("transferFrom(address,address,uint256)", STRANGER, WALLET, 1)
    for foreign in (permit(owner=STRANGER), authorization(sender=STRANGER)):
        assert verdict_of_rules(foreign, limited).reason == "no_rule"
    assert verdict_of_rules(transaction(to=USDC, data=data), limited, FEE).reason == "no_rule"
    assert (
        verdict_of_rules(transaction(to=USDC, data="0x12345678"), limited, FEE).reason == "no_rule"
    )
    assert verdict_of_rules(message(b"hello"), limited).reason == "no_rule"


@pytest.mark.parametrize("wallet", [WALLET, "0x24e08CE165170235Ff6E27529b73f9933bCD74E2"])
def test_the_wallet_may_be_named_with_a_checksum(wallet):
    limited = rule(max_amount="1000", **ASSETS)
    assert verdict_of_rules(permit2(1000, wallet=wallet), limited).allowed
    data = call("transfer(address,uint256)", STRANGER, 1000)
    assert verdict_of_rules(transaction(to=USDC, data=data, wallet=wallet), limited, FEE).allowed


LIFETIME = rule(max_lifetime_seconds=600)


@pytest.mark.parametrize(
    ("request_", "fits"),
    [
        (authorization(lasts=600), True),
        (authorization(lasts=601), False),
        (authorization(lasts=-5), True),
        (authorization(lasts=2**60), False),
        (permit2(1, lasts=600, deadline=600), True),
        (permit2(1, lasts=601, deadline=600), False),
        (permit2(1, lasts=600, deadline=601), False),
        # Permit2 takes zero for the time of the block, so that the deadline decides.
        (permit2(1, lasts=-NOW, deadline=600), True),
        (permit2(1, lasts=-NOW, deadline=601), False),
        # The allowance of a Permit does not end, even if the signature does.
        (permit(deadline=NOW + 1), False),
        (transaction(to=STRANGER, value="0x1"), True),
        (transaction(to=USDC, data=call("transfer(address,uint256)", STRANGER, 1)), True),
        (transaction(to=ROUTER, data="0x12345678"), True),
        (transaction(data="0x60"), True),
        (transaction(to=USDC, data=call("approve(address,uint256)", ROUTER, 1)), False),
        (
            transaction(
                to=PERMIT2,
                data=call("approve(address,address,uint160,uint48)", USDC, ROUTER, 1, NOW + 600),
            ),
            True,
        ),
        (
            transaction(
                to=PERMIT2,
                data=call("approve(address,address,uint160,uint48)", USDC, ROUTER, 1, NOW + 601),
            ),
            False,
        ),
        (message(b"hello"), False),
        (typed_data("Login", {"name": "x"}, {"text": "y"}, Login="string text"), False),
    ],
)
def test_a_lifetime_is_the_later_end_of_signature_and_allowance(request_, fits):
    assert verdict_of_rules(request_, LIFETIME).reason == (None if fits else "lifetime")


def test_a_delegation_has_no_end():
    delegating = Request(
        method="eth_signTransaction",
        chain_id=BASE,
        effects=(Delegation(authority=STRANGER, delegate=ROUTER, chain_id=BASE),),
        wallet=WALLET,
        typed_data=None,
        now=NOW,
    )
    named = rule(kinds=["delegation"], to=[ROUTER])
    assert verdict_of_rules(delegating, named).allowed
    assert verdict_of_rules(delegating, named | {"max_lifetime_seconds": 600}).reason == "lifetime"


def test_the_closest_rule_is_named_and_of_equals_the_first_by_its_id():
    allowance = rule(kinds=["allowance"], **ASSETS)
    window = allowance | {"id": "z-window", "windows": [{"seconds": DAY, "max_amount": "10"}]}
    low = allowance | {"id": "b-low", "max_amount": "10"}
    lower = allowance | {"id": "a-lower", "max_amount": "5"}
    short = allowance | {"id": "a-short", "max_lifetime_seconds": 1}
    request = permit2(11)
    assert verdict_of_rules(request, low, lower).refusal.rules == ("a-lower",)
    assert verdict_of_rules(request, low, window, short, lower).refusal.rules == ("z-window",)
    assert verdict_of_rules(request, short).refusal.rules == ("a-short",)
    assert verdict_of_rules(request, short, low).refusal.rules == ("b-low",)


def test_windows_count_by_kind_and_counterparty_and_nothing_else():
    def needed(request, **members):
        limited = rule(windows=[{"seconds": DAY, "max_amount": "5"}], **members)
        layers = [PolicyVersion(layer="client", policy="p", version=1, rules=read_rules([limited]))]
        return list(match(request, layers).windows)

    every = frozenset({"allowance", "native_transfer", "network_fee", "token_transfer"})
    common = {"asset": USDC, "chain_id": BASE, "seconds": DAY}
    assets = {"chain_ids": [1, BASE], "tokens": ["native", USDC]}
    assert needed(permit2(1), **assets) == [Window(kinds=every, counterparties=None, **common)]
    allowances = frozenset({"allowance"})
    assert needed(permit2(1), kinds=["allowance", "message"], **assets) == [
        Window(kinds=allowances, counterparties=None, **common)
    ]
    assert needed(permit2(1), spenders=[ROUTER, STRANGER], **assets) == [
        Window(kinds=allowances, counterparties=frozenset({ROUTER, STRANGER}), **common)
    ]
    transfers = frozenset({"native_transfer", "token_transfer"})
    assert needed(authorization(), to=[STRANGER], **assets) == [
        Window(kinds=transfers, counterparties=frozenset({STRANGER}), **common)
    ]
    typed = {"typed_data": {"primary_types": ["PermitSingle"]}, "methods": ["eth_signTypedData_v4"]}
    assert needed(permit2(1), **typed, **assets) == needed(permit2(1), **assets)
    assert needed(permit2(1, chain_id=10), **assets) == []
    assert needed(permit2(1, token=DAI), **assets) == []
    assert needed(message(b"hello"), **assets) == []


@pytest.mark.parametrize(
    "members",
    [
        {"tokens": [DAI]},
        {"windows": [{"seconds": DAY + 1, "max_amount": "5"}]},
        {"kinds": ["allowance", "token_transfer"]},
        {"spenders": [ROUTER]},
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_rules_of_one_policy_count_what_they_count_alone(members, order):
    first = {**ASSETS, "kinds": ["allowance"], "windows": [{"seconds": DAY, "max_amount": "5"}]}
    rules = [rule(**first, id="a"), rule(**(first | members), id="b")][::order]
    request = Request(
        method="eth_signTypedData_v4",
        chain_id=BASE,
        effects=[
            Allowance(token=token, owner=WALLET, spender=ROUTER, amount=5, contract=PERMIT2)
            for token in (USDC, DAI)
        ],
        wallet=WALLET,
        typed_data=(PERMIT2, "PermitBatch"),
        now=NOW,
    )

    def counted(*rules):
        read = read_rules(list(rules))
        layer = PolicyVersion(layer="client", policy="p", version=1, rules=read)
        matching = match(request, [layer])
        return [one.counted for one in matching.layers[0][1]], set(matching.windows)

    together, windows = counted(*rules)
    alone = [counted(one) for one in rules]
    assert together == [one for (one,), _ in alone]
    assert together[0] != together[1]
    assert windows == alone[0][1] | alone[1][1]


def test_a_window_that_several_rules_and_layers_have_is_read_once():
    windows = [{"seconds": DAY, "max_amount": "9"}, {"seconds": 60, "max_amount": "5"}]
    limited = rule(kinds=["allowance"], windows=windows, **ASSETS)
    rules = read_rules([limited, limited | {"id": "again"}])
    layers = [
        PolicyVersion(layer=layer, policy="p", version=1, rules=rules)
        for layer in ("client", "wallet")
    ]
    assert [window.seconds for window in match(permit2(1), layers).windows] == [60, DAY]
