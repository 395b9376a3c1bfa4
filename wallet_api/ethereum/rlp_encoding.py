"""The encoding of transactions: RLP (Yellow Paper, appendix B)."""

from collections.abc import Sequence
from typing import TypeAlias

Item: TypeAlias = "int | bytes | Sequence[Item]"


def encode(item: Item) -> bytes:
    """Encode bytes, integers (big-endian without leading zeros) and lists of them."""
    if isinstance(item, int):
        item = item.to_bytes((item.bit_length() + 7) // 8)
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _prefix(len(item), 0x80) + item
    payload = b"".join(map(encode, item))
    return _prefix(len(payload), 0xC0) + payload


def _prefix(length: int, offset: int) -> bytes:
    if length < 56:
        return bytes([offset + length])
    digits = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([offset + 55 + len(digits)]) + digits
