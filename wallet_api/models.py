"""One frozen dataclass for each row shape."""

from dataclasses import dataclass
from datetime import datetime
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


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWallet:
    """A trading wallet that is not stored yet."""

    fid: int
    chain: str
    address: str
    sealed: SealedKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """A wallet as it is stored. `sealed` is None for a Base Account address."""

    fid: int
    chain: str
    wallet_type: str
    address: str
    sealed: SealedKey | None
    created_at: datetime
    updated_at: datetime


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
    """Who asks for a private key, and in which request: what an audit row will say."""

    actor: str
    request_id: str
