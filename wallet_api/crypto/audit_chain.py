"""The macs that chain a user's entries in the audit log, under a key of ENCRYPTION_SECRET's.

The recipe, so that a log can be verified without this code:

    audit root  = of each secret, see encryption.py
    mac key     = HKDF-SHA256(audit root, no salt, info "wallet-api/audit-mac/v1")
    seal key    = HKDF-SHA256(audit root, no salt, info "wallet-api/audit-seal/v1")
    head 0      = 64 zeros
    mac n       = HMAC-SHA256(mac key, "entry\\n" + head n-1 + "\\n" + content of entry n) in hex
    head n      = HMAC-SHA256(mac key, "head\\n" + fid + "\\n" + n + "\\n" + mac n) in hex

HMAC is RFC 2104. A head is kept for the last entry only, so that whoever cuts entries off the end
of a chain cannot give it the head that it had then, unless they kept that one aside: against those
there are checkpoints, which operators keep elsewhere.

A later secret's row in encryption_keys carries the root of the one that it succeeds, sealed under
the seal key (12 random bytes, then AES-256-GCM with both key ids as associated data, in hex). So
whoever has the current secret can verify what was written under every secret before it.
"""

import hmac
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from wallet_api.crypto.derivation import hkdf
from wallet_api.crypto.secret import Secret
from wallet_api.errors import KeyUnreadable

FIRST_HEAD = "0" * 64
"""What stands before a user's first entry."""

_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class ChainedMacs:
    """What an entry carries, and the head of a chain that ends with it."""

    entry: str
    head: str


class AuditKey:
    """Computes macs, and seals roots, under one secret."""

    def __init__(self, key_id: str, root: Secret[bytes]) -> None:
        self.key_id = key_id
        self.root = root
        self._mac_key = Secret(hkdf(root.reveal(), b"wallet-api/audit-mac/v1", 32))

    def macs(self, content: bytes, *, fid: int, entry_id: int, head: str) -> ChainedMacs:
        """Return the macs of a user's entry number `entry_id`, which stands behind `head`."""
        entry = self._mac(b"entry\n%s\n%s" % (head.encode(), content))
        return ChainedMacs(entry=entry, head=self.head(fid=fid, entry_id=entry_id, entry=entry))

    def head(self, *, fid: int, entry_id: int, entry: str) -> str:
        """Return the head of a user's chain that ends with this entry, given by its mac."""
        return self._mac(b"head\n%d\n%d\n%s" % (fid, entry_id, entry.encode()))

    def seal_root_of(self, older: "AuditKey") -> str:
        """Return the root of the secret that ours succeeds, sealed under ours."""
        nonce = os.urandom(_NONCE_BYTES)
        associated_data = _associated_data(self.key_id, older.key_id)
        return (nonce + self._sealing().encrypt(nonce, older.root.reveal(), associated_data)).hex()

    def open_root_of(self, key_id: str, sealed: str) -> "AuditKey":
        """Return the key of the secret that ours succeeds. Raises KeyUnreadable."""
        raw = bytes.fromhex(sealed)
        nonce, ciphertext = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
        try:
            root = self._sealing().decrypt(nonce, ciphertext, _associated_data(self.key_id, key_id))
        except InvalidTag as error:
            raise KeyUnreadable("The sealed root of the audit log does not open.") from error
        return AuditKey(key_id, Secret(root))

    def _sealing(self) -> AESGCM:
        return AESGCM(hkdf(self.root.reveal(), b"wallet-api/audit-seal/v1", 32))

    def _mac(self, message: bytes) -> str:
        return hmac.digest(self._mac_key.reveal(), message, "sha256").hex()


def _associated_data(key_id: str, older: str) -> bytes:
    return f"{key_id}\n{older}".encode()
