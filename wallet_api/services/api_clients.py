"""API clients (other services): lists, authentication and authorization."""

import structlog

from wallet_api import metrics
from wallet_api.auth import client_tokens
from wallet_api.crypto.secret import Secret
from wallet_api.database import Connection, Database, one_round_trip
from wallet_api.errors import (
    DatabaseUnavailable,
    InsufficientScope,
    NetworkNotAllowed,
    Unauthenticated,
)
from wallet_api.models import ApiClient, IPAddress, Page, PageRequest
from wallet_api.repositories.api_clients import ApiClientRepository
from wallet_api.services.signing.counters import initialize_counters

log = structlog.get_logger("wallet_api")


class ApiClientService:
    """API clients and their rights.

    Nothing is cached: identify() reads the table each time, so that a revocation takes effect at
    once in every process. All methods raise DatabaseUnavailable when PostgreSQL cannot answer.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_clients(self) -> list[ApiClient]:
        """Return all clients, including revoked and expired ones, by name."""
        return self._database.run(lambda connection: ApiClientRepository(connection).list_clients())

    def report(self) -> None:
        """Set the metrics of clients, and report the counters of those that sign, from 0 on."""
        clients = self.list_clients()
        metrics.CLIENTS.labels("created").set(len(clients))
        revoked = sum(client.revoked_at is not None for client in clients)
        metrics.CLIENTS.labels("revoked").set(revoked)
        for client in clients:
            if client.active and "wallets:sign" in client.scopes:
                initialize_counters(client.name)

    def find(self, page: PageRequest[str]) -> Page[ApiClient, str]:
        """Return a page of the clients by name, including revoked and expired ones."""
        found = self._database.run(
            lambda connection: ApiClientRepository(connection).list_page(page.with_next())
        )
        return page.page_of(found, lambda client: (client.created_at, 0, client.name))

    def identify(self, token: Secret[str]) -> ApiClient:
        """Return the client whose token this is.

        Raises Unauthenticated for a token that is unknown, revoked or expired.
        """
        client_id = client_tokens.client_id_of(token)
        if client_id is None:
            raise Unauthenticated
        client = self._database.run(
            lambda connection: ApiClientRepository(connection).get(client_id)
        )
        if client is None or not client_tokens.matches(token, client.token_hash):
            raise Unauthenticated
        if not client.active:
            raise Unauthenticated
        return client

    def authorize(self, client: ApiClient, *, scope: str, ip: IPAddress | None) -> None:
        """Require a client's scope and network, and record that the client is in use.

        Raises NetworkNotAllowed and InsufficientScope.
        """
        if not _is_allowed(client, ip):
            raise NetworkNotAllowed
        if scope not in client.scopes:
            raise InsufficientScope(hint=f"It needs the scope {scope}.")
        if client.use_is_stale:
            self._record_use(client)

    def _record_use(self, client: ApiClient) -> None:
        """Record that a client is in use, if that needs no waiting. Best effort."""

        def record(connection: Connection) -> None:
            clients = ApiClientRepository(connection)
            with one_round_trip(connection):
                clients.set_lock_timeout()
                clients.record_use(client.id)

        try:
            self._database.run(record)
        except DatabaseUnavailable as error:
            log.warning("last use not recorded", client=client.name, reason=error.reason)


def _is_allowed(client: ApiClient, ip: IPAddress | None) -> bool:
    if client.allowed_networks is None:
        return True
    return ip is not None and any(ip in network for network in client.allowed_networks)
