"""Checks of a prepared deposit before it is sent."""

from collections.abc import Mapping
from typing import Any

from eth_utils.address import to_checksum_address

from wallet_api_client.types import Asset, Deposit

# Circle's USDC contracts on Base and Base Sepolia.
_USDC = {
    8453: "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
    84532: "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
}
_DECIMALS = {"USDC": 6, "ETH": 18}
_TRANSFER = "0xa9059cbb"


def to_transaction(deposit: Deposit) -> dict[str, Any]:
    """Return the prepared transfer with integers, as web3.py and eth-account take it."""
    given = deposit["transaction"]
    transaction: dict[str, Any] = {
        "chainId": deposit["network"]["chainId"],
        "from": to_checksum_address(given["from"]),
        "to": to_checksum_address(given["to"]),
        "value": int(given["value"], 16),
        "data": given["data"],
    }
    if "gas" in given:
        transaction["gas"] = int(given["gas"], 16)
    return transaction


def verify_deposit(
    deposit: Deposit,
    *,
    amount: str,
    asset: Asset = "USDC",
    base_address: str | None = None,
    chain_id: int | None = None,
) -> None:
    """Raise ValueError unless the transfer pays exactly what was requested to `depositAddress`.

    It finds mistakes on the way: another amount, asset, sender or chain, a mistyped address, data
    that do something else. It cannot know whose address `depositAddress` is: only the service does.
    """
    chain = deposit["network"]["chainId"]
    if chain not in _USDC:
        raise ValueError(f"The chain {chain} is not known here.")
    batch, transaction = deposit["walletSendCalls"], deposit["transaction"]
    to = deposit["depositAddress"]
    _require(chain_id in (None, chain), "it is for another chain")
    _require(deposit["asset"] == asset, "it is for another asset")
    _require(to_checksum_address(to) == to, "its address has a wrong checksum (EIP-55)")
    units = _units(amount, asset)
    _require(_units(deposit["amount"], asset) == units, "it is for another amount")

    call = {"to": to, "value": units, "data": "0x"}
    if asset == "USDC":
        data = f"{_TRANSFER}{to[2:].lower():0>64}{units:064x}"
        call = {"to": _USDC[chain], "value": 0, "data": data}
    _require(int(batch["chainId"], 16) == chain, "its batch is for another chain")
    _require(len(batch["calls"]) == 1, "its batch has other calls")
    calls: list[Mapping[str, Any]] = [transaction, *batch["calls"]]
    for given in calls:
        _require(given["to"] == call["to"], "it calls another address")
        _require(int(given["value"], 16) == call["value"], "it sends another value")
        _require(given["data"] == call["data"], "its data are another transfer")
    sender = base_address or transaction["from"]
    for given in (transaction, batch):
        _require(given["from"].lower() == sender.lower(), "it is from another sender")
    uri = f"ethereum:{to}@{chain}?value={units}"
    if asset == "USDC":
        uri = f"ethereum:{_USDC[chain]}@{chain}/transfer?address={to}&uint256={units}"
    _require(deposit["paymentUri"] == uri, "its paymentUri is another payment")


def _units(amount: str, asset: Asset) -> int:
    """Return an amount in the smallest unit of the asset."""
    whole, _, fraction = amount.partition(".")
    digits, decimals = whole + fraction, _DECIMALS[asset]
    exact = digits.isascii() and digits.isdecimal() and len(fraction) <= decimals
    _require(exact, "it is for another amount")
    return int(whole + fraction.ljust(decimals, "0"))


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(f"The prepared deposit is wrong: {otherwise}. Nothing was sent.")
