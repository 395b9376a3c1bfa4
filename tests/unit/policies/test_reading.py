"""Policies are read strictly, written back in one form, and described by a JSON Schema."""

import json
from typing import get_args

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.policies.random_policies import a_policy
from tests.unit.policies.requests import DAI, ROUTER, STRANGER, USDC
from wallet_api.errors import InvalidPolicy
from wallet_api.ethereum.effects import Effect
from wallet_api.policies.json_schema import POLICY_SCHEMA
from wallet_api.policies.reading import parse_policy, read_policy, read_rules
from wallet_api.policies.rules import KINDS, Rule, TypedDataCondition, WindowLimit

CHECKSUMMED = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
WRONG_CHECKSUM = "0x833589FCD6eDb6E08f4c7C32D4f71b54bdA02913"
SMALLEST = {"id": "a", "effect": "allow"}
LIMITED = SMALLEST | {"tokens": ["native"], "chain_ids": [1]}
LARGEST = {
    "id": "a-b_9",
    "effect": "allow",
    "methods": ["personal_sign"],
    "chain_ids": [8453, 1],
    "kinds": ["allowance", "token_transfer"],
    "to": [STRANGER, ROUTER],
    "tokens": ["native", CHECKSUMMED],
    "spenders": [DAI],
    "selectors": ["0xA9059CBB"],
    "typed_data": {"verifying_contracts": [DAI], "primary_types": ["Permit", "Order"]},
    "max_amount": str(2**256 - 1),
    "windows": [
        {"seconds": 31_622_400, "max_amount": "0"},
        {"seconds": 1, "max_amount": "10"},
    ],
    "max_lifetime_seconds": 31_622_400,
}
VALIDATOR = jsonschema_rs.Draft202012Validator(POLICY_SCHEMA)


def document(*rules, **changes):
    return {"name": "A policy", "rules": list(rules)} | changes


def field_of_fault(given):
    with pytest.raises(InvalidPolicy) as refused:
        read_policy(given)
    assert str(refused.value).startswith(f"{refused.value.field}: ")
    return refused.value.field


def test_a_rule_is_read_into_sets_and_numbers():
    (rule,) = read_rules([LARGEST])
    assert rule == Rule(
        id="a-b_9",
        effect="allow",
        methods=frozenset({"personal_sign"}),
        chain_ids=frozenset({1, 8453}),
        kinds=frozenset({"token_transfer", "allowance"}),
        to=frozenset({ROUTER, STRANGER}),
        tokens=frozenset({"native", USDC}),
        spenders=frozenset({DAI}),
        selectors=frozenset({"0xa9059cbb"}),
        typed_data=TypedDataCondition(
            verifying_contracts=frozenset({DAI}), primary_types=frozenset({"Permit", "Order"})
        ),
        max_amount=2**256 - 1,
        windows=(
            WindowLimit(seconds=1, max_amount=10),
            WindowLimit(seconds=31_622_400, max_amount=0),
        ),
        max_lifetime_seconds=31_622_400,
    )


def test_a_rule_without_conditions_has_none():
    (rule,) = read_rules([SMALLEST])
    assert rule == Rule(id="a", effect="allow")
    assert rule.as_json() == SMALLEST


def test_what_is_written_is_sorted_and_in_lower_case():
    policy = read_policy(document(LARGEST))
    assert policy.as_json()["rules"] == [
        LARGEST
        | {
            "chain_ids": [1, 8453],
            "to": sorted([ROUTER, STRANGER]),
            "tokens": [USDC, "native"],
            "selectors": ["0xa9059cbb"],
            "typed_data": {"verifying_contracts": [DAI], "primary_types": ["Order", "Permit"]},
            "windows": LARGEST["windows"][::-1],
        }
    ]


@settings(deadline=None)
@given(st.randoms(use_true_random=True))
def test_what_is_written_is_read_again_as_the_same(random):
    rules = read_rules(a_policy(random))
    text = json.dumps(document(*[rule.as_json() for rule in rules]))
    policy = parse_policy(text)
    assert policy.rules == rules
    assert json.dumps(policy.as_json()) == text
    assert VALIDATOR.is_valid(json.loads(text))


def test_a_policy_has_up_to_50_rules_and_lists_up_to_100_elements():
    rules = [SMALLEST | {"id": f"r{index}"} for index in range(51)]
    assert len(read_rules(rules[:50])) == 50
    assert field_of_fault(document(*rules)) == "rules"
    addresses = [f"0x{index:040x}" for index in range(101)]
    (rule,) = read_rules([SMALLEST | {"to": addresses[:100]}])
    assert len(rule.to) == 100
    assert field_of_fault(document(SMALLEST | {"to": addresses})) == "rules[0].to"


