"""Verification of one user's chain of audit entries."""

import hmac
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wallet_api.crypto.audit_chain import FIRST_HEAD, AuditKey
from wallet_api.models import BASE_ACCOUNT_CHAIN, TRADING_CHAIN, AuditEntry
from wallet_api.repositories.audit_checks import ChainEnd
from wallet_api.services.audit.append import content_of

_CREATIONS = ("wallet.created", "wallet.imported")
_ENCRYPTING_ACTIONS = ("wallet.imported", "key.resealed")
_REMEMBERED = ("base_account.set", "wallet.imported")


class EntryOutcome(StrEnum):
    """The result for an entry, existing or missing."""

    INTACT = "intact"
    OLDER = "older than the chains"
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
        wallet_storage: str,
    ) -> None:
        """Entries without a mac are faults, unless they were made before `unchained_before`.

        Unless `wallet_storage` is "postgres", a wallet without a row may be kept in a file. With
        "filesystem", rows are not in use, and entries record files.
        """
        self._keys = keys
        self._unchained_before = unchained_before
        self._wallet_storage = wallet_storage

    def run(
        self, fid: int, entries: Iterable[AuditEntry], end: Callable[[], ChainEnd]
    ) -> Iterator[EntryReport]:
        """Yield a report for each entry of a user, in the order of ids, and for each fault.

        `end` is called after the last entry.
        """
        last, chained = 0, False
        head: str | None = FIRST_HEAD
        addresses: list[str | None] = []
        encrypted_under: str | None = None
        remembered: str | None = None
        imports = {TRADING_CHAIN: 0, BASE_ACCOUNT_CHAIN: 0}
        for entry in entries:
            if entry.mac is None:
                yield self._unchained(entry, after_chain=chained)
                # A chain begins after the entries that are older than it.
                last = last if chained else max(entry.id, last)
                continue
            if entry.id != last + 1:
                yield missing(fid, last + 1, entry.id - 1)
                head = None
            key = self._keys.get(entry.key_id or "")
            fault = _fault(key, entry, entry.mac, head)
            yield _report(entry, fault)
            if fault is None and entry.action == "wallet.imported":
                imports[entry.chain] += 1
            if fault is None and entry.chain == TRADING_CHAIN:
                if entry.action in _CREATIONS:
                    addresses.append(entry.address)
                    # A file may be imported, with a later secret, before its creation is recorded.
                    encrypted_under = encrypted_under or entry.key_id
                if entry.action in _ENCRYPTING_ACTIONS:
                    encrypted_under = entry.key_id
            if fault is None and entry.chain == BASE_ACCOUNT_CHAIN and entry.action in _REMEMBERED:
                remembered = entry.address
            head = None if key is None else key.head(fid=fid, entry_id=entry.id, entry=entry.mac)
            last, chained = entry.id, True
        ending = end()
        yield from _check_end(ending, last, head)
        yield from self._check_wallet(ending, addresses, encrypted_under, imports[TRADING_CHAIN])
        if self._wallet_storage != "filesystem":
            yield from self._check_base_account(ending, remembered, imports[BASE_ACCOUNT_CHAIN])

    def _unchained(self, entry: AuditEntry, *, after_chain: bool) -> EntryReport:
        if not self._is_older(entry.created_at) or entry.id < 1:
            return _report(entry, "it carries no mac: it was not written by this service")
        if after_chain:
            return _report(entry, "it carries no mac, and follows entries that do")
        return EntryReport(outcome=EntryOutcome.OLDER, fid=entry.fid, id=entry.id)

    def _check_wallet(
        self,
        end: ChainEnd,
        addresses: list[str | None],
        encrypted_under: str | None,
        imports: int,
    ) -> Iterator[EntryReport]:
        """Compare a trading wallet with the entries about its creation and last encryption."""
        if len(set(addresses)) > 1:
            yield _user_fault(end.fid, "more than one trading wallet was created")
        if end.address is None or end.created_at is None:
            if addresses and self._requires_row(imports):
                fault = "the trading wallet that was created is not in PostgreSQL"
                yield _user_fault(end.fid, fault)
            return
        if not addresses and not self._is_older(end.created_at):
            yield _user_fault(end.fid, "no intact entry records the creation of the trading wallet")
        if any(address != end.address for address in addresses):
            yield _user_fault(end.fid, "the trading wallet was created with another address")
        if encrypted_under is not None and encrypted_under != end.key_id:
            yield _user_fault(end.fid, "no entry records the current encryption of the key")

    def _check_base_account(
        self, end: ChainEnd, remembered: str | None, imports: int
    ) -> Iterator[EntryReport]:
        """Compare a Base Account address with the last intact entry about it."""
        if imports > 1:
            # A row is never deleted by us; deleting it brings back the older address of the file.
            yield _user_fault(end.fid, "the Base Account address was imported more than once")
        if end.base_account_address is None or end.base_account_updated_at is None:
            if remembered is not None and self._requires_row(imports):
                fault = "the Base Account address that was stored is not in PostgreSQL"
                yield _user_fault(end.fid, fault)
        elif remembered is None:
            if not self._is_older(end.base_account_updated_at):
                fault = "no intact entry records the Base Account address"
                yield _user_fault(end.fid, fault)
        elif remembered != end.base_account_address:
            fault = "the Base Account address differs from the last intact entry about it"
            yield _user_fault(end.fid, fault)

    def _requires_row(self, imports: int) -> bool:
        """Tell whether a wallet in the log must have a row, not only a file."""
        return self._wallet_storage == "postgres" or (
            self._wallet_storage == "migrating" and imports > 0
        )

    def _is_older(self, moment: datetime) -> bool:
        return self._unchained_before is not None and moment < self._unchained_before


def missing(fid: int, first: int, last: int) -> EntryReport:
    """Return a report that entries are missing."""
    which = f"entry {first} is" if first == last else f"entries {first} to {last} are"
    return _user_fault(fid, f"{which} missing")


def _fault(key: AuditKey | None, entry: AuditEntry, mac: str, head: str | None) -> str | None:
    if key is None:
        return f"it was written with a secret that is not configured (key id {entry.key_id})"
    if head is None:
        return "it cannot be checked without the entry before it"
    macs = key.macs(content_of(entry), fid=entry.fid, entry_id=entry.id, head=head)
    if not hmac.compare_digest(macs.entry, mac):
        return "it, or its position after the previous entry, is not as this service wrote it"
    return None


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
