"""Exact conversion between decimal strings and the smallest unit of an asset, without floats."""

import re
from dataclasses import dataclass

from wallet_api.errors import AmountNotPositive, InvalidAmount, UnsupportedAsset

MAX_UINT256 = 2**256 - 1
_DECIMAL = re.compile(r"(?P<negative>-?)(?=\.?[0-9])(?P<whole>[0-9]*)(?:\.(?P<fraction>[0-9]*))?")
# 2^256 - 1 has 78 digits. The rest allows leading and trailing zeros.
_MAX_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset that can be deposited, and its number of decimals."""

    symbol: str
    decimals: int


ASSETS = {asset.symbol: asset for asset in (Asset("USDC", 6), Asset("ETH", 18))}


def parse_asset(symbol: object) -> Asset:
    """Return the asset with this symbol (case-sensitive). Raises UnsupportedAsset."""
    asset = ASSETS.get(symbol) if isinstance(symbol, str) else None
    if asset is None:
        raise UnsupportedAsset
    return asset


def format_amount(units: int, asset: Asset) -> str:
    """Format an amount in whole assets, exactly: 1500000 millionths of a USDC are "1.5"."""
    whole, fraction = divmod(units, 10**asset.decimals)
    return f"{whole}.{fraction:0{asset.decimals}}".rstrip("0").rstrip(".")


def parse_amount(text: object, asset: Asset) -> int:
    """Return an amount in the asset's smallest unit (wei for ETH, millionths for USDC).

    `text` is a string of plain ASCII digits with at most one point: "20", "0.5", ".5", "5.".
    Raises AmountNotPositive if it is missing, zero or negative, and InvalidAmount if it is
    malformed, has more decimals than the asset, or exceeds a uint256.
    """
    if text is None or text == "":
        raise AmountNotPositive
    if not isinstance(text, str):
        raise InvalidAmount(hint='An amount is a JSON string, such as "20".')
    if len(text) > _MAX_LENGTH or not (match := _DECIMAL.fullmatch(text)):
        raise InvalidAmount(hint='An amount is plain digits with at most one point, such as "0.5".')
    if match["negative"]:
        raise AmountNotPositive
    fraction = match["fraction"] or ""
    if len(fraction) > asset.decimals:
        raise InvalidAmount(hint=f"{asset.symbol} has at most {asset.decimals} decimals.")
    units = int(match["whole"] + fraction.ljust(asset.decimals, "0"))
    if units == 0:
        raise AmountNotPositive
    if units > MAX_UINT256:
        raise InvalidAmount(hint="The amount is larger than any token can hold.")
    return units
