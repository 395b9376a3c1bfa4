"""Assignments of policies to the service, to API clients and to wallets, and the rules of users."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from wallet_api.database import Conflict, Connection, Database
from wallet_api.errors import (
    ClientNotFound,
    DatabaseDamaged,
    InvalidPolicy,
    PolicyNotFound,
    PreconditionFailed,
)
from wallet_api.models import (
    SERVICE_FID,
    ApiClient,
    AuditContext,
    PolicyAssignment,
    PolicyRow,
    UserPolicyRow,
)
from wallet_api.policies.rules import Rule
from wallet_api.repositories.api_clients import ApiClientRepository
from wallet_api.repositories.policies import PolicyRepository
from wallet_api.repositories.policy_assignments import PolicyAssignmentRepository
from wallet_api.services.audit.changes import AuditedChanges, Change
from wallet_api.services.policies.versions import (
    is_same,
    require_policy,
    require_version,
    rules_text,
    version_of,
)

MAX_USER_WINDOWS = 8
"""The windows in all rules of a user. They are summed while the wallet is locked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignedPolicy:
    """A policy that applies, in its newest version. `version` counts the assignments."""

    version: int
    policy: PolicyRow


class PolicyAssignments:
    """The four layers of policies: service, client, wallet and user. Each may only narrow.

    A method writes nothing if nothing would change. Methods raise PolicyNotFound for an unknown
    policy, and PreconditionFailed if the current version is not `expected`.
    """

    def __init__(self, database: Database, changes: AuditedChanges) -> None:
        self._database = database
        self._changes = changes

    def get_of_service(self) -> AssignedPolicy:
        """Return the policy of the service. Raises PolicyNotFound if it has none."""
        return self._database.run(
            lambda connection: _assigned(
                connection, PolicyAssignmentRepository(connection).get_of_service()
            )
        )

    def assign_to_service(self, policy_id: UUID | None, *, access: AuditContext) -> None:
        """Assign a policy to the service, or none. It applies to every client and wallet."""

        def assign(connection: Connection) -> Change[None]:
            assignments = PolicyAssignmentRepository(connection)
            details = _assign(
                connection,
                assignments.get_of_service(),
                policy_id,
                lambda version: assignments.insert_of_service(
                    version=version, policy_id=policy_id, created_by=access.actor
                ),
                target="service",
            )
            return Change(None, details)

        self._changes.run(SERVICE_FID, "policy.changed", assign, access=access)

    def get_of_client(self, name: str) -> PolicyRow:
        """Return the policy of a client. Raises ClientNotFound, and PolicyNotFound if none."""

        def get(connection: Connection) -> PolicyRow:
            policy_id = _require_signing_client(connection, name).policy_id
            if policy_id is None:
                raise PolicyNotFound
            return require_policy(connection, policy_id)

        return self._database.run(get)

    def assign_to_client(self, name: str, policy_id: UUID | None, *, access: AuditContext) -> None:
        """Assign a policy to an API client that signs, or none. Raises ClientNotFound."""

        def assign(connection: Connection) -> Change[None]:
            client = _require_signing_client(connection, name)
            if client.policy_id == policy_id:
                return Change(None, None)
            described = {
                "target": "client",
                "client": name,
                **_change(connection, client.policy_id, policy_id),
            }
            ApiClientRepository(connection).set_policy(name, policy_id)
            return Change(None, described)

        self._changes.run(SERVICE_FID, "policy.changed", assign, access=access)

    def get_of_wallet(self, fid: int) -> AssignedPolicy:
        """Return the policy of a user's wallet. Raises PolicyNotFound if it has none."""
        return self._database.run(
            lambda connection: _assigned(
                connection, PolicyAssignmentRepository(connection).get_of_wallet(fid)
            )
        )

    def assign_to_wallet(
        self,
        fid: int,
        policy_id: UUID,
        *,
        expected: tuple[int, int] | None = None,
        access: AuditContext,
    ) -> AssignedPolicy:
        """Assign a policy to a user's wallet, which need not exist yet.

        `expected` are the versions of the assignment and of its policy.
        """

        def assign(connection: Connection) -> Change[AssignedPolicy]:
            details = _assign_to_wallet(connection, fid, policy_id, expected, access)
            current = PolicyAssignmentRepository(connection).get_of_wallet(fid)
            return Change(_assigned(connection, current), details)

        return self._changes.run(fid, "policy.changed", assign, access=access)

    def remove_from_wallet(
        self, fid: int, *, expected: tuple[int, int] | None = None, access: AuditContext
    ) -> None:
        """Remove the policy of a user's wallet, if it has one. `expected` is as above."""

        def remove(connection: Connection) -> Change[None]:
            return Change(None, _assign_to_wallet(connection, fid, None, expected, access))

        self._changes.run(fid, "policy.changed", remove, access=access)

    def get_of_user(self, fid: int) -> UserPolicyRow:
        """Return the rules that a user set. Raises PolicyNotFound if there are none."""
        row = self._database.run(
            lambda connection: PolicyAssignmentRepository(connection).get_of_user(fid)
        )
        if row is None or row.rules is None:
            raise PolicyNotFound
        return row

    def set_of_user(
        self,
        fid: int,
        rules: tuple[Rule, ...],
        *,
        expected: int | None = None,
        access: AuditContext,
    ) -> UserPolicyRow:
        """Replace the rules that a user sets for their own wallet. They can only narrow.

        Raises InvalidPolicy for more than MAX_USER_WINDOWS windows.
        """
        if sum(len(rule.windows) for rule in rules) > MAX_USER_WINDOWS:
            raise InvalidPolicy(
                f"rules: They have more than {MAX_USER_WINDOWS} windows in total.", field="rules"
            )

        def replace(connection: Connection) -> Change[UserPolicyRow]:
            details = _set_of_user(connection, fid, rules, expected)
            current = PolicyAssignmentRepository(connection).get_of_user(fid)
            if current is None:
                raise DatabaseDamaged("the table user_policies did not store a row")
            return Change(current, details)

        return self._changes.run(fid, "policy.changed", replace, access=access)

    def remove_of_user(
        self, fid: int, *, expected: int | None = None, access: AuditContext
    ) -> None:
        """Remove the rules that a user set, if there are any."""

        def remove(connection: Connection) -> Change[None]:
            return Change(None, _set_of_user(connection, fid, None, expected))

        self._changes.run(fid, "policy.changed", remove, access=access)


