"""Prepared deposits."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


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

    `status` is "prepared": chains are not watched yet. `transaction_id` is that of a Wallet.
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
