"""Archiving: move old key uses from the audit log into files, while the service runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby

from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection, Database, batch_transaction
from wallet_api.errors import AuditLogBlocked, ServiceUnavailable
from wallet_api.models import (
    ARCHIVE_ACTION,
    KEY_USES,
    TRADING_CHAIN,
    AuditContext,
    AuditEntry,
    AuditEvent,
)
from wallet_api.repositories.audit.archive import AuditArchiveRepository
from wallet_api.repositories.audit.archive_files import ArchiveFolder
from wallet_api.repositories.audit.checks import AuditCheckRepository
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.services.audit.append import AuditTrail
from wallet_api.services.audit.archived_ranges import ArchivedRange
from wallet_api.services.audit.links import ChainLinks
from wallet_api.services.audit.verify import archived_ranges, audit_keys
from wallet_api.services.batch_runs import run_batch

# A request may ask whether an entry of the last minutes was committed. The trigger
# wallet_audit_log_loses_archived_key_uses_only has the same bound.
YOUNGEST = timedelta(days=1)
_PAGE = 5000
# Entries of one file, which are in memory until they were read back.
_FILE = 50_000
# Entries of one record, and of one transaction, for which requests of their users wait.
_RUN = 1000
_TRANSACTION = 50
# The record of a run is an entry itself.
_MIN_RUN = 2


class ArchiveOutcome(StrEnum):
    """The result for an entry."""

    ARCHIVED = "archived"
    KEPT = "kept"
    FAILED = "not archived"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveReport:
    """The result for `count` entries of a user, with the reason if it is a fault."""

    fid: int
    outcome: ArchiveOutcome
    count: int = 1
    reason: str | None = None


class AuditArchive:
    """Moves key uses into files. Safe to interrupt and to repeat, at any moment.

    Each entry is verified, written to a file, flushed to the disk and read back. Only then is it
    deleted, in the transaction that appends an entry about it to its user's chain. Until that
    transaction commits the entry is in the log, and from before it began it is in a file.

    All other entries stay: wallets and addresses are compared with them.
    """

    def __init__(
        self,
        database: Database,
        encryption: EncryptionService,
        access: AuditContext,
        folder: ArchiveFolder,
    ) -> None:
        self._database = database
        self._encryption = encryption
        self._access = access
        self._folder = folder
        self._trail = AuditTrail(encryption)

    def latest(self) -> datetime:
        """Return the time before which entries may be archived."""
        return (
            self._database.run(lambda connection: AuditRepository(connection).get_time()) - YOUNGEST
        )

    def run(self, before: datetime) -> Iterator[ArchiveReport]:
        """Move key uses that were made before a time, and yield the results.

        Raises DatabaseUnavailable if the role may not delete entries, and ArchiveDamaged.
        """
        with self._folder.locked():
            # Without the privilege to delete, write no file.
            self._database.run(
                lambda connection: AuditArchiveRepository(connection).delete_ranges([(0, 0, 0)])
            )
            runs: list[_Run] = []
            size = 0
            for found in self._find(before):
                if isinstance(found, ArchiveReport):
                    yield found
                    continue
                runs.append(found)
                size += len(found.entries)
                if size >= _FILE:
                    yield from self._move(runs)
                    runs, size = [], 0
            if runs:
                yield from self._move(runs)

    def _find(self, before: datetime) -> Iterator["_Run | ArchiveReport"]:
        """Yield runs of key uses that were made before a time, and reports about the others."""
        pages = _Pages(self._database)
        keys = self._database.run(
            lambda connection: audit_keys(connection, self._encryption.audit_keys)
        )
        for fid, chain in groupby(pages, lambda entry: entry.fid):
            links = ChainLinks(fid, keys, pages.archived[fid])
            run: list[AuditEntry] = []
            for entry in chain:
                fault = _follow(links, entry)
                archivable = (
                    fault is None
                    and entry.mac is not None
                    and entry.action in KEY_USES
                    and entry.created_at < before
                )
                if run and (not archivable or entry.id != run[-1].id + 1 or len(run) == _RUN):
                    yield _run(run)
                    run = []
                if archivable:
                    run.append(entry)
                elif fault is None:
                    yield ArchiveReport(fid=fid, outcome=ArchiveOutcome.KEPT)
                else:
                    reason = f"entry {entry.id}: {fault}"
                    yield ArchiveReport(fid=fid, outcome=ArchiveOutcome.FAILED, reason=reason)
            if run:
                yield _run(run)

    def _move(self, runs: Sequence["_Run"]) -> Iterator[ArchiveReport]:
        self._folder.write([entry for run in runs for entry in run.entries])
        for start in range(0, len(runs), _TRANSACTION):
            yield from run_batch(runs[start : start + _TRANSACTION], self._delete, _failed)

    def _delete(self, runs: Sequence["_Run"]) -> tuple[list[ArchiveReport], list["_Run"]]:
        """Delete what was written, and append an entry for each run.

        Return the reports, and the runs of busy users. Entries that another process, or an earlier
        attempt with an unconfirmed commit, deleted are already recorded.
        """
        pending = self._trail.pending()

        def delete(connection: Connection) -> set[int]:
            with batch_transaction(connection):
                heads = AuditRepository(connection).lock_heads({run.fid for run in runs})
                free = [run for run in runs if run.fid in heads]
                ranges = [(run.fid, run.range.first, run.range.last) for run in free]
                deleted = AuditArchiveRepository(connection).delete_ranges(ranges)
                recorded = archived_ranges(AuditCheckRepository(connection), {r.fid for r in free})
                moved = []
                for run, entries in zip(free, deleted, strict=True):
                    if entries == list(run.entries):
                        moved.append(run)
                    elif entries or recorded[run.fid].get(run.range.first) != run.range:
                        raise AuditLogBlocked(
                            f"entries of FID {run.fid} changed while they were archived",
                            "run `wallet-api audit verify`",
                        )
                pending.append_many(connection, heads, [self._event(run) for run in moved])
            return {run.fid for run in runs} - heads.keys()

        busy = self._database.run(delete)
        reports = [run.report(ArchiveOutcome.ARCHIVED) for run in runs if run.fid not in busy]
        return reports, [run for run in runs if run.fid in busy]

    def _event(self, run: "_Run") -> AuditEvent:
        access = AuditContext(
            actor=self._access.actor,
            request_id=self._access.request_id,
            reason=run.range.to_reason(),
        )
        return AuditEvent(fid=run.fid, chain=TRADING_CHAIN, action=ARCHIVE_ACTION, access=access)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """Consecutive entries of a user, all verified."""

    fid: int
    entries: tuple[AuditEntry, ...]
    range: ArchivedRange

    def report(self, outcome: ArchiveOutcome, reason: str | None = None) -> ArchiveReport:
        return ArchiveReport(fid=self.fid, outcome=outcome, count=len(self.entries), reason=reason)


def _run(entries: Sequence[AuditEntry]) -> _Run | ArchiveReport:
    first, last = entries[0], entries[-1]
    if len(entries) < _MIN_RUN:
        return ArchiveReport(fid=first.fid, outcome=ArchiveOutcome.KEPT, count=len(entries))
    if last.mac is None or last.key_id is None:
        raise AssertionError("only entries with a MAC are archived")
    archived = ArchivedRange(first=first.id, last=last.id, mac=last.mac, key_id=last.key_id)
    return _Run(fid=first.fid, entries=tuple(entries), range=archived)


def _failed(run: _Run, error: ServiceUnavailable) -> ArchiveReport:
    return run.report(ArchiveOutcome.FAILED, error.reason)


def _follow(links: ChainLinks, entry: AuditEntry) -> str | None:
    """Move to the next entry, and return its fault."""
    if entry.mac is None:
        links.pass_unchained(entry)
        return None
    links.cross_gap(entry.id)
    return links.follow(entry, entry.mac)


class _Pages:
    """All entries in the order of (fid, id), read page by page, each in its own transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.archived: dict[int, dict[int, ArchivedRange]] = {}
        """The ranges that entries of the current page's users record."""

    def __iter__(self) -> Iterator[AuditEntry]:
        after = (0, 0)

        def read(connection: Connection) -> list[AuditEntry]:
            checks = AuditCheckRepository(connection)
            page = checks.list_page(after, _PAGE)
            self.archived = archived_ranges(checks, {entry.fid for entry in page})
            return page

        while page := self._database.run_long(read):
            yield from page
            after = (page[-1].fid, page[-1].id)
