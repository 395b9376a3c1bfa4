"""Which rules match which effects, and what a request spends."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from wallet_api.ethereum.effects import (
    PERMIT2,
    SELECTORS,
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
from wallet_api.policies.rules import NATIVE, Rule, TypedDataCondition

_LAST_MOMENT = 253_402_300_799
"""The end of the year 9999. A later time counts as no end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request to sign, as policies see it.

    `method` is one of METHODS. `chain_id` is None for a message that is not bound to a chain.
    `wallet` is the address that signs. `typed_data` is the verifying contract (which may be None)
    and the primary type; it is None if the request is not typed data. `now` is in Unix seconds.
    `subjects` are the effects, as rules match them. They are `alike` if there are several, and
    rules that match can tell them apart only by their tokens.
    """

    method: str
    chain_id: int | None
    effects: Sequence[Effect]
    wallet: str
    typed_data: tuple[str | None, str] | None
    now: int
    subjects: tuple["Subject", ...] = field(init=False, repr=False, compare=False)
    alike: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Derive the subjects."""
        subjects = tuple([_subject(effect, self) for effect in self.effects])
        object.__setattr__(self, "subjects", subjects)
        conditions = {
            (one.kind, one.to, one.spender, one.selector, one.amount is None, one.never)
            for one in subjects
        }
        object.__setattr__(self, "alike", len(conditions) == 1 < len(subjects))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """What an effect spends of the wallet: at least 1 of the smallest unit of `asset`.

    `asset` is NATIVE or the address of a token, and `counterparty` is the recipient or the spender
    (None for fees and for new contracts). `valid_until` is the last moment at which the signature
    can spend it, in Unix seconds: the later of the deadline of typed data and the end of an
    allowance. It is math.inf without an end before the year 10000, and None if the spend is valid
    only at the time of the signature, as for a payment by transaction.
    """

    chain_id: int
    asset: str
    kind: str
    counterparty: str | None
    amount: int
    valid_until: float | None


class Subject(NamedTuple):
    """The properties of an effect that conditions test. None if the effect lacks the property.

    `amount` is what the wallet itself spends. `valid_until` is that of Spend. `lifetime_end` is
    when the effect ends, in Unix seconds: math.inf if it never ends, and None for effects of a
    transaction that do not last. An effect with `never` matches no rule that allows.
    """

    effect: Effect
    kind: str
    to: str | None = None
    token: str | None = None
    spender: str | None = None
    selector: str | None = None
    amount: int | None = None
    valid_until: float | None = None
    lifetime_end: float | None = None
    unlimited: bool = False
    never: bool = False


def spends_of(request: Request) -> tuple[Spend, ...]:
    """Return what the request spends: transfers, allowances and fees of the wallet itself.

    An amount of zero is not a spend.
    """
    if request.chain_id is None:
        return ()
    return tuple(
        Spend(
            chain_id=request.chain_id,
            asset=subject.token,
            kind=subject.kind,
            counterparty=subject.to or subject.spender,
            amount=subject.amount,
            valid_until=subject.valid_until
            if subject.valid_until is not None and subject.valid_until > request.now
            else None,
        )
        for subject in request.subjects
        if subject.amount and subject.token
    )


def is_about(rule: Rule, request: Request) -> bool:
    """Return whether a rule's conditions on the whole request hold."""
    return (
        (rule.methods is None or request.method in rule.methods)
        and (rule.chain_ids is None or request.chain_id in rule.chain_ids)
        and (rule.typed_data is None or _is_about_typed_data(rule.typed_data, request))
    )


def effects_that_match(rule: Rule, request: Request) -> tuple[bool, ...]:
    """Return which effects of a request a rule matches."""
    if not request.alike:
        return tuple([matches(rule, subject) for subject in request.subjects])
    # Comparing all conditions of 40 allowances of a batch would take three times as long.
    tokens = rule.tokens
    found = [tokens is None or subject.token in tokens for subject in request.subjects]
    if True in found and not matches(rule, request.subjects[found.index(True)]):
        return (False,) * len(found)
    return tuple(found)