# A change to a rule that may be read otherwise, and the field that is at fault.
FAULTS = [
    (SMALLEST | {"id": ""}, "id"),
    (SMALLEST | {"id": "A"}, "id"),
    (SMALLEST | {"id": "a" * 65}, "id"),
    (SMALLEST | {"id": "a\n"}, "id"),
    (SMALLEST | {"id": 5}, "id"),
    ({"effect": "allow"}, "id"),
    ({"id": "a"}, "effect"),
    (SMALLEST | {"effect": "ALLOW"}, "effect"),
    (SMALLEST | {"effect": None}, "effect"),
    (SMALLEST | {"max_amout": "5"}, "max_amout"),
    (SMALLEST | {"methods": []}, "methods"),
    (SMALLEST | {"methods": ["eth_sendTransaction"]}, "methods[0]"),
    (SMALLEST | {"methods": "eth_sign"}, "methods"),
    (SMALLEST | {"chain_ids": []}, "chain_ids"),
    (SMALLEST | {"chain_ids": [1, 0]}, "chain_ids[1]"),
    (SMALLEST | {"chain_ids": ["1"]}, "chain_ids[0]"),
    (SMALLEST | {"chain_ids": [True]}, "chain_ids[0]"),
    (SMALLEST | {"chain_ids": [1.5]}, "chain_ids[0]"),
    (SMALLEST | {"chain_ids": [2**53]}, "chain_ids[0]"),
    (SMALLEST | {"chain_ids": [1, 1]}, "chain_ids[1]"),
    (SMALLEST | {"kinds": ["transfer"]}, "kinds[0]"),
    (SMALLEST | {"kinds": ["message", ["message"]]}, "kinds[1]"),
    (SMALLEST | {"kinds": None}, "kinds"),
    (SMALLEST | {"to": ["native"]}, "to[0]"),
    (SMALLEST | {"to": [USDC[:-1]]}, "to[0]"),
    (SMALLEST | {"to": [{}]}, "to[0]"),
    (SMALLEST | {"tokens": ["NATIVE"]}, "tokens[0]"),
    (SMALLEST | {"spenders": [USDC, ""]}, "spenders[1]"),
    (SMALLEST | {"selectors": ["0xa9059cb"]}, "selectors[0]"),
    (SMALLEST | {"selectors": ["a9059cbb"]}, "selectors[0]"),
    (SMALLEST | {"typed_data": {}}, "typed_data"),
    (SMALLEST | {"typed_data": None}, "typed_data"),
    (SMALLEST | {"typed_data": {"primaryTypes": ["Permit"]}}, "typed_data.primaryTypes"),
    (SMALLEST | {"typed_data": {"primary_types": []}}, "typed_data.primary_types"),
    (SMALLEST | {"typed_data": {"primary_types": ["a b"]}}, "typed_data.primary_types[0]"),
    (
        SMALLEST | {"typed_data": {"verifying_contracts": ["native"]}},
        "typed_data.verifying_contracts[0]",
    ),
    (LIMITED | {"max_amount": 5}, "max_amount"),
    (LIMITED | {"max_amount": ""}, "max_amount"),
    (LIMITED | {"max_amount": "05"}, "max_amount"),
    (LIMITED | {"max_amount": "-1"}, "max_amount"),
    (LIMITED | {"max_amount": "1.0"}, "max_amount"),
    (LIMITED | {"max_amount": "0x5"}, "max_amount"),
    (LIMITED | {"max_amount": "٣"}, "max_amount"),
    (LIMITED | {"max_amount": "1" * 79}, "max_amount"),
    (SMALLEST | {"max_amount": "5", "chain_ids": [1]}, "tokens"),
    (SMALLEST | {"max_amount": "5", "tokens": ["native"]}, "chain_ids"),
    (SMALLEST | {"windows": [{"seconds": 1, "max_amount": "5"}]}, "tokens"),
    (LIMITED | {"windows": []}, "windows"),
    (LIMITED | {"windows": {"seconds": 1, "max_amount": "5"}}, "windows"),
    (LIMITED | {"windows": [{"seconds": 0, "max_amount": "5"}]}, "windows[0].seconds"),
    (LIMITED | {"windows": [{"seconds": 31_622_401, "max_amount": "5"}]}, "windows[0].seconds"),
    (LIMITED | {"windows": [{"seconds": "60", "max_amount": "5"}]}, "windows[0].seconds"),
    (LIMITED | {"windows": [{"seconds": 60, "max_amount": 5}]}, "windows[0].max_amount"),
    (LIMITED | {"windows": [{"seconds": 60}]}, "windows[0].max_amount"),
    (LIMITED | {"windows": [{"max_amount": "5"}]}, "windows[0].seconds"),
    (LIMITED | {"windows": [{"seconds": 1, "max_amount": "5", "x": 1}]}, "windows[0].x"),
    (
        LIMITED | {"windows": [{"seconds": n + 1, "max_amount": "5"} for n in range(5)]},
        "windows",
    ),
    (SMALLEST | {"max_lifetime_seconds": 0}, "max_lifetime_seconds"),
    (SMALLEST | {"max_lifetime_seconds": "60"}, "max_lifetime_seconds"),
    (SMALLEST | {"max_lifetime_seconds": True}, "max_lifetime_seconds"),
    (SMALLEST | {"max_lifetime_seconds": 31_622_401}, "max_lifetime_seconds"),
    (LIMITED | {"effect": "deny", "max_amount": "5"}, "max_amount"),
    (
        LIMITED | {"effect": "deny", "windows": [{"seconds": 1, "max_amount": "5"}]},
        "windows",
    ),
    (SMALLEST | {"effect": "deny", "max_lifetime_seconds": 60}, "max_lifetime_seconds"),
]
# What is refused although the schema cannot say so.
BEYOND_THE_SCHEMA = [
    (SMALLEST | {"to": [WRONG_CHECKSUM]}, "to[0]"),
    (SMALLEST | {"to": [USDC, CHECKSUMMED]}, "to[1]"),
    (SMALLEST | {"selectors": ["0xa9059cbb", "0xA9059CBB"]}, "selectors[1]"),
    (SMALLEST | {"chain_ids": [1.0]}, "chain_ids[0]"),
    (LIMITED | {"max_amount": str(2**256)}, "max_amount"),
    (
        LIMITED | {"windows": [{"seconds": 9, "max_amount": most} for most in ("1", "2")]},
        "windows[1].seconds",
    ),
]


