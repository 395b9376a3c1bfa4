"""Statistics."""

from dataclasses import dataclass
from datetime import date


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
