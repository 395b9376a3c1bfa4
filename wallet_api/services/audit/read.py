"""Search of the audit log: who read which key, from where, and why."""

from dataclasses import dataclass
from datetime import datetime

from wallet_api.database import Connection, Database
from wallet_api.models import AUDIT_ACTIONS, AuditEntry, Page, Position, Slice
from wallet_api.repositories.audit import AuditRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilters:
    """Filters of a search; an entry must satisfy every filter that is not None.

    `since` is inclusive, `before` is exclusive.
    """

    fid: int | None = None
    action: str | None = None
    actor: str | None = None
    since: datetime | None = None
    before: datetime | None = None


class AuditLog:
    """The audit log, newest first. Always read on the primary, so that it is complete."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(
        self, filters: AuditFilters, *, behind: Position[int] | None, size: int
    ) -> Page[AuditEntry, int]:
        """Return a page of entries. Raises DatabaseUnavailable."""
        ends = [] if filters.before is None else [(filters.before, 0, 0)]
        before = min([*ends, *([] if behind is None else [behind])], default=None)
        # One more item shows whether there is another page.
        within = Slice(since=filters.since, before=before, size=size + 1)
        entries = self._database.run(lambda connection: _entries(connection, filters, within))
        last = entries[size - 1] if len(entries) > size else None
        position = None if last is None else (last.created_at, last.fid, last.id)
        return Page(items=entries[:size], next=position)


def _entries(connection: Connection, filters: AuditFilters, within: Slice[int]) -> list[AuditEntry]:
    audit = AuditRepository(connection)
    fid, actor, action = filters.fid, filters.actor, filters.action
    if fid is not None:
        actions = AUDIT_ACTIONS if action is None else (action,)
        if actor is not None:
            return audit.list_by_user_and_actor(fid, actor, actions, within)
        return audit.list_by_user(fid, actions, within)
    if actor is not None and action is not None:
        return audit.list_by_actor_and_action(actor, action, within)
    if actor is not None:
        return audit.list_by_actor(actor, within)
    if action is not None:
        return audit.list_by_action(action, within)
    return audit.list_all(within)