@pytest.mark.parametrize(("rule", "field"), FAULTS + BEYOND_THE_SCHEMA)
def test_a_fault_names_its_field(rule, field):
    good = {"id": "good", "effect": "deny"}
    assert field_of_fault(document(good, rule)) == f"rules[1].{field}"


@pytest.mark.parametrize(("rule", "field"), FAULTS)
def test_what_is_refused_is_not_valid_for_the_schema(rule, field):
    assert not VALIDATOR.is_valid(document(rule)), field


@pytest.mark.parametrize(("rule", "field"), BEYOND_THE_SCHEMA)
def test_the_schema_accepts_only_what_its_docstring_lists(rule, field):
    assert VALIDATOR.is_valid(document(rule)), field


@pytest.mark.parametrize("rule", [SMALLEST, LARGEST, LIMITED | {"max_amount": "0"}])
def test_what_is_read_is_valid_for_the_schema(rule):
    assert read_policy(document(rule))
    VALIDATOR.validate(document(rule))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ([], ""),
        ("{}", ""),
        ({"rules": [SMALLEST]}, "name"),
        ({"name": "A policy"}, "rules"),
        (document(SMALLEST, id="x"), "id"),
        (document(SMALLEST, name=""), "name"),
        (document(SMALLEST, name="a" * 101), "name"),
        (document(SMALLEST, name=None), "name"),
        (document(), "rules"),
        (document(rules={}), "rules"),
        (document("allow"), "rules[0]"),
        (document(None), "rules[0]"),
    ],
)
def test_a_fault_of_the_document_names_its_field(given, field):
    with pytest.raises(InvalidPolicy) as refused:
        read_policy(given)
    assert refused.value.field == field
    assert not VALIDATOR.is_valid(given)


@pytest.mark.parametrize("name", ["a\nb", "\u202eabc", "a\x00", "\ud800"])
def test_a_name_can_be_printed(name):
    assert field_of_fault(document(SMALLEST, name=name)) == "name"


def test_ids_are_unique():
    assert field_of_fault(document(SMALLEST, LARGEST, SMALLEST)) == "rules[2].id"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"name": "a", "rules": [{"id": "a", "effect": "deny", "effect": "allow"}]}', "effect"),
        ('{"name": "a", "name": "b", "rules": []}', "name"),
        ('{"name": "a", "rules": [{"id": "a", "effect": "allow"}],}', "policy"),
        ("[" * 100_000, "policy"),
        ("", "policy"),
    ],
)
def test_a_text_has_no_member_twice_and_is_json(text, field):
    with pytest.raises(InvalidPolicy) as refused:
        parse_policy(text)
    assert refused.value.field == field


def test_a_number_that_only_looks_like_an_integer_is_refused_in_a_text():
    text = json.dumps(document(SMALLEST | {"chain_ids": [1]})).replace("[1]", "[1.0]")
    with pytest.raises(InvalidPolicy) as refused:
        parse_policy(text)
    assert refused.value.field == "rules[0].chain_ids[0]"


def test_the_kinds_are_those_of_the_effects():
    assert {effect.kind for effect in get_args(Effect)} == set(KINDS)


@settings(deadline=None, max_examples=300)
@given(st.randoms(use_true_random=True))
def test_the_schema_and_the_reader_agree_on_random_damage(random):
    rules = a_policy(random)
    rule = random.choice(rules)
    values = ["", "5", 0, 5, True, None, [], {}, [USDC], ["native"], [5], ["allowance"], "allow"]
    rule[random.choice([*LARGEST, "max_amout"])] = random.choice(values)
    given = document(*rules)
    try:
        read_policy(given)
    except InvalidPolicy:
        assert not VALIDATOR.is_valid(given)
    else:
        VALIDATOR.validate(given)


def test_rules_share_equal_conditions():
    """Verdicts compare them."""
    first, second = read_rules(
        [
            {"id": name, "effect": "allow", "to": [f"0x{n:040x}" for n in numbers]}
            for name, numbers in (("a", range(9)), ("b", range(8, -1, -1)))
        ]
    )
    assert first.to is second.to
