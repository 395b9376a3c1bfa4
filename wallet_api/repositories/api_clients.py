"""The table `api_clients`. Queries: queries/api_clients.sql."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from psycopg import errors as pg

from wallet_api.database import Row, sql, translate_violation
from wallet_api.errors import InvalidRequest
from wallet_api.models import SCOPES, ApiClient, ClientRights, PageRequest
from wallet_api.repositories import Repository

_QUERIES = sql.load("api_clients")
_ALL = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveClient:
    """A client that may act now. `version` and `rules` are those of its policy, or None."""

    policy_id: UUID | None
    version: int | None
    rules: str | None


class ApiClientRepository(Repository):
    """API clients: other services that may call this one."""

    def insert_if_absent(
        self,
        *,
        id: str,  # noqa: A002
        name: str,
        token_hash: str,
        rights: ClientRights,
    ) -> ApiClient | None:
        """Insert a client and return it; return None if its name was ever used.

        Raises InvalidRequest if its expiry has passed.
        """
        networks = sorted(rights.allowed_networks or (), key=str)
        with translate_violation(
            InvalidRequest("The expiry is in the past."),
            pg.CheckViolation,
            connection=self._connection,
            constraint="api_clients_expire_after_they_began",
            statements=(),
        ):
            row = _QUERIES.insert_if_absent(
                self._connection,
                id=id,
                name=name,
                token_hash=token_hash,
                scopes=[scope for scope in SCOPES if scope in rights.scopes],
                unrestricted=rights.unrestricted,
                policy_id=rights.policy_id,
                allowed_networks=[str(network) for network in networks] or None,
                expires_at=rights.expires_at,
            )
        return None if row is None else _client(row)

    def get(self, client_id: str) -> ApiClient | None:
        """Return the client with this id, revoked or not, or None."""
        row = _QUERIES.get(self._connection, id=client_id)
        return None if row is None else _client(row)

    def get_active_later(self, client_id: str) -> Callable[[], ActiveClient | None]:
        """Send the query for a client that was not revoked and has not expired.

        Return a function that fetches it, or None.
        """
        cursor = sql.send(self._connection, _QUERIES.get_active, id=client_id)

        def fetch() -> ActiveClient | None:
            row = cursor.fetchone()
            return None if row is None else ActiveClient(**row)

        return fetch

    def get_by_name(self, name: str) -> ApiClient | None:
        """Return the client of this name, revoked or not, or None."""
        row = _QUERIES.get_by_name(self._connection, name=name)
        return None if row is None else _client(row)

    def set_policy(self, name: str, policy_id: UUID | None) -> None:
        """Assign a policy to a client, or none."""
        _QUERIES.set_policy(self._connection, name=name, policy_id=policy_id)

    def list_clients(self) -> list[ApiClient]:
        """Return all clients, including revoked and expired ones, by name."""
        return self.list_page(PageRequest(after=None, limit=_ALL))

    def list_page(self, page: PageRequest[str]) -> list[ApiClient]:
        """Return clients by name, including revoked and expired ones."""
        after = "" if page.after is None else page.after[2]
        rows = _QUERIES.list_page(self._connection, after=after, size=page.limit)
        return [_client(row) for row in rows]

    def set_lock_timeout(self) -> None:
        """Set a short lock timeout for the rest of this transaction."""
        sql.send(self._connection, _QUERIES.set_lock_timeout)

    def record_use(self, client_id: str) -> None:
        """Record that a client is in use, at most once a minute."""
        _QUERIES.record_use(self._connection, id=client_id)

    def revoke(self, name: str) -> ApiClient | None:
        """Revoke a client and return it; return None if it is unknown, or was revoked before."""
        row = _QUERIES.revoke(self._connection, name=name)
        return None if row is None else _client(row)


def _client(row: Row) -> ApiClient:
    networks = row["allowed_networks"]
    return ApiClient(
        **{
            **row,
            "scopes": frozenset(row["scopes"]),
            "allowed_networks": None if networks is None else tuple(networks),
        }
    )
