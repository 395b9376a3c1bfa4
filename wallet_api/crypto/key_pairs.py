"""Ethereum key pairs (secp256k1) and the addresses that follow from them."""

import base64
import re
import secrets
from dataclasses import dataclass

from coincurve import PublicKey
from eth_hash.auto import keccak

from wallet_api.crypto.checksum import to_checksum_address
from wallet_api.crypto.secret import Secret
from wallet_api.errors import KeyUnreadable

_KEY_BYTES = 32
_NO_KEY = "The stored key is not a secp256k1 key."
# A random key has 64 hex digits, and one less for each zero that it lost at its front: fewer than
# 56 in one of four billion. An address has 40.
_HEX_KEY = re.compile(r"\b(?:0[xX])?([0-9a-fA-F]{56,})\b")
_BASE64_KEY = re.compile(r"[0-9A-Za-z+/]{43}=")


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key (32 bytes) and its EIP-55 checksummed address."""

    private_key: Secret[bytes]
    address: str


def generate() -> KeyPair:
    """Make a new key pair from the operating system's random source."""
    # One of 2^128 such numbers is no key: that call fails, and stores nothing.
    private_key = Secret(secrets.token_bytes(_KEY_BYTES))
    return KeyPair(private_key=private_key, address=address_of(private_key))


def parse_private_key(plaintext: bytes) -> Secret[bytes] | None:
    """Return the private key that a decrypted text spells, or None.

    Hex digits in any case, with or without `0x`, with leading zeros missing or too many, and with
    white space, quotes or JSON around them; base64; or the 32 bytes. Only an address can prove that
    it is the right key.
    """
    try:
        text = plaintext.decode()
    except UnicodeDecodeError:
        return Secret(plaintext) if len(plaintext) == _KEY_BYTES else None
    if _BASE64_KEY.fullmatch(text.strip()):
        return Secret(base64.b64decode(text))
    for digits in _HEX_KEY.findall(text):
        number = int(digits, 16)
        if number.bit_length() <= 8 * _KEY_BYTES:
            return Secret(number.to_bytes(_KEY_BYTES))
    return None


def address_of(private_key: Secret[bytes]) -> str:
    """Derive the EIP-55 checksummed address of a private key.

    Raises KeyUnreadable when the 32 bytes are no secp256k1 key (zero, or not below the order).
    """
    return to_checksum_address("0x" + _address_digits(private_key))


def is_key_of(private_key: Secret[bytes], address: str) -> bool:
    """Tell whether a private key is that of an address, whose checksum is not looked at.

    Raises KeyUnreadable as address_of() does.
    """
    return address[2:].lower() == _address_digits(private_key)


def _address_digits(private_key: Secret[bytes]) -> str:
    key = private_key.reveal()
    # The library reads 32 bytes, whatever it is given.
    if len(key) != _KEY_BYTES:
        raise KeyUnreadable(_NO_KEY)
    try:
        point = PublicKey.from_valid_secret(key).format(compressed=False)
    except ValueError:
        # `from None`: the library's message may quote the key.
        raise KeyUnreadable(_NO_KEY) from None
    # Of the hash of both coordinates the last 20 bytes (Yellow Paper, appendix F).
    return keccak(point[1:])[-20:].hex()
