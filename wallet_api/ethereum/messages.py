"""Strict parsing of messages for `personal_sign` and `eth_sign` (EIP-191, version 0x45)."""

from wallet_api.ethereum.strict_json import read_bytes, read_text

HASH_LENGTH = 32
"""In bytes. A message of this length may be the hash of unknown content."""


def read_message(given: object, field: str) -> bytes:
    """Return the bytes of a message, given as 0x and hex digits.

    Text is refused: geth accepts only hex, other nodes accept text, and a text that begins with 0x
    would be ambiguous. Raises NotSignable.
    """
    return read_bytes(given, field)


def read_text_message(given: object, field: str) -> bytes:
    """Return the UTF-8 bytes of a message that is always a text. Raises NotSignable."""
    return read_text(given, field).encode()
