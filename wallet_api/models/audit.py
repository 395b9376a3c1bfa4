"""The audit log."""

from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address

from wallet_api.stored_json import read_stored_json

AUDIT_ACTIONS = (
    "wallet.created",
    "wallet.imported",
    "base_account.set",
    "key.read",
    "key.refused",
    "key.exported",
    "key.resealed",
    "message.signed",
    "typed_data.signed",
    "transaction.signed",
    "authorization.signed",
    "signing.refused",
    "entries.archived",
    "policy.changed",
    "client.created",
    "client.revoked",
)
"""The actions that the audit log records."""

KEY_USES = (
    "key.read",
    "key.refused",
    "key.exported",
    "message.signed",
    "typed_data.signed",
    "transaction.signed",
    "authorization.signed",
    "signing.refused",
)
"""The actions whose entries may be archived. Nothing but the audit log depends on them."""

ARCHIVE_ACTION = "entries.archived"
"""The action of an entry that records which entries were archived."""

_LEVELS = 32
"""How deeply details may be nested: the service writes fewer levels, and browsers read 4,000."""

SERVICE_FID = 0
"""The FID of audit entries that concern every user: changes of policies and of API clients."""

IPAddress = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditContext:
    """Who acts on a wallet or requests its key, from where, and why, for the audit entry.

    `recipient` is the X25519 public key (base64url) that the key will be encrypted to, or None.
    `client_id` is the id of an API client, or None for others, and `unrestricted` is True for one
    that may sign without a policy, which never changes. Neither is recorded.
    A signature with an `idempotency_key` is recorded once for all requests of the actor with it.
    """

    actor: str
    request_id: str
    ip: IPAddress | None = None
    reason: str | None = None
    recipient: str | None = None
    client_id: str | None = None
    unrestricted: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """An event to record in the audit log.

    `address` is the address of a created wallet or of a stored Base Account. `details` is a JSON
    text that describes what was signed.
    """

    fid: int
    chain: str
    action: str
    access: AuditContext
    address: str | None = None
    details: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """A row of `wallet_audit_log`: one action on a wallet or its key.

    `id` is the position in the user's chain. `details` is a JSON text, which describes a signature.
    `mac` covers the entry and the head before it, with the secret `key_id`. It is None in entries
    that are older than the chains.
    """

    fid: int
    id: int
    chain: str
    action: str
    actor: str
    request_id: str
    ip: IPAddress | None
    reason: str | None
    recipient: str | None
    address: str | None
    created_at: datetime
    key_id: str | None
    mac: str | None
    details: str | None = None


def read_details(text: str) -> dict[str, object] | None:
    """Return the members of an entry's details, or None if the service did not write them.

    The owner of the database can store any JSON value.
    """
    try:
        details = read_stored_json(text, levels=_LEVELS)
    except ValueError:
        return None
    return details if isinstance(details, dict) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditHead:
    """The head of a user's chain: the id of its last entry and the MAC of the head.

    `now` is the database's time of the read. The next entry gets it as its time.
    """

    fid: int
    id: int
    mac: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSignature:
    """The audit entry of a signature that a repeated request finds."""

    action: str
    details: str
