"""What a request spends, and until when it can be spent."""

import math

import pytest

from tests.unit.policies.requests import (
    BASE,
    NOW,
    PERMIT2,
    ROUTER,
    STRANGER,
    UNLIMITED,
    USDC,
    authorization,
    call,
    message,
    permit,
    permit2,
    transaction,
    typed_data,
)
from wallet_api.policies.matching import Spend, spends_of

FEE = Spend(
    chain_id=BASE,
    asset="native",
    kind="network_fee",
    counterparty=None,
    amount=200_000 * 100_000_000,
    valid_until=None,
)


def token_spend(kind, counterparty, amount, valid_until):
    return Spend(
        chain_id=BASE,
        asset=USDC,
        kind=kind,
        counterparty=counterparty,
        amount=amount,
        valid_until=valid_until,
    )


def sent(signature, *arguments, to=USDC):
    return transaction(to=to, data=call(signature, *arguments))


def test_a_payment_by_transaction_is_spent_at_once():
    pay = transaction(to=STRANGER, value="0x5")
    assert spends_of(pay) == (
        Spend(
            chain_id=BASE,
            asset="native",
            kind="native_transfer",
            counterparty=STRANGER,
            amount=5,
            valid_until=None,
        ),
        FEE,
    )
    transfer = token_spend("token_transfer", STRANGER, 5, None)
    assert spends_of(sent("transfer(address,uint256)", STRANGER, 5)) == (transfer, FEE)


def test_what_a_new_contract_gets_is_spent():
    spend, fee = spends_of(transaction(data="0x60", value="0x5"))
    assert (spend.kind, spend.counterparty, spend.amount, fee) == ("native_transfer", None, 5, FEE)


def test_a_request_that_spends_nothing_leaves_only_its_fee():
    assert spends_of(transaction(to=ROUTER, data="0x12345678")) == (FEE,)
    assert spends_of(sent("approve(address,uint256)", ROUTER, 0)) == (FEE,)
    assert spends_of(transaction(to=ROUTER)) == (FEE,)


def test_what_belongs_to_others_is_not_a_spend():
    other = sent("transferFrom(address,address,uint256)", STRANGER, ROUTER, 5)
    assert spends_of(other) == (FEE,)
    assert spends_of(permit(owner=STRANGER)) == ()
    assert spends_of(authorization(sender=STRANGER)) == ()
    assert spends_of(message(b"hello")) == ()
    assert spends_of(message(b"hello", chain_id=None)) == ()
    assert spends_of(typed_data("Login", {"name": "x"}, {"text": "y"}, Login="string text")) == ()


@pytest.mark.parametrize(
    ("request_", "valid_until"),
    [
        (authorization(value=7, lasts=300), NOW + 300),
        # A signature that is no longer valid can spend nothing later.
        (authorization(value=7, lasts=0), None),
        (authorization(value=7, lasts=-1), None),
        (authorization(value=7, lasts=2**200), math.inf),
        (permit(value=7, deadline=NOW + 300), NOW + 300),
        (permit(value=7, deadline=UNLIMITED), math.inf),
        # The later of the two.
        (permit2(7, lasts=300, deadline=200), NOW + 300),
        (permit2(7, lasts=200, deadline=300), NOW + 300),
        (permit2(7, lasts=-NOW, deadline=300), NOW + 300),
        (permit2(7, lasts=300, deadline=2**200), math.inf),
    ],
)
def test_a_signature_is_spent_until_its_last_moment(request_, valid_until):
    (spend,) = spends_of(request_)
    assert (spend.amount, spend.valid_until) == (7, valid_until)


def test_an_allowance_by_transaction_counts_until_it_ends_or_as_a_payment_if_it_does_not():
    spend, _ = spends_of(sent("approve(address,uint256)", ROUTER, 7))
    assert spend == token_spend("allowance", ROUTER, 7, None)
    at_permit2 = "approve(address,address,uint160,uint48)"
    spend, _ = spends_of(sent(at_permit2, USDC, ROUTER, 7, NOW + 9, to=PERMIT2))
    assert spend == token_spend("allowance", ROUTER, 7, NOW + 9)


def test_each_allowance_of_a_batch_is_a_spend():
    assert [spend.amount for spend in spends_of(permit2(7, 0, 9))] == [7, 9]


def test_the_end_of_the_year_9999_is_the_last_moment_that_is_an_end():
    last = 253_402_300_799
    (spend,) = spends_of(permit(deadline=last))
    assert spend.valid_until == last
    (spend,) = spends_of(permit(deadline=last + 1))
    assert spend.valid_until == math.inf
