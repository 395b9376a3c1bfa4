"""Layers: each may only narrow, and one of the operator's must exist."""

from itertools import chain, combinations, permutations

import pytest

from tests.unit.policies.requests import BASE, NOW, ROUTER, WALLET, message, permit2
from wallet_api.ethereum.effects import Delegation
from wallet_api.policies.evaluation import LAYERS, PolicyVersion, evaluate, match
from wallet_api.policies.matching import Request
from wallet_api.policies.reading import read_rules
from wallet_api.policies.rules import KINDS

ALLOWING = read_rules(
    [
        {"id": "all", "effect": "allow", "kinds": list(KINDS)},
        {"id": "delegates", "effect": "allow", "kinds": ["delegation"], "to": [ROUTER]},
    ]
)
REFUSING = read_rules([{"id": "none", "effect": "deny"}])
SUBSETS = list(chain.from_iterable(combinations(LAYERS, count) for count in range(5)))
REQUEST = permit2(1)


def layers(names, refusing=()):
    return [
        PolicyVersion(
            layer=name,
            policy=f"policy of {name}",
            version=7,
            rules=REFUSING if name in refusing else ALLOWING,
        )
        for name in names
    ]


@pytest.mark.parametrize("names", SUBSETS)
def test_one_policy_of_the_operator_must_exist_unless_the_client_is_unrestricted(names):
    base = bool(set(names) & {"service", "client", "wallet"})
    restricted = evaluate(match(REQUEST, layers(names)), {}, unrestricted=False)
    assert restricted.reason == (None if base else "no_policy")
    assert restricted.allowed == base
    assert restricted.refusal is None
    assert evaluate(match(REQUEST, layers(names)), {}, unrestricted=True).allowed


@pytest.mark.parametrize("names", SUBSETS)
@pytest.mark.parametrize("unrestricted", [True, False])
def test_every_layer_that_exists_can_refuse(names, unrestricted):
    for refusing in names:
        found = evaluate(match(REQUEST, layers(names, {refusing})), {}, unrestricted=unrestricted)
        assert found.reason == "denied"
        assert (found.refusal.layer, found.refusal.policy) == (refusing, f"policy of {refusing}")
        assert (found.refusal.version, found.refusal.rules) == (7, ("none",))
        reasons = {verdict.layer: verdict.reason for verdict in found.layers}
        assert reasons == {name: "denied" if name == refusing else None for name in names}


def test_the_first_layer_that_refuses_is_reported_and_all_are_returned():
    for given in permutations(layers(LAYERS, {"client", "wallet", "user"})):
        found = evaluate(match(REQUEST, given), {}, unrestricted=False)
        assert found.refusal.layer == "client"
        assert [verdict.layer for verdict in found.layers] == list(LAYERS)


def test_a_refusal_of_the_user_is_reported_before_the_missing_policy():
    found = evaluate(match(REQUEST, layers(["user"], {"user"})), {}, unrestricted=False)
    assert found.reason == "denied"


@pytest.mark.parametrize("names", SUBSETS)
def test_a_message_that_may_be_a_hash_needs_a_policy_even_for_an_unrestricted_client(names):
    base = bool(set(names) & {"service", "client", "wallet"})
    found = evaluate(match(message(b"a" * 32), layers(names)), {}, unrestricted=True)
    assert found.reason == (None if base else "no_policy")
    assert evaluate(match(message(b"a" * 31), layers(names)), {}, unrestricted=True).allowed


@pytest.mark.parametrize("names", SUBSETS)
@pytest.mark.parametrize("chain_id", [0, 1])
def test_a_delegation_for_every_chain_is_never_allowed(names, chain_id):
    def delegating(chain_id):
        effect = Delegation(authority=WALLET, delegate=ROUTER, chain_id=chain_id)
        return Request(
            method="eth_signTransaction",
            chain_id=BASE,
            effects=(effect,),
            wallet=WALLET,
            typed_data=None,
            now=NOW,
        )

    found = evaluate(match(delegating(chain_id), layers(names)), {}, unrestricted=True)
    assert found.reason == ("no_rule" if names else "no_policy")
    found = evaluate(match(delegating(BASE), layers(names)), {}, unrestricted=True)
    assert found.reason == (None if set(names) & {"service", "client", "wallet"} else "no_policy")
