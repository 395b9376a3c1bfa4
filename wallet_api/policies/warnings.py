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
    kind_of,
    rules_that_cover,
    values_of,
    with_condition,
)
from wallet_api.policies.examples import TRANSACTION_METHODS, can_match, examples, is_read
from wallet_api.policies.explanation import duration, listed
from wallet_api.policies.matching import Request
from wallet_api.policies.rules import NATIVE, Rule, TypedDataCondition

# Of other lists, either all values can match or none. `tokens` is an exception, but people write
# one list of assets for all rules.
_LISTS = ("kinds", "methods", *OF_TYPED_DATA)
_STANDARD_TYPES = TRANSFER_TYPES | PERMIT_TYPES | PERMIT2_TYPES


def warnings(rules: Sequence[Rule]) -> list[str]:
    """Return a sentence for each contradiction, rule without an effect, and dangerous rule."""
    if all(rule.effect == "deny" for rule in rules):
        return ["The policy refuses everything: no rule allows anything."]
    policy = [RuleWithExamples(rule, examples(rule)) for rule in rules]
    with_fees = _chains_with_fees(policy)
    return [
        f'Rule "{one.rule.id}" {sentence}'
        for one in policy
        for sentence in _about(one, policy, with_fees)
    ]


def _about(
    one: RuleWithExamples, policy: Sequence[RuleWithExamples], with_fees: frozenset[int] | None
) -> Iterator[str]:
    if not one.examples:
        yield f"can never match: {_why_never(one.rule)}."
        return
    yield from _about_values(one.rule)
    yield from _about_selectors(one.rule)
    yield from _about_imitations(one.rule)
    if one.rule.effect == "allow":
        if denying := rules_that_cover(one, policy, "deny"):
            yield f"never allows anything: {_named(denying, 'denies', 'deny')} all of it."
            return
        if has_limits(one.rule):
            # A limit on the lifetime also refuses what would otherwise be an example.
            endless = replace(one.rule, max_lifetime_seconds=None)
            if wider := rules_that_cover(
                RuleWithExamples(endless, examples(endless)), policy, "allow"
            ):
                unlimited = _named(wider, "allows", "allow")
                yield f"never limits anything: {unlimited} all of it without limits."
        if with_fees is not None:
            yield from _about_fees(one, with_fees)
        yield from _about_windows(one.rule)
        yield from _about_lifetimes(one, policy)
        yield from _about_uncounted_effects(one, policy)


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


def _is_allowed(part: RuleWithExamples, policy: Sequence[RuleWithExamples]) -> bool:
    """Return whether a part of a rule that allows matches anything, and is not denied."""
    return bool(part.examples) and not rules_that_cover(part, policy, "deny")


def _chains_with_fees(policy: Sequence[RuleWithExamples]) -> frozenset[int] | None:
    """Return the chains on which a rule allows the fee of a transaction. None means all."""
    allowed = [
        one.rule.chain_ids
        for one in policy
        if one.rule.effect == "allow" and _is_allowed(one.of_kind("network_fee"), policy)
    ]
    if None in allowed:
        return None
    return frozenset[int]().union(*(chains or () for chains in allowed))


def _about_fees(one: RuleWithExamples, with_fees: frozenset[int]) -> Iterator[str]:
    """Warn about transactions without a rule for their network fee."""
    chains = one.rule.chain_ids
    if (chains is not None and chains <= with_fees) or not any(
        example.method in TRANSACTION_METHODS and kind_of(example) != "network_fee"
        for example in one.examples
    ):
        return
    if chains is None and with_fees:
        yield f"allows transactions only{_on(with_fees)}: others need a rule for network_fee."
    else:
        where = _on(chains - with_fees) if chains and with_fees else ""
        yield f"allows no transaction{where}: transactions need a rule for network_fee."


def _on(chains: frozenset[int]) -> str:
    several = "s" if len(chains) > 1 else ""
    return f" on chain{several} {listed(map(str, sorted(chains)), 'and', ordered=True)}"


def _about_windows(rule: Rule) -> Iterator[str]:
    for short, long in combinations(rule.windows, 2):
        if long.max_amount <= short.max_amount:
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


def _about_lifetimes(one: RuleWithExamples, policy: Sequence[RuleWithExamples]) -> Iterator[str]:
    """Warn about signatures and allowances that count in windows for any time."""
    rule = one.rule
    if not rule.windows:
        return
    if rule.max_lifetime_seconds is None:
        for_any_time = "that are valid for any time, and count in its windows until then"
        expiring = replace(one, examples=list(filter(_expires, one.examples)))
        # Permit2 itself uses no allowance at Permit2.
        if rule.spenders != frozenset({PERMIT2}) and (
            _is_allowed(expiring, policy) or _is_allowed(_of_standard(rule, PERMIT2_TYPES), policy)
        ):
            yield (
                f"allows allowances {for_any_time}: set max_lifetime_seconds, which allowances "
                "without an expiry never fit."
            )
        elif _is_allowed(_of_standard(rule, TRANSFER_TYPES), policy):
            yield (
                f"allows signatures {for_any_time}: set max_lifetime_seconds, or name the methods "
                "for transactions only."
            )
    if _is_allowed(_of_standard(rule, PERMIT_TYPES), policy):
        yield (
            "allows Permit (ERC-2612), which may count in its windows until the year 9999, also if "
            "another rule allows it: deny Permit."
        )


def _expires(example: Request) -> bool:
    """Return whether an example is a transaction that gives an allowance with an expiry."""
    (subject,) = example.subjects
    return example.typed_data is None and subject.valid_until is not None


def _of_standard(rule: Rule, types: frozenset[str]) -> RuleWithExamples:
    """Return the part of a rule that is about typed data of a standard with these types."""
    tokens = (rule.tokens or frozenset()) - {NATIVE}
    contracts = frozenset({PERMIT2}) if types == PERMIT2_TYPES else tokens
    if (condition := rule.typed_data) is not None:
        if condition.primary_types is not None:
            types &= condition.primary_types
        if condition.verifying_contracts is not None:
            contracts &= condition.verifying_contracts
    standard = TypedDataCondition(verifying_contracts=contracts, primary_types=types)
    # Elsewhere the contract is the token.
    of_contracts = rule.tokens if contracts == {PERMIT2} or not contracts else contracts
    part = replace(rule, typed_data=standard, tokens=of_contracts)
    return RuleWithExamples(part, examples(part))


def _about_uncounted_effects(
    one: RuleWithExamples, policy: Sequence[RuleWithExamples]
) -> Iterator[str]:
    """Warn about calls and typed data whose effects are unknown, and therefore not counted."""
    rule = one.rule
    calls = one.of_kind("contract_call")
    if rule.to is None and _is_allowed(calls, policy):
        yield "allows calls of any contract, which can move any asset, and which no limit counts."
    if rule.to is not None and rule.selectors is None and calls.examples:
        tokens = frozenset[str]().union(*(other.rule.tokens or () for other in policy))
        for token in sorted(rule.to & tokens):
            part = replace(rule, kinds=frozenset({"contract_call"}), to=frozenset({token}))
            if _is_allowed(RuleWithExamples(part, examples(part)), policy):
                yield (
                    f"allows functions of the token {token} that can move it, and that no limit "
                    "counts: name the selectors."
                )
    if not values_of(rule, "verifying_contracts") and _is_allowed(
        one.of_kind("typed_data"), policy
    ):
        yield (
            "allows typed data of any contract, which can sell any asset, and which no limit "
            "counts."
        )
