"""The table `wallet_audit_log`. Queries: queries/audit.sql."""

from collections.abc import Callable, Sequence

from wallet_api.database import Connection
from wallet_api.models import Access
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
            actor=access.actor,
            request_id=access.request_id,
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
            actor=access.actor,
            request_id=access.request_id,
        )
        return lambda: cursor.fetchone() is not None

    def record_key_exports(self, fids: Sequence[int], access: Access) -> set[int]:
        """Say that these users' keys are about to leave into files; return whose row is written."""
        written = _QUERIES.record_key_exports(
            self._connection, fids=fids, actor=access.actor, request_id=access.request_id
        )
        return {row["fid"] for row in written}

    def record_key_refused(self, fid: int, chain: str, access: Access) -> None:
        """Say that somebody asked for this wallet's key and was refused."""
        _QUERIES.record_key_refused(
            self._connection,
            fid=fid,
            chain=chain,
            actor=access.actor,
            request_id=access.request_id,
        )
