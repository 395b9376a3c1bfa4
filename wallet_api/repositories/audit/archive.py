"""Deletion of archived audit entries. Queries: queries/audit/archive.sql."""

from collections.abc import Callable, Sequence

from wallet_api.database import one_round_trip, sql
from wallet_api.models import AuditEntry
from wallet_api.repositories import Repository

_QUERIES = sql.load("audit/archive")

DELETION_SETTING = "wallet_api.archiving"
"""The setting under which a trigger lets the owner of the tables delete key uses."""


class AuditArchiveRepository(Repository):
    """The key uses that `wallet-api audit archive` moves into files. Only for the owner."""

    def delete_ranges(self, ranges: Sequence[tuple[int, int, int]]) -> list[list[AuditEntry]]:
        """Delete ranges (FID, first and last id) in the caller's transaction.

        Return the entries of each range in the order of ids. Raises InsufficientPrivilege, and
        RestrictViolation if an entry must stay.
        """
        with one_round_trip(self._connection, begin=False, commit=False):
            self._propagate_settings()
            self._allow_deletion()
            deleted = [self._delete_range_later(*bounds) for bounds in ranges]
        return [fetch() for fetch in deleted]

    def _propagate_settings(self) -> None:
        sql.send(self._connection, _QUERIES.propagate_settings)

    def _allow_deletion(self) -> None:
        sql.send(self._connection, _QUERIES.allow_deletion)

    def _delete_range_later(
        self, fid: int, first: int, last: int
    ) -> Callable[[], list[AuditEntry]]:
        cursor = sql.send(
            self._connection, _QUERIES.delete_range, fid=fid, first_id=first, last_id=last
        )
        return lambda: sorted(
            (AuditEntry(**row) for row in cursor.fetchall()), key=lambda entry: entry.id
        )
