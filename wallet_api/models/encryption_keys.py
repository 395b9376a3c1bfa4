"""Encryption secrets."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionKey:
    """A row of `encryption_keys`: a secret, identified by its key id.

    While it is `active`, keys may be encrypted with it. `sealed_audit_root` is the encrypted root
    of the MACs of the secret that it succeeds.
    """

    key_id: str
    succeeds: str | None
    sealed_audit_root: str | None
    created_at: datetime
    active: bool
