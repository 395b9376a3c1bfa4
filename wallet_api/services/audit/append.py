"""Appending to the audit log, in which each user has a chain of entries."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC
from typing import TypeVar

from wallet_api.crypto.audit_chain import AuditKey
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection, one_round_trip
from wallet_api.errors import AuditLogBlocked, DatabaseDamaged
from wallet_api.models import AuditEntry, AuditEvent, AuditHead
from wallet_api.repositories.audit.entries import (
    AuditRepository,
    ChainedEntry,
    EntryIdTaken,
    entry_id_taken,
)

T = TypeVar("T")

# PostgreSQL's largest bigint.
_LAST_ID = 2**63 - 1


class AuditTrail:
    """Computes entries with the current secret.

    An entry is written in the transaction of its act, which first locks the head of the user's
    chain. If the chain is empty, or the head was read before it was locked, another transaction
    may have appended in the meantime. Then PostgreSQL rejects the transaction, and Database.run()
    retries it.
    """

    def __init__(self, encryption: EncryptionService) -> None:
        self._key = encryption.audit_keys[encryption.key_id]

    def pending(self) -> "PendingEntries":
        """Return an object that prevents duplicate entries when the work is retried."""
        return PendingEntries(self)

    def next_entry(self, head: AuditHead, event: AuditEvent) -> ChainedEntry:
        """Return the next entry of the user's chain, for an event.

        Raises AuditLogBlocked if the head was moved to the last possible id.
        """
        if head.id >= _LAST_ID:
            raise AuditLogBlocked(
                "a user's audit chain has no id left", "run `wallet-api audit verify`"
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
            details=event.details,
            created_at=head.now,
            key_id=self._key.key_id,
            mac=None,
        )
        return chained(self._key, entry, head)


class PendingEntries:
    """Entries that are being written, across the retries of Database.run().

    If a connection is lost during a commit, its outcome is unknown. The next attempt calls
    is_written() first. If the entries were not written, it appends new ones with the same ids: the
    primary key lets only one of the two transactions commit.
    """

    def __init__(self, trail: AuditTrail) -> None:
        self._trail = trail
        self._tried: list[AuditEntry] = []
        self._taken: list[tuple[int, int]] = []

    def is_written(self, connection: Connection) -> bool:
        """Return whether an earlier attempt has written the entries. No query if there was none.

        Wait for that attempt first: PostgreSQL may still be committing it.
        """
        audit = AuditRepository(connection)
        for entry in self._tried:
            audit.lock_head(entry.fid)
        return any(audit.is_written(entry) for entry in self._tried)

    def append(
        self,
        connection: Connection,
        head: AuditHead,
        event: AuditEvent,
        *,
        act: Callable[[], None] = lambda: None,
    ) -> None:
        """Send `act` and the event's entry, and commit the transaction of begin_append().

        Raises DatabaseDamaged if the entry was not written, and what new_entry() raises.
        """
        with (
            self.new_entry(connection, head, event) as entry,
            one_round_trip(connection, begin=False),
        ):
            act()
            is_recorded = AuditRepository(connection).append_later(entry)
        require_entry(is_recorded())

    @contextmanager
    def new_entry(
        self, connection: Connection, head: AuditHead, event: AuditEvent
    ) -> Iterator[ChainedEntry]:
        """Yield the next entry of the user's chain, for an event; the block must append it.

        Raises AuditLogBlocked if the id after the head is taken although the head did not move.
        """
        entry = self._trail.next_entry(head, event)
        with self._appending([entry]), entry_id_taken(connection):
            yield entry

    def append_many(
        self, connection: Connection, heads: Mapping[int, AuditHead], events: Sequence[AuditEvent]
    ) -> None:
        """Append events of many users, in the transaction of lock_heads(), which returned `heads`.

        Raises DatabaseDamaged if not every entry was written, and what new_entry() raises.
        """
        audit = AuditRepository(connection)
        # The batch has done its work since it locked the heads.
        now = audit.get_time()
        last = {fid: replace(head, now=now) for fid, head in heads.items()}
        entries = []
        for event in events:
            entry = self._trail.next_entry(last[event.fid], event)
            last[event.fid] = entry.head
            entries.append(entry)
        with self._appending(entries):
            if entries:
                require_entry(audit.append_many(entries))

    @contextmanager
    def _appending(self, chained: Sequence[ChainedEntry]) -> Iterator[None]:
        # The first is enough, because they are written in one transaction.
        self._tried += [link.entry for link in chained[:1]]
        ids = [(link.entry.fid, link.entry.id) for link in chained]
        try:
            yield
        except EntryIdTaken as error:
            # A regular append moves the head too, and the retry would have used the next id.
            if ids == self._taken:
                raise AuditLogBlocked(
                    "a user's audit chain accepts no entry", "run `wallet-api audit verify`"
                ) from error
            self._taken = ids
            raise


def begin_append(
    connection: Connection, fid: int, query: Callable[[], Callable[[], T]]
) -> tuple[T, AuditHead]:
    """Begin a transaction that locks a user's chain; return the result of `query`, and the head.

    `query` is sent in the same round trip. Its result includes what was committed during the
    wait for the lock. If the chain was empty, a head that `query` reads is not locked, and an
    append that continues it could wait for a transaction that waits for this one.
    """
    with one_round_trip(connection, commit=False):
        fetch_head = AuditRepository(connection).lock_head(fid)
        fetch = query()
    return fetch(), fetch_head()


def require_entry(recorded: bool) -> None:
    """Raise DatabaseDamaged unless the entry was inserted."""
    if not recorded:
        raise DatabaseDamaged("the audit log did not store an entry")


def chained(key: AuditKey, entry: AuditEntry, previous: AuditHead) -> ChainedEntry:
    """Return an entry with its MAC, and the head of the chain after it."""
    content = content_of(entry)
    macs = key.macs(content, fid=entry.fid, entry_id=entry.id, head=previous.mac)
    head = AuditHead(fid=previous.fid, id=entry.id, mac=macs.head, now=previous.now)
    return ChainedEntry(entry=replace(entry, mac=macs.entry), head=head)


def content_of(entry: AuditEntry) -> bytes:
    """Return the content that an entry's MAC authenticates: all its fields as a JSON array.

    `details` are the last element, and only where there are any: most entries have none.
    """
    details = () if entry.details is None else (entry.details,)
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
            *details,
        ]
    ).encode()
