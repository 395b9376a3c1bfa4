"""The table `schema_migrations` and the upgrade lock. Queries: queries/migrations.sql."""

from collections.abc import Collection
from typing import NamedTuple

from wallet_api.database import sql
from wallet_api.repositories import Repository
from wallet_api.repositories.database_checks import Privilege

_QUERIES = sql.load("migrations")


class ServerState(NamedTuple):
    """The state of a database and its server, and the requested privileges that our role lacks.

    `upgraded` is whether any migration was ever applied.
    """

    upgraded: bool
    standby: bool
    read_only: bool
    missing_privileges: tuple[Privilege, ...]


class MigrationRepository(Repository):
    """Applied migrations, and the lock of an upgrade."""

    def get_state(self, needed: Collection[Privilege] = ()) -> ServerState:
        """Return the state of the database and server, which every other query depends on."""
        row = _QUERIES.get_state(
            self._connection,
            privileges=[privilege.name for privilege in needed],
            objects=[privilege.target for privilege in needed],
        )
        missing = tuple(
            Privilege(*privilege.split(" on ")) for privilege in row["missing_privileges"]
        )
        return ServerState(**{**row, "missing_privileges": missing})

    def list_applied(self, state: ServerState | None = None) -> set[str]:
        """Return the versions of the applied migrations; none if the database is new.

        Passing the database's `state` saves a round trip.
        """
        if not (state or self.get_state()).upgraded:
            return set()
        return {row["version"] for row in _QUERIES.list_applied(self._connection)}

    def has_compact_audit_columns(self) -> bool:
        """Return whether the audit log has the columns that migration 0006 adds."""
        return bool(_QUERIES.has_compact_audit_columns(self._connection))

    def list_settings(self, names: Collection[str]) -> dict[str, str]:
        """Return the values of these settings in this session."""
        rows = _QUERIES.list_settings(self._connection, names=list(names))
        return {row["name"]: row["setting"] for row in rows}

    def try_lock(self) -> bool:
        """Take the upgrade lock if it is free."""
        return bool(_QUERIES.try_lock(self._connection))

    def unlock(self) -> None:
        """Release the upgrade lock."""
        _QUERIES.unlock(self._connection)

    def revoke_other_rights(self) -> dict[str, set[str]]:
        """Revoke other roles' privileges on our tables; return the tables of each role.

        A second call returns the tables whose privileges could not be revoked.
        """
        found: dict[str, set[str]] = {}
        for row in _QUERIES.revoke_other_rights(self._connection):
            found.setdefault(row["role_name"], set()).add(row["relation_name"])
        return found