def _assign_to_wallet(
    connection: Connection,
    fid: int,
    policy_id: UUID | None,
    expected: tuple[int, int] | None,
    access: AuditContext,
) -> dict[str, object] | None:
    assignments = PolicyAssignmentRepository(connection)
    current = assignments.get_of_wallet(fid)
    if expected is not None:
        _require_versions(connection, current, expected)
    return _assign(
        connection,
        current,
        policy_id,
        lambda version: assignments.insert_of_wallet(
            fid, version=version, policy_id=policy_id, created_by=access.actor
        ),
        target="wallet",
    )


def _require_versions(
    connection: Connection, current: PolicyAssignment | None, expected: tuple[int, int]
) -> None:
    try:
        assigned = _assigned(connection, current)
    except PolicyNotFound:
        raise PreconditionFailed from None
    if (assigned.version, assigned.policy.version) != expected:
        raise PreconditionFailed


def _set_of_user(
    connection: Connection, fid: int, rules: tuple[Rule, ...] | None, expected: int | None
) -> dict[str, object] | None:
    """Insert the next rules and describe the change; None if these rules apply already."""
    assignments = PolicyAssignmentRepository(connection)
    current = assignments.get_of_user(fid)
    old = current.version if current and current.rules else None
    require_version(old, expected)
    text = None if rules is None else rules_text(rules)
    if is_same(current.rules if current else None, text):
        return None
    version = current.version + 1 if current else 1
    if not assignments.insert_of_user(fid, version=version, rules=text):
        raise Conflict
    return {
        "target": "user",
        "old": None if old is None else {"version": old},
        "new": None if rules is None else {"version": version, "rules": len(rules)},
    }


def _require_signing_client(connection: Connection, name: str) -> ApiClient:
    client = ApiClientRepository(connection).get_by_name(name)
    if client is None or "wallets:sign" not in client.scopes:
        raise ClientNotFound("There is no such API client with the scope wallets:sign.")
    return client


def _assigned(connection: Connection, assignment: PolicyAssignment | None) -> AssignedPolicy:
    if assignment is None or assignment.policy_id is None:
        raise PolicyNotFound
    return AssignedPolicy(
        version=assignment.version, policy=require_policy(connection, assignment.policy_id)
    )


def _assign(
    connection: Connection,
    current: PolicyAssignment | None,
    policy_id: UUID | None,
    insert: Callable[[int], bool],
    *,
    target: str,
) -> dict[str, object] | None:
    """Insert the next assignment and describe the change; None if the policy applies already."""
    old = current.policy_id if current else None
    if old == policy_id:
        return None
    described = {"target": target, **_change(connection, old, policy_id)}
    if not insert(current.version + 1 if current else 1):
        raise Conflict
    return described


def _change(connection: Connection, old: UUID | None, new: UUID | None) -> dict[str, object]:
    """Describe a change from one policy to another. Raises PolicyNotFound for the new one.

    The old one may be missing, because the database is damaged, and can be replaced.
    """
    newest = None if old is None else PolicyRepository(connection).get_newest(old)
    return {
        "old": version_of(newest) if newest or old is None else {"policy": str(old)},
        "new": None if new is None else version_of(require_policy(connection, new)),
    }
