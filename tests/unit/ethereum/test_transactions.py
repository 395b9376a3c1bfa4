"""Transactions, as JSON-RPC writes them."""

import pytest

from tests.signing import ADDRESS, CHAIN_ID, KEY, TOKEN
from wallet_api.errors import NotSignable
from wallet_api.ethereum.authorizations import MAX_AUTHORIZATIONS, Authorization, read_authorization
from wallet_api.ethereum.signatures import sign_authorization
from wallet_api.ethereum.transactions import MAX_ACCESS_LIST, MAX_INITCODE, read_transaction

LEGACY = {"nonce": "0x1", "gas": "0x5208", "gasPrice": "0x3b9aca00", "to": TOKEN, "value": "0x1"}
DYNAMIC = {
    "nonce": "0x1",
    "gas": "0x5208",
    "to": TOKEN,
    "value": "0x1",
    "maxFeePerGas": "0x10",
    "maxPriorityFeePerGas": "0x1",
}
ACCESS_LIST = [{"address": TOKEN, "storageKeys": ["0x" + "01" * 32]}]
SIGNED = sign_authorization(
    Authorization(chain_id=CHAIN_ID, delegate="0x" + "11" * 20, nonce=2),
    private_key=KEY,
    address=ADDRESS,
)
AUTHORIZATION = {
    "chainId": hex(CHAIN_ID),
    "address": SIGNED.delegate,
    "nonce": "0x2",
    "yParity": hex(SIGNED.y_parity),
    "r": hex(SIGNED.r),
    "s": hex(SIGNED.s),
}
DELEGATING = {**DYNAMIC, "type": "0x4", "authorizationList": [AUTHORIZATION]}
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def read(given):
    return read_transaction(given, chain_id=CHAIN_ID)


def refused_field(given):
    with pytest.raises(NotSignable) as caught:
        read(given)
    return caught.value.field


def test_a_legacy_transaction_has_the_chain_id_of_the_request():
    transaction = read(LEGACY)
    assert (transaction.type, transaction.chain_id, transaction.nonce) == (0, CHAIN_ID, 1)
    assert (transaction.gas, transaction.gas_price, transaction.value) == (21000, 10**9, 1)
    assert transaction.to == TOKEN.lower()
    assert transaction.data == b""
    assert transaction.highest_fee == 21000 * 10**9


def test_the_type_follows_from_the_members_if_it_is_absent():
    assert read(LEGACY | {"accessList": []}).type == 1
    assert read(DYNAMIC).type == 2
    assert read(DYNAMIC | {"accessList": ACCESS_LIST}).type == 2
    absent = {name: value for name, value in DELEGATING.items() if name != "type"}
    assert read(absent).type == 4


@pytest.mark.parametrize(("given", "type_"), [(LEGACY, 0), (LEGACY, 1), (DYNAMIC, 2)])
def test_the_type_may_be_a_number(given, type_):
    assert read(given | {"type": type_}) == read(given | {"type": hex(type_)})


def test_the_fee_of_a_dynamic_transaction_is_its_highest():
    assert read(DYNAMIC).highest_fee == 21000 * 16


def test_additional_members_of_libraries_are_accepted_if_they_agree():
    same = {"from": ADDRESS, "chainId": hex(CHAIN_ID), "data": "0x12", "input": "0x12"}
    assert read(LEGACY | same | {"type": "0x0"}).data == b"\x12"
    assert read(LEGACY | {"input": "0x12"}).data == b"\x12"
    assert read(LEGACY | {"from": ADDRESS.lower()}) == read(LEGACY)
    assert read(LEGACY | {"from": ADDRESS}).sender == ADDRESS.lower()
    assert read(LEGACY).sender is None


@pytest.mark.parametrize("name", ["nonce", "gas", "gasPrice"])
def test_a_missing_member_of_a_legacy_transaction_is_reported(name):
    assert refused_field({key: value for key, value in LEGACY.items() if key != name}) == name


