"""The effects of requests: each kind, and what is not exactly a standard."""

import json

import pytest
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.signing import ADDRESS, CHAIN_ID, KEY, TOKEN, documents
from wallet_api.errors import NotSignable
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
    UnknownTypedData,
)
from wallet_api.ethereum.signatures import sign_authorization
from wallet_api.ethereum.transactions import Transaction
from wallet_api.ethereum.typed_data import read_typed_data

WALLET = ADDRESS.lower()
COIN = TOKEN.lower()
SPENDER = "0x" + "11" * 20
OTHER = "0x" + "22" * 20
MAX_UINT160 = 2**160 - 1
MAX_UINT256 = 2**256 - 1
FEE = NetworkFee(amount=100_000 * 7)


def word(value):
    return (int(value, 16) if isinstance(value, str) else value).to_bytes(32).hex()


def call(signature, *values):
    selector = keccak(signature.encode())[:4]
    return selector + bytes.fromhex("".join(map(word, values)))


def of(data=b"", to=COIN, value=0, **others):
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
    assert of(to=OTHER, value=5) == [NativeTransfer(to=OTHER, amount=5)]


def test_a_transaction_of_nothing_is_a_native_transfer_of_nothing():
    assert of(to=OTHER) == [NativeTransfer(to=OTHER, amount=0)]


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


def transfer(sender=WALLET, to=OTHER, amount=5, deadline=None):
    return TokenTransfer(token=COIN, sender=sender, to=to, amount=amount, deadline=deadline)


def allowance(amount=5, token=COIN, contract=COIN, **others):
    return Allowance(
        **{"owner": WALLET, "spender": SPENDER, **others},
        token=token,
        amount=amount,
        contract=contract,
    )


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
    assert of(call(signature, *values)) == [effect]
    assert of(call(signature, *values), value=3) == [NativeTransfer(to=COIN, amount=3), effect]


def test_an_approval_at_permit2_has_its_end():
    data = call("approve(address,address,uint160,uint48)", COIN, SPENDER, 5, 1_900_000_000)
    expected = allowance(contract=PERMIT2, expires_at=1_900_000_000)
    assert of(data, to=PERMIT2) == [expected]
    # The same selector means nothing elsewhere.
    assert of(data, to=OTHER) == [ContractCall(to=OTHER, selector="0x87517c45")]


TRANSFER = call("transfer(address,uint256)", OTHER, 5)
APPROVE_AT_PERMIT2 = call("approve(address,address,uint160,uint48)", COIN, SPENDER, 5, 6)


@pytest.mark.parametrize(
    ("data", "to"),
    [
        (TRANSFER[:-1], COIN),
        (TRANSFER + b"\0", COIN),
        (TRANSFER + bytes(32), COIN),
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
        (call("decreaseAllowance(address,uint256)", SPENDER, 5), COIN),
        (call("setApprovalForAll(address,bool)", SPENDER, 1), COIN),
        (call("safeTransferFrom(address,address,uint256)", WALLET, OTHER, 5), COIN),
        (call("permit(address,address,uint256,uint256,uint8,bytes32,bytes32)", *[0] * 7), COIN),
        (b"\x12\x34\x56\x78", OTHER),
    ],
)
def test_any_other_data_is_a_contract_call(data, to):
    assert of(data, to=to) == [ContractCall(to=to, selector="0x" + data[:4].hex())]


@pytest.mark.parametrize("data", [b"\xa9", b"\xa9\x05\x9c"])
def test_data_without_a_whole_selector_is_a_contract_call(data):
    assert of(data) == [ContractCall(to=COIN, selector="0x" + data.hex())]


def test_a_transaction_without_to_creates_a_contract():
    creation = ContractCreation(code_hash="0x" + keccak(b"\x60").hex())
    assert of(b"\x60", to=None) == [creation]
    assert of(b"\x60", to=None, value=5) == [NativeTransfer(to=None, amount=5), creation]
    # Not a transfer, although the code begins like one.
    assert [effect.kind for effect in of(TRANSFER, to=None)] == ["contract_creation"]


