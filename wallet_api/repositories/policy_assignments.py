"""The tables `service_policies`, `wallet_policies` and `user_policies`.

Queries: queries/policy_assignments.sql.
"""

from uuid import UUID

from wallet_api.database import sql
from wallet_api.models import PolicyAssignment, UserPolicyRow
from wallet_api.repositories import Repository

_QUERIES = sql.load("policy_assignments")


class PolicyAssignmentRepository(Repository):
    """The policies that are assigned to the service and to wallets, and the rules of users.

    Each method that inserts returns whether it did: it does nothing if the version exists.
    """

    def get_of_service(self) -> PolicyAssignment | None:
        """Return the newest assignment to the service, or None if there was never any."""
        row = _QUERIES.get_of_service(self._connection)
        return None if row is None else PolicyAssignment(**row)

    def insert_of_service(self, *, version: int, policy_id: UUID | None, created_by: str) -> bool:
        """Assign a policy to the service, or none."""
        row = _QUERIES.insert_of_service(
            self._connection, version=version, policy_id=policy_id, created_by=created_by
        )
        return row is not None

    def get_of_wallet(self, fid: int) -> PolicyAssignment | None:
        """Return the newest assignment to a user's wallet, or None if there was never any."""
        row = _QUERIES.get_of_wallet(self._connection, fid=fid)
        return None if row is None else PolicyAssignment(**row)

    def insert_of_wallet(
        self, fid: int, *, version: int, policy_id: UUID | None, created_by: str
    ) -> bool:
        """Assign a policy to a user's wallet, or none."""
        row = _QUERIES.insert_of_wallet(
            self._connection, fid=fid, version=version, policy_id=policy_id, created_by=created_by
        )
        return row is not None

    def get_of_user(self, fid: int) -> UserPolicyRow | None:
        """Return the newest rules that a user set, or None if there were never any."""
        row = _QUERIES.get_of_user(self._connection, fid=fid)
        return None if row is None else UserPolicyRow(**row)

    def insert_of_user(self, fid: int, *, version: int, rules: str | None) -> bool:
        """Store the rules that a user sets, or none."""
        row = _QUERIES.insert_of_user(self._connection, fid=fid, version=version, rules=rules)
        return row is not None