@pytest.mark.parametrize("name", ["nonce", "gas", "maxFeePerGas", "maxPriorityFeePerGas"])
def test_a_missing_member_of_a_dynamic_transaction_is_reported(name):
    given = {key: value for key, value in DYNAMIC.items() if key != name}
    assert refused_field(given | {"type": "0x2"}) == name


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"nonce": "0xffffffffffffffff"}, "nonce"),
        ({"nonce": 1}, "nonce"),
        ({"nonce": "1"}, "nonce"),
        ({"nonce": "0x01"}, "nonce"),
        ({"nonce": "0x"}, "nonce"),
        ({"nonce": "0X1"}, "nonce"),
        ({"nonce": "-0x1"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": True}, "nonce"),
        ({"nonce": 1.0}, "nonce"),
        ({"nonce": "0x1\n"}, "nonce"),
        ({"gas": "0x10000000000000000"}, "gas"),
        ({"gasPrice": "0x1" + "0" * 64}, "gasPrice"),
        ({"value": "0x1" + "0" * 64}, "value"),
        ({"value": "1000"}, "value"),
        ({"chainId": "0x1"}, "chainId"),
        ({"chainId": CHAIN_ID}, "chainId"),
        ({"chainId": "0x0"}, "chainId"),
        ({"chainId": None}, "chainId"),
        ({"from": None}, "from"),
        ({"from": ADDRESS[:2] + ADDRESS[2:].swapcase()}, "from"),
        ({"to": TOKEN[:-1]}, "to"),
        ({"to": TOKEN[:2] + TOKEN[2:].swapcase()}, "to"),
        ({"to": TOKEN.upper().replace("X", "x")}, "to"),
        ({"to": ""}, "to"),
        ({"to": "0x"}, "to"),
        ({"to": "vitalik.eth"}, "to"),
        ({"data": "12"}, "data"),
        ({"data": "0x1"}, "data"),
        ({"data": None}, "data"),
        ({"data": "0x12", "input": "0x13"}, "input"),
        ({"data": "0x", "input": "0x13"}, "input"),
        ({"type": "0x3"}, "type"),
        ({"type": "0x5"}, "type"),
        ({"type": "0x00"}, "type"),
        ({"type": 3}, "type"),
        ({"type": -1}, "type"),
        ({"type": False}, "type"),
        ({"type": 0.0}, "type"),
        ({"type": "legacy"}, "type"),
        ({"type": "0x2"}, "maxFeePerGas"),
        ({"accessList": [], "type": "0x0"}, "accessList"),
        ({"maxFeePerGas": "0x1", "type": "0x0"}, "maxFeePerGas"),
        ({"maxFeePerGas": "0x1"}, "maxPriorityFeePerGas"),
        ({"maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x1"}, "gasPrice"),
        ({"blobVersionedHashes": []}, "blobVersionedHashes"),
        ({"maxFeePerBlobGas": "0x1"}, "maxFeePerBlobGas"),
        ({"gasLimit": "0x5208"}, "gasLimit"),
        ({"v": "0x1"}, "v"),
        ({"hash": "0x" + "00" * 32}, "hash"),
        ({"accessList": {}}, "accessList"),
        ({"accessList": [{"address": TOKEN}]}, "accessList[0].storageKeys"),
        ({"accessList": [{"storageKeys": []}]}, "accessList[0].address"),
        (
            {"accessList": [{"address": TOKEN, "storageKeys": ["0x01"]}]},
            "accessList[0].storageKeys[0]",
        ),
        ({"accessList": [{"address": TOKEN, "storageKeys": [1]}]}, "accessList[0].storageKeys[0]"),
        (
            {"accessList": [*ACCESS_LIST, {"address": TOKEN, "storageKeys": [], "x": 1}]},
            "accessList[1].x",
        ),
        ({"accessList": [[TOKEN, []]]}, "accessList[0]"),
        ({"accessList": ACCESS_LIST * (MAX_ACCESS_LIST + 1)}, "accessList"),
        (
            {"accessList": [{"address": TOKEN, "storageKeys": ["0x" + "00" * 32] * 200}] * 2},
            "accessList[1].storageKeys",
        ),
    ],
)
def test_a_wrong_field_is_reported(change, field):
    assert refused_field(LEGACY | change) == field


