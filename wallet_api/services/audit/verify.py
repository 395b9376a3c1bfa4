"""Verification of the audit log: every chain from its first entry to its end."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import groupby, takewhile

from wallet_api.crypto.audit_chain import AuditKey
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection, Database, long_transaction
from wallet_api.errors import DatabaseUnavailable
from wallet_api.models import AuditEntry
from wallet_api.repositories.audit_checks import AuditCheckRepository, ChainEnd
from wallet_api.repositories.encryption_keys import EncryptionKeyRepository
from wallet_api.services.audit.chains import ChainCheck, EntryOutcome, EntryReport, missing
from wallet_api.services.audit.checkpoints import Checkpoint, Digest, require_primary, settled_time

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
        wallet_storage: str,
    ) -> None:
        """Entries without a mac are faults, unless they were made before `unchained_before`.

        `wallet_storage` is WALLET_STORAGE: it decides whether wallets without rows may be in files.
        """
        self._wallet_storage = wallet_storage
        self._database = database
        self._encryption = encryption
        self._unchained_before = unchained_before

    def count(self) -> int:
        """Return how many entries there are."""
        return self._database.run_long(
            lambda connection: AuditCheckRepository(connection).count_entries()
        )

    def verify(self, reporter: Reporter, *, against: Checkpoint | None = None) -> None:
        """Report every entry of the log to `reporter`.

        Comparing with an earlier checkpoint detects what even the database's owner removed. Raises
        DatabaseUnavailable if a standby would be compared.
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
                mine = takewhile(lambda entry: entry.fid == fid, entries)
                check = self._check(connection)
                report_once = once.start()
                for report in check.run(fid, mine, lambda: checks.list_chain_ends([fid])[fid]):
                    report_once(report)

        self._database.run(verify)

    def _verify(
        self, connection: Connection, reporter: Reporter, new: Digest, against: Checkpoint | None
    ) -> Checkpoint:
        known = Digest(until=new.until if against is None else against.until)
        checks, check = AuditCheckRepository(connection), self._check(connection)
        entries = _Entries(checks, (0, 0))
        for fid, chain in groupby(_added_to((new, known), entries), lambda entry: entry.fid):
            for report in check.run(fid, chain, partial(entries.end_of, fid)):
                reporter(report)
        for fid, last in checks.list_heads_without_entries().items():
            reporter(missing(fid, 1, last))
        for fid in checks.list_wallets_without_entries(self._unchained_before):
            fault = "there is a wallet without an entry"
            reporter(EntryReport(outcome=EntryOutcome.FAULTY, fid=fid, fault=fault))
        for fault in [] if against is None else against.compare(known):
            reporter(EntryReport(outcome=EntryOutcome.FAULTY, fault=fault))
        return Checkpoint.of(new)

    def _check(self, connection: Connection) -> ChainCheck:
        return ChainCheck(
            audit_keys(connection, self._encryption.audit_keys),
            unchained_before=self._unchained_before,
            wallet_storage=self._wallet_storage,
        )


def audit_keys(connection: Connection, ours: Mapping[str, AuditKey]) -> dict[str, AuditKey]:
    """Return the keys of our secrets, and of all secrets that they succeeded, by key id."""
    keys = dict(ours)
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

    def end_of(self, fid: int) -> ChainEnd:
        """Return the expected end of the chain of the user whose entry was yielded last."""
        return self._ends[fid]

    def __iter__(self) -> Iterator[AuditEntry]:
        after = self._after
        while page := self._checks.list_page(after, _PAGE):
            # Include the user of the previous page, whose end is checked at the next user's entry.
            self._ends = self._checks.list_chain_ends({after[0], *(entry.fid for entry in page)})
            yield from page
            after = (page[-1].fid, page[-1].id)
