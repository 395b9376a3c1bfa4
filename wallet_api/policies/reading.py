"""Strict parsing of policies. Every error is an InvalidPolicy that names the field."""

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias, TypeVar

from wallet_api.errors import InvalidPolicy, NotSignable
from wallet_api.ethereum.amounts import MAX_UINT256
from wallet_api.ethereum.strict_json import (
    MAX_SAFE_INTEGER,
    member_of,
    read_address,
    read_json,
    read_list,
    read_object,
    read_text,
    refuse,
)
from wallet_api.policies.rules import (
    KINDS,
    MAX_ITEMS,
    MAX_NAME,
    MAX_RULES,
    MAX_SECONDS,
    MAX_WINDOWS,
    METHODS,
    NATIVE,
    RULE_EFFECTS,
    Policy,
    Rule,
    TypedDataCondition,
    WindowLimit,
)

Item = TypeVar("Item", str, int)
# Rules share equal sets: every verdict compares those of their windows.
_Sets: TypeAlias = dict[frozenset[Any], frozenset[Any]]

AMOUNT_PATTERN = "0|[1-9][0-9]{0,77}"
ID_PATTERN = "[a-z0-9_-]{1,64}"
PRIMARY_TYPE_PATTERN = "[A-Za-z_$][A-Za-z0-9_$:]{0,127}"
SELECTOR_PATTERN = "0x[0-9a-fA-F]{8}"

_AMOUNT = re.compile(AMOUNT_PATTERN, re.ASCII)
_ID = re.compile(ID_PATTERN, re.ASCII)
_PRIMARY_TYPE = re.compile(PRIMARY_TYPE_PATTERN, re.ASCII)
_SELECTOR = re.compile(SELECTOR_PATTERN, re.ASCII)

_CONDITIONS = ("methods", "chain_ids", "kinds", "to", "tokens", "spenders", "selectors")
_LIMITS = ("max_amount", "windows", "max_lifetime_seconds")


def parse_policy(text: str) -> Policy:
    """Read the JSON text of a policy. Raises InvalidPolicy."""
    with _as_invalid_policy():
        return read_policy(read_json(text, "policy"))


def read_policy(given: object) -> Policy:
    """Read a policy: an object with `name` and `rules`. Raises InvalidPolicy."""
    with _as_invalid_policy():
        members = read_object(given, "", required=("name", "rules"))
        name = read_text(members["name"], "name")
        if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
            refuse("name", f"It must have 1 to {MAX_NAME} printable characters.")
        return Policy(name=name, rules=read_rules(members["rules"]))


def read_rules(given: object) -> tuple[Rule, ...]:
    """Read the array of the rules of a policy. Raises InvalidPolicy."""
    with _as_invalid_policy():
        items = read_list(given, "rules", longest=MAX_RULES)
        if not items:
            refuse("rules", "It must have at least one rule.")
        sets: _Sets = {}
        rules = tuple(_read_rule(item, f"rules[{index}]", sets) for index, item in enumerate(items))
        seen: set[str] = set()
        for index, rule in enumerate(rules):
            if rule.id in seen:
                refuse(f"rules[{index}].id", "Another rule has this id.")
            seen.add(rule.id)
        return rules


@contextmanager
def _as_invalid_policy() -> Iterator[None]:
    """Raise InvalidPolicy where the readers of JSON raise NotSignable."""
    try:
        yield
    except NotSignable as error:
        raise InvalidPolicy(str(error), field=error.field) from None


def _read_rule(given: object, field: str, sets: _Sets) -> Rule:
    members = read_object(
        given, field, required=("id", "effect"), optional=(*_CONDITIONS, "typed_data", *_LIMITS)
    )

    def field_of(name: str) -> str:
        return member_of(field, name)

    def read(name: str, read_item: Callable[[object, str], Item]) -> frozenset[Item] | None:
        if name not in members:
            return None
        items = _read_set(members[name], field_of(name), read_item)
        return sets.setdefault(items, items)

    effect = _read_choice(RULE_EFFECTS)(members["effect"], field_of("effect"))
    for name in _LIMITS:
        if name in members and effect == "deny":
            refuse(field_of(name), "Only a rule that allows has limits. Remove it.")
    for name in ("tokens", "chain_ids"):
        if name not in members and ("max_amount" in members or "windows" in members):
            refuse(field_of(name), "It is missing. Amounts need the assets that they limit.")
    return Rule(
        id=_read_pattern(_ID, "1 to 64 of a-z, 0-9, _ and -")(members["id"], field_of("id")),
        effect="allow" if effect == "allow" else "deny",
        methods=read("methods", _read_choice(METHODS)),
        chain_ids=read("chain_ids", _read_chain_id),
        kinds=read("kinds", _read_choice(KINDS)),
        to=read("to", read_address),
        tokens=read("tokens", _read_token),
        spenders=read("spenders", read_address),
        selectors=read("selectors", _read_selector),
        typed_data=_read_typed_data(members["typed_data"], field_of("typed_data"))
        if "typed_data" in members
        else None,
        max_amount=_read_amount(members["max_amount"], field_of("max_amount"))
        if "max_amount" in members
        else None,
        windows=_read_windows(members["windows"], field_of("windows"))
        if "windows" in members
        else (),
        max_lifetime_seconds=_read_integer(
            members["max_lifetime_seconds"], field_of("max_lifetime_seconds"), highest=MAX_SECONDS
        )
        if "max_lifetime_seconds" in members
        else None,
    )


