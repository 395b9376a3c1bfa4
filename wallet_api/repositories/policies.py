"""The table `policies`, and what applies to a wallet. Queries: queries/policies.sql."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wallet_api.database import Row, sql
from wallet_api.models import PageRequest, PolicyRow, Position
from wallet_api.repositories import Repository

_QUERIES = sql.load("policies")
_LAST_VERSION = 2**63 - 1
_ANY_ID = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRow:
    """A policy that applies to a wallet. `rules` is a JSON text.

    `policy_id` is None for the user's own rules. `version` and `rules` are None if the policy is
    assigned and missing.
    """

    layer: str
    policy_id: UUID | None
    version: int | None
    rules: str | None


class PolicyRepository(Repository):
    """Versions of policies."""

    def insert_version(
        self,
        id: UUID,  # noqa: A002
        *,
        version: int,
        name: str,
        rules: str,
        created_by: str,
    ) -> datetime | None:
        """Insert the next version of a policy and return its time, or None if it exists."""
        row = _QUERIES.insert_version(
            self._connection, id=id, version=version, name=name, rules=rules, created_by=created_by
        )
        return None if row is None else row["created_at"]

    def get_newest(self, id: UUID) -> PolicyRow | None:  # noqa: A002
        """Return the newest version of a policy, or None."""
        row = _QUERIES.get_newest(self._connection, id=id)
        return None if row is None else PolicyRow(**row)

    def list_versions(self, id: UUID, page: PageRequest[int]) -> list[PolicyRow]:  # noqa: A002
        """Return versions of a policy, the newest first."""
        before = _LAST_VERSION if page.after is None else page.after[2]
        rows = _QUERIES.list_versions(self._connection, id=id, before=before, size=page.limit)
        return [PolicyRow(**row) for row in rows]

    def list_policies(self, page: PageRequest[str]) -> list[tuple[Position[str], PolicyRow]]:
        """Return the newest version of each policy, and the position of the policy in the list."""
        before, _, last = page.after or ("infinity", 0, str(_ANY_ID))
        rows = _QUERIES.list_policies(
            self._connection, before=before, before_id=UUID(last), size=page.limit
        )
        return [((row.pop("began_at"), 0, str(row["id"])), PolicyRow(**row)) for row in rows]

    def list_layers(self, fid: int) -> list[LayerRow]:
        """Return what a signature of a user's wallet must pass, without the client's policy."""
        return _layers(list(_QUERIES.list_layers(self._connection, fid=fid)))

    def list_layers_later(self, fid: int) -> Callable[[], list[LayerRow]]:
        """Send list_layers() now and return a function that fetches the result."""
        cursor = sql.send(self._connection, _QUERIES.list_layers, fid=fid)
        return lambda: _layers(cursor.fetchall())


def _layers(rows: list[Row]) -> list[LayerRow]:
    return [LayerRow(**row) for row in rows]
