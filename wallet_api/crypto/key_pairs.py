"""Ethereum key pairs (secp256k1) and their addresses."""

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
# A key has 64 hex digits, fewer if leading zeros were dropped (fewer than 56 in one of 4 billion
# keys). An address has 40.
_HEX_KEY = re.compile(r"\b(?:0[xX])?([0-9a-fA-F]{56,})\b")
_BASE64_KEY = re.compile(r"[0-9A-Za-z+/]{43}=")


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key (32 bytes) and its EIP-55 checksummed address."""

    private_key: Secret[bytes]
    address: str


def generate() -> KeyPair:
    """Generate a key pair from the random source of the operating system."""
    # One of 2^128 random numbers is not a valid key. Then address_of() raises.
    private_key = Secret(secrets.token_bytes(_KEY_BYTES))
    return KeyPair(private_key=private_key, address=address_of(private_key))


def parse_private_key(plaintext: bytes) -> Secret[bytes] | None:
    """Return the private key in a decrypted text, or None.

    Accepts hex digits in any case, with or without `0x`, with missing or additional leading zeros,
    and with surrounding white space, quotes or JSON; base64; or 32 raw bytes. Compare the key with
    its address afterwards.
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

    Raises KeyUnreadable if the 32 bytes are not a secp256k1 key (zero, or not below the order).
    """
    return to_checksum_address("0x" + _address_digits(private_key))


def is_key_of(private_key: Secret[bytes], address: str) -> bool:
    """Return whether an address belongs to a private key. The checksum is not verified.

    Raises KeyUnreadable as address_of() does.
    """
    return address[2:].lower() == _address_digits(private_key)


def recover_address(digest: bytes, *, r: int, s: int, y_parity: int) -> str | None:
    """Return the address, in lower case, whose key signed this 32-byte digest.

    None if there is no key for which this is a signature.
    """
    signature = r.to_bytes(_KEY_BYTES) + s.to_bytes(_KEY_BYTES) + bytes([y_parity])
    try:
        key = PublicKey.from_signature_and_message(signature, digest, hasher=None)
    # coincurve raises a plain Exception if libsecp256k1 finds no key.
    except Exception:  # noqa: BLE001
        return None
    return "0x" + _digits_of_point(key.format(compressed=False))


def _address_digits(private_key: Secret[bytes]) -> str:
    key = private_key.reveal()
    # The library does not check the length.
    if len(key) != _KEY_BYTES:
        raise KeyUnreadable(_NO_KEY)
    try:
        point = PublicKey.from_valid_secret(key).format(compressed=False)
    except ValueError:
        # `from None`: the library's message may quote the key.
        raise KeyUnreadable(_NO_KEY) from None
    return _digits_of_point(point)


def _digits_of_point(point: bytes) -> str:
    # The last 20 bytes of the hash of both coordinates (Yellow Paper, appendix F).
    return keccak(point[1:])[-20:].hex()
