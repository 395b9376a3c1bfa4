"""Verification of the audit log. Queries: queries/audit/checks.sql."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from wallet_api.database import sql
from wallet_api.models import AuditEntry
from wallet_api.repositories import Repository

_QUERIES = sql.load("audit/checks")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainEnd:
    """The head of a user's chain, and the user's wallets; None for what does not exist.

    `address`, `key_id` and `created_at` are those of the trading wallet.
    """

    fid: int
    id: int | None
    mac: str | None
    address: str | None
    key_id: str | None
    created_at: datetime | None
    base_account_address: str | None
    base_account_updated_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """A transaction that may append to the log."""

    id: str
    is_prepared: bool


class AuditCheckRepository(Repository):
    """The whole audit log. Not for requests."""

    def list_page(self, after: tuple[int, int], size: int) -> list[AuditEntry]:
        """Return the next `size` entries after a (fid, id), in that order."""
        page = _QUERIES.list_page(
            self._connection, after_fid=after[0], after_id=after[1], size=size
        )
        return [AuditEntry(**row) for row in page]

    def list_chain_ends(self, fids: Collection[int]) -> dict[int, ChainEnd]:
        """Return the heads of these users' chains, and the users' wallets."""
        rows = _QUERIES.list_chain_ends(self._connection, fids=list(fids))
        return {row["fid"]: ChainEnd(**row) for row in rows}

    def list_archived(self, fids: Collection[int]) -> list[tuple[int, str | None]]:
        """Return the FID and the reason of each of these users' entries about an archive."""
        rows = _QUERIES.list_archived(self._connection, fids=list(fids))
        return [(row["fid"], row["reason"]) for row in rows]

    def has_archived(self) -> bool:
        """Return whether entries were archived."""
        return bool(_QUERIES.has_archived(self._connection))

    def list_heads_without_entries(self) -> dict[int, int]:
        """Return users (100 at most) whose chain has a head without entries, with its id."""
        rows = _QUERIES.list_heads_without_entries(self._connection)
        return {row["fid"]: row["id"] for row in rows}

    def list_wallets_without_entries(self, since: datetime | None) -> list[int]:
        """Return users (100 at most) with wallets and without entries."""
        rows = _QUERIES.list_wallets_without_entries(self._connection, since=since or "-infinity")
        return [row["fid"] for row in rows]

    def list_writers(self) -> list[Writer]:
        """Return the running transactions that may have computed the time of an entry."""
        return [Writer(**row) for row in _QUERIES.list_writers(self._connection)]

    def count_entries(self) -> int:
        """Return how many entries there are."""
        return int(_QUERIES.count_entries(self._connection))
