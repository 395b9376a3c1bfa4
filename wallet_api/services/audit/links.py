"""The links between the entries of one user's chain."""

import hmac
from collections.abc import Mapping

from wallet_api.crypto.audit_chain import FIRST_HEAD, AuditKey
from wallet_api.models import AuditEntry
from wallet_api.services.audit.append import content_of
from wallet_api.services.audit.archived_ranges import ArchivedRange


class ChainLinks:
    """Follows one user's chain entry by entry.

    `archived` are the ranges of entries that were archived, by their first id.
    """

    def __init__(
        self, fid: int, keys: Mapping[str, AuditKey], archived: Mapping[int, ArchivedRange]
    ) -> None:
        self._fid = fid
        self._keys = keys
        self._archived = archived
        self.last = 0
        """The id of the last entry."""
        self.head: str | None = FIRST_HEAD
        """The head after it; None if it is unknown."""
        self._begun = False

    def pass_unchained(self, entry: AuditEntry) -> bool:
        """Pass an entry without a MAC. Return False if it follows entries that have one."""
        if not self._begun:
            # A chain begins after the entries that are older than it.
            self.last = max(entry.id, self.last)
        return not self._begun

    def cross_gap(self, entry_id: int) -> tuple[list[ArchivedRange], tuple[int, int] | None]:
        """Move to the place before an entry.

        Return the archived ranges that are crossed, and the first and last id that are missing.
        """
        crossed = []
        while (archived := self._archived.get(self.last + 1)) and archived.last < entry_id:
            self._move(archived.last, archived.mac, self._keys.get(archived.key_id))
            crossed.append(archived)
        if entry_id == self.last + 1:
            return crossed, None
        self.head = None
        return crossed, (self.last + 1, entry_id - 1)

    def follow(self, entry: AuditEntry, mac: str) -> str | None:
        """Move to the next entry, and return its fault. Call cross_gap() before."""
        key = self._keys.get(entry.key_id or "")
        fault = _fault(key, entry, mac, self.head)
        self._move(entry.id, mac, key)
        return fault

    def _move(self, entry_id: int, mac: str, key: AuditKey | None) -> None:
        self.head = None if key is None else key.head(fid=self._fid, entry_id=entry_id, entry=mac)
        self.last, self._begun = entry_id, True


def _fault(key: AuditKey | None, entry: AuditEntry, mac: str, head: str | None) -> str | None:
    if key is None:
        return f"it was written with a secret that is not configured (key id {entry.key_id})"
    if head is None:
        return "it cannot be checked without the entry before it"
    macs = key.macs(content_of(entry), fid=entry.fid, entry_id=entry.id, head=head)
    if not hmac.compare_digest(macs.entry, mac):
        return "it, or its position after the previous entry, is not as this service wrote it"
    return None
