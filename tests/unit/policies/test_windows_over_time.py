"""Over any time, what can leave a wallet within a window stays within its limit."""

import math
from dataclasses import dataclass

from hypothesis import given, note, settings
from hypothesis import strategies as st

from tests.unit.policies.requests import BASE, NOW, PERMIT2, ROUTER, STRANGER, USDC, WALLET
from wallet_api.ethereum.effects import Allowance, NativeTransfer, NetworkFee, TokenTransfer
from wallet_api.policies.evaluation import PolicyVersion, evaluate, match
from wallet_api.policies.matching import Request, spends_of
from wallet_api.policies.reading import read_rules


@dataclass(frozen=True)
class Row:
    """A spend as it is stored."""

    asset: str
    kind: str
    counterparty: str | None
    amount: int
    created: int
    until: float


def a_request(random, now):
    """Return a transaction, or one or two allowances or a payment by typed data."""

    def end():
        return now + random.choice([-1, 0, 1, 5, 10, 30, 2**60])

    amount = random.randint(0, 4)
    to, spender = random.choice([ROUTER, STRANGER]), random.choice([ROUTER, STRANGER])
    lasting = {"token": USDC, "owner": WALLET, "spender": spender, "contract": PERMIT2}
    typed = random.choice([None, (PERMIT2, "PermitSingle")])
    deadline = end() if typed else None
    effects = random.choice(
        [
            [NativeTransfer(to=to, amount=amount), NetworkFee(amount=1)],
            [TokenTransfer(token=USDC, sender=WALLET, to=to, amount=amount, deadline=deadline)],
            [
                Allowance(
                    **lasting,
                    amount=amount,
                    expires_at=random.choice([None, end()]),
                    deadline=deadline,
                )
                for _ in range(random.randint(1, 2))
            ],
        ]
    )
    return Request(
        method="eth_signTransaction",
        chain_id=BASE,
        effects=effects,
        wallet=WALLET,
        typed_data=typed,
        now=now,
    )


def stored(request, now):
    """Return the rows that the database keeps."""
    return [
        Row(
            asset=spend.asset,
            kind=spend.kind,
            counterparty=spend.counterparty,
            amount=spend.amount,
            created=now,
            until=now if spend.valid_until is None else spend.valid_until,
        )
        for spend in spends_of(request)
    ]


def usable(request, now):
    """Return, for each effect, its asset and amount, and from when until when it can be used.

    An allowance without an end is used when it is given: the deadline is the last moment for that.
    """
    found = []
    for effect in request.effects:
        ends = [now]
        for name in ("deadline", "expires_at"):
            end = getattr(effect, name, None)
            if end is not None:
                ends.append(end)
            elif name == "deadline" and hasattr(effect, name) and request.typed_data:
                ends.append(math.inf)
        found.append((getattr(effect, "token", "native"), effect.amount, now, max(ends)))
    return found


def counts(row, window, now):
    return (
        row.asset == window.asset
        and row.kind in window.kinds
        and (window.counterparties is None or row.counterparty in window.counterparties)
        and row.until > now - window.seconds
    )


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=True))
def test_what_can_leave_within_a_window_never_exceeds_its_limit(random):
    seconds, most = random.choice([1, 10, 60]), random.randint(0, 12)
    rule = {
        "id": "only",
        "effect": "allow",
        "chain_ids": [BASE],
        "tokens": ["native", USDC],
        "windows": [{"seconds": seconds, "max_amount": str(most)}],
        **random.choice([{}, {"to": [ROUTER]}, {"spenders": [ROUTER]}]),
    }
    layers = [PolicyVersion(layer="client", policy="p", version=1, rules=read_rules([rule]))]
    rows, signed, now = [], [], NOW
    for _ in range(30):
        now += random.choice([0, 0, 1, 5, 9, 10, 11, 60])
        request = a_request(random, now)
        matching = match(request, layers)
        sums = {
            window: sum(row.amount for row in rows if counts(row, window, now))
            for window in matching.windows
        }
        if evaluate(matching, sums, unrestricted=False).allowed:
            rows += stored(request, now)
            signed += usable(request, now)
    note(f"{rule=}\n{signed=}")
    # Whoever holds a signature may use it at any moment from its creation to its last one.
    moments = {moment for _, _, *span in signed for moment in span if moment < 2**59}
    for moment in moments | {moment + seconds - 1 for moment in moments}:
        for asset in ("native", USDC):
            used = [
                amount
                for token, amount, created, until in signed
                if token == asset and created <= moment and until > moment - seconds
            ]
            assert sum(used) <= most
