"""What holds for all policies and requests, and the same verdict from a second implementation."""

from dataclasses import replace

from hypothesis import event, given, note, settings
from hypothesis import strategies as st

from tests.unit.policies import reference
from tests.unit.policies.random_policies import (
    LAYERS,
    a_batch,
    a_history,
    a_policy,
    a_request,
    denying,
    some_layers,
    with_ids,
)
from wallet_api.policies.evaluation import PolicyVersion, evaluate, match
from wallet_api.policies.reading import read_rules


def sums_of(windows, history, now):
    """Sum a history as the database does."""
    return {
        window: sum(
            spend["amount"]
            for spend in history
            if spend["chain_id"] == window.chain_id
            and spend["asset"] == window.asset
            and spend["kind"] in window.kinds
            and (window.counterparties is None or spend["counterparty"] in window.counterparties)
            and spend["until"] > now - window.seconds
        )
        for window in windows
    }


def our_verdict(layers, request, history, *, unrestricted=False):
    versions = [
        PolicyVersion(layer=layer, policy="p", version=1, rules=read_rules(rules))
        for layer, rules in layers.items()
    ]
    matching = match(request, versions)
    assert len(set(matching.windows)) == len(matching.windows)
    sums = sums_of(matching.windows, history, request.now)
    return evaluate(matching, sums, unrestricted=unrestricted)


def of_random_scenarios(test):
    """Run a test with many layers, requests and spends of the past."""

    @settings(max_examples=400, deadline=None)
    @given(st.randoms(use_true_random=True))
    def run(random):
        layers, request, history = some_layers(random), a_request(random), a_history(random)
        note(f"{layers=}\n{request=}\n{history=}")
        test(random, layers, request, history)

    return run


@of_random_scenarios
def test_a_second_implementation_gives_the_same_verdict(random, layers, request, history):
    unrestricted = random.random() < 0.2
    found = our_verdict(layers, request, history, unrestricted=unrestricted)
    event(str(found.reason))
    assert found.reason == reference.verdict(layers, request, history, unrestricted=unrestricted)


@of_random_scenarios
def test_what_is_allowed_has_no_effect_outside_an_allow_rule_of_every_layer(
    random, layers, request, history
):
    if not our_verdict(layers, request, history).allowed:
        return
    event("allowed")
    assert layers.keys() - {"user"}
    for rules in layers.values():
        for effect in reference.effects_of(request):
            assert any(
                rule["effect"] == "allow" and reference.may_allow(rule, effect, request)
                for rule in rules
            )
            assert not any(
                rule["effect"] == "deny" and reference.conditions_hold(rule, effect, request)
                for rule in rules
            )


@of_random_scenarios
def test_a_layer_never_widens(random, layers, request, history):
    more = {random.choice(LAYERS): a_policy(random)} | layers
    if our_verdict(more, request, history).allowed:
        event(f"allowed with {len(more)} layers, then with {len(layers)}")
        # Without the policy of an operator nothing is signed. A user's own is none.
        expected = None if layers.keys() - {"user"} else "no_policy"
        assert our_verdict(layers, request, history).reason == expected


@of_random_scenarios
def test_a_users_own_policy_allows_nothing_more(random, layers, request, history):
    for unrestricted in (True, False):
        without = our_verdict({}, request, history, unrestricted=unrestricted)
        user = {"user": a_policy(random)}
        own = our_verdict(user, request, history, unrestricted=unrestricted)
        assert without.allowed or not own.allowed


@of_random_scenarios
def test_a_deny_rule_wins_and_never_widens(random, layers, request, history):
    rules, rule = a_policy(random), denying(random)
    denied = our_verdict({"client": with_ids([*rules, rule])}, request, history)
    if any(
        reference.conditions_hold(rule, effect, request) for effect in reference.effects_of(request)
    ):
        event("matches")
        assert denied.reason == "denied"
    else:
        assert denied == our_verdict({"client": rules}, request, history)


@of_random_scenarios
def test_no_order_matters(random, layers, request, history):
    def shuffled(items):
        return random.sample(items, len(items))

    found = our_verdict(layers, request, history, unrestricted=True)
    others = {layer: shuffled(rules) for layer, rules in shuffled(list(layers.items()))}
    assert our_verdict(others, request, shuffled(history), unrestricted=True) == found
    turned = replace(request, effects=shuffled(request.effects))
    assert our_verdict(layers, turned, history, unrestricted=True).allowed == found.allowed


@settings(max_examples=400, deadline=None)
@given(st.randoms(use_true_random=True))
def test_a_batch_is_judged_like_any_other_request(random):
    layers, request, history = some_layers(random), a_batch(random), a_history(random)
    note(f"{layers=}\n{request=}\n{history=}")
    verdict = our_verdict(layers, request, history)
    expected = reference.verdict(layers, request, history, unrestricted=False)
    event(f"alike {request.alike}: {verdict.reason}")
    assert verdict.reason == expected
