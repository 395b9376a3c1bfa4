"""Policies and their assignments."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRow:
    """A row of `policies`: one version of a policy. `rules` is a JSON text."""

    id: UUID
    version: int
    name: str
    rules: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyAssignment:
    """A row of `service_policies` or `wallet_policies`. `policy_id` is None if none applies."""

    version: int
    policy_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPolicyRow:
    """A row of `user_policies`. `rules` is a JSON text, or None if the user removed them."""

    version: int
    rules: str | None
    created_at: datetime
