"""The parties of the effects that tests expect, and those effects with default values."""

from tests.signing import ADDRESS, TOKEN
from wallet_api.ethereum.effects import (
    Allowance,
    TokenTransfer,
)

WALLET = ADDRESS.lower()
COIN = TOKEN.lower()
SPENDER = "0x" + "11" * 20
OTHER = "0x" + "22" * 20
MAX_UINT160 = 2**160 - 1
MAX_UINT256 = 2**256 - 1


def transfer(sender=WALLET, to=OTHER, amount=5, deadline=None):
    return TokenTransfer(token=COIN, sender=sender, to=to, amount=amount, deadline=deadline)


def allowance(amount=5, token=COIN, contract=COIN, **others):
    return Allowance(
        **{"owner": WALLET, "spender": SPENDER, **others},
        token=token,
        amount=amount,
        contract=contract,
    )
