"""The responses of the service, as its OpenAPI document describes them."""

from typing import Literal, NotRequired, TypedDict

Asset = Literal["USDC", "ETH"]


class Network(TypedDict):
    """The network of a deposit."""

    name: str
    chainId: int


# "from" is a keyword, so that a class cannot declare it.
Transaction = TypedDict(
    "Transaction",
    {"from": str, "to": str, "value": str, "data": str, "gas": NotRequired[str]},
)


class Call(TypedDict):
    """A call of `walletSendCalls`."""

    to: str
    value: str
    data: str


SendCalls = TypedDict(
    "SendCalls",
    {"version": str, "from": str, "chainId": str, "atomicRequired": bool, "calls": list[Call]},
)


class Deposit(TypedDict):
    """A prepared deposit. Quantities in `transaction` and `walletSendCalls` are hex strings."""

    success: bool
    network: Network
    asset: Asset
    amount: str
    depositAddress: str
    transaction: Transaction
    note: str
    depositId: str
    paymentUri: str
    walletSendCalls: SendCalls


class Explorer(TypedDict):
    """Pages of the network's block explorer."""

    sender: str
    wallet: str


class RecordedDeposit(TypedDict):
    """A deposit that was prepared. Its status does not say that the money arrived."""

    id: str
    fid: int
    status: Literal["prepared"]
    note: str
    asset: Asset
    amount: str
    amountUnits: str
    fromAddress: str
    depositAddress: str
    network: Network
    explorer: Explorer
    createdAt: str


class Wallet(TypedDict):
    """A wallet of a user."""

    id: str
    fid: int
    chain: Literal["ethereum", "base-account"]
    type: Literal["trading", "base-account"]
    address: str
    createdAt: str
    updatedAt: str
