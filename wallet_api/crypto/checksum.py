"""EIP-55 checksums of Ethereum addresses."""

from eth_hash.auto import keccak

_HEX = "0123456789abcdef"
_MARKED = {
    (digit, mark): digit.upper() if mark >= "8" else digit for digit in _HEX for mark in _HEX
}


def to_checksum_address(address: str) -> str:
    """Return an address (`0x` and 40 hex digits in any case) with its EIP-55 checksum.

    A letter is upper case if the hex digit at its position in the Keccak-256 hash of the lower-case
    address is 8 or more.
    """
    digits = address[2:].lower()
    marks = keccak(digits.encode()).hex()
    return "0x" + "".join(map(_MARKED.__getitem__, zip(digits, marks, strict=False)))
