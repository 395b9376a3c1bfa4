"""Examples of the requests that a rule matches. A rule without an example can never match.

There is one candidate for each way to sign an effect of each kind, with values that the conditions
of the rule name, and the evaluation decides whether the rule matches it. A candidate spends nothing
and ends at once: if a limit refuses it, the limit refuses every request of its kind.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from typing import TypeAlias, TypeVar

from wallet_api.ethereum.effects import (
    PERMIT2,
    PERMIT2_TYPES,
    PERMIT_TYPES,
    SELECTORS,
    TRANSFER_TYPES,
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
from wallet_api.ethereum.struct_types import is_primary_type
from wallet_api.policies.evaluation import PolicyVersion, evaluate, match
from wallet_api.policies.matching import Request, is_about, matches
from wallet_api.policies.rules import NATIVE, Rule

Value = TypeVar("Value", str, int)
# Methods, an effect, and the verifying contract and the primary type of typed data.
_Way: TypeAlias = tuple[frozenset[str], Effect, tuple[str, str] | None]

TRANSACTION_METHODS = frozenset({"eth_signTransaction", "sign/transaction"})
_TYPED_DATA_METHODS = frozenset({"eth_signTypedData", "eth_signTypedData_v4", "sign/typed-data"})
_MESSAGE_METHODS = frozenset({"personal_sign", "eth_sign"})
# Its messages are for no chain.
_CHAINLESS_METHODS = frozenset({"sign/message"})
_AUTHORIZATION_METHODS = frozenset({"sign/authorization"})
_METHODS = (
    TRANSACTION_METHODS,
    _TYPED_DATA_METHODS,
    _MESSAGE_METHODS,
    _CHAINLESS_METHODS,
    _AUTHORIZATION_METHODS,
)

is_read = lru_cache(maxsize=1024)(is_primary_type)
"""Whether typed data with this primary type is read. `uint256` is not, for example."""

# Represents any address, where no condition names one.
_ADDRESS = "0x" + "11" * 20
_NOW = 1


def examples(rule: Rule) -> list[Request]:
    """Return requests that a rule matches, each with one effect. Empty if it can never match."""
    return [request for request in _candidates(rule) if applies(rule, request)]


def can_match(rule: Rule) -> bool:
    """Return whether a rule has an example."""
    return any(applies(rule, request) for request in _candidates(rule))


def applies(rule: Rule, request: Request) -> bool:
    """Return whether a rule denies a request, or allows it if nothing was spent before."""
    # This is quicker than a verdict, which only adds the limits.
    if not is_about(rule, request) or not any(matches(rule, one) for one in request.subjects):
        return False
    if rule.effect == "deny":
        return True
    layer = PolicyVersion(layer="wallet", policy=None, version=1, rules=(rule,))
    matching = match(request, [layer])
    verdict = evaluate(matching, dict.fromkeys(matching.windows, 0), unrestricted=False)
    return verdict.allowed


def methods_of(requests: Iterable[Request]) -> frozenset[str]:
    """Return the methods that can sign the effects of examples in the same way."""
    used = {request.method for request in requests}
    return frozenset().union(*(methods for methods in _METHODS if methods & used))


def _candidates(rule: Rule) -> Iterator[Request]:
    chain_id = _one(rule.chain_ids, default=1)
    for methods, effect, typed_data in _ways(rule, chain_id):
        method = _one(rule.methods, methods, default="")
        if method and (rule.kinds is None or effect.kind in rule.kinds):
            yield Request(
                method=method,
                chain_id=None if methods is _CHAINLESS_METHODS else chain_id,
                effects=(effect,),
                wallet=_ADDRESS,
                typed_data=typed_data,
                now=_NOW,
            )


def _ways(rule: Rule, chain_id: int) -> Iterator[_Way]:
    """Return the ways to sign effects of all kinds, with values that the rule names."""
    to = _one(rule.to, default=_ADDRESS)
    tokens = None if rule.tokens is None else rule.tokens - {NATIVE}
    token = _one(tokens, default=_ADDRESS)
    transfer = partial(TokenTransfer, sender=_ADDRESS, to=to, amount=0)
    allowance = partial(Allowance, owner=_ADDRESS, amount=0)
    spender = _one(rule.spenders, default=_ADDRESS)
    # Permit2 itself has no allowance at Permit2.
    others = None if rule.spenders is None else rule.spenders - {PERMIT2}
    at_permit2 = partial(
        allowance,
        token=token,
        spender=_one(others, default=_ADDRESS),
        contract=PERMIT2,
        expires_at=_NOW,
    )
    # Only a rule that names a selector of tokens allows it.
    selectors = rule.selectors and (rule.selectors & SELECTORS or rule.selectors)
    condition = rule.typed_data
    # Such a condition excludes the other 13 of 17 ways.
    if condition is None:
        delegation = Delegation(authority=_ADDRESS, delegate=to, chain_id=chain_id)
        for effect in (
            NativeTransfer(to=to, amount=0),
            transfer(token=token),
            allowance(token=token, spender=spender, contract=token),
            at_permit2(),
            ContractCall(to=to, selector=_one(selectors, default="0x00000000")),
            ContractCreation(code_hash="0x" + "00" * 32),
            delegation,
            NetworkFee(amount=0),
        ):
            yield TRANSACTION_METHODS, effect, None
        yield _AUTHORIZATION_METHODS, delegation, None
        for methods in (_MESSAGE_METHODS, _CHAINLESS_METHODS):
            yield methods, SignedMessage(length=0), None
            yield methods, HashMessage(), None

    contracts = condition.verifying_contracts if condition else None
    types = condition.primary_types if condition else None
    # The domain of these standards names the token.
    signed = _one(tokens, contracts, default=_ADDRESS)
    for standard, contract, effect in (
        (TRANSFER_TYPES, signed, transfer(token=signed, deadline=_NOW)),
        (
            PERMIT_TYPES,
            signed,
            allowance(token=signed, spender=spender, contract=signed, deadline=_NOW),
        ),
        (PERMIT2_TYPES, PERMIT2, at_permit2(deadline=_NOW)),
    ):
        yield _TYPED_DATA_METHODS, effect, (contract, _one(types, standard, default=""))
    # No rule allows them for Permit2.
    elsewhere = None if contracts is None else contracts - {PERMIT2} or contracts
    contract = _one(elsewhere, default=_ADDRESS)
    usable = None if types is None else frozenset(filter(is_read, types))
    primary_type = _one(usable, default="Any")
    unknown = UnknownTypedData(primary_type=primary_type, verifying_contract=contract)
    yield _TYPED_DATA_METHODS, unknown, (contract, primary_type)


def _one(*conditions: frozenset[Value] | None, default: Value) -> Value:
    """Return a value that fits all conditions; the default if none does, or any value fits."""
    named = [condition for condition in conditions if condition is not None]
    if not named:
        return default
    return min(frozenset.intersection(*named), default=default)
