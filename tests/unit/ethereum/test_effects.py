"""The effects of transactions and messages, and the JSON form of effects."""

import pytest
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.signing import ADDRESS, CHAIN_ID, KEY
from tests.unit.ethereum.expected_effects import (
    COIN,
    MAX_UINT160,
    MAX_UINT256,
    OTHER,
    SPENDER,
    WALLET,
    allowance,
    transfer,
)
from wallet_api.ethereum import effects
from wallet_api.ethereum.authorizations import Authorization
from wallet_api.ethereum.effects import (
    PERMIT2,
    Allowance,
    ContractCall,
    ContractCreation,
    Delegation,
    HashMessage,
    NativeTransfer,
    NetworkFee,
    SignedMessage,
    TokenTransfer,
)
from wallet_api.ethereum.signatures import sign_authorization
from wallet_api.ethereum.transactions import Transaction

FEE = NetworkFee(amount=100_000 * 7)


def word(value):
    return (int(value, 16) if isinstance(value, str) else value).to_bytes(32).hex()


def call(signature, *values):
    selector = keccak(signature.encode())[:4]
    return selector + bytes.fromhex("".join(map(word, values)))


def effects_of(data=b"", to=COIN, value=0, **others):
    transaction = Transaction(
        type=0,
        chain_id=CHAIN_ID,
        nonce=0,
        gas=100_000,
        gas_price=7,
        to=to,
        value=value,
        data=data,
        **others,
    )
    found = effects.of_transaction(transaction, sender=ADDRESS)
    assert found[-1] == FEE
    return list(found[:-1])


def test_the_value_is_a_native_transfer():
    assert effects_of(to=OTHER, value=5) == [NativeTransfer(to=OTHER, amount=5)]


def test_a_transaction_without_value_and_data_is_a_native_transfer_of_zero():
    assert effects_of(to=OTHER) == [NativeTransfer(to=OTHER, amount=0)]


def test_the_fee_is_gas_times_the_highest_price():
    transaction = Transaction(
        type=2,
        chain_id=1,
        nonce=0,
        gas=21_000,
        to=OTHER,
        value=0,
        data=b"",
        max_fee_per_gas=9,
        max_priority_fee_per_gas=1,
    )
    assert effects.of_transaction(transaction, sender=WALLET)[-1] == NetworkFee(amount=189_000)


@pytest.mark.parametrize(
    ("signature", "values", "effect"),
    [
        ("transfer(address,uint256)", (OTHER, 5), transfer()),
        ("transfer(address,uint256)", (OTHER, MAX_UINT256), transfer(amount=MAX_UINT256)),
        ("transferFrom(address,address,uint256)", (WALLET, OTHER, 5), transfer()),
        ("transferFrom(address,address,uint256)", (SPENDER, OTHER, 5), transfer(sender=SPENDER)),
        ("approve(address,uint256)", (SPENDER, 5), allowance()),
        ("approve(address,uint256)", (SPENDER, 0), allowance(0)),
        ("increaseAllowance(address,uint256)", (SPENDER, 5), allowance(increases=True)),
    ],
)
def test_calls_of_erc_20_are_transfers_and_allowances(signature, values, effect):
    assert effects_of(call(signature, *values)) == [effect]
    assert effects_of(call(signature, *values), value=3) == [
        NativeTransfer(to=COIN, amount=3),
        effect,
    ]


def test_an_approval_at_permit2_has_an_expiry():
    data = call("approve(address,address,uint160,uint48)", COIN, SPENDER, 5, 1_900_000_000)
    expected = allowance(contract=PERMIT2, expires_at=1_900_000_000)
    assert effects_of(data, to=PERMIT2) == [expected]
    # The same selector means nothing elsewhere.
    assert effects_of(data, to=OTHER) == [ContractCall(to=OTHER, selector="0x87517c45")]


TRANSFER = call("transfer(address,uint256)", OTHER, 5)
APPROVE_AT_PERMIT2 = call("approve(address,address,uint160,uint48)", COIN, SPENDER, 5, 6)


@pytest.mark.parametrize(
    ("data", "to"),
    [
        (TRANSFER[:-1], COIN),
        (TRANSFER[:4], COIN),
        (TRANSFER[:36], COIN),
        (TRANSFER[:4] + b"\1" + TRANSFER[5:], COIN),
        (TRANSFER[:15] + b"\1" + TRANSFER[16:], COIN),
        (call("approve(address,uint256)", 1 << 160, 5), COIN),
        (call("increaseAllowance(address,uint256)", 1 << 255, 5), COIN),
        (call("transferFrom(address,address,uint256)", 1 << 160, OTHER, 5), COIN),
        (call("transferFrom(address,address,uint256)", WALLET, 1 << 160, 5), COIN),
        (call("approve(address,address,uint160,uint48)", COIN, SPENDER, 1 << 160, 6), PERMIT2),
        (call("approve(address,address,uint160,uint48)", COIN, SPENDER, 5, 1 << 48), PERMIT2),
        # Permit2 itself cannot use an allowance at Permit2.
        (call("approve(address,address,uint160,uint48)", COIN, PERMIT2, 5, 6), PERMIT2),
        (call("decreaseAllowance(address,uint256)", SPENDER, 5), COIN),
        (call("setApprovalForAll(address,bool)", SPENDER, 1), COIN),
        (call("safeTransferFrom(address,address,uint256)", WALLET, OTHER, 5), COIN),
        (call("permit(address,address,uint256,uint256,uint8,bytes32,bytes32)", *[0] * 7), COIN),
        (b"\x12\x34\x56\x78", OTHER),
    ],
)
def test_any_other_data_is_a_contract_call(data, to):
    assert effects_of(data, to=to) == [ContractCall(to=to, selector="0x" + data[:4].hex())]


