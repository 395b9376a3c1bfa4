"""The effects of transactions and authorizations."""

from collections.abc import Callable

from eth_hash.auto import keccak

from wallet_api.ethereum.authorizations import Authorization
from wallet_api.ethereum.effects.kinds import (
    PERMIT2,
    Allowance,
    ContractCall,
    ContractCreation,
    Delegation,
    Effect,
    NativeTransfer,
    NetworkFee,
    TokenTransfer,
)
from wallet_api.ethereum.transactions import Transaction

_WORD = 32
# The number of bits of each argument.
_ADDRESS, _UINT256, _UINT160, _UINT48 = 160, 256, 160, 48


def of_transaction(transaction: Transaction, *, sender: str) -> tuple[Effect, ...]:
    """Return the effects of a transaction that the wallet `sender` signs."""
    sender = sender.lower()
    effects: list[Effect] = []
    to, data = transaction.to, transaction.data
    # A call without data runs the code of a contract, too, even if it sends nothing.
    if transaction.value or not data:
        effects.append(NativeTransfer(to=to, amount=transaction.value))
    if to is None:
        effects.append(ContractCreation(code_hash="0x" + keccak(data).hex()))
    elif data:
        effects.append(_known_call(to, data, sender) or _contract_call(to, data))
    effects += [
        Delegation(
            authority=authorization.authority,
            delegate=authorization.delegate,
            chain_id=authorization.chain_id,
        )
        for authorization in transaction.authorizations
    ]
    return (*effects, NetworkFee(amount=transaction.highest_fee))


def of_authorization(authorization: Authorization, *, signer: str) -> tuple[Effect, ...]:
    """Return the effect of an authorization that the wallet `signer` signs."""
    return (
        Delegation(
            authority=signer.lower(),
            delegate=authorization.delegate,
            chain_id=authorization.chain_id,
        ),
    )


def _contract_call(to: str, data: bytes) -> ContractCall:
    return ContractCall(to=to, selector="0x" + data[:4].hex())


def _known_call(to: str, data: bytes, sender: str) -> Effect | None:
    """Return the effect of a known function, or None if its arguments are not encoded canonically.

    Bytes after the arguments are ignored, as contracts ignore them.
    """
    selector = data[:4].hex()
    if selector not in _FUNCTIONS:
        return None
    bits, read = _FUNCTIONS[selector]
    words = data[4 : 4 + _WORD * len(bits)]
    if len(words) < _WORD * len(bits):
        return None
    values = [
        int.from_bytes(words[offset : offset + _WORD]) for offset in range(0, len(words), _WORD)
    ]
    if any(value >> width for value, width in zip(values, bits, strict=True)):
        return None
    return read(to, sender, *values)


def _address(value: int) -> str:
    return f"0x{value:040x}"


def _transfer(token: str, sender: str, to: int, amount: int) -> Effect:
    return TokenTransfer(token=token, sender=sender, to=_address(to), amount=amount)


def _transfer_from(token: str, _sender: str, owner: int, to: int, amount: int) -> Effect:
    return TokenTransfer(token=token, sender=_address(owner), to=_address(to), amount=amount)


def _approve(token: str, owner: str, spender: int, amount: int) -> Effect:
    return Allowance(
        token=token, owner=owner, spender=_address(spender), amount=amount, contract=token
    )


def _increase_allowance(token: str, owner: str, spender: int, amount: int) -> Effect:
    return Allowance(
        token=token,
        owner=owner,
        spender=_address(spender),
        amount=amount,
        contract=token,
        increases=True,
    )


def _approve_at_permit2(
    contract: str, owner: str, token: int, spender: int, amount: int, expiration: int
) -> Effect | None:
    if contract != PERMIT2 or _address(spender) == PERMIT2:
        return None
    return Allowance(
        token=_address(token),
        owner=owner,
        spender=_address(spender),
        amount=amount,
        contract=contract,
        expires_at=expiration,
    )


_FUNCTIONS: dict[str, tuple[tuple[int, ...], Callable[..., Effect | None]]] = {
    # transfer(address,uint256), transferFrom(address,address,uint256), approve(address,uint256):
    # ERC-20. increaseAllowance(address,uint256): OpenZeppelin's extension.
    "a9059cbb": ((_ADDRESS, _UINT256), _transfer),
    "23b872dd": ((_ADDRESS, _ADDRESS, _UINT256), _transfer_from),
    "095ea7b3": ((_ADDRESS, _UINT256), _approve),
    "39509351": ((_ADDRESS, _UINT256), _increase_allowance),
    # approve(address,address,uint160,uint48): Permit2
    "87517c45": ((_ADDRESS, _ADDRESS, _UINT160, _UINT48), _approve_at_permit2),
}

SELECTORS = frozenset(f"0x{selector}" for selector in _FUNCTIONS)
"""The selectors of known functions, whose calls are transfers and allowances."""
