"""The table `wallet_audit_log`. Queries: queries/audit/entries.sql."""

import json
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from psycopg import errors as pg

from wallet_api.crypto.audit_chain import FIRST_HEAD
from wallet_api.database import Conflict, Connection, Row, one_round_trip, sql, translate_violation
from wallet_api.models import AuditContext, AuditEntry, AuditHead, PageRequest, RecordedSignature
from wallet_api.repositories import Repository

_QUERIES = sql.load("audit/entries")
_NAMES = [field.name for field in fields(AuditEntry) if field.name != "created_at"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainedEntry:
    """An entry that is not written yet, and the head of the chain after it."""

    entry: AuditEntry
    head: AuditHead


class EntryIdTaken(Conflict):
    """The next id of the chain is already taken."""


class AuditRepository(Repository):
    """The append-only audit log: a chain of entries for each user."""

    def lock_head(self, fid: int) -> Callable[[], AuditHead]:
        """Lock the head of a user's chain until the end of the transaction.

        Return a function that fetches the head.
        """
        cursor = sql.send(self._connection, _QUERIES.lock_head, fid=fid)
        return lambda: head_of({**(cursor.fetchone() or {}), "fid": fid})

    def lock_heads(self, fids: Collection[int]) -> dict[int, AuditHead]:
        """Do what lock_head() does for a batch, in a batch_transaction().

        Return the heads by user, without those that others have locked. Wait only for a single
        user: while a batch waited, the other users of the batch would wait too.
        """
        if len(fids) == 1:
            (fid,) = fids
            return {fid: self.lock_head(fid)()}
        heads = self.list_heads(fids)
        with one_round_trip(self._connection, begin=False, commit=False):
            locked = {
                fid: self._lock_head_if_free_later(fid) for fid, head in heads.items() if head.id
            }
        for fid, fetch in locked.items():
            row = fetch()
            if row is None:
                del heads[fid]
            else:
                heads[fid] = replace(heads[fid], id=row["id"], mac=row["mac"])
        return heads

    def _lock_head_if_free_later(self, fid: int) -> Callable[[], Row | None]:
        return sql.send(self._connection, _QUERIES.lock_head_if_free, fid=fid).fetchone

    def is_written(self, entry: AuditEntry) -> bool:
        """Return whether exactly this entry is in the log."""
        return bool(
            _QUERIES.is_written(self._connection, fid=entry.fid, id=entry.id, mac=entry.mac)
        )

    def get_trading_address(self, fid: int) -> str | None:
        """Return the address with which a user's trading wallet was created or imported, or None.

        None means that the log records no trading wallet.
        """
        address: str | None = _QUERIES.get_trading_address(self._connection, fid=fid)
        return address

    def get_base_account_address(self, fid: int) -> str | None:
        """Return the Base Account address that the log recorded last for a user, or None."""
        address: str | None = _QUERIES.get_base_account_address(self._connection, fid=fid)
        return address

    def get_signature_later(
        self, fid: int, access: AuditContext
    ) -> Callable[[], RecordedSignature | None]:
        """Send the query for the signature that was recorded with this Idempotency-Key, if any.

        Return a function that fetches the result.
        """
        if access.idempotency_key is None:
            return lambda: None
        cursor = sql.send(
            self._connection,
            _QUERIES.get_signature,
            fid=fid,
            actor=access.actor,
            idempotency_key=json.dumps(access.idempotency_key)[1:-1],
        )

        def fetch() -> RecordedSignature | None:
            row = cursor.fetchone()
            return None if row is None else RecordedSignature(**row)

        return fetch

    def get_time(self) -> datetime:
        """Return the database's time."""
        now: datetime = _QUERIES.get_time(self._connection)
        return now

    def list_heads(self, fids: Collection[int]) -> dict[int, AuditHead]:
        """Return the heads of many users' chains."""
        now = self.get_time()
        heads = {fid: AuditHead(fid=fid, id=0, mac=FIRST_HEAD, now=now) for fid in fids}
        for row in self._list_heads(fids):
            heads[row["fid"]] = AuditHead(**row, now=now)
        return heads

    def _list_heads(self, fids: Collection[int]) -> list[Row]:
        return list(_QUERIES.list_heads(self._connection, fids=list(fids)))

    def append_later(self, chained: ChainedEntry) -> Callable[[], bool]:
        """Append an entry in the caller's transaction, inside entry_id_taken().

        Return a function that returns whether it was written.
        """
        return self._append_later(_QUERIES.append, chained)

    def append_creation_later(self, chained: ChainedEntry) -> Callable[[], bool]:
        """Do what append_later() does, if the wallet of the entry has a row."""
        return self._append_later(_QUERIES.append_creation, chained)

    def _append_later(self, query: Any, chained: ChainedEntry) -> Callable[[], bool]:
        sql.send(self._connection, query, **_columns(chained.entry))
        return self._advance_head_later(chained)

    def _advance_head_later(self, chained: ChainedEntry) -> Callable[[], bool]:
        cursor = sql.send(
            self._connection,
            _QUERIES.advance_head,
            fid=chained.head.fid,
            id=chained.head.id,
            entry_mac=chained.entry.mac,
            mac=chained.head.mac,
        )
        return lambda: cursor.fetchone() is not None

    def append_many(self, chained: Sequence[ChainedEntry]) -> bool:
        """Append entries without details of many users; return whether all were written.

        There is at least one, and the entries of one user are in the order of their ids. Raises
        EntryIdTaken if another transaction has appended to one of the chains in the meantime.
        """
        rows = [_columns(link.entry) for link in chained]
        heads = {link.head.fid: link.head for link in chained}
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        with entry_id_taken(self._connection):
            written = list(_QUERIES.append_many(self._connection, **columns))
        moved = self._advance_heads(heads.values())
        return moved and len(written) == len(rows)

    def _advance_heads(self, heads: Collection[AuditHead]) -> bool:
        try:
            moved = list(
                _QUERIES.advance_heads(
                    self._connection,
                    fids=[head.fid for head in heads],
                    ids=[head.id for head in heads],
                    macs=[head.mac for head in heads],
                )
            )
        except pg.RestrictViolation as error:
            # The trigger wallet_audit_heads_only_move_on, which has no name in an error.
            raise EntryIdTaken from error
        return len(moved) == len(heads)

    def list_by_action(self, actions: Collection[str], page: PageRequest[int]) -> list[AuditEntry]:
        """Return entries of these actions, newest first."""
        query = _QUERIES.list_by_action
        return self._merge(query, page, [{"action": action} for action in actions])

    def list_by_actor_and_action(
        self, actor: str, actions: Collection[str], page: PageRequest[int]
    ) -> list[AuditEntry]:
        """Return entries of one actor and these actions, newest first."""
        query = _QUERIES.list_by_actor_and_action
        return self._merge(query, page, [{"actor": actor, "action": action} for action in actions])

    def list_by_user(
        self, fid: int, actions: Collection[str], page: PageRequest[int]
    ) -> list[AuditEntry]:
        """Return entries of one user and these actions, newest first."""
        return self._merge(_QUERIES.list_by_user, page, [{"fid": fid, "actions": list(actions)}])

    def list_by_user_and_actor(
        self, fid: int, actor: str, actions: Collection[str], page: PageRequest[int]
    ) -> list[AuditEntry]:
        """Return entries of one user, one actor and these actions, newest first."""
        case = {"fid": fid, "actor": actor, "actions": list(actions)}
        return self._merge(_QUERIES.list_by_user_and_actor, page, [case])

    def list_by_request(
        self, request_id: str, actor: str | None, actions: Collection[str], page: PageRequest[int]
    ) -> list[AuditEntry]:
        """Return entries of one request, of one actor or of any, newest first."""
        case = {"request_id": request_id, "actor": actor, "actions": list(actions)}
        return self._merge(_QUERIES.list_by_request, page, [case])

    def list_by_user_and_request(
        self,
        fid: int,
        request_id: str,
        actor: str | None,
        actions: Collection[str],
        page: PageRequest[int],
    ) -> list[AuditEntry]:
        """Return entries of one user and one request, of one actor or of any, newest first."""
        case = {"fid": fid, "request_id": request_id, "actor": actor, "actions": list(actions)}
        return self._merge(_QUERIES.list_by_user_and_request, page, [case])

    def _merge(self, query: Any, page: PageRequest[int], cases: Sequence[Row]) -> list[AuditEntry]:
        """Return the newest entries of all cases, for each of which the query returns a page."""
        with one_round_trip(self._connection, begin=False, commit=False):
            cursors = [sql.send(self._connection, query, **case, **_bounds(page)) for case in cases]
        entries = [AuditEntry(**row) for cursor in cursors for row in cursor.fetchall()]
        entries.sort(key=lambda entry: (entry.created_at, entry.fid, entry.id), reverse=True)
        return entries[: page.limit]


def entry_id_taken(connection: Connection) -> AbstractContextManager[None]:
    """Raise EntryIdTaken if the id of an entry that is appended inside is taken."""
    return translate_violation(
        EntryIdTaken(),
        pg.UniqueViolation,
        connection=connection,
        constraint="wallet_audit_log_pkey",
        statements=("audit.append", "audit.append_creation", "audit.append_many"),
    )


def head_of(row: Row) -> AuditHead:
    """Return the head of a chain, which may be empty."""
    return AuditHead(
        fid=row["fid"], id=row["id"] or 0, mac=row["mac"] or FIRST_HEAD, now=row["now"]
    )


def _columns(entry: AuditEntry) -> Row:
    # Not asdict(), which makes deep copies.
    row = {name: getattr(entry, name) for name in _NAMES}
    return {**row, "ip": entry.ip and str(entry.ip), "at": entry.created_at}


def _bounds(page: PageRequest[int]) -> Row:
    before, fid, entry_id = page.after or ("infinity", 0, 0)
    return {
        "since": page.since or "-infinity",
        "before": before,
        "before_fid": fid,
        "before_id": entry_id,
        "size": page.limit,
    }
