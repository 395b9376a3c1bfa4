"""Strict parsing of the types of typed data (EIP-712), and their hashes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeGuard

from eth_hash.auto import keccak

from wallet_api.ethereum.strict_json import member_of, read_list, read_object, refuse

MAX_TYPES = 64
"""Standards in use have fewer than 10."""
MAX_MEMBERS = 64
MAX_HASHED_TEXT = 1024 * 1024
"""The maximum length of what is hashed for all types, in characters, which takes 3 ms.

A type is hashed together with all types that it uses: the text of one may be hashed 64 times.
Standards in use have less than 4,000 characters.
"""

DOMAIN_TYPE = "EIP712Domain"

_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{0,127}", re.ASCII)
# Hyperliquid has a colon in its types, and libraries agree on it.
_TYPE_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$:]{0,127}", re.ASCII)
_SEPARATORS = {":", "$"}
_MEMBER_TYPE = re.compile(
    r"(?P<base>[A-Za-z0-9_$:]{1,128})(?:\[(?:[1-9][0-9]{0,3})?\]){0,32}", re.ASCII
)
_RESERVED = re.compile(r"address|bool|string|(?:bytes|u?int)[0-9]*", re.ASCII)
_WIDTHS = range(8, 257, 8)
INTEGER_RANGES = {f"uint{bits}": (0, 2**bits - 1) for bits in _WIDTHS} | {
    f"int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in _WIDTHS
}
"""The lowest and the highest value of each type of integers."""
BYTES_LENGTHS = {f"bytes{length}": length for length in range(1, 33)}
_ATOMIC = {"address", "bool", "string", "bytes", *INTEGER_RANGES, *BYTES_LENGTHS}


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
class StructTypes:
    """The types of a document: those that its primary type uses, without EIP712Domain.

    `hashes` has the hash of each (`typeHash` in EIP-712). `domain` has the members of EIP712Domain,
    or is None if it is not declared.
    """

    members: Types
    hashes: Mapping[str, bytes]
    domain: tuple[Member, ...] | None


def read_struct_types(given: object, primary_type: object) -> StructTypes:
    """Read the members `types` and `primaryType` of typed data. Raises NotSignable."""
    types = _read_types(given)
    domain = types.pop(DOMAIN_TYPE, None)
    if not isinstance(primary_type, str) or primary_type not in types:
        refuse("primaryType", "It must be the name of a type in `types`, except EIP712Domain.")
    return StructTypes(members=types, hashes=_hashes(types, primary_type), domain=domain)


def hash_type(name: str, members: tuple[Member, ...]) -> bytes:
    """Return the hash of a type that uses no other struct."""
    return keccak(_encode(name, members).encode())


def is_primary_type(name: str) -> bool:
    """Return whether typed data with this primary type, and no other type, is read."""
    if not _is_type_name(name) or name == DOMAIN_TYPE:
        return False
    return not (name.startswith(DOMAIN_TYPE) and _SEPARATORS & set(name))


def _read_types(given: object) -> dict[str, tuple[Member, ...]]:
    if not isinstance(given, dict):
        refuse("types", "It must be a JSON object.")
    if len(given) > MAX_TYPES:
        refuse("types", f"It has {len(given)} types. At most {MAX_TYPES} are allowed.")
    types = {}
    for name, members in given.items():
        field = member_of("types", name)
        if not _is_type_name(name):
            refuse(field, "It is not a name for a type.")
        types[name] = _read_members(members, field)
    _require_whole_names(types)
    for name, members in types.items():
        for index, member in enumerate(members):
            if member.base not in _ATOMIC and (
                member.base not in types or member.base == DOMAIN_TYPE
            ):
                refuse(f"{member_of('types', name)}[{index}].type", _unknown_type(member.base))
    return types


def _require_whole_names(types: Types) -> None:
    # MetaMask's eth-sig-util reads a name up to one of these, and always adds the domain.
    several = len(types.keys() - {DOMAIN_TYPE}) > 1
    for name in types:
        if _SEPARATORS & set(name) and (several or name.startswith(DOMAIN_TYPE)):
            refuse(member_of("types", name), "With several types, a name has no `:` and no `$`.")


def _is_name(name: object, pattern: re.Pattern[str]) -> TypeGuard[str]:
    # In JavaScript, __proto__ is not a member like others.
    return isinstance(name, str) and bool(pattern.fullmatch(name)) and name != "__proto__"


def _is_type_name(name: object) -> TypeGuard[str]:
    return _is_name(name, _TYPE_NAME) and not _RESERVED.fullmatch(name)


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


def _hashes(types: Types, primary_type: str) -> dict[str, bytes]:
    """Return the hash of each type.

    Refuses cycles, which ethers refuses, and unused types, for which it guesses a primary type.
    """
    uses = _uses(types, primary_type)
    for name in types:
        if name not in uses:
            refuse(member_of("types", name), "The primary type does not use this type. Remove it.")
    texts = {name: _encode(name, members) for name, members in types.items()}
    if sum(len(texts[used]) for each in uses.values() for used in each) > MAX_HASHED_TEXT:
        refuse("types", "The types are too long, because they use each other.")
    return {
        name: keccak("".join(texts[used] for used in (name, *sorted(each - {name}))).encode())
        for name, each in uses.items()
    }


def _uses(types: Types, primary_type: str) -> dict[str, set[str]]:
    """Return the types that the primary type uses: each with itself and all that it uses."""
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
    return uses


def _encode(name: str, members: tuple[Member, ...]) -> str:
    return f"{name}({','.join(f'{member.type} {member.name}' for member in members)})"
