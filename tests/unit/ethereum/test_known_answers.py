"""Known answers: the test cases of ethers, and vectors of viem, ethers and eth-account."""

import pytest

from tests.signing import address_of, cases, to_bytes, vectors
from wallet_api.errors import NotSignable
from wallet_api.ethereum.authorizations import read_authorization
from wallet_api.ethereum.messages import read_message
from wallet_api.ethereum.signatures import (
    message_digest,
    sign_authorization,
    sign_digest,
    sign_transaction,
)
from wallet_api.ethereum.transactions import MAX_GAS, read_transaction
from wallet_api.ethereum.typed_data import read_typed_data

VECTORS = vectors()
by_origin = {"ids": lambda vector: vector["origin"]}


def test_all_1025_cases_of_eip_712_are_accepted_and_have_their_digest():
    checked = 0
    for case in cases("eip712"):
        given = {name: case[name] for name in ("types", "primaryType", "domain")}
        chain_id = case["domain"].get("chainId", 1)
        read = read_typed_data(given | {"message": case["data"]}, chain_id=chain_id)
        assert "0x" + read.digest.hex() == case["digest"], case["name"]
        checked += 1
    assert checked == 1025


def quantity(value):
    """Return a quantity of JSON-RPC for a number or a hex string of ethers, which omits zeros."""
    if value in (None, "0x"):
        return "0x0"
    return hex(value if isinstance(value, int) else int(value, 16))


def sign_all(given):
    """Sign all cases (name, key, transaction, chain id, raw). Return the names of refused ones."""
    refused = {}
    accepted = 0
    for name, key, transaction, chain_id, raw in given:
        address = address_of(key)
        try:
            read = read_transaction(transaction, chain_id=chain_id)
        except NotSignable as error:
            refused[name] = error.field
            continue
        signed = sign_transaction(read, private_key=to_bytes(key), address=address)
        assert "0x" + signed.raw.hex() == raw, name
        accepted += 1
    return accepted, refused


def legacy():
    for case in cases("transactions"):
        given = {
            "nonce": quantity(case.get("nonce")),
            "gas": quantity(case.get("gasLimit")),
            "gasPrice": quantity(case.get("gasPrice")),
            "value": quantity(case.get("value")),
            "data": case.get("data", "0x"),
            "to": case.get("to"),
        }
        yield case["name"], case["privateKey"], given, 5, case["signedTransactionChainId5"]


def test_the_1067_legacy_transactions_are_signed_byte_for_byte():
    accepted, refused = sign_all(legacy())
    # Cases that create a contract of no code, and random ones whose gas has more than 64 bits.
    empty = {
        case["name"]: "to" for case in cases("transactions") if not {"to", "data"} & case.keys()
    }
    huge = {
        case["name"]: "gas"
        for case in cases("transactions")
        if int(quantity(case.get("gasLimit")), 16) > MAX_GAS
    }
    assert refused == empty | huge
    assert (accepted, len(empty), len(huge)) == (968, 16, 83)


def typed():
    for case in cases("typed-transactions"):
        tx = case["tx"]
        fees = ("gasPrice",) if tx["type"] == 1 else ("maxFeePerGas", "maxPriorityFeePerGas")
        given = {
            "type": hex(tx["type"]),
            "nonce": quantity(tx.get("nonce")),
            "gas": quantity(tx.get("gasLimit")),
            "value": quantity(tx.get("value")),
            "data": tx.get("data", "0x"),
            "to": tx.get("to"),
            "accessList": tx.get("accessList", []),
            **{name: quantity(tx.get(name)) for name in fees},
        }
        yield case["name"], case["key"], given, tx.get("chainId", 0), case["signed"]


@pytest.mark.slow
def test_the_1792_typed_transactions_are_signed_byte_for_byte():
    accepted, refused = sign_all(typed())
    # All are of the kind `…-mask-…`, which omits members: chain id 0, or neither `to` nor data.
    no_chain = {}
    empty = {}
    for case in cases("typed-transactions"):
        if "chainId" not in case["tx"]:
            no_chain[case["name"]] = "chainId"
        elif not {"to", "data"} & case["tx"].keys():
            empty[case["name"]] = "to"
    assert refused == no_chain | empty
    assert all("-mask-" in name for name in refused)
    assert (accepted, len(no_chain), len(empty)) == (1312, 384, 96)


@pytest.mark.parametrize("vector", VECTORS["messages"], **by_origin)
def test_messages_have_the_signatures_of_other_libraries(vector):
    message = read_message(vector["message"], "data")
    address = address_of(vector["key"])
    signature = sign_digest(
        message_digest(message), private_key=to_bytes(vector["key"]), address=address
    )
    assert signature.to_bytes() == to_bytes(vector["signature"])
    assert signature.digest == message_digest(message)
    if "digest" in vector:
        assert signature.digest == to_bytes(vector["digest"])


@pytest.mark.parametrize("vector", VECTORS["authorizations"], **by_origin)
def test_authorizations_have_the_digests_and_signatures_of_other_libraries(vector):
    given = vector["authorization"]
    read = read_authorization(given, chain_id=int(given["chainId"], 16))
    assert read.digest == to_bytes(vector["digest"])
    if "signature" in vector:
        key = vector["key"]
        signed = sign_authorization(read, private_key=to_bytes(key), address=address_of(key))
        signature = to_bytes(vector["signature"])
        assert signed.r.to_bytes(32) + signed.s.to_bytes(32) == signature[:64]
        assert signed.y_parity == signature[64] - 27
        assert signed.authority == address_of(key).lower()
