"""Ranges of archived entries, as an audit entry records them."""

import re
from dataclasses import dataclass

_REASON = re.compile(
    r"entries ([1-9]\d{0,18}) to ([1-9]\d{0,18}), the last with mac ([0-9a-f]{64})"
    r" under key id ([0-9a-f]{16})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedRange:
    """Consecutive entries of a user that are in an archive, with the MAC of the last one.

    The head of the chain follows from that MAC, but only with the secret. Therefore the record does
    not help anyone to cut the chain there.
    """

    first: int
    last: int
    mac: str
    key_id: str

    @classmethod
    def from_reason(cls, reason: str | None) -> "ArchivedRange | None":
        """Parse the reason of an entry. None if it records no range."""
        found = _REASON.fullmatch(reason or "")
        if found is None or int(found[1]) > int(found[2]):
            return None
        return cls(first=int(found[1]), last=int(found[2]), mac=found[3], key_id=found[4])

    def to_reason(self) -> str:
        """Return the reason of the entry that records this range."""
        return (
            f"entries {self.first} to {self.last}, the last with mac {self.mac}"
            f" under key id {self.key_id}"
        )
