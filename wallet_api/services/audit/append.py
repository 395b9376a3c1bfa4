"""Appending to the audit log: a chain of entries for each user."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC
from typing import TypeVar

from wallet_api.crypto.audit_chain import AuditKey
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection, one_round_trip
from wallet_api.errors import AuditLogBlocked, DatabaseDamaged
from wallet_api.models import AuditEntry, AuditEvent, AuditHead
from wallet_api.repositories.audit import (
    AuditRepository,
    ChainedEntry,
    PlaceTaken,
    place_taken,
)

T = TypeVar("T")

# PostgreSQL's largest bigint.
_LAST_ID = 2**63 - 1


class AuditTrail:
    """Chains events under the current secret.

    An entry is written in the transaction of its act, which locks the head of the user's chain
    first: appends to one chain take turns. Where the chain has not begun, or the head was read
    before it was locked, somebody else may have appended meanwhile. Then PostgreSQL refuses the
    whole transaction, and Database.run() runs the work again.
    """

    def __init__(self, encryption: EncryptionService) -> None:
        self._key = encryption.audit_keys[encryption.key_id]

    def pending(self) -> "PendingEntries":
        """Return what keeps entries from being written twice, however often their work is run."""
        return PendingEntries(self)

    def follow(self, head: AuditHead, event: AuditEvent) -> ChainedEntry:
        """Return the entry that tells of an event, at the end of its user's chain.

        Raises AuditLogBlocked where somebody has moved that end so far that nothing can follow.
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
            created_at=head.now,
            key_id=self._key.key_id,
            mac=None,
        )
        return chained(self._key, entry, head)


class PendingEntries:
    """Entries on their way into the log, across the attempts of Database.run().

    A connection that is lost at its commit leaves open whether the entries were written. The next
    attempt asks is_written() first. If they were not, it appends others at the same places: the
    primary key lets only one of two such transactions commit, however late the first one is.
    """

    def __init__(self, trail: AuditTrail) -> None:
        self._trail = trail
        self._tried: list[AuditEntry] = []
        self._taken: list[tuple[int, int]] = []

    def is_written(self, connection: Connection) -> bool:
        """Tell whether an earlier attempt has written the entries. Asks only if there was one.

        Waits for that attempt first: PostgreSQL may be committing it still.
        """
        audit = AuditRepository(connection)
        for entry in self._tried:
            audit.hold_head(entry.fid)
        return any(audit.is_written(entry) for entry in self._tried)

    def append(
        self,
        connection: Connection,
        head: AuditHead,
        event: AuditEvent,
        *,
        act: Callable[[], None] = lambda: None,
    ) -> None:
        """Send what `act` sends and the event's entry, and commit: a transaction of begin_append().

        Raises DatabaseDamaged if the entry was not written, and what following() raises.
        """
        with (
            self.following(connection, head, event) as entry,
            one_round_trip(connection, begin=False),
        ):
            act()
            recorded = AuditRepository(connection).append_later(entry)
        require_entry(recorded())

    @contextmanager
    def following(
        self, connection: Connection, head: AuditHead, event: AuditEvent
    ) -> Iterator[ChainedEntry]:
        """Give the entry of an event, at the end of its user's chain: it is appended inside.

        Raises AuditLogBlocked where the place after the head is taken and the head does not move.
        """
        entry = self._trail.follow(head, event)
        with self._appending([entry]), place_taken(connection):
            yield entry

    def append_many(self, connection: Connection, events: Sequence[AuditEvent]) -> None:
        """Append what happened to many users, in the transaction of the acts.

        Raises DatabaseDamaged if not every entry was written, and what following() raises.
        """
        audit = AuditRepository(connection)
        heads = audit.list_heads({event.fid for event in events})
        entries = []
        for event in events:
            entry = self._trail.follow(heads[event.fid], event)
            heads[event.fid] = entry.head
            entries.append(entry)
        with self._appending(entries):
            if entries:
                require_entry(audit.append_many(entries))

    @contextmanager
    def _appending(self, chained: Sequence[ChainedEntry]) -> Iterator[None]:
        # One is enough, because they are written together.
        self._tried += [one.entry for one in chained[:1]]
        places = [(one.entry.fid, one.entry.id) for one in chained]
        try:
            yield
        except PlaceTaken as error:
            # Whoever takes a place moves the head too: then we would have seen another one.
            if places == self._taken:
                raise AuditLogBlocked(
                    "a user's audit chain takes no entry", "run `wallet-api audit verify`"
                ) from error
            self._taken = places
            raise


def begin_append(connection: Connection, fid: int, look: Callable[[], Callable[[], T]]) -> T:
    """Begin a transaction in which nobody else appends to a user's chain.

    `look` sends a question with the same round trip; return its answer.
    """
    with one_round_trip(connection, commit=False):
        AuditRepository(connection).hold_head(fid)
        found = look()
    return found()


def require_entry(recorded: bool) -> None:
    """Raise DatabaseDamaged unless the log has its entry, whatever may have swallowed it."""
    if not recorded:
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
