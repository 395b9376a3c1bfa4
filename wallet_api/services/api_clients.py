"""API clients (other services): creation, authentication, authorization, revocation."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import structlog

from wallet_api.auth import client_tokens
from wallet_api.crypto.secret import Secret
from wallet_api.database import Connection, Database, one_round_trip
from wallet_api.errors import (
    DatabaseUnavailable,
    InsufficientScope,
    NetworkNotAllowed,
    Unauthenticated,
)
from wallet_api.models import SCOPES, ApiClient, IPAddress, IPNetwork
from wallet_api.repositories.api_clients import ApiClientRepository
from wallet_api.services.policies.versions import require_policy

log = structlog.get_logger("wallet_api")


class ApiClientService:
    """API clients and their rights.

    Nothing is cached: identify() reads the table each time, so that a revocation takes effect at
    once in every process. All methods raise DatabaseUnavailable when PostgreSQL cannot answer.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        name: str,
        *,
        scopes: Collection[str],
        unrestricted: bool = False,
        policy_id: UUID | None = None,
        allowed_networks: Collection[IPNetwork],
        expires_at: datetime | None,
    ) -> Secret[str] | None:
        """Create a client and return its token, shown only once; None if the name is taken.

        Without `allowed_networks` it may call from anywhere. An `unrestricted` client, and one with
        a policy, needs the scope wallets:sign. Raises PolicyNotFound.
        """
        token = client_tokens.issue()

        def create(connection: Connection) -> bool:
            if policy_id is not None:
                require_policy(connection, policy_id)
            clients = ApiClientRepository(connection)
            inserted = clients.insert_if_absent(
                id=token.client_id,
                name=name,
                token_hash=token.token_hash,
                scopes=[scope for scope in SCOPES if scope in scopes],
                unrestricted=unrestricted,
                policy_id=policy_id,
                allowed_networks=sorted(allowed_networks, key=str) or None,
                expires_at=expires_at,
            )
            if inserted:
                return True
            # The random id identifies a client created by an attempt whose connection was lost.
            found = clients.get(token.client_id) is not None
            self._database.replication.wait(connection)
            return found

        return token.secret if self._database.run(create) else None

    def list_clients(self) -> list[ApiClient]:
        """Return all clients, including revoked and expired ones, by name."""
        return self._database.run(lambda connection: ApiClientRepository(connection).list_clients())

    def revoke(self, name: str) -> datetime | None:
        """Revoke a client permanently; return the time of revocation, or None if it is unknown."""
        return self._database.run(lambda connection: ApiClientRepository(connection).revoke(name))

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
        if client.revoked_at is not None or client.expired:
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
