"""Strict parsing of typed data (EIP-712).

eth-account, viem and ethers disagree on many inputs: they sign different bytes, or one of them
refuses. Such inputs are refused here, so that what is signed is unambiguous.
tests/data/signing/readings.json lists such inputs, and what each library does with them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from eth_hash.auto import keccak

from wallet_api.ethereum.strict_json import (
    MAX_SAFE_INTEGER,
    printable,
    read_address,
    read_bytes,
    read_json,
    read_list,
    read_object,
    read_text,
    refuse,
)
from wallet_api.ethereum.struct_types import (
    BYTES_LENGTHS,
    DOMAIN_TYPE,
    INTEGER_RANGES,
    Member,
    Types,
    hash_type,
    read_struct_types,
)

MAX_VALUES = 2000
MAX_DEPTH = 40
"""Bulk orders of Seaport nest up to 24 arrays."""

Value: TypeAlias = "bool | int | str | bytes | list[Value] | dict[str, Value]"

_DOMAIN = {
    member.name: member
    for member in (
        Member("name", "string"),
        Member("version", "string"),
        Member("chainId", "uint256"),
        Member("verifyingContract", "address"),
        Member("salt", "bytes32"),
    )
}
_INTEGER = re.compile(r"0x[0-9a-fA-F]{1,64}|0|-?[1-9][0-9]{0,77}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedData:
    """Typed data that every library reads in the same way.

    `types` does not contain EIP712Domain. Values are normalized: addresses are in lower case, bytes
    are `bytes`, and integers are `int`.
    """

    types: Types
    type_hashes: Mapping[str, bytes]
    primary_type: str
    domain: Mapping[str, Value]
    message: Mapping[str, Value]

    @property
    def digest(self) -> bytes:
        """What the account signs: the hash of the domain and of the message."""
        hasher = _Hasher(self.types, self.type_hashes)
        domain = tuple(_DOMAIN[name] for name in self.domain)
        domain_hash = hasher.hash_struct(_domain_type_hash(domain), domain, self.domain)
        message_hash = hasher.hash_struct(
            self.type_hashes[self.primary_type], self.types[self.primary_type], self.message
        )
        return keccak(b"\x19\x01" + domain_hash + message_hash)


class _Hasher:
    """Hash the values of one document. Equal values are hashed once: a hash takes microseconds."""

    def __init__(self, types: Types, type_hashes: Mapping[str, bytes]) -> None:
        self._types = types
        self._type_hashes = type_hashes
        self._keccak = cache(keccak)

    def hash_struct(
        self, type_hash: bytes, members: tuple[Member, ...], values: Mapping[str, Value]
    ) -> bytes:
        """Return the hash of a struct (`hashStruct` in EIP-712)."""
        words = [self.encode(member.type, values[member.name]) for member in members]
        return self._keccak(type_hash + b"".join(words))

    def encode(self, type_: str, value: Value) -> bytes:
        """Return a value in 32 bytes, as EIP-712 encodes it in its struct or array."""
        if isinstance(value, dict):
            return self.hash_struct(self._type_hashes[type_], self._types[type_], value)
        if isinstance(value, list):
            element = type_[: type_.rindex("[")]
            return self._keccak(b"".join([self.encode(element, item) for item in value]))
        if isinstance(value, int):
            return value.to_bytes(32, signed=value < 0)
        if isinstance(value, bytes):
            return self._keccak(value) if type_ == "bytes" else value.ljust(32, b"\0")
        if type_ == "address":
            return bytes.fromhex(value[2:]).rjust(32, b"\0")
        return self._keccak(value.encode())


@cache
def _domain_type_hash(members: tuple[Member, ...]) -> bytes:
    return hash_type(DOMAIN_TYPE, members)


def read_typed_data(given: object, *, chain_id: int) -> TypedData:
    """Read typed data: a JSON text, or the object that was parsed from one.

    `chain_id` is the chain for which it is signed; `domain.chainId`, if present, must equal it.
    Raises NotSignable, which names the field.
    """
    if isinstance(given, str):
        given = read_json(given, "typedData")
    parts = read_object(given, "", required=("types", "primaryType", "domain", "message"))
    types = read_struct_types(parts["types"], parts["primaryType"])
    domain = _read_domain(parts["domain"], types.domain, chain_id)
    primary_type = str(parts["primaryType"])
    reader = _ValueReader(types.members)
    message = reader.read_struct(primary_type, parts["message"], "message", 1)
    return TypedData(
        types=types.members,
        type_hashes=types.hashes,
        primary_type=primary_type,
        domain=domain,
        message=message,
    )


def _read_domain(
    given: object, declared: tuple[Member, ...] | None, chain_id: int
) -> dict[str, Value]:
    values = read_object(given, "domain", required=(), optional=_DOMAIN)
    present = tuple(member for name, member in _DOMAIN.items() if name in values)
    if declared is not None and declared != present:
        expected = ", ".join(f"{member.type} {member.name}" for member in present) or "no member"
        refuse(
            f"types.{DOMAIN_TYPE}", f"For this domain it must declare, in this order: {expected}."
        )
    reader = _ValueReader({})
    domain = {
        member.name: reader.read(member.type, values[member.name], f"domain.{member.name}", 1)
        for member in present
    }
    if "chainId" in domain and domain["chainId"] != chain_id:
        refuse("domain.chainId", f"It must be {chain_id}, the chain of this request.")
    return domain


class _ValueReader:
    """Read values by their declared types, and count them."""

    def __init__(self, types: Types) -> None:
        self._types = types
        # By type: the names of its members, and these as a JSON path has them.
        self._names = {
            type_: {member.name: printable(member.name) for member in members}
            for type_, members in types.items()
        }
        self._count = 0

    def read(self, type_: str, value: object, field: str, depth: int) -> Value:
        """Read a value of any type."""
        self._count += 1
        if self._count > MAX_VALUES:
            refuse(field, f"The message has more than {MAX_VALUES} values.")
        if depth > MAX_DEPTH:
            refuse(field, f"The message is nested more than {MAX_DEPTH} levels deep.")
        if type_ in self._types:
            return self.read_struct(type_, value, field, depth)
        if type_[-1] == "]":
            return self._read_array(type_, value, field, depth)
        return _read_atomic(type_, value, field)

    def read_struct(self, type_: str, value: object, field: str, depth: int) -> dict[str, Value]:
        """Read a struct: exactly the declared members."""
        names = self._names[type_]
        values = read_object(value, field, required=names)
        return {
            member.name: self.read(
                member.type, values[member.name], f"{field}.{names[member.name]}", depth + 1
            )
            for member in self._types[type_]
        }

    def _read_array(self, type_: str, value: object, field: str, depth: int) -> list[Value]:
        element, _, length = type_[:-1].rpartition("[")
        items = read_list(value, field, longest=MAX_VALUES)
        if length and len(items) != int(length):
            refuse(field, f"It must have exactly {length} elements.")
        return [
            self.read(element, item, f"{field}[{index}]", depth + 1)
            for index, item in enumerate(items)
        ]


def _read_atomic(type_: str, value: object, field: str) -> Value:
    if type_ in INTEGER_RANGES:
        return _read_integer(type_, value, field)
    if type_ == "bool":
        if not isinstance(value, bool):
            refuse(field, "It must be true or false.")
        return value
    if type_ == "address":
        return read_address(value, field)
    if type_ == "string":
        return read_text(value, field)
    return read_bytes(value, field, length=BYTES_LENGTHS.get(type_))


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
    lowest, highest = INTEGER_RANGES[type_]
    if not lowest <= number <= highest:
        refuse(field, f"It is out of the range of {type_}.")
    return number
