"""The page on policies names every member, kind, layer and reason, and its example is a policy."""

import re

from tests.documentation.pages import code, read, section, tables
from wallet_api.policies.evaluation import LAYERS, REASONS
from wallet_api.policies.explanation import explain
from wallet_api.policies.json_schema import RULE_SCHEMA
from wallet_api.policies.reading import parse_policy
from wallet_api.policies.rules import KINDS
from wallet_api.policies.warnings import warnings

PAGE = read("docs/policies.md")


def first_cells(heading):
    return [name for first, *_ in tables(section(PAGE, heading)) for name in code(first)]


def test_every_layer_is_described_in_order():
    assert first_cells("## Layers") == list(LAYERS)


def test_every_member_and_kind_is_described():
    assert first_cells("## Rules") == [*RULE_SCHEMA["properties"], *KINDS]


def test_every_reason_is_described_in_order():
    assert first_cells("## Refusals") == list(REASONS)


def test_the_example_is_a_policy():
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    rules = parse_policy(example).rules
    assert warnings(rules) == []
    (denying,) = (rule for rule in rules if rule.effect == "deny")
    assert f'"{explain(denying)}"' in " ".join(PAGE.split())
