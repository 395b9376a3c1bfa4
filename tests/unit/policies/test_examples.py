"""A rule has an example if a request that a client can send matches it, and only then."""

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import event, given, note, settings
from hypothesis import strategies as st

from tests.unit.policies import reference
from tests.unit.policies.random_policies import CONDITIONS, LIMITS, merged, some
from tests.unit.policies.real_requests import all_requests
from tests.unit.policies.requests import DAI, PERMIT2, ROUTER, USDC
from wallet_api.errors import NotSignable
from wallet_api.ethereum.typed_data import read_typed_data
from wallet_api.policies.examples import examples, is_read
from wallet_api.policies.reading import read_rules
from wallet_api.policies.rules import METHODS
from wallet_api.policies.warnings import warnings

MORE_CONDITIONS = [
    *({"methods": [method]} for method in METHODS),
    *({"spenders": spenders} for spenders in ([PERMIT2], [PERMIT2, ROUTER])),
    {"kinds": ["typed_data"], "typed_data": {"verifying_contracts": [PERMIT2, ROUTER]}},
    *({"typed_data": {"primary_types": [name]}} for name in ("Permit", "PermitBatch", "uint256")),
    *(
        {"typed_data": {"primary_types": [name], "verifying_contracts": [contract]}}
        for name in ("Permit", "PermitSingle", "TransferWithAuthorization")
        for contract in (USDC, DAI, PERMIT2)
    ),
]


def _values(condition):
    """Return conditions with one value each."""
    ((name, values),) = condition.items()
    if name == "typed_data":
        return [{name: {member: [value]}} for member, listed in values.items() for value in listed]
    return [{name: [value]} for value in values]


NARROW_CONDITIONS = [narrow for one in CONDITIONS for narrow in _values(one)]


@cache
def single_effects():
    """Return each request once for each of its effects."""
    return [
        replace(request, effects=(effect,))
        for request in all_requests()
        for effect in request.effects
    ]


def matches(rule, request):
    """Return whether a rule matches a request, by the second implementation of the semantics."""
    verdict = reference.layer_verdict([rule], request, [])
    return verdict == ("denied" if rule["effect"] == "deny" else None)


def of_random_rules(test):
    """Run a test with many rules that have few enough conditions to match sometimes."""

    @settings(max_examples=100, deadline=None)
    @given(st.randoms(use_true_random=True))
    def run(random):
        effect = random.choice(("allow", "deny"))
        parts = some(random, lambda _: random.choice(CONDITIONS + MORE_CONDITIONS), 3)
        limits = random.choice(LIMITS) if effect == "allow" else {}
        rule = {"id": "r", "effect": effect, **merged([limits, *parts])}
        note(str(rule))
        test(rule)

    return run


@of_random_rules
def test_a_rule_has_an_example_if_and_only_if_a_request_matches_it(rule):
    (read,) = read_rules([rule])
    found = examples(read)
    event("matches" if found else "never matches")
    assert bool(found) == any(matches(rule, request) for request in single_effects())


@of_random_rules
def test_each_example_matches_by_the_second_implementation_too(rule):
    (read,) = read_rules([rule])
    assert all(matches(rule, example) for example in examples(read))


@of_random_rules
def test_a_rule_is_said_to_never_match_if_it_has_no_example(rule):
    read = read_rules([rule, {"id": "other", "effect": "allow"}])
    said = any(sentence.startswith('Rule "r" can never match') for sentence in warnings(read))
    assert said == (not examples(read[0]))


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=True))
def test_a_rule_that_never_allows_anything_allows_no_request(random):
    """Rules that deny have one value of a condition or two: often only several deny all of it."""
    allowing = merged(some(random, lambda _: random.choice(CONDITIONS), 3))
    denying = [
        {
            "id": f"d{index}",
            "effect": "deny",
            **merged(some(random, lambda _: random.choice(NARROW_CONDITIONS), 2, least=1)),
        }
        for index in range(random.randint(1, 12))
    ]
    rule = {"id": "r", "effect": "allow", **allowing}
    note(f"{rule} {denying}")
    said = [
        one
        for one in warnings(read_rules([rule, *denying]))
        if one.startswith('Rule "r" never allows')
    ]
    event("several rules" if said and "rules" in said[0] else "one rule" if said else "nothing")
    if said:
        assert not any(
            reference.layer_verdict([rule, *denying], request, []) is None
            for request in single_effects()
        )


@pytest.mark.parametrize(
    "name",
    [
        *("Order", "HyperliquidTransaction:Withdraw", "$", "A$b", "_", "Int8", "int8a"),
        *("int8", "int", "uint7", "bytes", "bytes33", "bytes32x", "address", "addresses", "bool"),
        *("string", "EIP712Domain", "EIP712Domain:a", "EIP712Domains", "EIP712Domain$"),
        *("__proto__", "x" * 128, "x" * 129),
    ],
)
def test_a_primary_type_can_be_read_if_and_only_if_such_typed_data_is(name):
    smallest = {"types": {name: []}, "primaryType": name, "domain": {}, "message": {}}
    try:
        read_typed_data(smallest, chain_id=1)
    except NotSignable:
        assert not is_read(name)
    else:
        assert is_read(name)
