"""Verification of the audit log: every chain from its first entry to its end."""

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import groupby, takewhile

from wallet_api.crypto.audit_chain import AuditKey
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection, Database, long_transaction
from wallet_api.errors import DatabaseUnavailable
from wallet_api.models import AuditEntry
from wallet_api.repositories.api_clients import ApiClientRepository
from wallet_api.repositories.audit.archive_files import ArchiveFolder, position
from wallet_api.repositories.audit.checks import AuditCheckRepository, ChainEnd
from wallet_api.repositories.encryption_keys import EncryptionKeyRepository
from wallet_api.services.audit.archived_ranges import ArchivedRange
from wallet_api.services.audit.chains import ChainCheck, EntryOutcome, EntryReport, missing
from wallet_api.services.audit.checkpoints import Checkpoint, Digest, require_primary, settled_time
from wallet_api.services.audit.clients import ClientCheck
from wallet_api.services.wallet_files.storages import WalletStorage

_PAGE = 5000
_NEVER = datetime.min.replace(tzinfo=UTC)

Reporter = Callable[[EntryReport], None]


class AuditVerification:
    """Verifies the whole log, or one user's chain, in one snapshot. Writes nothing."""

    def __init__(
        self,
        database: Database,
        encryption: EncryptionService,
        *,
        unchained_before: datetime | None,
        storage: WalletStorage,
        archive: ArchiveFolder | None = None,
        known_clients: Collection[str] = (),
    ) -> None:
        """Entries without a MAC are faults, unless they were made before `unchained_before`.

        Without an `archive`, archived entries are counted, and not verified. `known_clients` are
        the API clients of 1.0.0, whose creation has no entry.
        """
        self._known_clients = known_clients
        self._archive = archive
        self._storage = storage
        self._database = database
        self._encryption = encryption
        self._unchained_before = unchained_before

    def count(self) -> int:
        """Return how many entries there are."""
        return self._database.run_long(
            lambda connection: AuditCheckRepository(connection).count_entries()
        )

    def needs_archive(self) -> bool:
        """Return whether the log has archived entries, which every checkpoint covers."""
        return self._archive is None and self._database.run(
            lambda connection: AuditCheckRepository(connection).has_archived()
        )

    def verify(self, reporter: Reporter, *, against: Checkpoint | None = None) -> None:
        """Report every entry of the log to `reporter`.

        Comparing with an earlier checkpoint detects what even the database's owner removed. Raises
        DatabaseUnavailable if a standby would be compared, and ArchiveDamaged.
        """
        self._verify_log(reporter, against, until=_NEVER)

    def take_checkpoint(
        self, reporter: Reporter, *, against: Checkpoint | None = None
    ) -> Checkpoint:
        """Do what verify() does, and return a checkpoint of the log.

        All its entries are on the synchronous standby, if there is one, so that a failover loses
        none. Raises what settled_time() raises, and DatabaseUnavailable if the standby is down.
        """
        return self._verify_log(reporter, against, until=settled_time(self._database))

    def _verify_log(
        self, reporter: Reporter, against: Checkpoint | None, *, until: datetime
    ) -> Checkpoint:
        once = _Once(reporter)

        def verify(connection: Connection) -> Checkpoint:
            with long_transaction(connection, snapshot=True):
                if against is not None:
                    require_primary(connection)
                checkpoint = self._verify(connection, once.start(), Digest(until), against)
            if until != _NEVER:
                self._database.replication.wait(connection)
            return checkpoint

        return self._database.run(verify)

    def verify_user(self, fid: int, reporter: Reporter) -> None:
        """Report every entry of one user's chain to `reporter`."""
        once = _Once(reporter)

        def verify(connection: Connection) -> None:
            with long_transaction(connection, snapshot=True):
                checks = AuditCheckRepository(connection)
                entries = _Entries(checks, (fid, 0))
                own_entries = takewhile(lambda entry: entry.fid == fid, entries)
                report_once = once.start()
                chain = self._with_archived(own_entries, report_once, only=fid)
                check, archived = self._check(connection), entries.archived_of(fid)
                for report in check.run(fid, chain, partial(entries.end_of, fid), archived):
                    report_once(report)

        self._database.run(verify)

    def _verify(
        self, connection: Connection, reporter: Reporter, new: Digest, against: Checkpoint | None
    ) -> Checkpoint:
        known = Digest(until=new.until if against is None else against.until)
        checks, check = AuditCheckRepository(connection), self._check(connection)
        entries = _Entries(checks, (0, 0))
        clients = ClientCheck(self._known_clients)
        log = _added_to((new, known), self._with_archived(entries, reporter))
        for fid, chain in groupby(log, lambda entry: entry.fid):
            archived, end = entries.archived_of(fid), partial(entries.end_of, fid)
            for report in check.run(fid, chain, end, archived, on_intact=clients.add):
                reporter(report)
        for fid, last in checks.list_heads_without_entries().items():
            reporter(missing(fid, 1, last))
        for fid in checks.list_wallets_without_entries(self._unchained_before):
            fault = "there is a wallet without an entry"
            reporter(EntryReport(outcome=EntryOutcome.FAULTY, fid=fid, fault=fault))
        for fault in clients.faults(ApiClientRepository(connection).list_clients()):
            reporter(EntryReport(outcome=EntryOutcome.FAULTY, fault=fault))
        for fault in [] if against is None else against.compare(known):
            reporter(EntryReport(outcome=EntryOutcome.FAULTY, fault=fault))
        return Checkpoint.of(new)

    def _with_archived(
        self, entries: Iterable[AuditEntry], reporter: Reporter, *, only: int | None = None
    ) -> Iterator[AuditEntry]:
        """Yield entries and archived ones in the order of (fid, id), each once.

        An entry may be in the log and in several files. Report those that differ.
        """
        stored = () if self._archive is None else self._archive.entries()
        stored = (entry for entry in stored if only is None or entry.fid == only)
        for (fid, entry_id), group in groupby(
            heapq.merge(entries, stored, key=position), key=position
        ):
            first, *copies = group
            if any(copy != first for copy in copies):
                fault = "its copies in the log and in the archive differ"
                outcome = EntryOutcome.FAULTY
                reporter(EntryReport(outcome=outcome, fid=fid, id=entry_id, fault=fault))
            yield first

    def _check(self, connection: Connection) -> ChainCheck:
        return ChainCheck(
            audit_keys(connection, self._encryption.audit_keys),
            unchained_before=self._unchained_before,
            storage=self._storage,
            with_archive=self._archive is not None,
        )


