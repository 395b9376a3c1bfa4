"""Checkpoints: digests of the audit log, to be stored out of the database owner's reach.

The MACs in the log prove that nobody without the secret wrote or changed an entry. They cannot
prove that a whole chain was not restored to an earlier state, including its head. A checkpoint can:
entries never change, so that the entries from before a checkpoint always have the same digest. This
requires that none of them is committed later, which settled_time() ensures.
"""

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from wallet_api.database import Connection, Database
from wallet_api.errors import DatabaseUnavailable
from wallet_api.models import AuditEntry
from wallet_api.repositories.audit.checks import AuditCheckRepository, Writer
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.repositories.migrations import MigrationRepository

_BUCKETS = 256
_VERSION = 1
# An entry may be a minute old when it is inserted (time_of_entry). The other minute allows for
# clock differences between machines.
_SETTLED = timedelta(minutes=2)
_WRITERS_SECONDS = 60.0
_POLL_SECONDS = 0.1


def settled_time(database: Database) -> datetime:
    """Return a time before which no further entry can become visible.

    Wait for the transactions that may insert such an entry. Raises DatabaseUnavailable if one has
    not ended after a minute, and on a standby.
    """

    def read(connection: Connection) -> tuple[datetime, list[Writer]]:
        require_primary(connection)
        # The time first: a transaction with an earlier entry is in the list, or has ended.
        now = AuditRepository(connection).get_time()
        return now, AuditCheckRepository(connection).list_writers()

    began = time.monotonic()
    now, writers = database.run(read)
    awaited = {writer.id for writer in writers}
    # A prepared transaction outlives a restart of the server, under another id.
    while any(writer.is_prepared or writer.id in awaited for writer in writers):
        if time.monotonic() - began > _WRITERS_SECONDS:
            raise DatabaseUnavailable(
                "no checkpoint can be taken: a transaction that may append to the audit log has "
                "been open for a minute. docs/operations.md describes how to find it. Until it has "
                "ended, verify without --checkpoint"
            )
        time.sleep(_POLL_SECONDS)
        _, writers = database.run(read)
    return now - _SETTLED


def require_primary(connection: Connection) -> None:
    """Raise DatabaseUnavailable if the database is a standby.

    A standby may lack committed entries, and does not know the primary's transactions.
    """
    if MigrationRepository(connection).get_state().standby:
        raise DatabaseUnavailable(
            "this is a standby, which may lack entries",
            "create and compare checkpoints on the primary",
        )


class Digest:
    """Digests of the entries that were made before `until`, in 256 groups of users.

    The group of a user is the FID modulo 256. Its digest is SHA-256 over the lines "fid id mac" of
    its entries, in the order of (fid, id).
    """

    def __init__(self, until: datetime) -> None:
        self.until = until
        self.entries = [0] * _BUCKETS
        self._hashes = [hashlib.sha256() for _ in range(_BUCKETS)]

    def add(self, entry: AuditEntry) -> None:
        """Add the next entry, in the order of (fid, id)."""
        if entry.created_at < self.until:
            bucket = entry.fid % _BUCKETS
            self.entries[bucket] += 1
            self._hashes[bucket].update(f"{entry.fid} {entry.id} {entry.mac}\n".encode())

    def digests(self) -> list[str]:
        """Return the digest of each group, in hex."""
        return [digest.hexdigest() for digest in self._hashes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The number of entries and their digest, for each group of users."""

    until: datetime
    entries: list[int]
    digests: list[str]

    @classmethod
    def of(cls, digest: Digest) -> "Checkpoint":
        """Return the checkpoint of a digest."""
        return cls(until=digest.until, entries=digest.entries, digests=digest.digests())

    @classmethod
    def from_json(cls, text: str) -> "Checkpoint":
        """Parse a checkpoint. Raises ValueError if it is not valid."""
        try:
            members = json.loads(text)
            entries, digests = members["entries"], members["digests"]
            until = datetime.fromisoformat(members["until"])
            whole = members["version"] == _VERSION and len(entries) == len(digests) == _BUCKETS
        except (KeyError, TypeError, RecursionError) as error:
            raise ValueError("it is not a checkpoint") from error
        if not whole or until.tzinfo is None:
            raise ValueError("it is not a checkpoint")
        return cls(until=until, entries=entries, digests=digests)

    def to_json(self) -> str:
        """Return the checkpoint as JSON, for from_json()."""
        return json.dumps(
            {
                "version": _VERSION,
                "until": self.until.isoformat(),
                "entries": self.entries,
                "digests": self.digests,
            }
        )

    def compare(self, now: Digest) -> Iterator[str]:
        """Yield a fault for each group of users that has changed. `now` has the same `until`."""
        current = zip(now.entries, now.digests(), strict=True)
        recorded = zip(self.entries, self.digests, strict=True)
        for bucket, (found, expected) in enumerate(zip(current, recorded, strict=True)):
            if found != expected:
                yield (
                    f"entries made before {self.until.isoformat()} of users whose FID modulo "
                    f"{_BUCKETS} is {bucket}: {expected[0]} at the checkpoint, {found[0]} now, "
                    "and not the same"
                )