def test_each_authorization_is_a_delegation():
    mine = Authorization(chain_id=CHAIN_ID, delegate=SPENDER, nonce=1)
    signed = sign_authorization(mine, private_key=KEY, address=ADDRESS)
    expected = Delegation(authority=WALLET, delegate=SPENDER, chain_id=CHAIN_ID)
    assert of(to=OTHER, authorizations=(signed, signed)) == [
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


def members(text):
    return [dict(zip(("type", "name"), part.split(), strict=True)) for part in text.split(",")]


TOKEN_DOMAIN = {"name": "USD Coin", "version": "2", "chainId": 1, "verifyingContract": TOKEN}
PERMIT2_DOMAIN = {"name": "Permit2", "chainId": 1, "verifyingContract": PERMIT2}
DETAILS = {"PermitDetails": "address token,uint160 amount,uint48 expiration,uint48 nonce"}
PERMISSIONS = {"TokenPermissions": "address token,uint256 amount"}
DETAIL = {"token": COIN, "amount": 5, "expiration": 60, "nonce": 0}
ANOTHER = {"token": OTHER, "amount": str(MAX_UINT160), "expiration": 70, "nonce": 1}
WITNESS = {"Witness": "address to,uint256 validAfter"}
AUTHORIZATION = (
    "address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce"
)
AUTHORIZED = {
    "from": WALLET,
    "to": OTHER,
    "value": 5,
    "validAfter": 0,
    "validBefore": 90,
    "nonce": "0x" + "00" * 32,
}
LIMITS = {"spender": SPENDER, "nonce": 3, "deadline": 90}
# Primary type: its members, the other types, the domain, the message, and the effects.
STANDARDS = {
    "Permit": (
        "address owner,address spender,uint256 value,uint256 nonce,uint256 deadline",
        {},
        TOKEN_DOMAIN,
        {"owner": WALLET, "spender": SPENDER, "value": 5, "nonce": 0, "deadline": 90},
        [allowance(deadline=90)],
    ),
    "Permit of DAI": (
        "address holder,address spender,uint256 nonce,uint256 expiry,bool allowed",
        {},
        TOKEN_DOMAIN,
        {"holder": WALLET, "spender": SPENDER, "nonce": 0, "expiry": 90, "allowed": True},
        [allowance(MAX_UINT256, deadline=90)],
    ),
    "TransferWithAuthorization": (
        AUTHORIZATION,
        {},
        TOKEN_DOMAIN,
        AUTHORIZED,
        [transfer(deadline=90)],
    ),
    "ReceiveWithAuthorization": (
        AUTHORIZATION,
        {},
        TOKEN_DOMAIN,
        AUTHORIZED,
        [transfer(deadline=90)],
    ),
    "PermitSingle": (
        "PermitDetails details,address spender,uint256 sigDeadline",
        DETAILS,
        PERMIT2_DOMAIN,
        {"details": DETAIL, "spender": SPENDER, "sigDeadline": 90},
        [allowance(contract=PERMIT2, expires_at=60, deadline=90)],
    ),
    "PermitBatch": (
        "PermitDetails[] details,address spender,uint256 sigDeadline",
        DETAILS,
        PERMIT2_DOMAIN,
        {"details": [DETAIL, ANOTHER], "spender": SPENDER, "sigDeadline": 90},
        [
            allowance(contract=PERMIT2, expires_at=60, deadline=90),
            allowance(MAX_UINT160, OTHER, PERMIT2, expires_at=70, deadline=90),
        ],
    ),
    "PermitTransferFrom": (
        "TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline",
        PERMISSIONS,
        PERMIT2_DOMAIN,
        {"permitted": {"token": COIN, "amount": 5}, **LIMITS},
        [allowance(contract=PERMIT2, expires_at=90, deadline=90)],
    ),
    "PermitBatchTransferFrom": (
        "TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline",
        PERMISSIONS,
        PERMIT2_DOMAIN,
        {"permitted": [{"token": COIN, "amount": 5}, {"token": OTHER, "amount": 6}], **LIMITS},
        [
            allowance(contract=PERMIT2, expires_at=90, deadline=90),
            allowance(6, OTHER, PERMIT2, expires_at=90, deadline=90),
        ],
    ),
    "PermitWitnessTransferFrom": (
        "TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,Witness witness",
        PERMISSIONS | WITNESS,
        PERMIT2_DOMAIN,
        {
            "permitted": {"token": COIN, "amount": 5},
            **LIMITS,
            "witness": {"to": OTHER, "validAfter": 0},
        },
        [allowance(contract=PERMIT2, expires_at=90, deadline=90)],
    ),
    "PermitBatchWitnessTransferFrom": (
        "TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline,bytes32 order",
        PERMISSIONS,
        PERMIT2_DOMAIN,
        {"permitted": [{"token": COIN, "amount": 5}], **LIMITS, "order": "0x" + "00" * 32},
        [allowance(contract=PERMIT2, expires_at=90, deadline=90)],
    ),
}
each_standard = pytest.mark.parametrize("name", STANDARDS)


def typed(name, **changes):
    """Return the document of a standard, with some of its parts replaced."""
    shape, others, domain, message, _ = STANDARDS[name]
    primary_type = name.partition(" ")[0]
    types = {primary_type: shape, **others, **changes.pop("types", {})}
    return {
        "types": {key: members(text) for key, text in types.items()},
        "primaryType": primary_type,
        "domain": domain,
        "message": message,
        **changes,
    }


def read(document):
    return list(effects.of_typed_data(read_typed_data(document, chain_id=1), signer=ADDRESS))


def unknown(name, contract):
    return [
        UnknownTypedData(primary_type=name.partition(" ")[0], verifying_contract=contract),
    ]


@each_standard
def test_a_standard_has_its_effects(name):
    assert read(typed(name)) == STANDARDS[name][-1]


@each_standard
def test_a_standard_under_another_name_is_unknown(name):
    document = json.loads(json.dumps(typed(name)).replace('"' + name.partition(" ")[0], '"X'))
    contract = STANDARDS[name][2]["verifyingContract"].lower()
    assert read(document)[0].kind == "typed_data"
    assert read(document)[0].verifying_contract == contract


@each_standard
def test_a_standard_with_one_member_more_is_unknown(name):
    shape, _, domain, message, _ = STANDARDS[name]
    primary_type = name.partition(" ")[0]
    document = typed(
        name, types={primary_type: f"{shape},uint256 more"}, message=message | {"more": 1}
    )
    assert read(document) == unknown(name, domain["verifyingContract"].lower())


@each_standard
def test_a_standard_without_its_chain_id_is_unknown(name):
    domain = {key: value for key, value in STANDARDS[name][2].items() if key != "chainId"}
    assert read(typed(name, domain=domain)) == unknown(name, domain["verifyingContract"].lower())


@each_standard
def test_a_standard_without_its_contract_is_unknown(name):
    domain = {"name": STANDARDS[name][2]["name"], "chainId": 1}
    assert read(typed(name, domain=domain)) == unknown(name, None)


@pytest.mark.parametrize("name", [name for name in STANDARDS if STANDARDS[name][1]])
@pytest.mark.parametrize(
    "domain",
    [
        {**PERMIT2_DOMAIN, "verifyingContract": OTHER},
        {**PERMIT2_DOMAIN, "name": "Permit3"},
        {**PERMIT2_DOMAIN, "version": "1"},
        {"chainId": 1, "verifyingContract": PERMIT2},
    ],
    ids=["contract", "name", "version", "no name"],
)
def test_permit2_has_exactly_one_domain(name, domain):
    assert read(typed(name, domain=domain)) == unknown(name, domain["verifyingContract"])


@pytest.mark.parametrize(
    ("name", "types", "message"),
    [
        (
            "Permit",
            {"Permit": STANDARDS["Permit"][0].replace("uint256 value", "uint128 value")},
            {},
        ),
        ("Permit", {"Permit": STANDARDS["Permit"][0].replace("uint256 value", "int256 value")}, {}),
        (
            "Permit",
            {
                "Permit": "address spender,address owner,uint256 value,uint256 nonce,"
                "uint256 deadline"
            },
            {},
        ),
        (
            "PermitSingle",
            {"PermitDetails": "address token,uint256 amount,uint48 expiration,uint48 nonce"},
            {},
        ),
        (
            "PermitSingle",
            {"PermitDetails": "address token,uint160 amount,uint48 nonce,uint48 expiration"},
            {},
        ),
        ("PermitTransferFrom", {"TokenPermissions": "address token,uint160 amount"}, {}),
        ("PermitWitnessTransferFrom", {"TokenPermissions": "address token,uint160 amount"}, {}),
        ("PermitBatch", {}, {"details": []}),
        ("PermitBatchTransferFrom", {}, {"permitted": []}),
        ("PermitBatchWitnessTransferFrom", {}, {"permitted": []}),
    ],
)
def test_what_is_almost_a_standard_is_unknown(name, types, message):
    document = typed(name, types=types, message=STANDARDS[name][3] | message)
    contract = STANDARDS[name][2]["verifyingContract"].lower()
    assert read(document) == unknown(name, contract)


def test_a_permit_of_dai_that_is_not_allowed_ends_the_allowance():
    message = STANDARDS["Permit of DAI"][3] | {"allowed": False, "expiry": 0}
    assert read(typed("Permit of DAI", message=message)) == [allowance(0)]


def test_the_owner_is_that_of_the_message_and_not_always_the_wallet():
    message = STANDARDS["Permit"][3] | {"owner": OTHER}
    assert read(typed("Permit", message=message)) == [allowance(deadline=90, owner=OTHER)]
    assert read(typed("TransferWithAuthorization", message=AUTHORIZED | {"from": OTHER})) == [
        transfer(sender=OTHER, deadline=90)
    ]


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


def test_every_kind_has_a_name_of_its_own():
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
    found = of(data, value=wei)
    # Only the last one is of the data. The other is of the value, or of an empty call.
    assert 1 <= len(found) <= 2
    if isinstance(found[-1], TokenTransfer | Allowance):
        assert bytes.fromhex(word(found[-1].amount)) == data[-32:]
        assert len(data) % 32 == 4
    elif data:
        assert found[-1].kind == "contract_call"


@settings(deadline=None)
@given(documents())
def test_typed_data_that_is_no_standard_is_reported_as_such(text):
    try:
        document = read_typed_data(text, chain_id=1)
    except NotSignable:
        return
    (effect,) = effects.of_typed_data(document, signer=ADDRESS)
    assert effect.kind == "typed_data"
    assert effect.primary_type == document.primary_type
