"""Strict reading of messages for `personal_sign` and `eth_sign` (EIP-191, version 0x45)."""

from wallet_api.ethereum.strict_json import read_bytes, read_text, refuse

HASH_LENGTH = 32
"""In bytes."""


def read_message(given: object, field: str, *, allow_hash: bool = False) -> bytes:
    """Return the bytes of a message, given as 0x and hex digits.

    Text is refused: geth takes only hex, others take a text as it is, and a text that begins with
    0x could be read in two ways. Raises NotSignable.
    """
    return _signable(read_bytes(given, field), field, allow_hash=allow_hash)


def read_text_message(given: object, field: str, *, allow_hash: bool = False) -> bytes:
    """Return the UTF-8 bytes of a message that is always a text. Raises NotSignable."""
    return _signable(read_text(given, field).encode(), field, allow_hash=allow_hash)


def _signable(message: bytes, field: str, *, allow_hash: bool) -> bytes:
    if len(message) == HASH_LENGTH and not allow_hash:
        refuse(field, "A message of 32 bytes may be a hash of something that nobody sees.")
    return message
