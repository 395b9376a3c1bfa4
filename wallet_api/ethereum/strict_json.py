"""Strict parsing of JSON: no member twice, no unknown member, no ambiguous value.

Every error is a NotSignable that names the field by its JSON path.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from wallet_api.crypto.checksum import to_checksum_address
from wallet_api.errors import NotSignable

MAX_SAFE_INTEGER = 2**53 - 1
"""The largest integer that JavaScript reads exactly from a JSON number."""

_QUANTITY = re.compile(r"0x(?:0|[1-9a-fA-F][0-9a-fA-F]{0,63})", re.ASCII)
_BYTES = re.compile(r"0x(?:[0-9a-fA-F]{2})*", re.ASCII)
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
# Not a part of a key or a token: both have so many hexadecimal digits in a row.
_PRINTABLE = re.compile(r"(?!.*[0-9a-fA-F]{16})[A-Za-z_$][A-Za-z0-9_$:-]{0,63}", re.ASCII)
_SAFE_INTEGER_LENGTH = len(f"-{MAX_SAFE_INTEGER}")


def refuse(field: str, reason: str) -> NoReturn:
    """Raise NotSignable for the field at this JSON path."""
    raise NotSignable(reason, field=field)


def printable(name: object) -> str:
    """Return a name from the request, or a placeholder if it may be a key or a token."""
    text = str(name)
    return text if _PRINTABLE.fullmatch(text) else "(name withheld because it looks like a secret)"


def read_json(text: str, field: str) -> object:
    """Parse a JSON text. Numbers that are not safe integers become floats, which no reader accepts.

    Raises NotSignable if it is not JSON, is nested too deeply, or has a member twice.
    """
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique,
            parse_int=_safe_integer,
            # 1e5 and 1.0 are integers for JavaScript, and floats for Python.
            parse_float=_not_an_integer,
            parse_constant=_not_an_integer,
        )
    except (ValueError, RecursionError):
        # `from None`: the library's message quotes the document.
        raise NotSignable("It is not valid JSON.", field=field) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        (repeated, _), *_ = (Counter(name for name, _ in pairs)).most_common(1)
        refuse(printable(repeated), "This member occurs twice in one object.")
    return members


def _safe_integer(digits: str) -> float:
    return int(digits) if len(digits) <= _SAFE_INTEGER_LENGTH else math.inf


def _not_an_integer(_text: str) -> float:
    return math.nan


def read_object(
    value: object, field: str, *, required: Collection[str], optional: Collection[str] = ()
) -> Mapping[str, object]:
    """Return a JSON object that has all required members and no unknown ones."""
    if not isinstance(value, dict):
        refuse(field, "It must be a JSON object.")
    for name in required:
        if name not in value:
            refuse(member_of(field, name), "This member is missing.")
    for name in value:
        if name not in required and name not in optional:
            refuse(member_of(field, name), "Unknown member. Remove it.")
    return value


def member_of(field: str, name: str) -> str:
    """Return the JSON path of a member. A name that may be a key or a token is withheld."""
    return f"{field}.{printable(name)}" if field else printable(name)


def read_list(value: object, field: str, *, longest: int) -> list[object]:
    """Return a JSON array of at most `longest` elements."""
    if not isinstance(value, list):
        refuse(field, "It must be a JSON array.")
    if len(value) > longest:
        refuse(field, f"It has {len(value)} elements. At most {longest} are allowed.")
    return value


def read_text(value: object, field: str) -> str:
    """Return a JSON string that has a UTF-8 form."""
    if not isinstance(value, str):
        refuse(field, "It must be a JSON string.")
    try:
        value.encode()
    except UnicodeEncodeError:
        # Some libraries replace such a character, others fail.
        refuse(field, "It has half of a surrogate pair, which has no UTF-8 form.")
    return value


def read_bytes(value: object, field: str, *, length: int | None = None) -> bytes:
    """Return the bytes of a string of 0x and pairs of hex digits."""
    if not isinstance(value, str) or not _BYTES.fullmatch(value):
        refuse(field, "It must be a string of 0x and an even number of hex digits.")
    data = bytes.fromhex(value[2:])
    if length is not None and len(data) != length:
        refuse(field, f"It must have exactly {length} bytes, and has {len(data)}.")
    return data


def read_address(value: object, field: str) -> str:
    """Return an address in lower case.

    It is 0x and 40 hex digits: in lower case, or with its EIP-55 checksum. Upper case without a
    checksum is refused, because viem refuses it.
    """
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        refuse(field, "It must be an address: a string of 0x and 40 hex digits.")
    if value != value.lower() and value != to_checksum_address(value):
        refuse(field, "The address does not pass its EIP-55 checksum.")
    return value.lower()


def read_quantity(value: object, field: str, *, highest: int, lowest: int = 0) -> int:
    """Return a quantity of JSON-RPC (EIP-1474): a hex string without leading zeros."""
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        refuse(field, "It must be a quantity: a hex string without leading zeros, such as 0x5208.")
    number = int(value, 16)
    if number > highest:
        refuse(field, f"It must be at most {highest}.")
    if number < lowest:
        refuse(field, f"It must be at least {lowest}.")
    return number
