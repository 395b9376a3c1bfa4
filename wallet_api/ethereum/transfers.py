"""Payments, and the transfers that a user's own wallet signs."""

from dataclasses import dataclass

from wallet_api.crypto.checksum import to_checksum_address
from wallet_api.ethereum.networks import Network

# The selector of transfer(address,uint256) (ERC-20): the first four bytes of its Keccak-256.
_TRANSFER_SELECTOR = "a9059cbb"
# A USDC transfer to a new recipient uses about 62,000. Unused gas is not charged.
_USDC_GAS = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A payment of `units` (in the smallest unit) of USDC or ETH on one network."""

    network: Network
    asset: str
    units: int
    to_address: str

    @property
    def _is_eth(self) -> bool:
        return self.asset == "ETH"

    @property
    def _target(self) -> str:
        """The `to` of the transaction: the recipient, or the token contract."""
        return to_checksum_address(self.to_address) if self._is_eth else self.network.usdc

    def payment_uri(self) -> str:
        """Return the payment as an ERC-681 URI, for QR codes and deep links."""
        chain_id = self.network.chain_id
        if self._is_eth:
            return f"ethereum:{self._target}@{chain_id}?value={self.units}"
        recipient = to_checksum_address(self.to_address)
        return (
            f"ethereum:{self._target}@{chain_id}/transfer?address={recipient}&uint256={self.units}"
        )

    def explorer_url(self) -> str:
        """Return the page of the block explorer with the recipient's transfers of the asset."""
        recipient = to_checksum_address(self.to_address)
        if self._is_eth:
            return f"{self.network.explorer}/address/{recipient}"
        return f"{self.network.explorer}/token/{self.network.usdc}?a={recipient}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(Payment):
    """A payment from a known sender."""

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
        """Return the parameters of eth_sendTransaction. Quantities have no leading zeros."""
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
            # A single call is always atomic. Requiring it would exclude plain accounts.
            "atomicRequired": False,
            "calls": [{"to": self._target, "value": self._value, "data": self._data}],
        }