def audit_keys(connection: Connection, own_keys: Mapping[str, AuditKey]) -> dict[str, AuditKey]:
    """Return the keys of our secrets, and of all secrets that they succeeded, by key id."""
    keys = dict(own_keys)
    known = {key.key_id: key for key in EncryptionKeyRepository(connection).list_keys()}
    # Each may hold the one before it. Not by their times: a clock may have gone back.
    pending = list(keys)
    while pending:
        key = known.get(pending.pop())
        if key and key.succeeds and key.sealed_audit_root and key.succeeds not in keys:
            root = keys[key.key_id].decrypt_root_of(key.succeeds, key.sealed_audit_root)
            keys[key.succeeds] = root
            pending.append(key.succeeds)
    return keys


def archived_ranges(
    checks: AuditCheckRepository, fids: Collection[int]
) -> dict[int, dict[int, ArchivedRange]]:
    """Return the archived ranges that these users' entries record, by first id. Not verified."""
    found: dict[int, dict[int, ArchivedRange]] = {fid: {} for fid in fids}
    for fid, reason in checks.list_archived(fids):
        archived = ArchivedRange.from_reason(reason)
        if archived is not None:
            found[fid][archived.first] = archived
    return found


def _added_to(digests: Iterable[Digest], entries: Iterable[AuditEntry]) -> Iterator[AuditEntry]:
    for entry in entries:
        for digest in digests:
            digest.add(entry)
        yield entry


class _Once:
    """Reports results, and refuses a retry after something was reported."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._reported = False

    def start(self) -> Reporter:
        """Return the callback. Raises DatabaseUnavailable if something was reported already."""
        if self._reported:
            raise DatabaseUnavailable(
                "the connection was lost during the verification", "run it again"
            )
        return self._report

    def _report(self, report: EntryReport) -> None:
        self._reported = True
        self._reporter(report)


class _Entries:
    """The entries after a (fid, id), read page by page."""

    def __init__(self, checks: AuditCheckRepository, after: tuple[int, int]) -> None:
        self._checks = checks
        self._after = after
        self._ends: dict[int, ChainEnd] = {}
        self._archived: dict[int, dict[int, ArchivedRange]] = {}

    def end_of(self, fid: int) -> ChainEnd:
        """Return the expected end of a user's chain."""
        # A user may have entries in an archive only, or on the page before the last one.
        return self._ends.get(fid) or self._checks.list_chain_ends([fid])[fid]

    def archived_of(self, fid: int) -> dict[int, ArchivedRange]:
        """Return the archived ranges that a user's entries record, by first id. Not verified."""
        if fid not in self._ends:
            return archived_ranges(self._checks, [fid])[fid]
        return self._archived[fid]

    def __iter__(self) -> Iterator[AuditEntry]:
        after = self._after
        while page := self._checks.list_page(after, _PAGE):
            # Include the user of the previous page, whose end is checked at the next user's entry.
            fids = {after[0], *(entry.fid for entry in page)}
            self._ends = self._checks.list_chain_ends(fids)
            self._archived = archived_ranges(self._checks, fids)
            yield from page
            after = (page[-1].fid, page[-1].id)
