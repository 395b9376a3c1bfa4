"""Strict reading of typed data (EIP-712).

eth-account, viem and ethers disagree on many inputs: they sign different bytes, or one of them
refuses. Such inputs are refused here, so that what is signed is unambiguous.
tests/data/signing/readings.json lists such inputs, and what each library does with them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeGuard

from wallet_api.ethereum.strict_json import (
    MAX_SAFE_INTEGER,
    member_of,
    read_address,
    read_bytes,
    read_json,
    read_list,
    read_object,
    read_text,
    refuse,
)

MAX_TYPES = 64
"""Standards in use have fewer than 10."""
MAX_MEMBERS = 64
MAX_VALUES = 2000
MAX_HASHED_MEMBERS = 30_000
"""eth-account hashes a type, with all types that it uses, again for each struct of the message.

This is the limit of the members that are hashed in this way, which takes about 50 ms.
"""
_STRUCT_COST = 16
MAX_DEPTH = 40
"""Bulk orders of Seaport nest up to 24 arrays."""

Value: TypeAlias = "bool | int | str | bytes | list[Value] | dict[str, Value]"

_DOMAIN_TYPE = "EIP712Domain"
_DOMAIN = {
    "name": "string",
    "version": "string",
    "chainId": "uint256",
    "verifyingContract": "address",
    "salt": "bytes32",
}
_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{0,127}", re.ASCII)
# Hyperliquid has a colon in its types, and libraries agree on it.
_TYPE_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$:]{0,127}", re.ASCII)
_SEPARATORS = {":", "$"}
_MEMBER_TYPE = re.compile(
    r"(?P<base>[A-Za-z0-9_$:]{1,128})(?:\[(?:[1-9][0-9]{0,3})?\]){0,32}", re.ASCII
)
_LAST_DIMENSION = re.compile(r"(?P<element>.+)\[(?P<length>[0-9]*)\]", re.ASCII)
_INTEGER = re.compile(r"0x[0-9a-fA-F]{1,64}|0|-?[1-9][0-9]{0,77}", re.ASCII)
_RESERVED = re.compile(r"address|bool|string|(?:bytes|u?int)[0-9]*", re.ASCII)
_WIDTHS = range(8, 257, 8)
_INTEGER_RANGES = {f"uint{bits}": (0, 2**bits - 1) for bits in _WIDTHS} | {
    f"int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in _WIDTHS
}
_BYTES_LENGTHS = {f"bytes{length}": length for length in range(1, 33)}
_ATOMIC = {"address", "bool", "string", "bytes", *_INTEGER_RANGES, *_BYTES_LENGTHS}


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a struct type: its name and its type, as declared."""

    name: str
    type: str

    @property
    def base(self) -> str:
        """The type without its array dimensions."""
        return self.type.partition("[")[0]


