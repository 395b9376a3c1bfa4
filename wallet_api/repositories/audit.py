"""The table `wallet_audit_log`. Queries: queries/audit.sql."""

from collections.abc import Callable, Sequence
from dataclasses import asdict

from wallet_api.database import Connection, Row
from wallet_api.models import Access, AuditEntry, Slice
from wallet_api.repositories import sql

_QUERIES = sql.load("audit")


class AuditRepository:
    """The append-only record of who got at a private key."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record_key_read_later(self, fid: int, chain: str, access: Access) -> Callable[[], bool]:
        """Say that this wallet's key is about to leave; the call tells whether a row was written.

        No row is written if there is no such wallet.
        """
        cursor = sql.send(
            self._connection,
            _QUERIES.record_key_read,
            fid=fid,
            chain=chain,
            **_parameters(access),
        )
        return lambda: cursor.fetchone() is not None

    def record_key_read_from_file_later(
        self, fid: int, chain: str, access: Access
    ) -> Callable[[], bool]:
        """Say that a file's key is about to leave; the call tells whether a row was written."""
        cursor = sql.send(
            self._connection,
            _QUERIES.record_key_read_from_file,
            fid=fid,
            chain=chain,
            **_parameters(access),
        )
        return lambda: cursor.fetchone() is not None

    def record_key_exports(self, fids: Sequence[int], access: Access) -> set[int]:
        """Say that these users' keys are about to leave into files; return whose row is written."""
        written = _QUERIES.record_key_exports(self._connection, fids=fids, **_parameters(access))
        return {row["fid"] for row in written}

    def record_key_refused(self, fid: int, chain: str, access: Access) -> None:
        """Say that somebody asked for this wallet's key and was refused."""
        _QUERIES.record_key_refused(
            self._connection,
            fid=fid,
            chain=chain,
            **_parameters(access),
        )

    def list_all(self, within: Slice[int]) -> list[AuditEntry]:
        """Return what happened, newest first."""
        return _entries(_QUERIES.list_all(self._connection, **_bounds(within)))

    def list_by_action(self, action: str, within: Slice[int]) -> list[AuditEntry]:
        """Return one kind of act."""
        query = _QUERIES.list_by_action
        return _entries(query(self._connection, action=action, **_bounds(within)))

    def list_by_actor(self, actor: str, within: Slice[int]) -> list[AuditEntry]:
        """Return what one actor did."""
        query = _QUERIES.list_by_actor
        return _entries(query(self._connection, actor=actor, **_bounds(within)))

    def list_by_actor_and_action(
        self, actor: str, action: str, within: Slice[int]
    ) -> list[AuditEntry]:
        """Return one kind of act of one actor."""
        query = _QUERIES.list_by_actor_and_action
        return _entries(query(self._connection, actor=actor, action=action, **_bounds(within)))

    def list_by_user(
        self, fid: int, actions: Sequence[str], within: Slice[int]
    ) -> list[AuditEntry]:
        """Return what happened to one user's wallets."""
        query = _QUERIES.list_by_user
        return _entries(query(self._connection, fid=fid, actions=list(actions), **_bounds(within)))

    def list_by_user_and_actor(
        self, fid: int, actor: str, actions: Sequence[str], within: Slice[int]
    ) -> list[AuditEntry]:
        """Return what one actor did to one user's wallets."""
        rows = _QUERIES.list_by_user_and_actor(
            self._connection, fid=fid, actor=actor, actions=list(actions), **_bounds(within)
        )
        return _entries(rows)


def _parameters(access: Access) -> Row:
    return {**asdict(access), "ip": access.ip and str(access.ip)}


def _entries(rows: Sequence[Row]) -> list[AuditEntry]:
    return [AuditEntry(**row) for row in rows]


def _bounds(within: Slice[int]) -> Row:
    before, fid, entry_id = within.before or ("infinity", 0, 0)
    return {
        "since": within.since or "-infinity",
        "before": before,
        "before_fid": fid,
        "before_id": entry_id,
        "size": within.size,
    }
