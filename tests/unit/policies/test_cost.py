"""What a verdict over 50 rules costs, and the warnings about them: policies that can be stored."""

import time

import pytest

from tests.unit.policies.requests import (
    BASE,
    DAI,
    NOW,
    PERMIT2,
    ROUTER,
    STRANGER,
    USDC,
    WALLET,
    call,
    permit2,
    transaction,
)
from wallet_api.ethereum.effects import Allowance
from wallet_api.policies.evaluation import PolicyVersion, evaluate, match
from wallet_api.policies.examples import is_read
from wallet_api.policies.matching import Request
from wallet_api.policies.reading import read_rules
from wallet_api.policies.rules import KINDS, METHODS
from wallet_api.policies.warnings import warnings
from wallet_api.services.policies.versions import rules_text

MOST = 0.0002
"""The seconds of CPU of a verdict, in most cases."""
# On a busy machine, only the quickest of many tries shows the cost.
TRIES = 300
ASSETS = {"chain_ids": [BASE], "tokens": ["native", USDC, DAI]}
LIMITS = {
    "max_amount": "1000000000000000000",
    "windows": [
        {"seconds": seconds, "max_amount": "5000000000000000000"}
        for seconds in (60, 3600, 86_400, 604_800)
    ],
}
ADDRESSES = [f"0x{index:040x}" for index in range(40)]


