"""Key derivation (HKDF)."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def hkdf(key: bytes, info: bytes, length: int) -> bytes:
    """Derive `length` bytes for the purpose `info` (HKDF-SHA256 without salt, RFC 5869)."""
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=info).derive(key)
