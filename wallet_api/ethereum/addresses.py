"""Parsing of Ethereum addresses."""

import re

from wallet_api.crypto.checksum import to_checksum_address
from wallet_api.errors import InvalidAddress

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
_PREFIX = re.compile(r"0x[0-9a-f]{4,40}", re.ASCII)


def parse_address(text: object) -> str:
    """Return an address in lower case.

    An address is `0x` and 40 hex digits. In mixed case it must pass its EIP-55 checksum. Raises
    InvalidAddress.
    """
    if not isinstance(text, str) or not _ADDRESS.fullmatch(text):
        raise InvalidAddress(hint="An address is 0x and 40 hex digits.")
    digits = text[2:]
    mixed = digits not in (digits.lower(), digits.upper())
    if mixed and to_checksum_address(text) != text:
        raise InvalidAddress(hint="The address does not pass its EIP-55 checksum.")
    return text.lower()


def parse_address_prefix(text: str) -> str:
    """Return the beginning of an address in lower case: `0x` and at least 4 hex digits.

    Raises InvalidAddress.
    """
    prefix = text.lower()
    if not _PREFIX.fullmatch(prefix):
        raise InvalidAddress(hint="The beginning of an address is 0x and 4 to 40 hex digits.")
    return prefix
