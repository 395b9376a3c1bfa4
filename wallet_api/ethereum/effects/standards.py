"""The effects of typed data: the standards whose effects are known."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from wallet_api.ethereum.amounts import MAX_UINT256
from wallet_api.ethereum.effects.kinds import (
    PERMIT2,
    Allowance,
    Effect,
    TokenTransfer,
    UnknownTypedData,
)
from wallet_api.ethereum.typed_data import TypedData

_Read: TypeAlias = Callable[[str, str, Mapping[str, Any]], tuple[Effect, ...]]


def of_typed_data(typed_data: TypedData, *, signer: str) -> tuple[Effect, ...]:
    """Return the effects of typed data that the wallet `signer` signs."""
    contract = typed_data.domain.get("verifyingContract")
    read = _reader_of(typed_data)
    if read and isinstance(contract, str):
        effects = read(contract, signer.lower(), typed_data.message)
        if effects:
            return effects
    return (
        UnknownTypedData(
            primary_type=typed_data.primary_type,
            verifying_contract=contract if isinstance(contract, str) else None,
        ),
    )


def _reader_of(typed_data: TypedData) -> _Read | None:
    """Return the reader of the standard whose types and domain these exactly are, or None."""
    types = {
        name: [f"{member.type} {member.name}" for member in members]
        for name, members in typed_data.types.items()
    }
    members = types.pop(typed_data.primary_type)
    has_witness = typed_data.primary_type in _WITH_WITNESS
    if has_witness:
        # Permit2 accepts any type and name of the last member, and any types that it uses.
        members = members[:-1]
    standard = _STANDARDS.get((typed_data.primary_type, ",".join(members)))
    if standard is None:
        return None
    struct, read = standard
    expected = {struct: _STRUCTS[struct]} if struct else {}
    used = {
        name: ",".join(shape)
        for name, shape in types.items()
        if name in expected or not has_witness
    }
    if used != expected:
        return None
    domain = typed_data.domain
    if struct:
        permit2 = {
            "name": "Permit2",
            "chainId": domain.get("chainId"),
            "verifyingContract": PERMIT2,
        }
        return read if domain == permit2 else None
    # Without a chain id it is valid on every chain that has the contract.
    return read if "chainId" in domain else None


def _permit(token: str, _signer: str, message: Mapping[str, Any]) -> tuple[Effect, ...]:
    return (
        Allowance(
            token=token,
            owner=message["owner"],
            spender=message["spender"],
            amount=message["value"],
            contract=token,
            deadline=message["deadline"],
        ),
    )


def _dai_permit(token: str, _signer: str, message: Mapping[str, Any]) -> tuple[Effect, ...]:
    return (
        Allowance(
            token=token,
            owner=message["holder"],
            spender=message["spender"],
            amount=MAX_UINT256 if message["allowed"] else 0,
            contract=token,
            # Zero is no deadline.
            deadline=message["expiry"] or None,
        ),
    )


def _authorization(token: str, _signer: str, message: Mapping[str, Any]) -> tuple[Effect, ...]:
    return (
        TokenTransfer(
            token=token,
            sender=message["from"],
            to=message["to"],
            amount=message["value"],
            deadline=message["validBefore"],
        ),
    )


def _permit2_allowances(
    contract: str, signer: str, message: Mapping[str, Any]
) -> tuple[Effect, ...]:
    if message["spender"] == PERMIT2:
        return ()
    return tuple(
        Allowance(
            token=details["token"],
            owner=signer,
            spender=message["spender"],
            amount=details["amount"],
            contract=contract,
            expires_at=details["expiration"],
            deadline=message["sigDeadline"],
        )
        for details in _one_or_many(message["details"])
    )


def _permit2_transfers(
    contract: str, signer: str, message: Mapping[str, Any]
) -> tuple[Effect, ...]:
    # The spender chooses the recipients, so that it is an allowance, for one call.
    if message["spender"] == PERMIT2:
        return ()
    return tuple(
        Allowance(
            token=permitted["token"],
            owner=signer,
            spender=message["spender"],
            amount=permitted["amount"],
            contract=contract,
            expires_at=message["deadline"],
            deadline=message["deadline"],
        )
        for permitted in _one_or_many(message["permitted"])
    )


def _one_or_many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


_STRUCTS = {
    "PermitDetails": "address token,uint160 amount,uint48 expiration,uint48 nonce",
    "TokenPermissions": "address token,uint256 amount",
}
_TRANSFER = "TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline"
_BATCH_TRANSFER = "TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline"
_AUTHORIZATION = (
    "address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce"
)
_WITH_WITNESS = ("PermitWitnessTransferFrom", "PermitBatchWitnessTransferFrom")
# By primary type and its members: the struct that it uses, and the reader.
_STANDARDS: dict[tuple[str, str], tuple[str | None, _Read]] = {
    # ERC-2612
    ("Permit", "address owner,address spender,uint256 value,uint256 nonce,uint256 deadline"): (
        None,
        _permit,
    ),
    # DAI, before ERC-2612
    ("Permit", "address holder,address spender,uint256 nonce,uint256 expiry,bool allowed"): (
        None,
        _dai_permit,
    ),
    # ERC-3009
    ("TransferWithAuthorization", _AUTHORIZATION): (None, _authorization),
    ("ReceiveWithAuthorization", _AUTHORIZATION): (None, _authorization),
    # Allowances at Permit2
    ("PermitSingle", "PermitDetails details,address spender,uint256 sigDeadline"): (
        "PermitDetails",
        _permit2_allowances,
    ),
    ("PermitBatch", "PermitDetails[] details,address spender,uint256 sigDeadline"): (
        "PermitDetails",
        _permit2_allowances,
    ),
    # Transfers by Permit2 with a signature
    ("PermitTransferFrom", _TRANSFER): ("TokenPermissions", _permit2_transfers),
    ("PermitBatchTransferFrom", _BATCH_TRANSFER): ("TokenPermissions", _permit2_transfers),
    ("PermitWitnessTransferFrom", _TRANSFER): ("TokenPermissions", _permit2_transfers),
    ("PermitBatchWitnessTransferFrom", _BATCH_TRANSFER): ("TokenPermissions", _permit2_transfers),
}

TRANSFER_TYPES = frozenset(
    name for (name, _), (_, read) in _STANDARDS.items() if read is _authorization
)
"""The primary types of transfers. The verifying contract is the token."""
PERMIT2_TYPES = frozenset(name for (name, _), (struct, _) in _STANDARDS.items() if struct)
"""The primary types of allowances at Permit2, which is the verifying contract."""
PERMIT_TYPES = frozenset(name for name, _ in _STANDARDS) - TRANSFER_TYPES - PERMIT2_TYPES
"""The primary types of allowances at the token, which is the verifying contract."""
