"""Warnings about probable mistakes in a valid policy."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from wallet_api.ethereum.effects import ALLOWANCE_TYPES, SELECTORS, TRANSFER_TYPES
from wallet_api.policies.explanation import duration
from wallet_api.policies.rules import KINDS, NATIVE, Rule

_TRANSACTION, _TYPED_DATA, _MESSAGE = "transaction", "typed data", "message"
_AUTHORIZATION = "authorization"
_FORMS = {
    "personal_sign": _MESSAGE,
    "eth_sign": _MESSAGE,
    "eth_signTypedData": _TYPED_DATA,
    "eth_signTypedData_v4": _TYPED_DATA,
    "eth_signTransaction": _TRANSACTION,
    "sign/message": _MESSAGE,
    "sign/typed-data": _TYPED_DATA,
    "sign/transaction": _TRANSACTION,
    "sign/authorization": _AUTHORIZATION,
}
_ERC20 = "ERC-20"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """The properties of the effects of a kind, and the forms of requests that cause them."""

    forms: frozenset[str]
    has: frozenset[str] = frozenset()
    asset: str | None = None
    endless: bool = False


def _kind(*forms: str, has: str = "", asset: str | None = None, endless: bool = False) -> _Kind:
    return _Kind(forms=frozenset(forms), has=frozenset(has.split()), asset=asset, endless=endless)


_KINDS = {
    "native_transfer": _kind(_TRANSACTION, has="to", asset=NATIVE),
    "token_transfer": _kind(_TRANSACTION, _TYPED_DATA, has="to", asset=_ERC20),
    "allowance": _kind(_TRANSACTION, _TYPED_DATA, has="spenders", asset=_ERC20),
    "contract_call": _kind(_TRANSACTION, has="to selectors"),
    "contract_creation": _kind(_TRANSACTION),
    "delegation": _kind(_TRANSACTION, _AUTHORIZATION, has="to", endless=True),
    "message": _kind(_MESSAGE, endless=True),
    "hash_message": _kind(_MESSAGE, endless=True),
    "typed_data": _kind(_TYPED_DATA, endless=True),
    "network_fee": _kind(_TRANSACTION, asset=NATIVE),
}
_PRIMARY_TYPES = {"token_transfer": TRANSFER_TYPES, "allowance": ALLOWANCE_TYPES}


def warnings(rules: Sequence[Rule]) -> list[str]:
    """Return a sentence for each contradiction, rule without an effect, and dangerous rule."""
    if all(rule.effect == "deny" for rule in rules):
        return ["The policy refuses everything: no rule allows anything."]
    found = []
    for rule in rules:
        found += [f'Rule "{rule.id}" {sentence}' for sentence in _about(rule, rules)]
    return found


def _about(rule: Rule, rules: Sequence[Rule]) -> Iterator[str]:
    obstacles = {kind: _obstacle(kind, rule) for kind in KINDS if _names(rule, kind)}
    possible = {kind for kind, obstacle in obstacles.items() if obstacle is None}
    if not possible:
        yield f"can never match: {_why_never(rule, obstacles)}."
        return
    if rule.kinds is not None:
        for kind, obstacle in obstacles.items():
            if obstacle is not None:
                yield f"names {kind}, which it can never match: {kind} {obstacle}."
    yield from _about_selectors(rule)
    if rule.effect == "allow":
        yield from _about_other_rules(rule, possible, rules)
        yield from _about_fees(rule, possible, rules)
        yield from _about_windows(rule, possible)
        yield from _about_uncounted_effects(rule, possible, rules)


def _names(rule: Rule, kind: str) -> bool:
    return rule.kinds is None or kind in rule.kinds


def _obstacle(kind: str, rule: Rule) -> str | None:
    """Return why a rule can never match effects of a kind, or None if it can."""
    facts = _KINDS[kind]
    for name in ("to", "spenders", "selectors"):
        if getattr(rule, name) is not None and name not in facts.has:
            return f"has nothing that `{name}` could be about"
    if rule.tokens is not None and facts.asset not in {
        NATIVE if token == NATIVE else _ERC20 for token in rule.tokens
    }:
        return "has no asset that `tokens` names"
    forms = facts.forms
    if rule.methods is not None:
        forms = forms & {_FORMS[method] for method in rule.methods}
    if not forms:
        return "is not signed by any of `methods`"
    if rule.typed_data is not None:
        types = rule.typed_data.primary_types
        if _TYPED_DATA not in forms or (
            types and kind in _PRIMARY_TYPES and not types & _PRIMARY_TYPES[kind]
        ):
            return "does not come from such `typed_data`"
    return _obstacle_to_allow(kind, rule) if rule.effect == "allow" else None


def _obstacle_to_allow(kind: str, rule: Rule) -> str | None:
    if rule.max_lifetime_seconds is not None and _KINDS[kind].endless:
        return "has no end that `max_lifetime_seconds` could limit"
    if kind == "delegation" and rule.to is None:
        return "needs `to`, which names the delegates"
    if kind == "hash_message" and rule.kinds is None:
        return "must be named in `kinds`"
    return None


def _why_never(rule: Rule, obstacles: dict[str, str | None]) -> str:
    if rule.kinds is None:
        return "no effect has everything that its conditions name"
    return "; ".join(f"{kind} {obstacle}" for kind, obstacle in obstacles.items())


def _about_selectors(rule: Rule) -> Iterator[str]:
    for selector in sorted((rule.selectors or frozenset()) & SELECTORS):
        yield (
            f"names the selector {selector}, whose calls are transfers or allowances: it matches "
            "only calls with an unusual encoding, whose amounts are not counted. Remove it, and "
            "name the kind."
        )


def _about_other_rules(
    rule: Rule, possible: Collection[str], rules: Sequence[Rule]
) -> Iterator[str]:
    for other in rules:
        if other is rule or not _covers(other, rule, possible):
            continue
        if other.effect == "deny":
            yield f'never allows anything: rule "{other.id}" denies all of it.'
        elif _has_limits(rule) and not _has_limits(other):
            yield f'never limits anything: rule "{other.id}" allows all of it without limits.'


def _covers(wide: Rule, narrow: Rule, kinds: Collection[str]) -> bool:
    """Return whether `wide` matches all effects of these kinds that `narrow` matches."""
    if any(not _names(wide, kind) or _obstacle(kind, wide) is not None for kind in kinds):
        return False
    pairs = [
        (getattr(wide, name), getattr(narrow, name))
        for name in ("methods", "chain_ids", "to", "tokens", "spenders", "selectors")
    ]
    if wide.typed_data is not None:
        if narrow.typed_data is None:
            return False
        pairs += [
            (getattr(wide.typed_data, name), getattr(narrow.typed_data, name))
            for name in ("verifying_contracts", "primary_types")
        ]
    return all(large is None or (small is not None and small <= large) for large, small in pairs)


def _has_limits(rule: Rule) -> bool:
    return rule.limits_amounts or rule.max_lifetime_seconds is not None


def _about_fees(rule: Rule, possible: Collection[str], rules: Sequence[Rule]) -> Iterator[str]:
    """Warn about transactions without a rule for their network fee."""
    transactions = [
        kind
        for kind in possible
        if kind != "network_fee"
        and _TRANSACTION in _KINDS[kind].forms
        and rule.typed_data is None
        and (rule.methods is None or _TRANSACTION in {_FORMS[m] for m in rule.methods})
    ]
    fee_rules = [
        other
        for other in rules
        if other.effect == "allow"
        and _names(other, "network_fee")
        and _obstacle("network_fee", other) is None
    ]
    if not transactions or any(other.chain_ids is None for other in fee_rules):
        return
    covered = frozenset[int]().union(*(other.chain_ids or () for other in fee_rules))
    if rule.chain_ids is None or rule.chain_ids - covered:
        where = (
            f" on chain {', '.join(map(str, sorted(rule.chain_ids - covered)))}"
            if rule.chain_ids is not None and covered
            else ""
        )
        yield f"allows no transaction{where}: transactions need a rule for network_fee."


def _about_windows(rule: Rule, possible: Collection[str]) -> Iterator[str]:
    for short, long in combinations(rule.windows, 2):
        if long.max_amount <= short.max_amount:
            yield (
                f"has a window of {duration(short.seconds)} that never limits: the one of "
                f"{duration(long.seconds)} allows no more."
            )
        elif long.max_amount >= short.max_amount * -(-long.seconds // short.seconds):
            yield (
                f"has a window of {duration(long.seconds)} that never limits: the one of "
                f"{duration(short.seconds)} allows no more in that time."
            )
    if rule.max_amount is not None:
        for window in rule.windows:
            if window.max_amount < rule.max_amount:
                yield (
                    f"has a max_amount that never limits: the window of "
                    f"{duration(window.seconds)} allows less."
                )
                break
    signed = {"token_transfer", "allowance"} & set(possible)
    by_signature = rule.methods is None or _TYPED_DATA in {_FORMS[m] for m in rule.methods}
    if rule.windows and signed and by_signature and rule.max_lifetime_seconds is None:
        yield (
            "allows signatures that are valid for any time, and count in its windows until then: "
            "set max_lifetime_seconds, or name the methods for transactions only."
        )


def _about_uncounted_effects(
    rule: Rule, possible: Collection[str], rules: Sequence[Rule]
) -> Iterator[str]:
    """Warn about calls and typed data whose effects are unknown, and therefore not counted."""
    if "contract_call" in possible and rule.to is None:
        yield "allows calls of any contract, which can move any asset without being counted."
    if "contract_call" in possible and rule.to is not None and rule.selectors is None:
        tokens = frozenset[str]().union(*(other.tokens or () for other in rules))
        for token in sorted(rule.to & tokens):
            yield (
                f"allows any function of the token {token}, which can move it without being "
                "counted: name the selectors."
            )
    if "typed_data" in possible and rule.typed_data is None:
        yield "allows typed data of any contract, which can sell any asset without being counted."
