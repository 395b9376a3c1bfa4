"""The table `wallet_audit_log`. Queries: queries/audit.sql."""

from wallet_api.database import Connection
from wallet_api.models import Access
from wallet_api.repositories import sql

_QUERIES = sql.load("audit")


class AuditRepository:
    """The append-only record of who got at a private key."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record_key_read(self, fid: int, chain: str, access: Access) -> None:
        """Say that this wallet's key is about to leave; nothing if there is no such wallet."""
        _QUERIES.record_key_read(
            self._connection,
            fid=fid,
            chain=chain,
            actor=access.actor,
            request_id=access.request_id,
        )

    def record_key_refused(self, fid: int, chain: str, access: Access) -> None:
        """Say that somebody asked for this wallet's key and was refused."""
        _QUERIES.record_key_refused(
            self._connection,
            fid=fid,
            chain=chain,
            actor=access.actor,
            request_id=access.request_id,
        )