def test_the_largest_values_are_signed():
    change = {"nonce": hex(2**53 - 1), "gas": hex(2**64 - 1), "value": "0x" + "f" * 64}
    assert read(LEGACY | change).value == 2**256 - 1


def test_a_nonce_that_viem_and_ethers_refuse_is_refused():
    assert refused_field(LEGACY | {"nonce": hex(2**53)}) == "nonce"


def test_the_tip_is_at_most_the_highest_fee():
    assert refused_field(DYNAMIC | {"maxPriorityFeePerGas": "0x11"}) == "maxPriorityFeePerGas"
    assert read(DYNAMIC | {"maxPriorityFeePerGas": "0x10"}).max_priority_fee_per_gas == 16


@pytest.mark.parametrize("to", [{}, {"to": None}])
def test_a_contract_is_created_with_code_of_a_bounded_length(to):
    given = {key: value for key, value in LEGACY.items() if key != "to"} | to
    assert refused_field(given) == "to"
    code = "0x" + "60" * MAX_INITCODE
    assert read(given | {"data": code}).to is None
    assert refused_field(given | {"data": code + "60"}) == "data"
    assert len(read(LEGACY | {"data": code + "60"}).data) == MAX_INITCODE + 1


def test_a_delegating_transaction_is_read():
    transaction = read(DELEGATING)
    assert transaction.authorizations == (SIGNED,)
    assert transaction.authorizations[0].authority == ADDRESS.lower()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"chainId": "0x0"}, ".chainId"),
        ({"chainId": "0x1"}, ".chainId"),
        ({"address": None}, ".address"),
        ({"nonce": "0xffffffffffffffff"}, ".nonce"),
        ({"yParity": "0x2"}, ".yParity"),
        ({"yParity": 1}, ".yParity"),
        ({"r": "0x0"}, ".r"),
        ({"r": hex(ORDER)}, ".r"),
        ({"s": "0x0"}, ".s"),
        ({"s": hex(ORDER - SIGNED.s)}, ".s"),
        ({"r": hex(ORDER - 1)}, ""),
        ({"v": "0x1b"}, ".v"),
    ],
)
def test_an_authorization_is_exact(change, field):
    given = DELEGATING | {"authorizationList": [AUTHORIZATION | change]}
    assert refused_field(given) == f"authorizationList[0]{field}"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"authorizationList": []}, "authorizationList"),
        ({"authorizationList": [AUTHORIZATION] * (MAX_AUTHORIZATIONS + 1)}, "authorizationList"),
        ({"authorizationList": {}}, "authorizationList"),
        ({"authorizationList": [None]}, "authorizationList[0]"),
        ({"to": None}, "to"),
    ],
)
def test_a_delegating_transaction_is_exact(change, field):
    assert refused_field(DELEGATING | change) == field


def test_a_delegating_transaction_creates_no_contract():
    absent = {name: value for name, value in DELEGATING.items() if name != "to"}
    assert refused_field(absent | {"data": "0x60"}) == "to"


def test_an_authorization_to_sign_has_three_members():
    given = {name: AUTHORIZATION[name] for name in ("chainId", "address", "nonce")}
    read_one = read_authorization(given, chain_id=CHAIN_ID)
    assert (read_one.delegate, read_one.nonce) == (SIGNED.delegate, 2)
    for change in ({"chainId": "0x0"}, {"chainId": None}, {"address": "0x"}, {"x": 1}):
        with pytest.raises(NotSignable):
            read_authorization(given | change, chain_id=CHAIN_ID)


@pytest.mark.parametrize("given", [None, [], "0x", 1, {}])
def test_what_is_not_a_transaction_is_refused(given):
    refused_field(given)


@pytest.mark.parametrize("read_one", [read_transaction, read_authorization])
def test_no_chain_has_the_id_0(read_one):
    given = LEGACY if read_one is read_transaction else {**AUTHORIZATION, "chainId": "0x0"}
    given = {n: v for n, v in given.items() if n not in ("yParity", "r", "s")}
    with pytest.raises(NotSignable, match="chainId"):
        read_one(given, chain_id=0)
