"""Which rules match all that another rule matches, alone or together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from wallet_api.policies.examples import applies, methods_of
from wallet_api.policies.matching import Request
from wallet_api.policies.rules import NATIVE, NATIVE_KINDS, Rule

CONDITIONS = ("methods", "chain_ids", "to", "tokens", "spenders", "selectors")
"""The conditions of a rule that are lists, except `kinds`."""
OF_TYPED_DATA = ("verifying_contracts", "primary_types")


@dataclass(frozen=True, slots=True)
class RuleWithExamples:
    """A rule with examples of the requests that it matches."""

    rule: Rule
    examples: Sequence[Request]

    def of_kind(self, kind: str) -> "RuleWithExamples":
        """Return the rule for one kind: its examples, and the methods and tokens of these."""
        found = [one for one in self.examples if kind_of(one) == kind]
        rule, methods = self.rule, methods_of(found)
        tokens = None if rule.tokens is None else rule.tokens - {NATIVE}
        return RuleWithExamples(
            replace(
                rule,
                methods=methods if rule.methods is None else methods & rule.methods,
                tokens=frozenset({NATIVE}) if kind in NATIVE_KINDS else tokens,
            ),
            found,
        )

    @property
    def kinds(self) -> list[str]:
        """The kinds of effects that the rule can match."""
        return sorted({kind_of(one) for one in self.examples})


def rules_that_cover(
    narrow: RuleWithExamples, policy: Sequence[RuleWithExamples], effect: str
) -> list[str]:
    """Return ids of rules with an effect and without limits that match all that a rule matches.

    Empty if such rules do not match all of it.
    """
    wide = [
        other.rule
        for other in policy
        if other.rule.id != narrow.rule.id
        and other.rule.effect == effect
        and not has_limits(other.rule)
    ]
    ids: set[str] = set()
    for kind in narrow.kinds:
        found = _covering_part(narrow.of_kind(kind), wide)
        if not found:
            return []
        ids |= found
    return sorted(ids)


def is_allowed(part: RuleWithExamples, policy: Sequence[RuleWithExamples]) -> bool:
    """Return whether a part of a rule that allows matches anything, and is not denied."""
    return bool(part.examples) and not rules_that_cover(part, policy, "deny")


def _covering_part(part: RuleWithExamples, wide: Sequence[Rule]) -> set[str]:
    """Return ids of rules that match all that a rule matches of one kind.

    It is one rule, or several whose values of one condition together include those of the rule.
    """
    nearly: dict[str, list[Rule]] = {}
    for rule in wide:
        match _wider_conditions(part.rule, rule):
            case []:
                if _matches_all(rule, part):
                    return {rule.id}
            case [name] if values_of(part.rule, name):
                nearly.setdefault(name, []).append(rule)
    for name, rules in nearly.items():
        missing, ids = values_of(part.rule, name), set()
        for rule in rules:
            if missing & values_of(rule, name) and _matches_all(
                with_condition(rule, name, None), part
            ):
                missing -= values_of(rule, name)
                ids.add(rule.id)
        if not missing:
            return ids
    return set()


def _wider_conditions(narrow: Rule, wide: Rule) -> list[str]:
    """Return the conditions of `narrow` that allow values which `wide` does not have."""
    names = CONDITIONS if wide.typed_data is None else (*CONDITIONS, *OF_TYPED_DATA)
    return [
        name
        for name in names
        if (large := _condition(wide, name)) is not None
        and ((small := _condition(narrow, name)) is None or not small <= large)
    ]


def _matches_all(rule: Rule, part: RuleWithExamples) -> bool:
    return all(applies(rule, example) for example in part.examples)


def both(condition: frozenset[Any] | None, values: frozenset[Any] | None) -> Any:
    """Return the values that fit two conditions, of which None fits anything."""
    if condition is None or values is None:
        return values if condition is None else condition
    return condition & values


def with_condition(rule: Rule, name: str, value: Any) -> Rule:
    """Return the rule with another value of a condition."""
    if name in OF_TYPED_DATA and rule.typed_data is not None:
        return replace(rule, typed_data=replace(rule.typed_data, **{name: value}))
    return replace(rule, **{name: value})


def _condition(rule: Rule, name: str) -> frozenset[Any] | None:
    return getattr(rule.typed_data if name in OF_TYPED_DATA else rule, name, None)


def values_of(rule: Rule, name: str) -> frozenset[Any]:
    """Return the values of a condition; none if any value matches."""
    return _condition(rule, name) or frozenset()


def kind_of(request: Request) -> str:
    """Return the kind of the only effect of an example."""
    (effect,) = request.effects
    return effect.kind


def has_limits(rule: Rule) -> bool:
    """Return whether a rule that allows has limits."""
    return rule.limits_amounts or rule.max_lifetime_seconds is not None
