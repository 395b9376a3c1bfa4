"""Ethereum key pairs (secp256k1) and the addresses that follow from them."""

import secrets
from dataclasses import dataclass

from eth_keys.datatypes import PrivateKey
from eth_utils.exceptions import ValidationError

from wallet_api.crypto.secret import Secret
from wallet_api.errors import KeyUnreadable


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key (32 bytes) and its EIP-55 checksummed address."""

    private_key: Secret[bytes]
    address: str


def generate() -> KeyPair:
    """Make a new key pair from the operating system's random source."""
    # One of 2^128 such numbers is no key: that call fails, and stores nothing.
    private_key = Secret(secrets.token_bytes(32))
    return KeyPair(private_key=private_key, address=address_of(private_key))


def address_of(private_key: Secret[bytes]) -> str:
    """Derive the EIP-55 checksummed address of a private key.

    Raises KeyUnreadable when the 32 bytes are no secp256k1 key (zero, or not below the order).
    """
    try:
        return PrivateKey(private_key.reveal()).public_key.to_checksum_address()
    except (ValueError, ValidationError):
        # `from None`: the library's message may quote the key.
        raise KeyUnreadable("The stored key is not a secp256k1 key.") from None
