"""The table `api_clients`. Queries: queries/api_clients.sql."""

from collections.abc import Sequence
from datetime import datetime

from wallet_api.database import Connection, Row
from wallet_api.models import ApiClient, IPNetwork
from wallet_api.repositories import sql

_QUERIES = sql.load("api_clients")


class ApiClientRepository:
    """Other services that may call us."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def insert_if_absent(
        self,
        *,
        id: str,  # noqa: A002
        name: str,
        token_hash: str,
        scopes: Sequence[str],
        allowed_networks: Sequence[IPNetwork] | None,
        expires_at: datetime | None,
    ) -> bool:
        """Register a client, unless its name was ever used; tell whether it was registered."""
        row = _QUERIES.insert_if_absent(
            self._connection,
            id=id,
            name=name,
            token_hash=token_hash,
            scopes=list(scopes),
            allowed_networks=[str(network) for network in allowed_networks or ()] or None,
            expires_at=expires_at,
        )
        return row is not None

    def get(self, client_id: str) -> ApiClient | None:
        """Return the client with this id, revoked or not, or None."""
        row = _QUERIES.get(self._connection, id=client_id)
        return None if row is None else _client(row)

    def list_clients(self) -> list[ApiClient]:
        """Return every client there ever was, by name."""
        return [_client(row) for row in _QUERIES.list_clients(self._connection)]

    def give_up_waiting(self) -> None:
        """Fail rather than wait for another transaction, for the rest of this one."""
        sql.send(self._connection, _QUERIES.give_up_waiting)

    def record_use(self, client_id: str) -> None:
        """Note that a client is in use, at most once a minute."""
        _QUERIES.record_use(self._connection, id=client_id)

    def revoke(self, name: str) -> datetime | None:
        """End a client's rights and return since when; None if there is no such client."""
        row = _QUERIES.revoke(self._connection, name=name)
        return None if row is None else row["revoked_at"]


def _client(row: Row) -> ApiClient:
    networks = row["allowed_networks"]
    return ApiClient(
        **{
            **row,
            "scopes": frozenset(row["scopes"]),
            "allowed_networks": None if networks is None else tuple(networks),
        }
    )
