"""The form of an Ethereum address that carries its checksum in the case of its letters."""

from eth_hash.auto import keccak


def to_checksum_address(address: str) -> str:
    """Return an address (`0x` and 40 hex digits in any case) with its checksum (EIP-55).

    A letter is a capital where the digit at its place in the hash of the lower-case digits is 8 or
    more.
    """
    digits = address[2:].lower()
    marks = keccak(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if mark >= "8" else digit for digit, mark in zip(digits, marks, strict=False)
    )
