"""Search of the audit log: who read which key, from where, and why."""

from dataclasses import dataclass
from datetime import datetime

from wallet_api.database import Connection, Database
from wallet_api.models import AUDIT_ACTIONS, AuditEntry, Page, PageRequest, Position
from wallet_api.repositories.audit.entries import AuditRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilters:
    """Filters of a search; an entry must satisfy every filter that is not None.

    It satisfies `actions` if it has one of them. `since` is inclusive, `before` is exclusive.
    """

    fid: int | None = None
    actions: tuple[str, ...] | None = None
    actor: str | None = None
    since: datetime | None = None
    before: datetime | None = None


class AuditLog:
    """The audit log, newest first. Always read on the primary, so that it is complete."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(
        self, filters: AuditFilters, *, after: Position[int] | None, limit: int
    ) -> Page[AuditEntry, int]:
        """Return a page of entries. Raises DatabaseUnavailable."""
        ends = [] if filters.before is None else [(filters.before, 0, 0)]
        start = min([*ends, *([] if after is None else [after])], default=None)
        # One more item shows whether there is another page.
        page = PageRequest(since=filters.since, after=start, limit=limit + 1)
        entries = self._database.run(lambda connection: _entries(connection, filters, page))
        last = entries[limit - 1] if len(entries) > limit else None
        position = None if last is None else (last.created_at, last.fid, last.id)
        return Page(items=entries[:limit], next=position)


def _entries(
    connection: Connection, filters: AuditFilters, page: PageRequest[int]
) -> list[AuditEntry]:
    audit = AuditRepository(connection)
    fid, actor = filters.fid, filters.actor
    actions = AUDIT_ACTIONS if filters.actions is None else filters.actions
    if fid is not None and actor is not None:
        return audit.list_by_user_and_actor(fid, actor, actions, page)
    if fid is not None:
        return audit.list_by_user(fid, actions, page)
    if actor is not None:
        return audit.list_by_actor_and_actions(actor, actions, page)
    return audit.list_by_actions(actions, page)
