"""Verification of one user's chain of audit entries."""

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wallet_api.crypto.audit_chain import AuditKey
from wallet_api.models import ARCHIVE_ACTION, BASE_ACCOUNT_CHAIN, TRADING_CHAIN, AuditEntry
from wallet_api.repositories.audit.checks import ChainEnd
from wallet_api.services.audit.archived_ranges import ArchivedRange
from wallet_api.services.audit.links import ChainLinks
from wallet_api.services.wallet_files.storages import WalletStorage

_CREATIONS = ("wallet.created", "wallet.imported")
_ENCRYPTING_ACTIONS = ("wallet.imported", "key.resealed")
_BASE_ACCOUNT_ACTIONS = ("base_account.set", "wallet.imported")


class EntryOutcome(StrEnum):
    """The result for an entry, existing or missing."""

    INTACT = "intact"
    OLDER = "older than the chains"
    ARCHIVED = "archived"
    FAULTY = "faulty"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryReport:
    """The result for one entry; without `id`, for several entries of a user."""

    outcome: EntryOutcome
    fid: int | None = None
    id: int | None = None
    fault: str | None = None


class ChainCheck:
    """Checks chains, one user at a time."""

    def __init__(
        self,
        keys: dict[str, AuditKey],
        *,
        unchained_before: datetime | None,
        storage: WalletStorage,
        with_archive: bool,
    ) -> None:
        """Entries without a MAC are faults, unless they were made before `unchained_before`.

        With `with_archive`, the entries include archived ones, and it is a fault if one is missing.
        """
        self._with_archive = with_archive
        self._keys = keys
        self._unchained_before = unchained_before
        self._storage = storage

    def run(
        self,
        fid: int,
        entries: Iterable[AuditEntry],
        end: Callable[[], ChainEnd],
        archived: Mapping[int, ArchivedRange],
        *,
        on_intact: Callable[[AuditEntry], None] | None = None,
    ) -> Iterator[EntryReport]:
        """Yield a report for each entry of a user, in the order of ids, and for each fault.

        `end` is called after the last entry. `archived` are the recorded archived ranges by first
        id. They are verified, as the entries that record them are. `on_intact` is called with each
        intact entry.
        """
        links, facts = ChainLinks(fid, self._keys, archived), _Facts()
        crossed: list[ArchivedRange] = []
        for entry in entries:
            if entry.mac is None:
                yield self._unchained(entry, after_chain=not links.pass_unchained(entry))
                continue
            ranges, gap = links.cross_gap(entry.id)
            for archived_range in ranges:
                yield from self._archived(fid, archived_range)
            crossed += ranges
            if gap is not None:
                yield missing(fid, *gap)
            fault = links.follow(entry, entry.mac)
            yield _report(entry, fault)
            if fault is None:
                facts.add(entry)
                if on_intact is not None:
                    on_intact(entry)
        for archived_range in crossed:
            if archived_range not in facts.archived:
                yield missing(fid, archived_range.first, archived_range.last)
        ending = end()
        yield from _check_end(ending, links.last, links.head)
        yield from self._check_wallet(ending, facts)
        # Where rows are not served, entries record files.
        if self._storage.uses_rows:
            yield from self._check_base_account(ending, facts)

    def _archived(self, fid: int, archived_range: ArchivedRange) -> Iterator[EntryReport]:
        if self._with_archive:
            first, last = archived_range.first, archived_range.last
            fault = f"entries {first} to {last} are archived, but not in any file"
            yield _user_fault(fid, fault)
            return
        for entry_id in range(archived_range.first, archived_range.last + 1):
            yield EntryReport(outcome=EntryOutcome.ARCHIVED, fid=fid, id=entry_id)

    def _unchained(self, entry: AuditEntry, *, after_chain: bool) -> EntryReport:
        if not self._is_older(entry.created_at) or entry.id < 1:
            return _report(entry, "it carries no MAC: it was not written by this service")
        if after_chain:
            return _report(entry, "it carries no MAC, and follows entries that do")
        return EntryReport(outcome=EntryOutcome.OLDER, fid=entry.fid, id=entry.id)

    def _check_wallet(self, end: ChainEnd, facts: "_Facts") -> Iterator[EntryReport]:
        """Compare a trading wallet with the entries about its creation and last encryption."""
        addresses, encrypted_under = facts.addresses, facts.encrypted_under
        if len(set(addresses)) > 1:
            yield _user_fault(end.fid, "more than one trading wallet was created")
        if end.address is None or end.created_at is None:
            if addresses and self._storage.requires_row(facts.imports[TRADING_CHAIN]):
                fault = "the trading wallet that was created is not in PostgreSQL"
                yield _user_fault(end.fid, fault)
            return
        if not addresses and not self._is_older(end.created_at):
            yield _user_fault(end.fid, "no intact entry records the creation of the trading wallet")
        if any(address != end.address for address in addresses):
            yield _user_fault(end.fid, "the trading wallet was created with another address")
        if encrypted_under is not None and encrypted_under != end.key_id:
            yield _user_fault(end.fid, "no entry records the current encryption of the key")

    def _check_base_account(self, end: ChainEnd, facts: "_Facts") -> Iterator[EntryReport]:
        """Compare a Base Account address with the last intact entry about it."""
        recorded, imports = facts.base_account, facts.imports[BASE_ACCOUNT_CHAIN]
        if imports > 1:
            # A row is never deleted by us; deleting it brings back the older address of the file.
            yield _user_fault(end.fid, "the Base Account address was imported more than once")
        if end.base_account_address is None or end.base_account_updated_at is None:
            if recorded is not None and self._storage.requires_row(imports):
                fault = "the Base Account address that was stored is not in PostgreSQL"
                yield _user_fault(end.fid, fault)
        elif recorded is None:
            if not self._is_older(end.base_account_updated_at):
                fault = "no intact entry records the Base Account address"
                yield _user_fault(end.fid, fault)
        elif recorded != end.base_account_address:
            fault = "the Base Account address differs from the last intact entry about it"
            yield _user_fault(end.fid, fault)

    def _is_older(self, time: datetime) -> bool:
        return self._unchained_before is not None and time < self._unchained_before