def _read_set(
    given: object, field: str, read_item: Callable[[object, str], Item]
) -> frozenset[Item]:
    items = read_list(given, field, longest=MAX_ITEMS)
    if not items:
        refuse(field, "It must have at least one element. Remove it to match anything.")
    read: set[Item] = set()
    for index, item in enumerate(items):
        value = read_item(item, f"{field}[{index}]")
        if value in read:
            refuse(f"{field}[{index}]", "It occurs twice.")
        read.add(value)
    return frozenset(read)


def _read_choice(choices: Collection[str]) -> Callable[[object, str], str]:
    def read(given: object, field: str) -> str:
        if not isinstance(given, str) or given not in choices:
            refuse(field, f"It must be one of: {', '.join(choices)}.")
        return given

    return read


def _read_pattern(pattern: re.Pattern[str], description: str) -> Callable[[object, str], str]:
    def read(given: object, field: str) -> str:
        if not isinstance(given, str) or not pattern.fullmatch(given):
            refuse(field, f"It must be a string of {description}.")
        return given

    return read


_read_primary_type = _read_pattern(_PRIMARY_TYPE, "a name of a type (EIP-712)")


def _read_selector(given: object, field: str) -> str:
    return _read_pattern(_SELECTOR, "0x and 8 hex digits")(given, field).lower()


def _read_token(given: object, field: str) -> str:
    return NATIVE if given == NATIVE else read_address(given, field)


def _read_chain_id(given: object, field: str) -> int:
    return _read_integer(given, field, highest=MAX_SAFE_INTEGER)


def _read_integer(given: object, field: str, *, highest: int) -> int:
    if type(given) is not int or not 1 <= given <= highest:
        refuse(field, f"It must be an integer from 1 to {highest}.")
    return given


def _read_amount(given: object, field: str) -> int:
    digits = "decimal digits without leading zeros, in the smallest unit of the asset"
    amount = int(_read_pattern(_AMOUNT, digits)(given, field))
    if amount > MAX_UINT256:
        refuse(field, "It is larger than any token can hold (2^256 - 1).")
    return amount


def _read_typed_data(given: object, field: str) -> TypedDataCondition:
    names = ("verifying_contracts", "primary_types")
    members = read_object(given, field, required=(), optional=names)
    if not members:
        refuse(field, f"It must have one of: {', '.join(names)}.")

    def read(name: str, read_item: Callable[[object, str], str]) -> frozenset[str] | None:
        if name not in members:
            return None
        return _read_set(members[name], member_of(field, name), read_item)

    return TypedDataCondition(
        verifying_contracts=read("verifying_contracts", read_address),
        primary_types=read("primary_types", _read_primary_type),
    )


def _read_windows(given: object, field: str) -> tuple[WindowLimit, ...]:
    items = read_list(given, field, longest=MAX_WINDOWS)
    if not items:
        refuse(field, "It must have at least one window.")
    windows: dict[int, WindowLimit] = {}
    for index, item in enumerate(items):
        place = f"{field}[{index}]"
        members = read_object(item, place, required=("seconds", "max_amount"))
        seconds = _read_integer(
            members["seconds"], member_of(place, "seconds"), highest=MAX_SECONDS
        )
        if seconds in windows:
            refuse(member_of(place, "seconds"), "Another window has the same length.")
        amount = _read_amount(members["max_amount"], member_of(place, "max_amount"))
        windows[seconds] = WindowLimit(seconds=seconds, max_amount=amount)
    return tuple(windows[seconds] for seconds in sorted(windows))
