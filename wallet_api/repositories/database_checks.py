"""What must be so in the whole database. Queries: queries/database_checks.sql."""

from collections.abc import Collection
from typing import NamedTuple

from wallet_api.database import Connection
from wallet_api.repositories import sql

_QUERIES = sql.load("database_checks")


class SchemaObject(NamedTuple):
    """A part of the schema, its definition with single spaces and without the schema's name."""

    kind: str
    name: str
    definition: str


class Right(NamedTuple):
    """What a role can do to something: "UPDATE (address)", "wallets"."""

    name: str
    place: str


class RoleSetting(NamedTuple):
    """What somebody gave to a role ("every role": to the database), for whole sessions."""

    role_name: str
    setting_name: str
    setting: str
    reaches_tables: bool


class Session(NamedTuple):
    """How the server sees us. `connections` is how many our role may have here at once."""

    role: str
    version: str
    local: bool
    tls: bool
    pooled: bool
    connections: int


class DatabaseCheckRepository:
    """Questions whose answers should be empty, and what the server and our role are like."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_trading_wallets_without_key(self) -> list[int]:
        """Return users (100 at most) whose trading wallet has no whole key."""
        rows = _QUERIES.list_trading_wallets_without_key(self._connection)
        return [row["fid"] for row in rows]

    def list_wallets_of_unknown_secrets(self) -> list[int]:
        """Return users (100 at most) whose key is sealed under an unknown secret."""
        rows = _QUERIES.list_wallets_of_unknown_secrets(self._connection)
        return [row["fid"] for row in rows]

    def list_deposits_to_other_addresses(self) -> list[int]:
        """Return users (100 at most) with a deposit that goes elsewhere."""
        rows = _QUERIES.list_deposits_to_other_addresses(self._connection)
        return [row["fid"] for row in rows]

    def list_unreadable_tables(self, tables: Collection[str]) -> list[str]:
        """Return those of these tables that are there and that our role may not read."""
        rows = _QUERIES.list_unreadable_tables(self._connection, tables=list(tables))
        return [row["relation_name"] for row in rows]

    def list_schema_objects(
        self, relations: Collection[str], functions: Collection[str]
    ) -> set[SchemaObject]:
        """Return what these tables are made of, and the functions that guard them."""
        rows = _QUERIES.list_schema_objects(
            self._connection, relations=list(relations), functions=list(functions)
        )
        return {
            SchemaObject(row["kind"], row["object_name"], " ".join(row["definition"].split()))
            for row in rows
        }

    def list_role_settings(self, relations: Collection[str]) -> list[RoleSetting]:
        """Return what is set for a role or for every role, and who of them reaches these tables."""
        rows = _QUERIES.list_role_settings(self._connection, relations=list(relations))
        return [RoleSetting(**row) for row in rows]

    def list_initial_settings(self, names: Collection[str]) -> dict[str, str]:
        """Return what a session of our role begins with."""
        rows = _QUERIES.list_initial_settings(self._connection, names=list(names))
        return {row["name"]: row["setting"] for row in rows}

    def get_settings(self) -> dict[str, bool]:
        """Return whether the server keeps what it commits, and encrypts."""
        return dict(_QUERIES.get_settings(self._connection))

    def get_session(self) -> Session:
        """Return who we are to the server, and how many connections we may have."""
        row = _QUERIES.get_session(self._connection)
        # A pooler's clients are told another process than the one that answers them.
        pooled = row["backend_pid"] != self._connection.info.backend_pid
        return Session(
            role=row["role_name"],
            version=row["postgres"],
            local=row["is_local"],
            tls=row["tls"],
            pooled=pooled,
            connections=row["connections"],
        )

    def list_rights(self, relations: Collection[str]) -> set[Right]:
        """Return what the current role can do, by itself, as a member, or because everybody can."""
        rows = _QUERIES.list_rights(self._connection, relations=list(relations))
        return {Right(row["right_name"], row["place"]) for row in rows}
