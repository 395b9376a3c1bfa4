"""Privileges of other roles on our tables. Queries: queries/role_checks.sql."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from wallet_api.database import Row, sql
from wallet_api.repositories import Repository
from wallet_api.repositories.database_checks import Privilege

_QUERIES = sql.load("role_checks")
_PARAMETERS_HAVE_PRIVILEGES = 150_000


class OtherPrivilege(NamedTuple):
    """A privilege of a role, and the statement that revokes it.

    `changes` is false for a privilege that only reads.
    """

    role: str
    ability: str
    remedy: str
    changes: bool


class RoleCheckRepository(Repository):
    """Privileges of all roles by grant, ownership, membership, attribute and default privilege."""

    def list_exempt_roles(self) -> set[str]:
        """Return superusers, the owner of the tables, and the current role."""
        rows = _QUERIES.list_exempt_roles(self._connection)
        return {row["role_name"] for row in rows}

    def list_grants(
        self, relations: Collection[str], allowed: Collection[Privilege]
    ) -> list[OtherPrivilege]:
        """Return the privileges granted on these tables, and on their schema and database.

        `allowed` are the privileges that wallet_api_runtime needs.
        """
        rows = _QUERIES.list_grants(
            self._connection,
            relations=list(relations),
            allowed=[f"{privilege.name} on {privilege.target}" for privilege in allowed],
        )
        return _privileges(rows)

    def list_owners(
        self, relations: Collection[str], functions: Collection[str]
    ) -> list[OtherPrivilege]:
        """Return the owners of these tables and functions, of their schema and of the database."""
        rows = _QUERIES.list_owners(
            self._connection, relations=list(relations), functions=list(functions)
        )
        return _privileges(rows)

    def list_memberships(self, roles: dict[str, bool]) -> list[OtherPrivilege]:
        """Return the roles that can act as one of these roles, or as a superuser.

        `roles` maps each to whether it can change rows.
        """
        rows = _QUERIES.list_memberships(self._connection, roles=list(roles))
        return [
            OtherPrivilege(
                row["role_name"],
                row["ability"],
                row["remedy"],
                changes=roles.get(row["acts_as"], True),
            )
            for row in rows
        ]

    def list_role_attributes(self) -> list[OtherPrivilege]:
        """Return role attributes that give access to our rows."""
        return _privileges(_QUERIES.list_role_attributes(self._connection))

    def list_replication_sources(self, relations: Collection[str]) -> list[OtherPrivilege]:
        """Return publications of these tables, and logical replication slots."""
        return _privileges(
            _QUERIES.list_replication_sources(self._connection, relations=list(relations))
        )

    def list_parameter_privileges(self) -> list[OtherPrivilege]:
        """Return the roles that may set parameters reserved for superusers."""
        if self._connection.info.server_version < _PARAMETERS_HAVE_PRIVILEGES:
            return []
        return _privileges(_QUERIES.list_parameter_privileges(self._connection))

    def list_default_privileges(self, functions: Collection[str]) -> list[OtherPrivilege]:
        """Return the owner's default privileges, and their grants on our functions."""
        rows = _QUERIES.list_default_privileges(self._connection, functions=list(functions))
        return _privileges(rows)


def _privileges(rows: Iterable[Row]) -> list[OtherPrivilege]:
    return [
        OtherPrivilege(row["role_name"], row["ability"], row["remedy"], row["changes"])
        for row in rows
    ]
