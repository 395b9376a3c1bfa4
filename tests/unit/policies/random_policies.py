"""Random policies, requests and spends, from so few values that they often meet.

They are drawn from a plain random generator. With a strategy for each member, Hypothesis takes 100
times as long, and its rules seldom match.
"""

from dataclasses import replace
from itertools import product

from tests.unit.policies.requests import DAI, NOW, PERMIT2, ROUTER, STRANGER, USDC, WALLET
from wallet_api.ethereum.effects import (
    Allowance,
    ContractCall,
    ContractCreation,
    Delegation,
    HashMessage,
    NativeTransfer,
    NetworkFee,
    SignedMessage,
    TokenTransfer,
    UnknownTypedData,
)
from wallet_api.policies.matching import Request
from wallet_api.policies.rules import KINDS, METHODS, NATIVE

ADDRESSES = (ROUTER, STRANGER)
TOKENS = (USDC, DAI)
AMOUNTS = (0, 1, 4)
OWNERS = (WALLET, STRANGER)
SELECTORS = ("0x3593564c", "0xac9650d8", "0xa9059cbb")
TYPES = ("PermitSingle", "Order")
ENDS = (None, NOW - 5, NOW + 10, NOW + 11, 2**60)
NO_DEADLINE = (None,)


def combined(make, **values):
    """Return what `make` makes of each combination of values."""
    return [make(**dict(zip(values, chosen, strict=True))) for chosen in product(*values.values())]


def transfers(deadlines):
    return combined(
        TokenTransfer, token=TOKENS, sender=OWNERS, to=ADDRESSES, amount=AMOUNTS, deadline=deadlines
    )


def allowances(deadlines):
    return combined(
        Allowance,
        token=TOKENS,
        owner=OWNERS,
        spender=ADDRESSES,
        amount=(*AMOUNTS, 2**160 - 1),
        contract=(PERMIT2,),
        expires_at=ENDS,
        deadline=deadlines,
    )


BY_TRANSACTION = (
    combined(NativeTransfer, to=(None, *ADDRESSES), amount=AMOUNTS),
    transfers(NO_DEADLINE),
    allowances(NO_DEADLINE),
    combined(ContractCall, to=ADDRESSES, selector=(*SELECTORS, "0x12")),
    [ContractCreation(code_hash="0x" + "00" * 32)],
    combined(Delegation, authority=OWNERS, delegate=ADDRESSES, chain_id=(0, 1, 8453)),
    combined(NetworkFee, amount=AMOUNTS),
)
BY_TYPED_DATA = (
    transfers(ENDS),
    allowances(ENDS),
    combined(UnknownTypedData, primary_type=TYPES, verifying_contract=(None, USDC, PERMIT2)),
)
BY_MESSAGE = ([SignedMessage(length=5)], [HashMessage()])

VALUES = {
    "methods": [["eth_signTransaction"], list(METHODS[:4]), list(METHODS[4:])],
    "chain_ids": [[1], [8453], [1, 8453]],
    "kinds": [
        *([kind] for kind in KINDS),
        ["native_transfer", "token_transfer", "allowance", "network_fee"],
        list(KINDS),
    ],
    "to": [[ROUTER], [STRANGER], [ROUTER, STRANGER]],
    "tokens": [[USDC], [DAI, NATIVE], [NATIVE], [USDC, DAI, NATIVE]],
    "spenders": [[ROUTER], [STRANGER], [ROUTER, STRANGER]],
    "selectors": [[SELECTORS[0]], list(SELECTORS)],
    "typed_data": [
        {"primary_types": ["PermitSingle"]},
        {"primary_types": ["Order"], "verifying_contracts": [PERMIT2]},
        {"verifying_contracts": [USDC, PERMIT2]},
    ],
}
CONDITIONS = [{name: value} for name, values in VALUES.items() for value in values]
ASSETS = {"tokens": [NATIVE, USDC, DAI], "chain_ids": [1, 8453]}
MOST = ("0", "4", "5", "8")
WINDOWS = [{"seconds": seconds, "max_amount": most} for seconds in (1, 60) for most in MOST]
LIMITS = [
    *({} for _ in range(3)),
    *({"max_lifetime_seconds": seconds} for seconds in (9, 10, 11)),
    *(ASSETS | {"max_amount": most} for most in MOST),
    *(ASSETS | {"windows": [window]} for window in WINDOWS),
    *(ASSETS | {"max_amount": most, "windows": [WINDOWS[2], WINDOWS[7]]} for most in MOST),
]


def merged(parts):
    return {name: value for part in parts for name, value in part.items()}


LAYERS = ("service", "client", "wallet", "user")
SPENDS = combined(
    dict,
    chain_id=(1, 8453),
    asset=(*TOKENS, NATIVE),
    kind=("native_transfer", "token_transfer", "allowance", "network_fee"),
    counterparty=(None, *ADDRESSES),
    amount=(1, 4),
    until=(NOW - 60, NOW - 59, NOW - 1, NOW, NOW + 99),
)


def some(random, make, most, least=0):
    return [make(random) for _ in range(random.randint(least, most))]


def a_request(random):
    kinds = random.choice(
        (BY_TRANSACTION, BY_TRANSACTION, BY_TYPED_DATA, BY_TYPED_DATA, BY_MESSAGE)
    )
    domain = (random.choice((None, PERMIT2, USDC)), random.choice(TYPES))
    return Request(
        method=random.choice(METHODS),
        chain_id=random.choice((1, 8453)),
        effects=some(random, lambda _: random.choice(random.choice(kinds)), 2, least=1),
        wallet=WALLET,
        typed_data=domain if kinds is BY_TYPED_DATA else None,
        now=NOW,
    )


SIGNED = (transfers(ENDS[2:3]), allowances(ENDS[2:3]))


def a_batch(random):
    """Return a request for effects of one kind, of which many differ only in their tokens."""
    one = random.choice(random.choice(SIGNED))
    more = [replace(one, token=random.choice(TOKENS)) for _ in range(random.randint(1, 3))]
    more += random.choice(([], [], [random.choice(random.choice(SIGNED))]))
    domain = (PERMIT2, "PermitSingle")
    return replace(a_request(random), effects=[one, *more], typed_data=domain)


def denying(random):
    parts = some(random, lambda _: random.choice(CONDITIONS), 4, least=2)
    return {"effect": "deny"} | merged(parts)


def a_rule(random):
    """Return a rule without an id. Most allow much, so that limits often decide."""
    if random.random() < 0.15:
        return denying(random)
    parts = some(random, lambda _: random.choice(CONDITIONS), 2) if random.random() < 0.5 else []
    return {"effect": "allow"} | merged([random.choice(LIMITS), *parts])


def with_ids(rules):
    return [{"id": f"r{index}", **rule} for index, rule in enumerate(rules)]


def a_policy(random):
    return with_ids(some(random, a_rule, 6, least=1))


def some_layers(random):
    names = random.choice((["client"], [random.choice(LAYERS)], random.sample(LAYERS, 2), []))
    return {name: a_policy(random) for name in names}


def a_history(random):
    return some(random, lambda _: random.choice(SPENDS), 5)
