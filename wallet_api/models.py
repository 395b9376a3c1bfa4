"""Frozen dataclasses for rows, and the constants of the domain."""

from dataclasses import dataclass, field
from datetime import date, datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Generic, TypeVar
from uuid import UUID

from wallet_api.crypto.encryption import EncryptedKey
from wallet_api.crypto.secret import Secret

TRADING_CHAIN = "ethereum"
"""The chain of a trading wallet: one EVM key serves every EVM chain."""

BASE_ACCOUNT_CHAIN = "base-account"
"""The chain of a user's own Base Account address, which has no key here."""

BASE_ACCOUNT_SPELLINGS = (BASE_ACCOUNT_CHAIN, "base", "ethereum-base")
"""All accepted names of that chain, in order of precedence for several files of one user."""

MAX_FID = 2**63 - 1
"""The largest FID that a PostgreSQL bigint holds."""

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

AUDIT_ACTIONS = (
    "wallet.created",
    "wallet.imported",
    "base_account.set",
    "key.read",
    "key.refused",
    "key.exported",
    "key.resealed",
    "message.signed",
    "typed_data.signed",
    "transaction.signed",
    "authorization.signed",
    "signing.refused",
    "entries.archived",
    "policy.changed",
    "client.created",
    "client.revoked",
)
"""The actions that the audit log records."""

KEY_USES = (
    "key.read",
    "key.refused",
    "key.exported",
    "message.signed",
    "typed_data.signed",
    "transaction.signed",
    "authorization.signed",
    "signing.refused",
)
"""The actions whose entries may be archived. Nothing but the audit log depends on them."""

ARCHIVE_ACTION = "entries.archived"
"""The action of an entry that records which entries were archived."""

SERVICE_FID = 0
"""The FID of audit entries that concern every user: changes of policies and of API clients."""

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWallet:
    """A trading wallet that is not stored yet."""

    fid: int
    chain: str
    address: str
    encrypted_key: EncryptedKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """A stored wallet. `encrypted_key` is None for a Base Account address.

    `transaction_id` (32 bits) is the transaction that wrote the row, used to check its replication.
    It is None if the wallet was not read from a row.
    """

    fid: int
    chain: str
    wallet_type: str
    address: str
    encrypted_key: EncryptedKey | None
    created_at: datetime
    updated_at: datetime
    transaction_id: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletWithKey:
    """A wallet and its private key (32 bytes). Each use is recorded in the audit log.

    `repeated` if an earlier request with the same Idempotency-Key recorded this use.
    """

    wallet: Wallet
    private_key: Secret[bytes]
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """A row of `deposits`: a prepared transfer, which the user's own wallet signs.

    `amount` is in the smallest unit of the asset (wei, or millionths of a USDC).
    """

    fid: int
    id: UUID
    asset: str
    amount: int
    from_address: str
    to_address: str
    chain_id: int
    idempotency_key: str | None
    request_hash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDeposit:
    """A row of `deposits` for display. `amount` is in the smallest unit of the asset.

    `status` is "prepared": nothing watches the chain yet. `transaction_id` is that of a Wallet.
    """

    fid: int
    id: UUID
    status: str
    asset: str
    amount: int
    from_address: str
    to_address: str
    chain_id: int
    created_at: datetime
    transaction_id: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditContext:
    """Who acts on a wallet or requests its key, from where, and why, for the audit entry.

    `recipient` is the X25519 public key (base64url) that the key will be encrypted to, or None.
    `client_id` is the id of an API client, or None for others, and `unrestricted` is True for one
    that may sign without a policy, which never changes. Neither is recorded.
    A signature with an `idempotency_key` is recorded once for all requests of the actor with it.
    """

    actor: str
    request_id: str
    ip: IPAddress | None = None
    reason: str | None = None
    recipient: str | None = None
    client_id: str | None = None
    unrestricted: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """An event to record in the audit log.

    `address` is the address of a created wallet or of a stored Base Account. `details` is a JSON
    text that describes what was signed.
    """

    fid: int
    chain: str
    action: str
    access: AuditContext
    address: str | None = None
    details: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """A row of `wallet_audit_log`: one action on a wallet or its key.

    `id` is the position in the user's chain. `details` is a JSON text, which describes a signature.
    `mac` covers the entry and the head before it, under the secret `key_id`. It is None in entries
    that are older than the chains.
    """

    fid: int
    id: int
    chain: str
    action: str
    actor: str
    request_id: str
    ip: IPAddress | None
    reason: str | None
    recipient: str | None
    address: str | None
    created_at: datetime
    key_id: str | None
    mac: str | None
    details: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditHead:
    """The head of a user's chain: the id of its last entry and the MAC of the head.

    `now` is the database's time of the read. The next entry gets it as its time.
    """

    fid: int
    id: int
    mac: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSignature:
    """The part of an audit entry that identifies a signature."""

    action: str
    chain_id: int | None
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionKey:
    """A row of `encryption_keys`: a secret, identified by its key id.

    While it is `active`, keys may be encrypted under it. `sealed_audit_root` is the encrypted root
    of the MACs of the secret that it succeeds.
    """

    key_id: str
    succeeds: str | None
    sealed_audit_root: str | None
    created_at: datetime
    active: bool


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


Item = TypeVar("Item")
T = TypeVar("T")
Position = tuple[datetime, int, T]
"""A position in a list that is ordered by time, FID and a third column that makes it unique."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest(Generic[T]):
    """At most `limit` items of a list that is ordered from newest to oldest.

    They come after the position `after` and are not older than `since`. None means no bound.
    """

    since: datetime | None
    after: Position[T] | None
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item, T]):
    """A page of a list. `next` is the position after which the next page begins."""

    items: list[Item]
    next: Position[T] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletCount:
    """The number of wallets of a type on a chain; `day` is None for all days."""

    wallet_type: str
    chain: str
    wallets: int
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositSum:
    """The deposits prepared on a day (UTC). `units` is their exact sum in the smallest unit."""

    day: date
    chain_id: int
    asset: str
    deposits: int
    units: int