@pytest.mark.parametrize("more", [b"\0", b"\1", bytes(32), b"\xff" * 33])
def test_bytes_after_the_arguments_change_nothing(more):
    assert effects_of(TRANSFER + more) == effects_of(TRANSFER) == [transfer()]


@pytest.mark.parametrize("data", [b"\xa9", b"\xa9\x05\x9c"])
def test_data_without_a_whole_selector_is_a_contract_call(data):
    assert effects_of(data) == [ContractCall(to=COIN, selector="0x" + data.hex())]


def test_a_transaction_without_to_creates_a_contract():
    creation = ContractCreation(code_hash="0x" + keccak(b"\x60").hex())
    assert effects_of(b"\x60", to=None) == [creation]
    assert effects_of(b"\x60", to=None, value=5) == [NativeTransfer(to=None, amount=5), creation]
    # Not a transfer, although the code begins like one.
    assert [effect.kind for effect in effects_of(TRANSFER, to=None)] == ["contract_creation"]


def test_each_authorization_is_a_delegation():
    mine = Authorization(chain_id=CHAIN_ID, delegate=SPENDER, nonce=1)
    signed = sign_authorization(mine, private_key=KEY, address=ADDRESS)
    expected = Delegation(authority=WALLET, delegate=SPENDER, chain_id=CHAIN_ID)
    assert effects_of(to=OTHER, authorizations=(signed, signed)) == [
        NativeTransfer(to=OTHER, amount=0),
        expected,
        expected,
    ]
    assert effects.of_authorization(mine, signer=ADDRESS) == (expected,)


def test_a_message_has_its_length():
    assert effects.of_message(b"hello") == (SignedMessage(length=5),)


@pytest.mark.parametrize("length", [31, 33])
def test_only_a_message_of_32_bytes_may_be_a_hash(length):
    assert effects.of_message(b"a" * 32) == (HashMessage(),)
    assert effects.of_message(b"a" * length) == (SignedMessage(length=length),)


@pytest.mark.parametrize(
    ("amount", "unlimited"),
    [(MAX_UINT160 - 1, False), (MAX_UINT160, True), (MAX_UINT256, True), (0, False)],
)
def test_an_amount_beyond_any_supply_is_unlimited(amount, unlimited):
    assert allowance(amount).unlimited is unlimited


def test_the_json_form_has_integers_as_decimal_strings():
    assert allowance(MAX_UINT256, deadline=90).as_json() == {
        "kind": "allowance",
        "token": COIN,
        "owner": WALLET,
        "spender": SPENDER,
        "amount": str(MAX_UINT256),
        "contract": COIN,
        "increases": False,
        "expires_at": None,
        "deadline": "90",
    }
    assert NativeTransfer(to=None, amount=0).as_json() == {
        "kind": "native_transfer",
        "to": None,
        "amount": "0",
    }


def test_every_kind_has_a_unique_name():
    kinds = [cls.kind for cls in effects.Effect.__args__]
    assert sorted(kinds) == sorted(set(kinds))
    assert {cls.__name__ for cls in effects.Effect.__args__} <= set(effects.__all__)


SELECTORS = [bytes.fromhex(text) for text in ("a9059cbb", "23b872dd", "095ea7b3", "39509351")]


@settings(deadline=None)
@given(
    st.sampled_from(SELECTORS) | st.binary(max_size=4),
    st.lists(st.integers(0, 2**256 - 1) | st.integers(0, 2**160 - 1), max_size=5),
    st.binary(max_size=1),
    st.integers(0, 1),
)
def test_every_call_has_one_effect_and_amounts_that_are_in_its_data(selector, values, rest, wei):
    data = selector + bytes.fromhex("".join(map(word, values))) + rest
    found = effects_of(data, value=wei)
    # Only the last one is of the data. The other is of the value, or of an empty call.
    assert 1 <= len(found) <= 2
    if isinstance(found[-1], TokenTransfer | Allowance):
        assert bytes.fromhex(word(found[-1].amount)) in data
        assert len(data) >= 68
    elif data:
        assert found[-1].kind == "contract_call"
