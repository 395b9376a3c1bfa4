"""Checks of the whole database. Queries: queries/database_checks.sql."""

from collections.abc import Collection
from typing import NamedTuple

from wallet_api.database import sql
from wallet_api.repositories import Repository

_QUERIES = sql.load("database_checks")


class SchemaObject(NamedTuple):
    """A part of the schema. The definition has single spaces and no schema name."""

    kind: str
    name: str
    definition: str


class Privilege(NamedTuple):
    """A privilege on an object, such as "UPDATE (address)" on "wallets"."""

    name: str
    target: str


class RoleSetting(NamedTuple):
    """A default setting of a role ("every role": of the database)."""

    role_name: str
    setting_name: str
    setting: str
    reaches_tables: bool


class Session(NamedTuple):
    """The current session. `postgres` is a version, `connections` the limit of our role."""

    role_name: str
    postgres: str
    is_local: bool
    tls: bool
    pooled: bool
    connections: int


class DatabaseCheckRepository(Repository):
    """Faulty rows, schema, settings and privileges."""

    def list_trading_wallets_without_key(self) -> list[int]:
        """Return users (100 at most) whose trading wallet lacks a part of its key."""
        rows = _QUERIES.list_trading_wallets_without_key(self._connection)
        return [row["fid"] for row in rows]

    def list_wallets_of_unknown_secrets(self) -> list[int]:
        """Return users (100 at most) whose key is encrypted with an unknown secret."""
        rows = _QUERIES.list_wallets_of_unknown_secrets(self._connection)
        return [row["fid"] for row in rows]

    def list_deposits_to_other_addresses(self) -> list[int]:
        """Return users (100 at most) with a deposit to another address than their own."""
        rows = _QUERIES.list_deposits_to_other_addresses(self._connection)
        return [row["fid"] for row in rows]

    def list_unreadable_tables(self, tables: Collection[str]) -> list[str]:
        """Return the existing tables among these that our role may not read."""
        rows = _QUERIES.list_unreadable_tables(self._connection, tables=list(tables))
        return [row["relation_name"] for row in rows]

    def list_schema_objects(
        self, relations: Collection[str], functions: Collection[str]
    ) -> set[SchemaObject]:
        """Return the parts of these tables, and these functions."""
        rows = _QUERIES.list_schema_objects(
            self._connection, relations=list(relations), functions=list(functions)
        )
        return {
            SchemaObject(row["kind"], row["object_name"], " ".join(row["definition"].split()))
            for row in rows
        }

    def list_role_settings(self, relations: Collection[str]) -> list[RoleSetting]:
        """Return the settings of roles, and whether each role can access these tables."""
        rows = _QUERIES.list_role_settings(self._connection, relations=list(relations))
        return [RoleSetting(**row) for row in rows]

    def list_initial_settings(self, names: Collection[str]) -> dict[str, str]:
        """Return the initial settings of a session of our role."""
        rows = _QUERIES.list_initial_settings(self._connection, names=list(names))
        return {row["name"]: row["setting"] for row in rows}

    def get_session(self) -> Session:
        """Return the current session."""
        row = _QUERIES.get_session(self._connection)
        # A pooler reports another process id than that of the backend.
        pooled = row.pop("backend_pid") != self._connection.info.backend_pid
        return Session(**row, pooled=pooled)

    def list_privileges(self, relations: Collection[str]) -> set[Privilege]:
        """Return all privileges of the current role: its own, inherited, and those of PUBLIC."""
        rows = _QUERIES.list_privileges(self._connection, relations=list(relations))
        return {Privilege(row["privilege_name"], row["object_name"]) for row in rows}
