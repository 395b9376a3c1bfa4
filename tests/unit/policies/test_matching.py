"""Each condition of a rule, with each kind of effect."""

from itertools import permutations

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
    message,
    typed_data,
)
from wallet_api.ethereum.effects import (
    Allowance,
    ContractCall,
    ContractCreation,
    Delegation,
    HashMessage,
    NativeTransfer,
    NetworkFee,
    SignedMessage,
    TokenTransfer,
    UnknownTypedData,
)
from wallet_api.policies.evaluation import PolicyVersion, evaluate, match
from wallet_api.policies.matching import Request
from wallet_api.policies.reading import read_rules
from wallet_api.policies.rules import KINDS, METHODS, NATIVE

EFFECTS = {
    "native_transfer": NativeTransfer(to=ROUTER, amount=5),
    "token_transfer": TokenTransfer(token=USDC, sender=WALLET, to=ROUTER, amount=5),
    "allowance": Allowance(token=USDC, owner=WALLET, spender=ROUTER, amount=5, contract=USDC),
    "contract_call": ContractCall(to=ROUTER, selector="0x3593564c"),
    "contract_creation": ContractCreation(code_hash="0x" + "00" * 32),
    "delegation": Delegation(authority=WALLET, delegate=ROUTER, chain_id=BASE),
    "message": SignedMessage(length=5),
    "hash_message": HashMessage(),
    "typed_data": UnknownTypedData(primary_type="Order", verifying_contract=ROUTER),
    "network_fee": NetworkFee(amount=5),
}
# What each condition says about the effects that have it: a value that matches, and another.
CONDITIONS = {
    "to": dict.fromkeys(
        ("native_transfer", "token_transfer", "contract_call", "delegation"), (ROUTER, STRANGER)
    ),
    "tokens": {
        "native_transfer": (NATIVE, USDC),
        "token_transfer": (USDC, DAI),
        "allowance": (USDC, NATIVE),
        "network_fee": (NATIVE, USDC),
    },
    "spenders": {"allowance": (ROUTER, STRANGER)},
    "selectors": {"contract_call": ("0x3593564c", "0x3593564d")},
}
# Values for the effects that do not have what the condition is about.
ANY_VALUE = {"to": ROUTER, "tokens": USDC, "spenders": ROUTER, "selectors": "0x3593564c"}
# What an allow rule must name before it matches at all.
NAMED = {"delegation": {"to": [ROUTER]}}


def request_for(effect, **changes):
    values = {
        "method": "eth_signTransaction",
        "chain_id": BASE,
        "effects": (effect,),
        "wallet": WALLET,
        "typed_data": None,
        "now": NOW,
    }
    return Request(**values | changes)


def rule(**members):
    """Return a rule, whose lists may be written as one value."""
    listed = {
        name: [value] if isinstance(value, str | int) and name not in ("id", "effect") else value
        for name, value in members.items()
    }
    (read,) = read_rules([{"id": "r", "effect": "allow", **listed}])
    return read


def reason(request, *rules):
    """Return why a policy of these rules refuses a request, or None."""
    layers = [PolicyVersion(layer="client", policy="p", version=1, rules=rules)]
    return evaluate(match(request, layers), {}, unrestricted=False).reason


def denies(request, **members):
    """Return whether a deny rule matches, and check that an allow rule with the same does not."""
    everything = rule(id="everything", kinds=list(KINDS), effect="allow")
    delegates = rule(id="delegates", kinds="delegation", to=ROUTER, effect="allow")
    verdict = reason(request, everything, delegates, rule(effect="deny", **members))
    assert verdict in (None, "denied")
    return verdict == "denied"


def allows(request, **members):
    verdict = reason(request, rule(effect="allow", **members))
    assert verdict in (None, "no_rule")
    return verdict is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_matches_the_kinds_that_it_names(kind):
    request = request_for(EFFECTS[kind])
    others = [other for other in KINDS if other != kind]
    for matches in (denies, allows):
        assert matches(request, kinds=kind, **NAMED.get(kind, {}))
        assert matches(request, kinds=list(KINDS), **NAMED.get(kind, {}))
        assert not matches(request, kinds=others, **NAMED.get(kind, {}))


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_without_conditions_matches_everything_that_need_not_be_named(kind):
    request = request_for(EFFECTS[kind])
    assert denies(request)
    assert allows(request) == (kind not in ("hash_message", "delegation"))


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_condition_matches_only_effects_that_have_what_it_is_about(kind, condition):
    request = request_for(EFFECTS[kind])
    named = {"kinds": kind, **NAMED.get(kind, {})}
    if kind in CONDITIONS[condition]:
        right, wrong = CONDITIONS[condition][kind]
        for matches in (denies, allows):
            assert matches(request, **named | {condition: right})
            assert matches(request, **named | {condition: [wrong, right]})
            assert not matches(request, **named | {condition: wrong})
    else:
        for matches in (denies, allows):
            assert not matches(request, **named | {condition: ANY_VALUE[condition]})


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_matches_the_methods_and_chains_of_the_request(kind):
    named = {"kinds": kind, **NAMED.get(kind, {})}
    for method in METHODS:
        request = request_for(EFFECTS[kind], method=method)
        others = [other for other in METHODS if other != method]
        for matches in (denies, allows):
            assert matches(request, methods=method, **named)
            assert not matches(request, methods=others, **named)
    request = request_for(EFFECTS[kind])
    for matches in (denies, allows):
        assert matches(request, chain_ids=[1, BASE], **named)
        assert not matches(request, chain_ids=1, **named)


