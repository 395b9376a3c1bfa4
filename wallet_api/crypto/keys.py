"""Ethereum key pairs (secp256k1) and the addresses that follow from them."""

import sys
from dataclasses import dataclass

from eth_account import Account
from eth_utils.exceptions import ValidationError

from wallet_api.crypto.secret import Secret
from wallet_api.errors import KeyUnreadable

# eth-account brings py_ecc, which raises this limit to 100,000. Then a deeply nested JSON text
# overflows the C stack and kills the process, where RecursionError should have refused it.
sys.setrecursionlimit(1000)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key (32 bytes) and its EIP-55 checksummed address."""

    private_key: Secret[bytes]
    address: str


def generate() -> KeyPair:
    """Make a new key pair from the operating system's random source."""
    account = Account.create()
    return KeyPair(private_key=Secret(bytes(account.key)), address=account.address)


def address_of(private_key: Secret[bytes]) -> str:
    """Derive the EIP-55 checksummed address of a private key.

    Raises KeyUnreadable when the 32 bytes are no secp256k1 key (zero, or not below the order).
    """
    try:
        return str(Account.from_key(private_key.reveal()).address)
    except (ValueError, ValidationError):
        # `from None`: the library's message may quote the key.
        raise KeyUnreadable("The stored key is not a secp256k1 key.") from None
