"""Search of the audit log: who read which key, from where, and why."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from wallet_api.database import Connection, Database
from wallet_api.errors import InvalidFilter
from wallet_api.models import AUDIT_ACTIONS, AuditEntry, Page, PageRequest
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.request_ids import time_of

MAX_RANGE = timedelta(days=7)
"""The longest range in which all entries are searched for a request id."""

# Between the machine that makes an id and the database that dates the entries.
_CLOCKS_DIFFER = timedelta(minutes=5)
# A request takes seconds. Commands may take longer: then the caller gives the range.
_REQUEST_TAKES = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilters:
    """Filters of a search; an entry must satisfy every filter that is not None.

    It satisfies `actions` if it has one of them. `since` is inclusive, `before` is exclusive.
    """

    fid: int | None = None
    actions: tuple[str, ...] | None = None
    actor: str | None = None
    request_id: str | None = None
    since: datetime | None = None
    before: datetime | None = None


class AuditLog:
    """The audit log, newest first. Always read on the primary, so that it is complete."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, filters: AuditFilters, page: PageRequest[int]) -> Page[AuditEntry, int]:
        """Return a page of entries. Raises DatabaseUnavailable.

        Raises InvalidFilter for a request id if nothing bounds the search: neither a user, nor a
        range of at most MAX_RANGE, nor the time in the id itself.
        """
        filters = _bounded(filters)
        ends = [] if filters.before is None else [(filters.before, 0, 0)]
        start = min([*ends, *([] if page.after is None else [page.after])], default=None)
        request = replace(page.with_next(), since=filters.since, after=start)
        entries = self._database.run(lambda connection: _entries(connection, filters, request))
        return page.page_of(entries, lambda entry: (entry.created_at, entry.fid, entry.id))


def _bounded(filters: AuditFilters) -> AuditFilters:
    """Return the filters of a search by request id with the range in which its entries are.

    No index contains request ids. Raises InvalidFilter.
    """
    if filters.request_id is None:
        return filters
    began = time_of(filters.request_id)
    if began is not None:
        since, before = began - _CLOCKS_DIFFER, began + _REQUEST_TAKES
        filters = replace(filters, since=filters.since or since, before=filters.before or before)
    if filters.fid is None and not _is_short(filters.since, filters.before):
        add = f'"fid", or "after" and "before" at most {MAX_RANGE.days} days apart'
        raise InvalidFilter(
            hint='"request_id" was not made by this service, so it does not contain its time. Add '
            f"{add}."
            if began is None
            else f'Send "request_id" without "after" and "before", or add {add}.'
        )
    return filters


def _is_short(since: datetime | None, before: datetime | None) -> bool:
    return since is not None and before is not None and before - since <= MAX_RANGE


def _entries(
    connection: Connection, filters: AuditFilters, page: PageRequest[int]
) -> list[AuditEntry]:
    audit = AuditRepository(connection)
    fid, actor, request_id = filters.fid, filters.actor, filters.request_id
    actions = AUDIT_ACTIONS if filters.actions is None else filters.actions
    if request_id is not None and fid is not None:
        return audit.list_by_user_and_request(fid, request_id, actor, actions, page)
    if request_id is not None:
        return audit.list_by_request(request_id, actor, actions, page)
    if fid is not None and actor is not None:
        return audit.list_by_user_and_actor(fid, actor, actions, page)
    if fid is not None:
        return audit.list_by_user(fid, actions, page)
    if actor is not None:
        return audit.list_by_actor_and_action(actor, actions, page)
    return audit.list_by_action(actions, page)
