"""Sealing a private key for its recipient's eyes: HPKE (RFC 9180), base mode, single shot.

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
class SealedForRecipient:
    """What the recipient opens with its private key, `enc` and the same `info`."""

    enc: bytes
    ciphertext: bytes


class Recipient:
    """Whoever holds the private half of an X25519 public key (RFC 7748)."""

    def __init__(self, text: str) -> None:
        """Read a public key: 32 bytes in base64url without padding. Raises InvalidRecipientKey.

        A point of small order is refused as well: with it everybody could open what is sealed.
        """
        if not _BASE64URL.fullmatch(text):
            raise InvalidRecipientKey
        raw = base64.urlsafe_b64decode(text + "=")
        # X25519 itself would reduce it, but the recipient's half of HPKE hashes what it has.
        if int.from_bytes(raw, "little") >= _P:
            raise InvalidRecipientKey
        self._key = X25519PublicKey.from_public_bytes(raw)
        try:
            # OpenSSL notices a point of small order when it is used.
            _SUITE.encrypt(b"", self._key)
        except ValueError as error:
            raise InvalidRecipientKey from error
        self.public_key = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    def seal(self, private_key: Secret[bytes], *, info: bytes) -> SealedForRecipient:
        """Seal a private key (32 bytes). `info` says whose it is; the recipient must know it."""
        sealed = _SUITE.encrypt(private_key.reveal(), self._key, info)
        return SealedForRecipient(enc=sealed[:_ENC_BYTES], ciphertext=sealed[_ENC_BYTES:])


def key_info(*, fid: int, chain: str, address: str) -> bytes:
    """Return what a sealed key is bound to: it opens as the key of this wallet only."""
    return f"wallet-api/key/v1|{fid}|{chain}|{address}".encode()