Types: TypeAlias = Mapping[str, tuple[Member, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedData:
    """Typed data that every library reads in the same way.

    `types` does not contain EIP712Domain. Values are normalized: addresses are in lower case, bytes
    are `bytes`, and integers are `int`.
    """

    types: Types
    primary_type: str
    domain: Mapping[str, Value]
    message: Mapping[str, Value]


def read_typed_data(given: object, *, chain_id: int) -> TypedData:
    """Read typed data: a JSON text, or the object that was parsed from one.

    `chain_id` is the chain for which it is signed; `domain.chainId`, if present, must equal it.
    Raises NotSignable, which names the field.
    """
    if isinstance(given, str):
        given = read_json(given, "typedData")
    parts = read_object(given, "", required=("types", "primaryType", "domain", "message"))
    types = _read_types(parts["types"])
    declared_domain = types.pop(_DOMAIN_TYPE, None)
    domain = _read_domain(parts["domain"], declared_domain, chain_id)
    primary_type = parts["primaryType"]
    if not isinstance(primary_type, str) or primary_type not in types:
        refuse("primaryType", "It must be the name of a type in `types`, except EIP712Domain.")
    reader = _ValueReader(types, _hashed_members(types, primary_type))
    message = reader.read_struct(primary_type, parts["message"], "message", 1)
    return TypedData(types=types, primary_type=primary_type, domain=domain, message=message)


def _read_types(given: object) -> dict[str, tuple[Member, ...]]:
    if not isinstance(given, dict):
        refuse("types", "It must be a JSON object.")
    if len(given) > MAX_TYPES:
        refuse("types", f"It has {len(given)} types. At most {MAX_TYPES} are allowed.")
    types = {}
    for name, members in given.items():
        field = member_of("types", name)
        if not _is_name(name, _TYPE_NAME) or _RESERVED.fullmatch(name):
            refuse(field, "It is not a name for a type.")
        types[name] = _read_members(members, field)
    _require_whole_names(types)
    for name, members in types.items():
        for index, member in enumerate(members):
            if member.base not in _ATOMIC and (
                member.base not in types or member.base == _DOMAIN_TYPE
            ):
                refuse(f"{member_of('types', name)}[{index}].type", _unknown_type(member.base))
    return types


def _require_whole_names(types: Types) -> None:
    # MetaMask's eth-sig-util reads a name up to one of these, and always adds the domain.
    several = len(types.keys() - {_DOMAIN_TYPE}) > 1
    for name in types:
        if _SEPARATORS & set(name) and (several or name.startswith(_DOMAIN_TYPE)):
            refuse(member_of("types", name), "With several types, a name has no `:` and no `$`.")


def _is_name(name: object, pattern: re.Pattern[str]) -> TypeGuard[str]:
    # In JavaScript, __proto__ is not a member like others.
    return isinstance(name, str) and bool(pattern.fullmatch(name)) and name != "__proto__"


def _unknown_type(base: str) -> str:
    if base in ("int", "uint"):
        return f"Write the width: {base}256."
    return "It is neither a type of EIP-712 nor a name in `types`."


def _read_members(given: object, field: str) -> tuple[Member, ...]:
    members = []
    names = set()
    for index, item in enumerate(read_list(given, field, longest=MAX_MEMBERS)):
        path = f"{field}[{index}]"
        parts = read_object(item, path, required=("name", "type"))
        name, type_ = parts["name"], parts["type"]
        if not _is_name(name, _IDENTIFIER):
            refuse(f"{path}.name", "It is not an identifier.")
        if name in names:
            refuse(f"{path}.name", "The type has two members of this name.")
        if not isinstance(type_, str) or not _MEMBER_TYPE.fullmatch(type_):
            refuse(f"{path}.type", "It is not a type of EIP-712, such as uint256 or Person[].")
        names.add(name)
        members.append(Member(name, type_))
    return tuple(members)


def _read_domain(
    given: object, declared: tuple[Member, ...] | None, chain_id: int
) -> dict[str, Value]:
    values = read_object(given, "domain", required=(), optional=_DOMAIN)
    present = tuple(Member(name, type_) for name, type_ in _DOMAIN.items() if name in values)
    if declared is not None and declared != present:
        expected = ", ".join(f"{member.type} {member.name}" for member in present) or "no member"
        refuse(
            f"types.{_DOMAIN_TYPE}", f"For this domain it must declare, in this order: {expected}."
        )
    reader = _ValueReader({}, {})
    domain = {
        member.name: reader.read(member.type, values[member.name], f"domain.{member.name}", 1)
        for member in present
    }
    if "chainId" in domain and domain["chainId"] != chain_id:
        refuse("domain.chainId", f"It must be {chain_id}, the chain of this request.")
    return domain


def _hashed_members(types: Types, primary_type: str) -> dict[str, int]:
    """Return what hashing a struct of each type costs: the members of all types that it uses.

    A type counts as a member, and a struct as 16, so that empty ones are not free.
    Refuses cycles, which ethers refuses, and unused types, for which it guesses a primary type.
    """
    uses: dict[str, set[str]] = {}

    def visit(name: str, path: tuple[str, ...]) -> set[str]:
        if name in path:
            refuse(member_of("types", name), "The type contains itself.")
        if name not in uses:
            structs = {member.base for member in types[name]} & types.keys()
            used = {name}.union(*(visit(struct, (*path, name)) for struct in sorted(structs)))
            uses[name] = used
        return uses[name]

    visit(primary_type, ())
    for name in types:
        if name not in uses:
            refuse(member_of("types", name), "The primary type does not use this type. Remove it.")
    return {
        name: _STRUCT_COST + sum(1 + len(types[used]) for used in used_types)
        for name, used_types in uses.items()
    }


class _ValueReader:
    """Read values by their declared types, and count them."""

    def __init__(self, types: Types, hashed_members: Mapping[str, int]) -> None:
        self._types = types
        self._hashed_members = hashed_members
        self._count = 0
        self._hashed = 0

    def read(self, type_: str, value: object, field: str, depth: int) -> Value:
        """Read a value of any type."""
        self._count += 1
        if self._count > MAX_VALUES:
            refuse(field, f"The message has more than {MAX_VALUES} values.")
        if depth > MAX_DEPTH:
            refuse(field, f"The message is nested more than {MAX_DEPTH} levels deep.")
        if dimension := _LAST_DIMENSION.fullmatch(type_):
            return self._read_array(dimension, value, field, depth)
        if type_ in self._types:
            return self.read_struct(type_, value, field, depth)
        return _read_atomic(type_, value, field)

    def read_struct(self, type_: str, value: object, field: str, depth: int) -> dict[str, Value]:
        """Read a struct: exactly the declared members."""
        self._hashed += self._hashed_members[type_]
        if self._hashed > MAX_HASHED_MEMBERS:
            refuse(field, "The message has too many structs of large types.")
        members = self._types[type_]
        values = read_object(value, field, required=tuple(member.name for member in members))
        return {
            member.name: self.read(
                member.type, values[member.name], member_of(field, member.name), depth + 1
            )
            for member in members
        }

    def _read_array(
        self, dimension: re.Match[str], value: object, field: str, depth: int
    ) -> list[Value]:
        items = read_list(value, field, longest=MAX_VALUES)
        if dimension["length"] and len(items) != int(dimension["length"]):
            refuse(field, f"It must have exactly {dimension['length']} elements.")
        return [
            self.read(dimension["element"], item, f"{field}[{index}]", depth + 1)
            for index, item in enumerate(items)
        ]


def _read_atomic(type_: str, value: object, field: str) -> Value:
    if type_ in _INTEGER_RANGES:
        return _read_integer(type_, value, field)
    if type_ == "bool":
        if not isinstance(value, bool):
            refuse(field, "It must be true or false.")
        return value
    if type_ == "address":
        return read_address(value, field)
    if type_ == "string":
        return read_text(value, field)
    return read_bytes(value, field, length=_BYTES_LENGTHS.get(type_))


def _read_integer(type_: str, value: object, field: str) -> int:
    # bool is a subclass of int, and True is not 1 here.
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > MAX_SAFE_INTEGER:
            refuse(field, "Write integers beyond 2^53 - 1 as strings: JavaScript rounds them.")
        number = value
    elif isinstance(value, str) and _INTEGER.fullmatch(value):
        number = int(value, 16) if value.startswith("0x") else int(value)
    else:
        refuse(field, "It must be an integer, or a string of a decimal or a 0x number.")
    lowest, highest = _INTEGER_RANGES[type_]
    if not lowest <= number <= highest:
        refuse(field, f"It is out of the range of {type_}.")
    return number