class _Facts:
    """What the intact entries of a user record."""

    def __init__(self) -> None:
        self.addresses: list[str | None] = []
        self.encrypted_under: str | None = None
        self.base_account: str | None = None
        self.imports = {TRADING_CHAIN: 0, BASE_ACCOUNT_CHAIN: 0}
        self.archived: set[ArchivedRange | None] = set()

    def add(self, entry: AuditEntry) -> None:
        """Add an intact entry."""
        if entry.action == ARCHIVE_ACTION:
            self.archived.add(ArchivedRange.from_reason(entry.reason))
        if entry.action == "wallet.imported":
            self.imports[entry.chain] += 1
        if entry.chain == TRADING_CHAIN:
            if entry.action in _CREATIONS:
                self.addresses.append(entry.address)
                # A file may be imported, with a later secret, before its creation is recorded.
                self.encrypted_under = self.encrypted_under or entry.key_id
            if entry.action in _ENCRYPTING_ACTIONS:
                self.encrypted_under = entry.key_id
        if entry.chain == BASE_ACCOUNT_CHAIN and entry.action in _BASE_ACCOUNT_ACTIONS:
            self.base_account = entry.address


def missing(fid: int, first: int, last: int) -> EntryReport:
    """Return a report that entries are missing."""
    which = f"entry {first} is" if first == last else f"entries {first} to {last} are"
    return _user_fault(fid, f"{which} missing")


def _check_end(end: ChainEnd, last: int, head: str | None) -> Iterator[EntryReport]:
    if end.id is None or end.mac is None:
        if last:
            yield _user_fault(end.fid, "the end of the chain is missing")
    elif end.id > last:
        yield missing(end.fid, last + 1, end.id)
    elif end.id < last:
        yield _user_fault(end.fid, f"entries were added after {end.id}, the end of the chain")
    elif head is not None and not hmac.compare_digest(end.mac, head):
        yield _user_fault(end.fid, "the end of the chain is not as this service wrote it")


def _report(entry: AuditEntry, fault: str | None) -> EntryReport:
    outcome = EntryOutcome.INTACT if fault is None else EntryOutcome.FAULTY
    return EntryReport(outcome=outcome, fid=entry.fid, id=entry.id, fault=fault)


def _user_fault(fid: int, fault: str) -> EntryReport:
    return EntryReport(outcome=EntryOutcome.FAULTY, fid=fid, fault=fault)
