"""Warnings about probable mistakes in a valid policy."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from wallet_api.ethereum.effects import (
    PERMIT2,
    PERMIT2_TYPES,
    PERMIT_TYPES,
    SELECTORS,
    TRANSFER_TYPES,
)
from wallet_api.policies.coverage import (
    CONDITIONS,
    OF_TYPED_DATA,
    RuleWithExamples,
    has_limits,
    is_allowed,
    kind_of,
    rules_that_cover,
    values_of,
    with_condition,
)
from wallet_api.policies.examples import can_match, examples, is_read
from wallet_api.policies.explanation import duration, listed
from wallet_api.policies.risks import (
    about_fees,
    about_lifetimes,
    about_spenders,
    about_uncounted_effects,
    fees_of,
    spends_nothing,
)
from wallet_api.policies.rules import Rule

# Of other lists, either all values can match or none. `tokens` is an exception, but people write
# one list of assets for all rules.
_LISTS = ("kinds", "methods", *OF_TYPED_DATA)
_STANDARD_TYPES = TRANSFER_TYPES | PERMIT_TYPES | PERMIT2_TYPES


def warnings(rules: Sequence[Rule], *, only_narrow: bool = False) -> list[str]:
    """Return a sentence for each contradiction, rule without an effect, and dangerous rule.

    Rules that `only_narrow` what other layers allow, those of a user, are not dangerous because of
    what they allow.
    """
    if all(rule.effect == "deny" for rule in rules):
        return ["The policy refuses everything: no rule allows anything."]
    policy = [RuleWithExamples(rule, examples(rule)) for rule in rules]
    denying = {one.rule.id: rules_that_cover(one, policy, "deny") for one in policy}
    unlimited = {one.rule.id: _without_limits(one, policy) for one in policy}
    fees = fees_of(policy)
    windows = [
        one
        for one in policy
        if one.rule.windows
        and is_allowed(one, policy)
        and not unlimited[one.rule.id]
        and not spends_nothing(one.rule)
    ]

    def about(one: RuleWithExamples) -> Iterator[str]:
        yield from _about_conditions(one)
        if not one.examples:
            return
        if one.rule.effect == "deny":
            yield from about_spenders(one, policy)
        elif ids := denying[one.rule.id]:
            yield f"never allows anything: {_named(ids, 'denies', 'deny')} all of it."
        else:
            if ids := unlimited[one.rule.id]:
                yield (
                    f"never limits anything: {_named(ids, 'allows', 'allow')} all of it without "
                    "limits."
                )
            yield from about_fees(one, policy, fees)
            yield from _about_windows(one.rule)
            yield from about_lifetimes(one, policy, windows)
            if not only_narrow:
                yield from about_uncounted_effects(one, policy)

    return [f'Rule "{one.rule.id}" {sentence}' for one in policy for sentence in about(one)]


def _about_conditions(one: RuleWithExamples) -> Iterator[str]:
    if not one.examples:
        yield f"can never match: {_why_never(one.rule)}."
        return
    yield from _about_values(one.rule)
    yield from _about_selectors(one.rule)
    yield from _about_imitations(one.rule)


def _without_limits(one: RuleWithExamples, policy: Sequence[RuleWithExamples]) -> list[str]:
    """Return ids of rules that allow all that a rule with limits matches, without limits."""
    if one.rule.effect == "deny" or not has_limits(one.rule):
        return []
    # A limit on the lifetime also refuses what would otherwise be an example.
    endless = replace(one.rule, max_lifetime_seconds=None)
    return rules_that_cover(RuleWithExamples(endless, examples(endless)), policy, "allow")


def _why_never(rule: Rule) -> str:
    """Return why a rule matches nothing: conditions that no request meets together."""
    names = []
    for name in (
        *("max_amount", "windows", "max_lifetime_seconds"),
        *CONDITIONS,
        *("typed_data", "kinds"),
    ):
        if getattr(rule, name) not in (None, ()):
            without = with_condition(rule, name, () if name == "windows" else None)
            if can_match(without):
                names.append(f"`{name}`")
            else:
                rule = without
    if len(names) > 1:
        return f"no request matches its {listed(names, 'and')} together"
    delegates = rule.to or frozenset({"0x" + "00" * 20})
    if can_match(replace(rule, kinds=frozenset({"delegation"}), to=delegates)):
        return "a delegation needs `kinds` that name it, and `to`, which names the delegates"
    return f"no request matches its {names[0]}"


def _about_values(rule: Rule) -> Iterator[str]:
    for name in _LISTS:
        classes: dict[str | bool, list[str]] = {}
        for value in sorted(values_of(rule, name)):
            classes.setdefault(_class_of(rule, name, value), []).append(value)
        never = [
            value
            for values in classes.values()
            if not can_match(with_condition(rule, name, frozenset(values[:1])))
            for value in values
        ]
        if never:
            why = _why_never(with_condition(rule, name, frozenset(never)))
            yield f"names {listed(never, 'and')} in `{name}`, which can never match: {why}."


def _class_of(rule: Rule, name: str, value: str) -> str | bool:
    """Return the class of a value of a condition: all values of a class can match, or none."""
    if name == "primary_types" and value not in _STANDARD_TYPES:
        return is_read(value)
    if name == "verifying_contracts" and value != PERMIT2:
        return rule.tokens is None or value in rule.tokens
    return value


def _about_selectors(rule: Rule) -> Iterator[str]:
    for selector in sorted((rule.selectors or frozenset()) & SELECTORS):
        yield (
            f"names the selector {selector}, whose calls are transfers or allowances: it matches "
            "only calls with an unusual encoding, whose amounts are not counted. Remove it, and "
            "name the kind."
        )


def _about_imitations(rule: Rule) -> Iterator[str]:
    for name in sorted(values_of(rule, "primary_types") & _STANDARD_TYPES):
        alone = examples(with_condition(rule, "primary_types", frozenset({name})))
        if alone and all(kind_of(one) == "typed_data" for one in alone):
            yield (
                f"names the primary type {name}, but matches only typed data that differs from "
                "that standard: compare its `kinds` and `verifying_contracts` with the standard."
            )


def _named(ids: Sequence[str], one: str, several: str) -> str:
    names = listed((f'"{name}"' for name in ids), "and")
    return f"rule {names} {one}" if len(ids) == 1 else f"rules {names} {several}"


def _about_windows(rule: Rule) -> Iterator[str]:
    if rule.max_amount == 0:
        if rule.windows:
            yield "has windows that never limit: its max_amount is 0."
        return
    for short, long in combinations(rule.windows, 2):
        if short.max_amount == 0 < long.max_amount:
            yield (
                f"has a window of {duration(long.seconds)} that never limits: the one of "
                f"{duration(short.seconds)} allows nothing."
            )
        elif long.max_amount <= short.max_amount:
            yield (
                f"has a window of {duration(short.seconds)} that never limits: the one of "
                f"{duration(long.seconds)} allows no more."
            )
    if rule.max_amount is not None:
        for window in rule.windows:
            if window.max_amount < rule.max_amount:
                yield (
                    f"has a max_amount that never limits: the window of "
                    f"{duration(window.seconds)} allows less."
                )
                break
