"""The effects of a signature, on which policies decide, and which audit entries and previews show.

A request has at least one effect. A request that does not match a known standard exactly is a
contract call or unknown typed data: the amount of a transfer or an allowance is never guessed.
So is an allowance at Permit2 for Permit2 itself, which gives nothing to anybody: only the spender
can use an allowance at Permit2, and Permit2 never calls itself.

- NativeTransfer: the value of a transaction.
- TokenTransfer: `transfer` and `transferFrom` (ERC-20), `TransferWithAuthorization` and
  `ReceiveWithAuthorization` (ERC-3009).
- Allowance: `approve` (ERC-20, Permit2), `increaseAllowance`, `Permit` (ERC-2612, DAI), and the
  typed data of Permit2.
- ContractCall: any other data of a transaction.
- ContractCreation: a transaction without `to`.
- Delegation: an authorization (EIP-7702).
- SignedMessage: a message (EIP-191).
- HashMessage: a message of exactly 32 bytes.
- UnknownTypedData: any other typed data (EIP-712).
- NetworkFee: the gas limit and the highest price of a transaction.
"""

from wallet_api.ethereum.effects.calldata import SELECTORS, of_authorization, of_transaction
from wallet_api.ethereum.effects.kinds import (
    PERMIT2,
    Allowance,
    ContractCall,
    ContractCreation,
    Delegation,
    Effect,
    HashMessage,
    NativeTransfer,
    NetworkFee,
    SignedMessage,
    TokenTransfer,
    UnknownTypedData,
)
from wallet_api.ethereum.effects.standards import (
    PERMIT2_TYPES,
    PERMIT_TYPES,
    TRANSFER_TYPES,
    of_typed_data,
)
from wallet_api.ethereum.messages import HASH_LENGTH

__all__ = [
    "PERMIT2",
    "PERMIT2_TYPES",
    "PERMIT_TYPES",
    "SELECTORS",
    "TRANSFER_TYPES",
    "Allowance",
    "ContractCall",
    "ContractCreation",
    "Delegation",
    "Effect",
    "HashMessage",
    "NativeTransfer",
    "NetworkFee",
    "SignedMessage",
    "TokenTransfer",
    "UnknownTypedData",
    "of_authorization",
    "of_message",
    "of_transaction",
    "of_typed_data",
]


def of_message(message: bytes) -> tuple[Effect, ...]:
    """Return the effect of a message that a wallet signs."""
    if len(message) == HASH_LENGTH:
        return (HashMessage(),)
    return (SignedMessage(length=len(message)),)
