"""API clients and their rights."""

from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from uuid import UUID

SCOPES = (
    "wallets:read",
    "wallets:write",
    "wallets:sign",
    "keys:read",
    "stats:read",
    "audit:read",
    "policies:read",
    "policies:write",
    "clients:read",
    "clients:write",
)
"""The scopes of API clients."""

IPNetwork = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiClient:
    """A row of `api_clients`: another service and its scopes.

    `unrestricted` means that it may sign where no policy applies, `policy_id` is its own policy.
    `allowed_networks` is None if it may call from any address. `token_hash` is SHA-256 in hex.
    `last_used_at` is exact to the minute. `use_is_stale` means that it should be updated.
    """

    id: str
    name: str
    token_hash: str = field(repr=False)
    scopes: frozenset[str]
    unrestricted: bool
    policy_id: UUID | None
    allowed_networks: tuple[IPNetwork, ...] | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    expired: bool
    use_is_stale: bool

    @property
    def active(self) -> bool:
        """Whether its token is accepted: it is neither revoked nor expired."""
        return self.revoked_at is None and not self.expired


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRights:
    """The rights of a new API client, as ApiClient has them."""

    scopes: frozenset[str]
    unrestricted: bool = False
    policy_id: UUID | None = None
    allowed_networks: tuple[IPNetwork, ...] | None = None
    expires_at: datetime | None = None
