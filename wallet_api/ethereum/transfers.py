"""The transfer that a user's own wallet signs to make a deposit."""

from dataclasses import dataclass

from wallet_api.crypto.checksum import to_checksum_address
from wallet_api.ethereum.networks import Network

# transfer(address,uint256): the first four bytes of the Keccak-256 of its signature (ERC-20).
_TRANSFER_SELECTOR = "a9059cbb"
# Enough for any USDC transfer (about 62,000 with a cold recipient); unused gas is not charged.
_USDC_GAS = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A payment of `units` (smallest unit) of USDC or ETH on one network, whoever sends it."""

    network: Network
    asset: str
    units: int
    to_address: str

    @property
    def _is_eth(self) -> bool:
        return self.asset == "ETH"

    @property
    def _target(self) -> str:
        """The account that the transaction is sent to: the recipient, or the token's contract."""
        return to_checksum_address(self.to_address if self._is_eth else self.network.usdc)

    def payment_uri(self) -> str:
        """Return the payment as an ERC-681 URI, for QR codes and deep links."""
        chain_id = self.network.chain_id
        if self._is_eth:
            return f"ethereum:{self._target}@{chain_id}?value={self.units}"
        recipient = to_checksum_address(self.to_address)
        return (
            f"ethereum:{self._target}@{chain_id}/transfer?address={recipient}&uint256={self.units}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(Payment):
    """A payment that one sender signs."""

    from_address: str

    @property
    def _value(self) -> str:
        return hex(self.units) if self._is_eth else "0x0"

    @property
    def _data(self) -> str:
        if self._is_eth:
            return "0x"
        recipient = self.to_address.lower().removeprefix("0x")
        return f"0x{_TRANSFER_SELECTOR}{recipient:0>64}{self.units:064x}"

    def transaction(self) -> dict[str, str]:
        """Return the parameters of eth_sendTransaction (quantities without leading zeros)."""
        transaction = {
            "from": self.from_address.lower(),
            "to": self._target,
            "value": self._value,
            "data": self._data,
        }
        return transaction if self._is_eth else {**transaction, "gas": hex(_USDC_GAS)}

    def wallet_send_calls(self) -> dict[str, object]:
        """Return the parameter object of wallet_sendCalls, EIP-5792 version 2.0.0."""
        return {
            "version": "2.0.0",
            "from": self.from_address.lower(),
            "chainId": hex(self.network.chain_id),
            # A single call is atomic anyhow; asking for more would turn plain accounts away.
            "atomicRequired": False,
            "calls": [{"to": self._target, "value": self._value, "data": self._data}],
        }
