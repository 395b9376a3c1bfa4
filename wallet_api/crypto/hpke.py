"""Encryption of a private key for a recipient: HPKE (RFC 9180), base mode, single shot.

The suite is DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM: 0x0020, 0x0001, 0x0002.
"""

import base64
import re
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from wallet_api.crypto.secret import Secret
from wallet_api.errors import InvalidRecipientKey

SUITE = "DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_ENC_BYTES = 32
_BASE64URL = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_P = 2**255 - 19
"""The prime of Curve25519: coordinates are below it (RFC 7748)."""


@dataclass(frozen=True, slots=True)
class EncryptedForRecipient:
    """An encrypted key, which the recipient decrypts with its private key and this `info`."""

    enc: bytes
    ciphertext: bytes


class Recipient:
    """The holder of an X25519 key pair (RFC 7748), identified by its public key."""

    def __init__(self, text: str) -> None:
        """Read a public key: 32 bytes in base64url without padding. Raises InvalidRecipientKey.

        Points of small order are rejected: anyone could decrypt what is encrypted to them.
        """
        if not _BASE64URL.fullmatch(text):
            raise InvalidRecipientKey
        raw = base64.urlsafe_b64decode(text + "=")
        # X25519 would reduce the coordinate, but HPKE on the recipient's side hashes its own form.
        if int.from_bytes(raw, "little") >= _P:
            raise InvalidRecipientKey
        self._key = X25519PublicKey.from_public_bytes(raw)
        try:
            # OpenSSL detects a point of small order at its first use.
            _SUITE.encrypt(b"", self._key)
        except ValueError as error:
            raise InvalidRecipientKey from error
        self.public_key = base64url(raw)

    def encrypt(self, private_key: Secret[bytes], *, info: bytes) -> EncryptedForRecipient:
        """Encrypt a private key (32 bytes). The recipient needs `info` to decrypt it."""
        encrypted = _SUITE.encrypt(private_key.reveal(), self._key, info)
        return EncryptedForRecipient(enc=encrypted[:_ENC_BYTES], ciphertext=encrypted[_ENC_BYTES:])


def base64url(raw: bytes) -> str:
    """Encode bytes as base64url without padding (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def key_info(*, fid: int, chain: str, address: str) -> bytes:
    """Return the HPKE info that binds an encrypted key to its wallet."""
    return f"wallet-api/key/v1|{fid}|{chain}|{address}".encode()