def test_a_message_for_no_chain_matches_no_condition_on_chains():
    request = request_for(EFFECTS["message"], chain_id=None)
    for matches in (denies, allows):
        assert matches(request, kinds="message")
        assert not matches(request, chain_ids=BASE)


@pytest.mark.parametrize("kind", KINDS)
def test_a_condition_on_typed_data_matches_every_effect_of_such_a_request(kind):
    named = {"kinds": kind, **NAMED.get(kind, {})}
    right = {"verifying_contracts": [PERMIT2], "primary_types": ["PermitSingle"]}
    wrong = {"verifying_contracts": [ROUTER], "primary_types": ["PermitBatch"]}
    request = request_for(EFFECTS[kind], typed_data=(PERMIT2, "PermitSingle"))
    without = request_for(EFFECTS[kind])
    nameless = request_for(EFFECTS[kind], typed_data=(None, "PermitSingle"))
    for matches in (denies, allows):
        assert matches(request, typed_data=right, **named)
        assert not matches(without, typed_data=right, **named)
        assert not matches(nameless, typed_data=right, **named)
        for name, value in right.items():
            assert matches(request, typed_data={name: value}, **named)
            assert matches(request, typed_data={name: wrong[name] + value}, **named)
            assert not matches(request, typed_data={name: wrong[name]}, **named)
            assert not matches(request, typed_data=right | {name: wrong[name]}, **named)
        assert matches(nameless, typed_data={"primary_types": ["PermitSingle"]}, **named)


@pytest.mark.parametrize("chain_id", [0, 1])
def test_a_delegation_for_every_chain_or_another_one_is_never_allowed(chain_id):
    delegation = Delegation(authority=STRANGER, delegate=ROUTER, chain_id=chain_id)
    assert not allows(request_for(delegation), kinds="delegation", to=ROUTER)
    assert denies(request_for(delegation), kinds="delegation", to=ROUTER)


def test_a_delegation_needs_its_kind_and_its_delegate_by_name_even_if_it_ends_one():
    ending = Delegation(authority=WALLET, delegate="0x" + "00" * 20, chain_id=BASE)
    assert not allows(request_for(ending), kinds="delegation")
    assert not allows(request_for(ending), to="0x" + "00" * 20)
    assert not allows(request_for(ending), kinds="delegation", to=ROUTER)
    assert allows(request_for(ending), kinds="delegation", to="0x" + "00" * 20)


def test_typed_data_for_permit2_of_no_known_standard_are_never_allowed():
    """Permit2 would not accept them, or the list of standards is incomplete."""
    order = UnknownTypedData(primary_type="Order", verifying_contract=PERMIT2)
    request = request_for(order, method="eth_signTypedData_v4", typed_data=(PERMIT2, "Order"))
    named = {"kinds": "typed_data", "typed_data": {"verifying_contracts": [PERMIT2]}}
    assert not allows(request, **named)
    assert not allows(request)
    assert denies(request, **named)


def test_a_message_of_32_bytes_needs_its_kind_by_name():
    assert not allows(message(b"a" * 32), kinds="message")
    assert not allows(message(b"a" * 32), methods="personal_sign")
    assert allows(message(b"a" * 32), kinds="hash_message")
    assert not allows(message(b"a" * 31), kinds="hash_message")
    assert denies(message(b"a" * 32), methods="personal_sign")
    assert not denies(message(b"a" * 32), kinds="message")


def test_typed_data_without_a_contract_matches_by_its_type_only():
    request = typed_data("Login", {"name": "x"}, {"text": "y"}, Login="string text")
    assert allows(request, typed_data={"primary_types": ["Login"]})
    assert not allows(request, typed_data={"verifying_contracts": [ROUTER]})


def test_every_effect_of_a_request_needs_a_rule():
    two = request_for(
        EFFECTS["contract_call"], effects=(EFFECTS["contract_call"], EFFECTS["network_fee"])
    )
    fee = rule(id="fee", kinds="network_fee")
    called = rule(id="call", kinds="contract_call")
    assert reason(two, called) == reason(two, fee) == "no_rule"
    assert reason(two, called, fee) is None
    assert reason(two, called, fee, rule(id="no", effect="deny", kinds="network_fee")) == "denied"


def test_of_several_rules_the_same_one_is_named_in_every_order():
    request = request_for(EFFECTS["contract_call"])
    for effect in ("deny", "allow"):
        rules = [rule(id=name, effect=effect) for name in ("a", "b", "c")]
        for order in permutations(rules):
            layers = [PolicyVersion(layer="client", policy="p", version=1, rules=order)]
            (verdict,) = evaluate(match(request, layers), {}, unrestricted=False).layers
            assert verdict.rules == ("a",)


def test_a_request_without_effects_is_not_allowed():
    assert reason(request_for(None, effects=()), rule()) == "no_rule"
