"""One frozen dataclass for each row shape."""

from dataclasses import dataclass, field
from datetime import date, datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Generic, TypeVar
from uuid import UUID

from wallet_api.crypto.encryption import SealedKey
from wallet_api.crypto.secret import Secret

TRADING_CHAIN = "ethereum"
"""The chain of a trading wallet: one EVM key serves every EVM chain."""

BASE_ACCOUNT_CHAIN = "base-account"
"""The chain under which a user's own Base Account address is kept; it has no key here."""


BASE_ACCOUNT_SPELLINGS = (BASE_ACCOUNT_CHAIN, "base", "ethereum-base")
"""Every accepted spelling of that chain. Of several files of one user the first one counts."""

MAX_FID = 2**63 - 1
"""The largest FID that a PostgreSQL bigint holds."""

SCOPES = ("wallets:read", "wallets:write", "keys:read", "stats:read", "audit:read")
"""What an API client may be allowed to do."""

AUDIT_ACTIONS = (
    "wallet.created",
    "wallet.imported",
    "base_account.set",
    "key.read",
    "key.refused",
    "key.exported",
    "key.resealed",
)
"""What the audit log tells of."""

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWallet:
    """A trading wallet that is not stored yet."""

    fid: int
    chain: str
    address: str
    sealed: SealedKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """A wallet as it is stored. `sealed` is None for a Base Account address.

    `transaction_id` is the transaction that wrote its row (32 bits), None if it was not read from
    one: it tells whether the row is replicated.
    """

    fid: int
    chain: str
    wallet_type: str
    address: str
    sealed: SealedKey | None
    created_at: datetime
    updated_at: datetime
    transaction_id: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletWithKey:
    """A wallet and its private key (32 bytes), opened for somebody whom the audit log names."""

    wallet: Wallet
    private_key: Secret[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """A row of `deposits`: a transfer that was prepared for the user's own wallet to sign.

    `amount` is in the asset's smallest unit (wei, or millionths of a USDC).
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
class Access:
    """Who acts upon a wallet or asks for its key, from where, and why: what an audit row will say.

    `recipient` is the X25519 public key (base64url) to which the key will be sealed, if it will be.
    """

    actor: str
    request_id: str
    ip: IPAddress | None = None
    reason: str | None = None
    recipient: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """What happened to a user's wallet on a chain, and through whom: what an entry will tell.

    `address` is the one of a wallet that was made, or the Base Account's that was remembered.
    """

    fid: int
    chain: str
    action: str
    access: Access
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """A row of `wallet_audit_log`: one act upon a wallet or its key.

    `id` is its place in the user's chain. `mac` is keyed by the secret `key_id` over the rest and
    over what stood before it; None in entries that are older than the chains.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditHead:
    """The end of a user's chain: the id of its last entry and the head's mac.

    `now` is the database's time when it was read, which an entry that is appended to it carries.
    """

    fid: int
    id: int
    mac: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionKey:
    """A row of `encryption_keys`: a secret that this database knows, by its id.

    While it is `active`, wallets may be sealed under it. `sealed_audit_root` holds what verifies
    the audit entries of the secret that it succeeds.
    """

    key_id: str
    succeeds: str | None
    sealed_audit_root: str | None
    created_at: datetime
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiClient:
    """A row of `api_clients`: another service, and what it may do here.

    `allowed_networks` is None where it may call from anywhere. `token_hash` is SHA-256 in hex.
    `last_used_at` is exact to the minute: `use_is_stale` says that it should be written again.
    """

    id: str
    name: str
    token_hash: str = field(repr=False)
    scopes: frozenset[str]
    allowed_networks: tuple[IPNetwork, ...] | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    expired: bool
    use_is_stale: bool


Item = TypeVar("Item")
T = TypeVar("T")
Position = tuple[datetime, int, T]
"""A place in a list that is ordered by time, FID and something that tells the rest apart."""


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
    """Some items of a longer list; `next` is the position after which the next page begins."""

    items: list[Item]
    next: Position[T] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletCount:
    """How many wallets of a kind there are; `day` is None where all days are meant."""

    wallet_type: str
    chain: str
    wallets: int
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositSum:
    """What was prepared on a day (UTC): `units` is the exact sum in the asset's smallest unit."""

    day: date
    chain_id: int
    asset: str
    deposits: int
    units: int
