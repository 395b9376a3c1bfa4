"""MACs that chain the audit log entries of a user, with a key derived from ENCRYPTION_SECRET.

The format, so that a log can be verified without this code:

    audit root  = one per secret, see encryption.py
    mac key     = HKDF-SHA256(audit root, no salt, info "wallet-api/audit-mac/v1")
    root key    = HKDF-SHA256(audit root, no salt, info "wallet-api/audit-seal/v1")
    head 0      = 64 zeros
    mac n       = HMAC-SHA256(mac key, "entry\\n" + head n-1 + "\\n" + content of entry n) in hex
    head n      = HMAC-SHA256(mac key, "head\\n" + fid + "\\n" + n + "\\n" + mac n) in hex

HMAC is specified in RFC 2104. The database stores only the head of the last entry. An attacker who
truncates a chain therefore lacks the matching head, unless they saved it earlier. Checkpoints,
which operators store elsewhere, detect that.

The row of a later secret in encryption_keys contains the root of the secret that it succeeds,
encrypted with the root key (12 random bytes, then AES-256-GCM with both key ids as associated
data, in hex). The current secret can therefore verify the entries of every earlier secret.
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
"""The head before the first entry of a user."""

_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class ChainedMacs:
    """The MAC of an entry, and the head of the chain that ends with it."""

    entry: str
    head: str


class AuditKey:
    """Compute MACs, and encrypt roots of older secrets, with one secret."""

    def __init__(self, key_id: str, root: Secret[bytes]) -> None:
        self.key_id = key_id
        self.root = root
        self._mac_key = Secret(hkdf(root.reveal(), b"wallet-api/audit-mac/v1", 32))

    def macs(self, content: bytes, *, fid: int, entry_id: int, head: str) -> ChainedMacs:
        """Return the MACs of entry number `entry_id` of a user, which follows `head`."""
        entry = self._mac(b"entry\n%s\n%s" % (head.encode(), content))
        return ChainedMacs(entry=entry, head=self.head(fid=fid, entry_id=entry_id, entry=entry))

    def head(self, *, fid: int, entry_id: int, entry: str) -> str:
        """Return the head of the chain that ends with the entry whose MAC is `entry`."""
        return self._mac(b"head\n%d\n%d\n%s" % (fid, entry_id, entry.encode()))

    def encrypt_root_of(self, older: "AuditKey") -> str:
        """Return the root of the secret that this one succeeds, encrypted with this one."""
        nonce = os.urandom(_NONCE_BYTES)
        associated_data = _associated_data(self.key_id, older.key_id)
        return (nonce + self._cipher().encrypt(nonce, older.root.reveal(), associated_data)).hex()

    def decrypt_root_of(self, key_id: str, encrypted: str) -> "AuditKey":
        """Decrypt the root of the secret that this one succeeds. Raises KeyUnreadable."""
        raw = bytes.fromhex(encrypted)
        nonce, ciphertext = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
        try:
            root = self._cipher().decrypt(nonce, ciphertext, _associated_data(self.key_id, key_id))
        except InvalidTag as error:
            raise KeyUnreadable("The encrypted root of the audit log does not decrypt.") from error
        return AuditKey(key_id, Secret(root))

    def _cipher(self) -> AESGCM:
        return AESGCM(hkdf(self.root.reveal(), b"wallet-api/audit-seal/v1", 32))

    def _mac(self, message: bytes) -> str:
        return hmac.digest(self._mac_key.reveal(), message, "sha256").hex()


def _associated_data(key_id: str, older: str) -> bytes:
    return f"{key_id}\n{older}".encode()