def rules(*more):
    """Return 50 rules about the same method, chain and kinds, most with 25 addresses."""
    common = {
        "methods": ["eth_signTransaction", "eth_signTypedData_v4"],
        "kinds": ["native_transfer", "token_transfer", "allowance", "network_fee"],
    }
    filling = [
        {"id": f"allow{index}", "effect": "allow", **common, **ASSETS, **LIMITS}
        | {("to", "spenders")[index % 2]: [*ADDRESSES[:24], (ROUTER, STRANGER)[index // 2 % 2]]}
        for index in range(30)
    ] + [
        {"id": f"deny{index}", "effect": "deny", **common, "to": [f"0x{index:039x}f"]}
        for index in range(20 - len(more))
    ]
    return read_rules([*filling, *more])


FEE = {"id": "fee", "effect": "allow", "kinds": ["network_fee"], **ASSETS, **LIMITS}


PAYMENT = transaction(to=USDC, data=call("transfer(address,uint256)", STRANGER, 5))


def batch(number):
    """Return a request for allowances of several tokens."""
    return Request(
        method="eth_signTypedData_v4",
        chain_id=BASE,
        effects=[
            Allowance(token=token, owner=WALLET, spender=ROUTER, amount=5, contract=PERMIT2)
            for token in ADDRESSES[:number]
        ],
        wallet=WALLET,
        typed_data=(PERMIT2, "PermitBatch"),
        now=NOW,
    )


def quickest(act):
    """Return the CPU time of the quickest of up to 300 tries, which take up to half a second."""
    tries = []
    while len(tries) < TRIES and sum(tries) < 0.5:
        began = time.thread_time()
        act()
        tries.append(time.thread_time() - began)
    return min(tries)


def cost(request, rules):
    """Return the CPU time of a verdict over rules that can be stored, in seconds."""
    layers = [PolicyVersion(layer="client", policy="p", version=1, rules=rules)]
    rules_text(rules)

    def judge():
        matching = match(request, layers)
        evaluate(matching, dict.fromkeys(matching.windows, 0), unrestricted=False)

    return quickest(judge)


@pytest.mark.parametrize(
    "request_",
    [
        PAYMENT,
        transaction(to=PERMIT2, data=call("approve(address,uint256)", ROUTER, 5)),
        permit2(5),
    ],
    ids=["transfer", "call", "permit"],
)
def test_a_verdict_over_50_rules_takes_less_than_a_fifth_of_a_millisecond(request_):
    policy = rules(FEE)
    assert len(policy) == 50
    best = cost(request_, policy)
    assert best < MOST, f"{best * 1000:.3f} ms"


FULL = [*LIMITS["windows"][:-1], {"seconds": 604_800, "max_amount": "0"}]


@pytest.mark.parametrize("windows", [LIMITS["windows"], FULL], ids=["open", "full"])
@pytest.mark.parametrize(
    ("request_", "members", "most"),
    [
        (PAYMENT, {}, MOST),
        (PAYMENT, {"to": [*ADDRESSES[:14], STRANGER]}, MOST),
        (permit2(5), {"spenders": [*ADDRESSES[:14], ROUTER]}, MOST),
        (batch(3), {"tokens": ADDRESSES[:3]}, 0.0005),
        (batch(8), {"tokens": ADDRESSES[:8]}, 0.001),
        (batch(16), {"tokens": ADDRESSES[:16]}, 0.002),
    ],
    ids=["all effects", "recipients", "spenders", "3 allowances", "8 allowances", "16 allowances"],
)
def test_the_same_holds_if_every_rule_matches_and_has_windows(request_, members, most, windows):
    """The last rule allows what the others refuse if their longest window is full."""
    full = {**ASSETS, **LIMITS, **members, "windows": windows}
    refusing = [{"id": f"r{index}", "effect": "allow", **full} for index in range(48)]
    last = {"id": "s", "effect": "allow", **ASSETS, **LIMITS, **members}
    policy = read_rules([*refusing, last, FEE])
    assert len(policy) == 50
    best = cost(request_, policy)
    assert best < most, f"{best * 1000:.3f} ms"


OWN_LENGTHS = [
    {"windows": [{"seconds": index * 4 + number, "max_amount": "5"} for number in range(1, 5)]}
    for index in range(49)
]
OWN_RECIPIENTS = [
    {"windows": LIMITS["windows"], "to": [STRANGER, f"0x{index:040x}"]} for index in range(49)
]


@pytest.mark.parametrize(
    ("request_", "own", "tokens", "most"),
    [
        # A transfer with 392 windows takes a little less than MOST: too close for a bound.
        (PAYMENT, OWN_LENGTHS, ASSETS["tokens"], 0.0004),
        (PAYMENT, OWN_RECIPIENTS, ASSETS["tokens"], MOST),
        # More windows than are kept between verdicts.
        (batch(19), OWN_LENGTHS, ADDRESSES[:19], 0.003),
        # Fewer rules with 40 tokens can be stored.
        (batch(40), OWN_LENGTHS[:28], ADDRESSES, 0.003),
    ],
    ids=["lengths", "recipients", "19 allowances", "40 allowances"],
)
def test_and_if_every_rule_has_windows_of_its_own(request_, own, tokens, most):
    common = {"effect": "allow", "chain_ids": [BASE], "tokens": tokens}
    filling = [{"id": f"r{index}", **common, **members} for index, members in enumerate(own)]
    best = cost(request_, read_rules([*filling, FEE]))
    assert best < most, f"{best * 1000:.3f} ms"


STANDARDS = ["Permit", "PermitSingle", "PermitBatch", "TransferWithAuthorization"]


def alternating(start=0, count=50):
    """Return names of types, of which every second one is no name that typed data can have."""
    return [f"int{number}{end}" for number in range(start, start + count) for end in ("", "a")]


def many(number, **members):
    return [{"id": f"r{index}", **members} for index in range(number)]


ALL = {"id": "all", "effect": "allow"}
SIGNED = ["eth_signTypedData", "eth_signTypedData_v4", "sign/typed-data"]


@pytest.mark.parametrize(
    "rules",
    [
        [
            *many(
                49,
                effect="deny",
                kinds=["allowance"],
                typed_data={"primary_types": ["PermitSingle", *alternating()[1:]]},
            ),
            ALL,
        ],
        [
            *(
                {
                    "id": f"r{index}",
                    "effect": "deny",
                    "typed_data": {"primary_types": alternating(50 * index)},
                }
                for index in range(49)
            ),
            ALL,
        ],
        [
            *many(
                49,
                effect="allow",
                kinds=list(KINDS),
                methods=list(METHODS),
                chain_ids=[BASE],
                tokens=[USDC],
                max_lifetime_seconds=5,
                typed_data={
                    "primary_types": [*STANDARDS, *alternating(count=10)],
                    "verifying_contracts": [USDC, PERMIT2, ROUTER],
                },
            ),
            ALL,
        ],
        [
            *many(49, effect="allow", kinds=list(KINDS), methods=list(METHODS), chain_ids=[BASE]),
            ALL,
        ],
        # Half of the rules allow what the windows of the other half count, where it is denied.
        [
            *(
                {"id": f"w{index}", "effect": "allow", "kinds": ["allowance"], **ASSETS}
                | {"spenders": [spender], "windows": LIMITS["windows"], "max_lifetime_seconds": 60}
                for index, spender in enumerate(ADDRESSES[:24])
            ),
            *many(
                25,
                effect="allow",
                kinds=["allowance"],
                methods=SIGNED,
                spenders=ADDRESSES[:25],
            ),
            {"id": "no", "effect": "deny", "spenders": ADDRESSES[:24], "methods": SIGNED},
        ],
        # Half of the rules deny recipients, and the other half allow other spenders.
        [
            *many(25, effect="deny", to=ADDRESSES[:24]),
            *(
                {"id": f"a{index}", "effect": "allow", "kinds": ["allowance"]}
                | {"spenders": ADDRESSES[:24]}
                for index in range(24)
            ),
            {"id": "no", "effect": "deny", "spenders": ADDRESSES[:24]},
        ],
    ],
    ids=["standard", "alternating", "everything", "kinds", "windows", "spenders"],
)
def test_the_warnings_about_the_largest_policies_take_less_than_a_fifth_of_a_second(rules):
    """Anybody with a token of a user can ask for them."""
    read = read_rules(rules)
    assert len(read) == 50
    rules_text(read)

    def warn():
        is_read.cache_clear()
        assert len(warnings(read)) >= 24

    best = quickest(warn)
    assert best < 0.2, f"{best:.3f} s"
