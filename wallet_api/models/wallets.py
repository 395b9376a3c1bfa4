"""Wallets and their keys."""

from dataclasses import dataclass, field
from datetime import datetime

from wallet_api.crypto.encryption import EncryptedKey
from wallet_api.crypto.secret import Secret

TRADING_CHAIN = "ethereum"
"""The chain of a trading wallet: one EVM key serves every EVM chain."""

BASE_ACCOUNT_CHAIN = "base-account"
"""The chain of a user's own Base Account address, which has no key here."""

BASE_ACCOUNT_SPELLINGS = (BASE_ACCOUNT_CHAIN, "base", "ethereum-base")
"""All accepted names of that chain, in order of precedence for several files of one user."""

CHAIN_SPELLINGS = {
    TRADING_CHAIN: TRADING_CHAIN,
    **dict.fromkeys(BASE_ACCOUNT_SPELLINGS, BASE_ACCOUNT_CHAIN),
}
"""The chain that each accepted name means."""

MAX_FID = 2**63 - 1
"""The largest FID that a PostgreSQL bigint holds."""


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
