"""The kinds of effects. Addresses are in lower case, amounts in the smallest unit of the asset."""

from dataclasses import dataclass, fields
from typing import ClassVar, TypeAlias

PERMIT2 = "0x000000000022d473030f116ddee9f6b43ac78ba3"
"""Uniswap's Permit2, which has this address on every chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Effect:
    kind: ClassVar[str]

    def as_json(self) -> dict[str, object]:
        """Return the effect for an audit entry or a response. Integers are decimal strings."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {"kind": self.kind} | {
            name: str(value) if type(value) is int else value for name, value in values.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeTransfer(_Effect):
    """The wallet sends `amount` wei. `to` is None if the transaction creates a contract."""

    kind = "native_transfer"
    to: str | None
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTransfer(_Effect):
    """`sender` sends `amount` of a token (ERC-20, EIP-3009).

    An ERC-721 token has the same `transferFrom`; then `amount` is the id of the token. `deadline`
    is the Unix time at which signed typed data becomes invalid, or None for a transaction.
    """

    kind = "token_transfer"
    token: str
    sender: str
    to: str
    amount: int
    deadline: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance(_Effect):
    """`spender` may take `amount` of the owner's token. Limits count it as spent.

    `contract` stores the allowance: the token itself (ERC-20, ERC-2612) or Permit2. If `increases`,
    the amount is added to the current allowance. `expires_at` is the Unix time at which the
    allowance ends, or None if it does not end. `deadline` is the Unix time at which the signature
    becomes invalid, or None if it does not.
    """

    kind = "allowance"
    token: str
    owner: str
    spender: str
    amount: int
    contract: str
    increases: bool = False
    expires_at: int | None = None
    deadline: int | None = None

    @property
    def unlimited(self) -> bool:
        """Whether the amount is beyond any supply. Permit2 has 160 bits, ERC-20 has 256."""
        return self.amount >= 2**160 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractCall(_Effect):
    """Any other call. `selector` is the first 4 bytes of its data (fewer if it is shorter)."""

    kind = "contract_call"
    to: str
    selector: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractCreation(_Effect):
    """A new contract. `code_hash` is the Keccak-256 hash of the code that creates it."""

    kind = "contract_creation"
    code_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation(_Effect):
    """The account `authority` runs the code of `delegate` (EIP-7702); the zero address ends it."""

    kind = "delegation"
    authority: str
    delegate: str
    chain_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedMessage(_Effect):
    """A message (EIP-191), whose meaning only its verifier knows. `length` is in bytes."""

    kind = "message"
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HashMessage(_Effect):
    """A message (EIP-191) of exactly 32 bytes, which may be the hash of unknown content."""

    kind = "hash_message"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownTypedData(_Effect):
    """Typed data (EIP-712) that does not match a known standard exactly."""

    kind = "typed_data"
    primary_type: str
    verifying_contract: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFee(_Effect):
    """The highest fee in wei: gas limit times highest price. L2s add a fee for the data."""

    kind = "network_fee"
    amount: int


Effect: TypeAlias = (
    NativeTransfer
    | TokenTransfer
    | Allowance
    | ContractCall
    | ContractCreation
    | Delegation
    | SignedMessage
    | HashMessage
    | UnknownTypedData
    | NetworkFee
)
