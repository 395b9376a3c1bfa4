"""Policies that can be assigned: an immutable list of rules for each version."""

import json
from collections.abc import Mapping
from operator import itemgetter
from typing import Any
from uuid import UUID, uuid4

from wallet_api.database import Conflict, Connection, Database
from wallet_api.errors import (
    DatabaseDamaged,
    InvalidPolicy,
    PolicyNotFound,
    PreconditionFailed,
)
from wallet_api.models import SERVICE_FID, AuditContext, Page, PageRequest, PolicyRow
from wallet_api.policies.reading import read_rules
from wallet_api.policies.rules import Policy, Rule
from wallet_api.repositories.policies import PolicyRepository
from wallet_api.services.audit.changes import AuditedChanges, Change
from wallet_api.stored_json import read_stored_json

# As the constraint policies_rules_are_short. Every signature reads them.
_LONGEST_RULES = 65_536
# Later versions of this service may nest deeper than the 4 levels of today.
_DEEPEST_RULES = 16
NOT_VALID = ("a stored policy is not valid", "assign another one")
"""The fault and the remedy if a policy cannot be read."""


class PolicyVersions:
    """The policies of this service. The newest version applies wherever a policy is assigned."""

    def __init__(self, database: Database, changes: AuditedChanges) -> None:
        self._database = database
        self._changes = changes

    def create(self, policy: Policy, *, access: AuditContext) -> PolicyRow:
        """Store a new policy, and return its first version."""
        return self._add(uuid4(), policy, access=access, is_new=True)

    def add_version(
        self, policy_id: UUID, policy: Policy, *, expected: int | None, access: AuditContext
    ) -> PolicyRow:
        """Store the next version of a policy and return it; return the newest if it is the same.

        Raises PolicyNotFound, and PreconditionFailed if the newest version is not `expected`.
        """
        return self._add(policy_id, policy, expected=expected, access=access)

    def _add(
        self,
        policy_id: UUID,
        policy: Policy,
        *,
        access: AuditContext,
        expected: int | None = None,
        is_new: bool = False,
    ) -> PolicyRow:
        rules = rules_text(policy.rules)

        def add(connection: Connection) -> Change[PolicyRow]:
            policies = PolicyRepository(connection)
            newest = policies.get_newest(policy_id)
            if newest is None and not is_new:
                raise PolicyNotFound
            require_version(newest.version if newest else None, expected)
            if newest is not None and newest.name == policy.name and is_same(newest.rules, rules):
                return Change(newest, None)
            version = newest.version + 1 if newest else 1
            created_at = policies.insert_version(
                policy_id,
                version=version,
                name=policy.name,
                rules=rules,
                created_by=access.actor,
            )
            if created_at is None:
                raise Conflict
            row = PolicyRow(
                id=policy_id,
                version=version,
                name=policy.name,
                rules=rules,
                created_at=created_at,
                created_by=access.actor,
            )
            described = {"target": "policy", "old": version_of(newest), "new": version_of(row)}
            return Change(row, described)

        return self._changes.run(SERVICE_FID, "policy.changed", add, access=access)

    def get(self, policy_id: UUID) -> PolicyRow:
        """Return the newest version of a policy. Raises PolicyNotFound."""
        return self._database.run(lambda connection: require_policy(connection, policy_id))

    def find(self, page: PageRequest[str]) -> Page[PolicyRow, str]:
        """Return the newest version of each policy, the policies newest first."""
        found = self._database.run(
            lambda connection: PolicyRepository(connection).list_policies(page.with_next())
        )
        rows = page.page_of(found, itemgetter(0))
        return Page(items=[row for _, row in rows.items], next=rows.next)

    def list_versions(self, policy_id: UUID, page: PageRequest[int]) -> Page[PolicyRow, int]:
        """Return the versions of a policy, the newest first. Raises PolicyNotFound."""
        found = self._database.run(
            lambda connection: PolicyRepository(connection).list_versions(
                policy_id, page.with_next()
            )
        )
        if not found:
            raise PolicyNotFound
        return page.page_of(found, lambda row: (row.created_at, 0, row.version))


def require_version(current: int | None, expected: int | None) -> None:
    """Raise PreconditionFailed unless the current version is the expected one, if there is any."""
    if expected is not None and current != expected:
        raise PreconditionFailed


def require_policy(connection: Connection, policy_id: UUID) -> PolicyRow:
    """Return the newest version of a policy. Raises PolicyNotFound."""
    row = PolicyRepository(connection).get_newest(policy_id)
    if row is None:
        raise PolicyNotFound
    return row


def version_of(row: PolicyRow | None) -> Mapping[str, object] | None:
    """Return the id and the version of a policy for an audit entry."""
    return None if row is None else {"policy": str(row.id), "version": row.version}


def rules_text(rules: tuple[Rule, ...]) -> str:
    """Return the JSON text of rules. Raises InvalidPolicy if they are too long to be stored."""
    text = json.dumps([rule.as_json() for rule in rules])
    if len(text) > _LONGEST_RULES:
        raise InvalidPolicy(
            f"They have {len(text)} characters, and at most {_LONGEST_RULES} are stored.",
            field="rules",
        )
    return text


def stored_rules(text: str) -> Any:
    """Return the JSON value of rules that were stored. Raises DatabaseDamaged.

    The owner of the database can store numbers that are too long, and arrays that are too deep.
    """
    try:
        return read_stored_json(text, levels=_DEEPEST_RULES)
    except ValueError as error:
        raise DatabaseDamaged(*NOT_VALID) from error


def is_same(stored: str | None, rules: str | None) -> bool:
    """Return whether stored rules are equal to new ones. Rules that cannot be read never are."""
    if stored is None or rules is None:
        return stored == rules
    try:
        # The JSON values do not show it: in Python, 1 is equal to 1.0 and to True.
        return rules_text(read_rules(stored_rules(stored))) == rules
    except (DatabaseDamaged, InvalidPolicy):
        return False
