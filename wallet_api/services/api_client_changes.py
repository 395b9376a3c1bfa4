"""Creation and revocation of API clients, each with its audit entry in one transaction."""

from dataclasses import dataclass, fields

from wallet_api.auth import client_tokens
from wallet_api.auth.client_grants import granted
from wallet_api.crypto.secret import Secret
from wallet_api.database import Connection
from wallet_api.errors import (
    ClientCreationDisabled,
    ClientNameTaken,
    ClientNotFound,
    DatabaseUnavailable,
    Unauthenticated,
)
from wallet_api.models import SERVICE_FID, ApiClient, AuditContext, ClientRights
from wallet_api.repositories.api_clients import ApiClientRepository
from wallet_api.services.audit.changes import AuditedChanges, Change
from wallet_api.services.audit.clients import CREATED, REVOKED, description_of
from wallet_api.services.policies.versions import require_policy


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedClient(ApiClient):
    """A new API client with its token, which is not stored."""

    token: Secret[str]


class ApiClientChanges:
    """API clients that operators create and revoke, by a command or as an API client themselves.

    The changes run one after the other, because each locks the audit chain of the service. So a
    client creates none after its own revocation.
    """

    def __init__(self, changes: AuditedChanges) -> None:
        self._changes = changes

    def create(
        self,
        name: str,
        rights: ClientRights,
        *,
        creator: ApiClient | None,
        access: AuditContext,
    ) -> CreatedClient:
        """Create a client, and return it with its token.

        `creator` is the API client that asks for it, which can grant only rights of its own; None
        for a command. Raises ClientNameTaken, PolicyNotFound, GrantRefused, Unauthenticated if the
        creator was revoked in the meantime, InvalidRequest if the expiry has passed, and
        ClientCreationDisabled if the role of the service may not insert clients.
        """
        token = client_tokens.issue()

        def create(connection: Connection) -> Change[ApiClient]:
            clients = ApiClientRepository(connection)
            given = rights
            if creator is not None:
                current = clients.get(creator.id)
                if current is None or not current.active:
                    raise Unauthenticated
                given = granted(current, rights)
            if given.policy_id is not None:
                require_policy(connection, given.policy_id)
            made = clients.insert_if_absent(
                id=token.client_id, name=name, token_hash=token.token_hash, rights=given
            )
            if made is None:
                raise ClientNameTaken(f"The name {name} is or was in use. Choose another one.")
            return Change(made, description_of(made))

        try:
            client = self._changes.run(SERVICE_FID, CREATED, create, access=access)
        except DatabaseUnavailable as error:
            if creator is not None and error.alarm == "rights_missing":
                raise ClientCreationDisabled from error
            raise
        members = {field.name: getattr(client, field.name) for field in fields(ApiClient)}
        return CreatedClient(**members, token=token.secret)

    def revoke(self, name: str, *, access: AuditContext) -> ApiClient:
        """Revoke a client permanently and return it. The time of the first revocation stays.

        Raises ClientNotFound.
        """

        def revoke(connection: Connection) -> Change[ApiClient]:
            clients = ApiClientRepository(connection)
            revoked = clients.revoke(name)
            if revoked is not None:
                return Change(revoked, description_of(revoked))
            client = clients.get_by_name(name)
            if client is None:
                raise ClientNotFound(f"There is no client {name}.")
            return Change(client, None)

        return self._changes.run(SERVICE_FID, REVOKED, revoke, access=access)
