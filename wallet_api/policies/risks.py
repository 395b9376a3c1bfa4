"""Warnings about what a rule allows, and about what it allows or denies only in part."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple, TypeAlias

from wallet_api.ethereum.effects import (
    PERMIT2,
    PERMIT2_TYPES,
    PERMIT_TYPES,
    TRANSFER_TYPES,
    Allowance,
    TokenTransfer,
)
from wallet_api.policies.coverage import (
    RuleWithExamples,
    both,
    is_allowed,
    kind_of,
    rules_that_cover,
    values_of,
)
from wallet_api.policies.examples import TRANSACTION_METHODS, examples, methods_of
from wallet_api.policies.explanation import listed
from wallet_api.policies.matching import Request
from wallet_api.policies.rules import NATIVE, Rule, TypedDataCondition

# Represents the chains that no rule names. Chain ids are positive.
_OTHER_CHAINS = 0
_MOST_NAMES = 5
# What can spend for any time: typed data of three kinds of standards, and an approval at Permit2.
_Way: TypeAlias = Literal["transfer", "permit", "sign_at_permit2", "approve_at_permit2"]
_TYPES: Mapping[_Way, frozenset[str]] = {
    "transfer": TRANSFER_TYPES,
    "permit": PERMIT_TYPES,
    "sign_at_permit2": PERMIT2_TYPES,
}


class Fees(NamedTuple):
    """The chains that a policy names, and those on which each method can pay a fee."""

    chains: frozenset[int]
    paid: dict[str, frozenset[int]]


def fees_of(policy: Sequence[RuleWithExamples]) -> Fees:
    """Return on which chains the network fee of a transaction is allowed, for each method."""
    named = (one.rule.chain_ids or frozenset[int]() for one in policy)
    chains = frozenset({_OTHER_CHAINS}).union(*named)
    found = {
        effect: dict.fromkeys(TRANSACTION_METHODS, frozenset[int]()) for effect in ("allow", "deny")
    }
    for one in policy:
        fee = one.of_kind("network_fee")
        if fee.examples:
            for method in fee.rule.methods or ():
                found[one.rule.effect][method] |= one.rule.chain_ids or chains
    paid = {method: found["allow"][method] - found["deny"][method] for method in found["allow"]}
    return Fees(chains, paid)


def about_fees(
    one: RuleWithExamples, policy: Sequence[RuleWithExamples], fees: Fees
) -> Iterator[str]:
    """Warn about transactions whose network fee is not allowed."""
    found = [
        example
        for example in one.examples
        if example.method in TRANSACTION_METHODS and kind_of(example) != "network_fee"
    ]
    methods = both(one.rule.methods, methods_of(found))
    chains = one.rule.chain_ids or fees.chains
    if all(chains <= fees.paid[method] for method in methods):
        return
    # What is denied as well needs no fee.
    transactions = replace(one, rule=replace(one.rule, methods=methods), examples=found)
    asked = {method: chains - _denied(transactions, policy, fees, method) for method in methods}
    paid = {method: asked[method] & fees.paid[method] for method in methods}
    all_asked = frozenset[int]().union(*asked.values())
    all_paid = frozenset[int]().union(*paid.values())
    missing = all_asked - all_paid
    if not all_asked:
        return
    if not all_paid:
        by_others = frozenset[int]().union(*fees.paid.values())
        where = _by(methods) if all_asked & by_others else ""
        if one.rule.chain_ids and by_others and not where:
            where = _on(all_asked)
        yield f"allows no transaction{where}: transactions need a rule for network_fee."
        return
    if _OTHER_CHAINS in missing:
        yield f"allows transactions only{_on(all_paid)}: others need a rule for network_fee."
    elif missing:
        yield f"allows no transaction{_on(missing)}: transactions need a rule for network_fee."
    yield from _about_methods(asked, paid, missing)


def _about_methods(
    asked: Mapping[str, frozenset[int]],
    paid: Mapping[str, frozenset[int]],
    missing: frozenset[int],
) -> Iterator[str]:
    """Warn about methods whose fees are paid on fewer chains than those of the others."""
    if unpaid := [method for method in asked if asked[method] and not paid[method]]:
        yield f"allows no transaction{_by(unpaid)}: transactions need a rule for network_fee."
    for method in sorted(asked):
        rest = asked[method] - paid[method] - missing
        if not paid[method] or not rest:
            continue
        by = _by([method])
        if _OTHER_CHAINS in rest:
            where = f"transactions{by} only{_on(paid[method])}: others"
        else:
            where = f"no transaction{by}{_on(rest)}: transactions"
        yield f"allows {where} need a rule for network_fee."


def _denied(
    one: RuleWithExamples, policy: Sequence[RuleWithExamples], fees: Fees, method: str
) -> frozenset[int]:
    """Return the chains on which one rule denies all that a rule matches by a method."""
    return frozenset[int]().union(
        *(
            other.rule.chain_ids or fees.chains
            for other in policy
            if other.rule.effect == "deny"
            and (other.rule.methods is None or method in other.rule.methods)
            and rules_that_cover(
                one,
                [replace(other, rule=replace(other.rule, chain_ids=None, methods=None))],
                "deny",
            )
        )
    )


def _on(chains: frozenset[int]) -> str:
    several = "s" if len(chains) > 1 else ""
    return f" on chain{several} {_some(list(map(str, sorted(chains))))}"


def _by(methods: Collection[str]) -> str:
    return f" by {listed(methods, 'and')}"


def _some(names: Sequence[str]) -> str:
    """Return the first names as part of a sentence, and the number of the others."""
    if len(names) <= _MOST_NAMES:
        return listed(names, "and", ordered=True)
    return f"{', '.join(names[:_MOST_NAMES])} and {len(names) - _MOST_NAMES} others"


def about_lifetimes(
    one: RuleWithExamples,
    policy: Sequence[RuleWithExamples],
    windows: Sequence[RuleWithExamples],
) -> Iterator[str]:
    """Warn about signatures and allowances that count in windows for any time."""
    rule = one.rule
    if rule.max_lifetime_seconds is not None or spends_nothing(rule):
        return
    # What is denied everywhere needs no comparison with each window.
    ways = {
        way
        for way in set(map(_lasting_way, one.examples))
        if way and is_allowed(_part_of_way(rule, way), policy)
    }
    # Only its own windows are named if they are among them: one remedy helps all.
    own_first = sorted(windows, key=lambda other: (other.rule.id != rule.id, other.rule.id))
    counted = [(other.rule.id, _counted_by(other.rule, rule)) for other in own_first]

    def counted_in(*ways_of_part: _Way) -> str | None:
        for id_, part in counted:
            for way in ways_of_part:
                if part and way in ways and is_allowed(_part_of_way(part, way), policy):
                    return "its windows" if id_ == rule.id else f'the windows of rule "{id_}"'
        return None

    for_any_time = "that are valid for any time, and count in"
    if where := counted_in("approve_at_permit2", "sign_at_permit2"):
        yield (
            f"allows allowances {for_any_time} {where} until then: set max_lifetime_seconds, which "
            "allowances without an expiry never fit."
        )
    elif where := counted_in("transfer"):
        yield (
            f"allows signatures {for_any_time} {where} until then: set max_lifetime_seconds, or "
            "name the methods for transactions only."
        )
    if where := counted_in("permit"):
        yield (
            f"allows Permit (ERC-2612), which may count in {where} until the year 9999: deny "
            "Permit."
        )


def spends_nothing(rule: Rule) -> bool:
    """Return whether a rule allows only amounts of zero, which are not counted."""
    return rule.max_amount == 0 or any(window.max_amount == 0 for window in rule.windows)


def _counted_by(windows: Rule, rule: Rule) -> Rule | None:
    """Return the part of a rule that the windows of another count; None if there is none."""
    shared = {
        "kinds": both(rule.kinds, windows.counted_kinds),
        "chain_ids": both(rule.chain_ids, windows.chain_ids),
        "tokens": both(rule.tokens, windows.tokens),
        "to": both(rule.to, windows.to),
        "spenders": both(rule.spenders, windows.spenders),
    }
    return None if frozenset() in shared.values() else replace(rule, **shared)


def _lasting_way(example: Request) -> _Way | None:
    """Return the way of an example that can spend for any time; None for others."""
    (effect,) = example.effects
    match effect:
        case TokenTransfer() if example.typed_data:
            return "transfer"
        case Allowance(expires_at=None) if example.typed_data:
            return "permit"
        case Allowance(expires_at=None):
            return None
        case Allowance():
            return "sign_at_permit2" if example.typed_data else "approve_at_permit2"
    return None


def _part_of_way(rule: Rule, way: _Way) -> RuleWithExamples:
    """Return the part of a rule that is about a way."""
    tokens, spenders, condition = rule.tokens, rule.spenders, rule.typed_data
    # Permit2 itself has no allowance at Permit2.
    at_permit2 = way in ("sign_at_permit2", "approve_at_permit2")
    if at_permit2 and spenders is not None:
        spenders -= {PERMIT2}
    if types := _TYPES.get(way):
        contracts = frozenset({PERMIT2}) if at_permit2 else tokens and tokens - {NATIVE}
        if condition is not None:
            types = both(condition.primary_types, types)
            contracts = both(condition.verifying_contracts, contracts)
        if not at_permit2:
            # The contract is the token.
            tokens = contracts
        condition = TypedDataCondition(verifying_contracts=contracts, primary_types=types)
    part = replace(rule, tokens=tokens, spenders=spenders, typed_data=condition)
    found = [example for example in examples(part) if _lasting_way(example) == way]
    return RuleWithExamples(part, found)


def about_uncounted_effects(
    one: RuleWithExamples, policy: Sequence[RuleWithExamples]
) -> Iterator[str]:
    """Warn about calls and typed data whose effects are unknown, and therefore not counted."""
    rule = one.rule
    calls = one.of_kind("contract_call")
    if rule.to is None and is_allowed(calls, policy):
        yield "allows calls of any contract, which can move any asset, and which no limit counts."
    if rule.to is not None and rule.selectors is None and calls.examples:
        tokens = frozenset[str]().union(*(other.rule.tokens or () for other in policy))
        allowed = [
            token
            for token in sorted(rule.to & tokens)
            if is_allowed(_calls_of(token, rule), policy)
        ]
        if allowed:
            several = len(allowed) > 1
            yield (
                f"allows functions of the token{'s' if several else ''} {_some(allowed)} that can "
                f"move {'them' if several else 'it'}, and that no limit counts: name the selectors."
            )
    if not values_of(rule, "verifying_contracts") and is_allowed(one.of_kind("typed_data"), policy):
        yield (
            "allows typed data of any contract, which can sell any asset, and which no limit "
            "counts."
        )


def _calls_of(contract: str, rule: Rule) -> RuleWithExamples:
    part = replace(rule, kinds=frozenset({"contract_call"}), to=frozenset({contract}))
    return RuleWithExamples(part, examples(part))


def about_spenders(one: RuleWithExamples, policy: Sequence[RuleWithExamples]) -> Iterator[str]:
    """Warn about a rule that denies addresses as recipients, where they may be spenders.

    Other conditions of the rule, such as on chains, may be what the allowances differ in.
    """
    if one.rule.to is None or replace(one.rule, to=None) != Rule(id=one.rule.id, effect="deny"):
        return
    for other in policy:
        if other.rule.effect == "allow" and not spends_nothing(other.rule):
            allowances = other.of_kind("allowance")
            spenders = both(other.rule.spenders, one.rule.to)
            if allowances.examples and spenders:
                part = replace(other.rule, kinds=frozenset({"allowance"}), spenders=spenders)
                if is_allowed(RuleWithExamples(part, examples(part)), policy):
                    yield (
                        "denies transfers to its addresses, but not allowances, which let them "
                        "take assets: deny them as `spenders`, too."
                    )
                    return