def matches(rule: Rule, subject: Subject) -> bool:
    """Return whether a rule's conditions on an effect hold, without its limits."""
    return (
        (rule.kinds is None or subject.kind in rule.kinds)
        and (rule.to is None or subject.to in rule.to)
        and (rule.tokens is None or subject.token in rule.tokens)
        and (rule.spenders is None or subject.spender in rule.spenders)
        and (rule.selectors is None or subject.selector in rule.selectors)
        and (rule.effect == "deny" or _may_allow(rule, subject))
    )


def _may_allow(rule: Rule, subject: Subject) -> bool:
    """Return whether a rule that allows is specific enough for an effect that it matches."""
    if subject.never or (rule.limits_amounts and subject.amount is None):
        return False
    if subject.kind == "hash_message":
        return rule.kinds is not None
    # Contracts may read these functions of tokens although their arguments are not canonical.
    if subject.selector in SELECTORS:
        return rule.selectors is not None
    if subject.kind == "delegation":
        return rule.kinds is not None and rule.to is not None
    return True


def _is_about_typed_data(condition: TypedDataCondition, request: Request) -> bool:
    if request.typed_data is None:
        return False
    contracts, types = condition.verifying_contracts, condition.primary_types
    contract, primary_type = request.typed_data
    return (contracts is None or contract in contracts) and (types is None or primary_type in types)


def _subject(effect: Effect, request: Request) -> Subject:
    match effect:
        case NativeTransfer(to=to, amount=amount):
            subject = Subject(effect=effect, kind=effect.kind, to=to, token=NATIVE, amount=amount)
        case NetworkFee(amount=amount):
            subject = Subject(effect=effect, kind=effect.kind, token=NATIVE, amount=amount)
        case TokenTransfer(token=token, to=to):
            end = _end_of_signature(effect.deadline) if request.typed_data else None
            subject = Subject(
                effect=effect,
                kind=effect.kind,
                to=to,
                token=token,
                amount=effect.amount if effect.sender == request.wallet.lower() else None,
                valid_until=end,
                lifetime_end=end,
            )
        case Allowance(token=token, spender=spender):
            valid_until = _end_of_allowance(effect, request)
            subject = Subject(
                effect=effect,
                kind=effect.kind,
                token=token,
                spender=spender,
                amount=effect.amount if effect.owner == request.wallet.lower() else None,
                valid_until=valid_until,
                lifetime_end=math.inf if effect.expires_at is None else valid_until,
                unlimited=effect.unlimited,
            )
        case ContractCall(to=to, selector=selector):
            subject = Subject(effect=effect, kind=effect.kind, to=to, selector=selector)
        case ContractCreation():
            subject = Subject(effect=effect, kind=effect.kind)
        case Delegation(delegate=delegate, chain_id=chain_id):
            subject = Subject(
                effect=effect,
                kind=effect.kind,
                to=delegate,
                lifetime_end=math.inf,
                # Zero means every chain (EIP-7702), and no request is for every chain.
                never=chain_id == 0 or chain_id != request.chain_id,
            )
        case UnknownTypedData(verifying_contract=contract):
            # Permit2 accepts no other typed data than the known standards.
            subject = Subject(
                effect=effect, kind=effect.kind, lifetime_end=math.inf, never=contract == PERMIT2
            )
        case SignedMessage() | HashMessage():
            subject = Subject(effect=effect, kind=effect.kind, lifetime_end=math.inf)
    return subject


def _end_of_signature(deadline: int | None) -> float:
    return math.inf if deadline is None or deadline > _LAST_MOMENT else deadline


def _end_of_allowance(allowance: Allowance, request: Request) -> float | None:
    """Return the later of the deadline of the signature and the end of the allowance."""
    ends = [] if allowance.expires_at is None else [_end_of_signature(allowance.expires_at)]
    if request.typed_data:
        ends.append(_end_of_signature(allowance.deadline))
    return max(ends, default=None)
