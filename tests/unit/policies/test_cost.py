"""What a verdict over 50 rules costs, and the warnings about them."""

import time

import pytest

from tests.unit.policies.requests import (
    BASE,
    DAI,
    PERMIT2,
    ROUTER,
    STRANGER,
    USDC,
    call,
    permit2,
    transaction,
)
from wallet_api.policies.evaluation import PolicyVersion, evaluate, match
from wallet_api.policies.examples import is_read
from wallet_api.policies.reading import read_rules
from wallet_api.policies.rules import KINDS, METHODS
from wallet_api.policies.warnings import warnings

MOST = 0.0002
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
ADDRESSES = [f"0x{index:040x}" for index in range(99)]


def rules(*more):
    """Return 50 rules about the same method, chain and kinds, each with 100 addresses."""
    common = {
        "methods": ["eth_signTransaction", "eth_signTypedData_v4"],
        "kinds": ["native_transfer", "token_transfer", "allowance", "network_fee"],
    }
    filling = [
        {"id": f"allow{index}", "effect": "allow", **common, **ASSETS, **LIMITS}
        | {("to", "spenders")[index % 2]: [*ADDRESSES, (ROUTER, STRANGER)[index // 2 % 2]]}
        for index in range(30)
    ] + [
        {"id": f"deny{index}", "effect": "deny", **common, "to": [f"0x{index:039x}f"]}
        for index in range(20 - len(more))
    ]
    return read_rules([*filling, *more])


FEE = {"id": "fee", "effect": "allow", "kinds": ["network_fee"], **ASSETS, **LIMITS}


@pytest.mark.parametrize(
    "request_",
    [
        transaction(to=USDC, data=call("transfer(address,uint256)", STRANGER, 5)),
        transaction(to=PERMIT2, data=call("approve(address,uint256)", ROUTER, 5)),
        permit2(5),
    ],
    ids=["transfer", "call", "permit"],
)
def test_a_verdict_over_50_rules_takes_less_than_a_fifth_of_a_millisecond(request_):
    layers = [PolicyVersion(layer="client", policy="p", version=1, rules=rules(FEE))]
    assert len(layers[0].rules) == 50
    best = float("inf")
    for _ in range(TRIES):
        began = time.thread_time()
        matching = match(request_, layers)
        evaluate(matching, dict.fromkeys(matching.windows, 0), unrestricted=False)
        best = min(best, time.thread_time() - began)
    assert best < MOST, f"{best * 1000:.3f} ms"


STANDARDS = ["Permit", "PermitSingle", "PermitBatch", "TransferWithAuthorization"]


def alternating(start=0, count=50):
    """Return names of types, of which every second one is no name that typed data can have."""
    return [f"int{number}{end}" for number in range(start, start + count) for end in ("", "a")]


def many(number, **members):
    return [{"id": f"r{index}", **members} for index in range(number)]


@pytest.mark.parametrize(
    "rules",
    [
        many(
            49,
            effect="deny",
            kinds=["allowance"],
            typed_data={"primary_types": ["PermitSingle", *alternating()[1:]]},
        ),
        [
            {
                "id": f"r{index}",
                "effect": "deny",
                "typed_data": {"primary_types": alternating(50 * index)},
            }
            for index in range(49)
        ],
        many(
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
        many(49, effect="allow", kinds=list(KINDS), methods=list(METHODS), chain_ids=[BASE]),
    ],
    ids=["standard", "alternating", "everything", "kinds"],
)
def test_the_warnings_about_the_largest_policies_take_less_than_a_fifth_of_a_second(rules):
    """Anybody with a token of a user can ask for them."""
    read = read_rules([*rules, {"id": "all", "effect": "allow"}])
    best = float("inf")
    for _ in range(3):
        is_read.cache_clear()
        began = time.thread_time()
        assert len(warnings(read)) >= 49
        best = min(best, time.thread_time() - began)
    assert best < 0.2, f"{best:.3f} s"
