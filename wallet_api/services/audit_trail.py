"""Telling the audit log what happened: each entry chained to the one before it, for each user."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC

from wallet_api.crypto.audit_chain import AuditKey
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection
from wallet_api.errors import AuditLogBlocked, DatabaseDamaged
from wallet_api.models import AuditEntry, AuditEvent, AuditHead
from wallet_api.repositories.audit import AuditRepository, ChainedEntry

# PostgreSQL's largest bigint.
_LAST_ID = 2**63 - 1


class AuditTrail:
    """Chains events under the current secret.

    An entry is written in the transaction of its act. Whoever appends reads the head of the user's
    chain first; if somebody else has appended in between, PostgreSQL refuses the whole transaction,
    and Database.run() does the work again.
    """

    def __init__(self, encryption: EncryptionService) -> None:
        self._key = encryption.audit_keys[encryption.key_id]

    def follow(self, head: AuditHead, event: AuditEvent) -> ChainedEntry:
        """Return the entry that tells of an event, at the end of its user's chain.

        Raises AuditLogBlocked where somebody has moved that end so far that nothing can follow.
        """
        if head.id >= _LAST_ID:
            raise AuditLogBlocked(
                "a user's audit chain has no id left: run `wallet-api audit verify`"
            )
        access = event.access
        entry = AuditEntry(
            fid=event.fid,
            id=head.id + 1,
            chain=event.chain,
            action=event.action,
            actor=access.actor,
            request_id=access.request_id,
            ip=access.ip,
            reason=access.reason,
            recipient=access.recipient,
            address=event.address,
            created_at=head.now,
            key_id=self._key.key_id,
            mac=None,
        )
        return chained(self._key, entry, head)

    def append_many(self, connection: Connection, events: Sequence[AuditEvent]) -> None:
        """Append what happened to many users. Belongs in the transaction of the acts.

        Raises DatabaseDamaged if not every entry was written.
        """
        audit = AuditRepository(connection)
        heads = audit.list_heads({event.fid for event in events})
        entries = []
        for event in events:
            entry = self.follow(heads[event.fid], event)
            heads[event.fid] = entry.head
            entries.append(entry)
        if entries and not audit.append_many(entries):
            raise DatabaseDamaged("the audit log takes no rows")


def chained(key: AuditKey, entry: AuditEntry, behind: AuditHead) -> ChainedEntry:
    """Return an entry with its mac, and the head that a chain has which ends with it."""
    content = content_of(entry)
    macs = key.macs(content, fid=entry.fid, entry_id=entry.id, head=behind.mac)
    head = replace(behind, id=entry.id, mac=macs.head)
    return ChainedEntry(entry=replace(entry, mac=macs.entry), head=head)


def content_of(entry: AuditEntry) -> bytes:
    """Return what an entry's mac is computed over: all that it says, as one JSON array."""
    return json.dumps(
        [
            entry.fid,
            entry.id,
            entry.chain,
            entry.action,
            entry.actor,
            entry.request_id,
            None if entry.ip is None else str(entry.ip),
            entry.reason,
            entry.recipient,
            entry.address,
            entry.created_at.astimezone(UTC).isoformat(timespec="microseconds"),
            entry.key_id,
        ]
    ).encode()
