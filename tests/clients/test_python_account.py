"""The account of the Python client, compared with that of eth-account with the same key."""

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from wallet_api_client import Refusal

from tests.factories import ACCESS, FID, private_keys
from wallet_api.blueprints.schemas.signing import TYPED_DATA

CHAIN_ID = 8453
STRANGER = "0x24e08CE165170235Ff6E27529b73f9933bCD74E2"
TEXT = "Sign in to example.com"
FEES = {"maxFeePerGas": 2_000_000_000, "maxPriorityFeePerGas": 1}
TRANSACTIONS = {
    "EIP-1559": {"type": 2, "nonce": 7, "to": STRANGER, "value": 1, "gas": 21000, **FEES},
    "EIP-155": {"nonce": 0, "to": STRANGER, "value": 10**18, "gas": 21000, "gasPrice": 10**9},
    "bytes and an access list": {
        "type": 1,
        "nonce": 0,
        "to": bytes.fromhex(STRANGER[2:]),
        "value": 0,
        "gas": 90000,
        "gasPrice": 10**9,
        "data": b"\x01\x02",
        "accessList": [{"address": STRANGER, "storageKeys": ["0x" + "00" * 32]}],
    },
}
BIG = {
    "types": {
        "Order": [{"name": "amount", "type": "uint256"}, {"name": "salt", "type": "bytes32"}]
    },
    "domain": {"name": "Orders", "chainId": CHAIN_ID},
    "message": {"amount": 2**200, "salt": b"\x07" * 32},
}


@pytest.fixture
def accounts(engine, database):
    """Return the account of the client, and eth-account's own with the same key."""
    address = engine.ensure_wallet(FID)["address"]
    remote = engine.account(FID, chain_id=CHAIN_ID, address=address, reason="a test")
    local = Account.from_key(private_keys(database, [FID])[FID])
    assert remote.address == local.address == address
    return remote, local


def test_signatures_equal_those_of_eth_account_with_the_same_key(accounts):
    remote, local = accounts
    for message in (encode_defunct(text=TEXT), encode_defunct(b"\x00\xff"), encode_defunct(b"")):
        assert remote.sign_message(message) == local.sign_message(message)
    assert remote.sign_typed_data(full_message=TYPED_DATA) == local.sign_message(
        encode_typed_data(full_message=TYPED_DATA)
    )
    parts = (BIG["domain"], BIG["types"], BIG["message"])
    assert remote.sign_typed_data(*parts) == local.sign_typed_data(*parts)


@pytest.mark.parametrize("kind", TRANSACTIONS)
def test_transactions_equal_those_of_eth_account_with_the_same_key(kind, accounts):
    remote, local = accounts
    transaction = TRANSACTIONS[kind]
    signed = remote.sign_transaction(transaction)
    assert signed == local.sign_transaction({"chainId": CHAIN_ID, **transaction})
    assert Account.recover_transaction(signed.raw_transaction) == local.address


def test_the_reason_is_in_the_audit_log(accounts, sql):
    accounts[0].sign_message(encode_defunct(text=TEXT))
    row = sql.execute("select reason from wallet_audit_log where action = 'message.signed'")
    assert row.fetchone() == ("a test",)


def test_what_cannot_be_read_is_not_sent_to_be_signed(engine):
    account = engine.account(FID, chain_id=CHAIN_ID, address=STRANGER)
    with pytest.raises(ValueError, match="sign_typed_data"):
        account.sign_message(encode_typed_data(full_message=TYPED_DATA))
    with pytest.raises(ValueError, match="does not sign a hash"):
        account.unsafe_sign_hash(b"\x00" * 32)
    with pytest.raises(TypeError, match="message_types"):
        account.sign_typed_data(TYPED_DATA["domain"])
    with pytest.raises(ValueError, match="ambiguous"):
        account.sign_typed_data({}, {"A": [], "B": []}, {})


def test_the_wallet_of_another_address_signs_nothing(accounts, engine):
    account = engine.account(FID, chain_id=CHAIN_ID, address=STRANGER)
    with pytest.raises(ValueError, match=f"wallet of this user is {accounts[0].address}"):
        account.sign_message(encode_defunct(text=TEXT))
    with pytest.raises(ValueError, match=f"wallet of this user is {accounts[0].address}"):
        account.sign_typed_data(full_message=TYPED_DATA)
    with pytest.raises(Refusal) as refusal:
        account.sign_transaction(TRANSACTIONS["EIP-155"])
    assert (refusal.value.status, "from" in str(refusal.value)) == (400, True)


def test_a_policy_refuses_with_its_reason(connect, services):
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)
    limited = connect("wallets:sign", unrestricted=False)
    address = services.wallets.get_wallet_address(FID, "ethereum", access=ACCESS)
    account = limited.account(FID, chain_id=CHAIN_ID, address=address)
    with pytest.raises(Refusal) as refusal:
        account.sign_message(encode_defunct(text=TEXT))
    assert (refusal.value.code, refusal.value.problem["reason"]) == ("policy_refused", "no_policy")
