"""POST /v1/users/<fid>/rpc/<chain id>: what the methods of a wallet answer."""

import json

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

from tests.database import recorded, rows_of
from tests.factories import FID, calling
from tests.http.problems import refused
from tests.http.rpc import CHAIN_ID, OTHER, RPC, TEXT, call, error_of, result_of, send_rpc
from tests.policies import name_delegate
from tests.signing import ADDRESS, KEY, TOKEN, to_bytes
from wallet_api.blueprints.schemas.signing import TRANSACTION, TYPED_DATA
from wallet_api.ethereum.authorizations import Authorization
from wallet_api.ethereum.signatures import sign_authorization


def test_the_chain_and_the_account_are_those_of_the_path(ours, address):
    assert result_of(ours(call("eth_chainId"))) == hex(CHAIN_ID)
    assert result_of(ours(call("net_version"))) == str(CHAIN_ID)
    assert result_of(ours(call("eth_accounts"))) == [address]
    assert result_of(ours(call("eth_requestAccounts"))) == [address]


def test_a_user_without_a_wallet_has_no_account_and_cannot_sign(client, engine, sql):
    assert result_of(send_rpc(client, engine, call("eth_accounts"))) == []
    error = error_of(send_rpc(client, engine, call("personal_sign", TEXT, OTHER)), -32001)
    assert error["data"]["code"] == "wallet_not_found"
    assert recorded(sql) == []


@pytest.mark.parametrize("method", ["personal_sign", "eth_sign"])
def test_a_message_is_signed_with_its_prefix(ours, address, sql, method):
    given = (TEXT, address) if method == "personal_sign" else (address, TEXT)
    signature = result_of(ours(call(method, *given)))
    assert len(to_bytes(signature)) == 65
    message = encode_defunct(hexstr=TEXT)
    assert Account.recover_message(message, signature=signature) == address
    assert recorded(sql) == [("message.signed",)]


@pytest.mark.parametrize("method", ["eth_signTypedData", "eth_signTypedData_v4"])
@pytest.mark.parametrize("write", [json.dumps, lambda given: given], ids=["text", "object"])
def test_typed_data_is_signed_as_a_text_and_as_an_object(ours, address, sql, method, write):
    signature = result_of(ours(call(method, address.lower(), write(TYPED_DATA))))
    data = encode_typed_data(full_message=TYPED_DATA)
    assert Account.recover_message(data, signature=signature) == address
    assert recorded(sql) == [("typed_data.signed",)]


FEES = {"maxFeePerGas": "0x77359400", "maxPriorityFeePerGas": "0x1"}
LEGACY = {"gasPrice": "0x77359400"}


@pytest.mark.parametrize(
    ("type_", "fees"),
    [("0x0", LEGACY), ("0x1", LEGACY | {"accessList": []}), ("0x2", FEES)],
)
def test_a_transaction_is_signed_and_described_as_geth_does(ours, address, sql, type_, fees):
    given = {"type": type_, "from": address, "to": OTHER, "nonce": "0x7", "gas": "0x5208", **fees}
    signed = result_of(ours(call("eth_signTransaction", given)))
    assert signed.keys() == {"raw", "tx"}
    assert Account.recover_transaction(signed["raw"]) == address
    assert signed["tx"].items() >= {"type": type_, "nonce": "0x7", "chainId": "0x2105"}.items()
    assert signed["tx"].keys() >= {"v", "r", "s", "hash"}
    assert recorded(sql) == [("transaction.signed",)]


def test_a_transaction_takes_the_authorizations_of_others_to_the_chain(ours, address, sql):
    name_delegate(sql, OTHER)
    signed = sign_authorization(
        Authorization(chain_id=CHAIN_ID, delegate=OTHER, nonce=0), private_key=KEY, address=ADDRESS
    )
    given = {"type": "0x4", "to": OTHER, "nonce": "0x7", "gas": "0x186a0", **FEES}
    given["authorizationList"] = [signed.as_json()]
    told = result_of(ours(call("eth_signTransaction", given)))
    assert Account.recover_transaction(told["raw"]) == address
    assert told["tx"]["authorizationList"] == given["authorizationList"]
    everywhere = given | {"authorizationList": [signed.as_json() | {"chainId": "0x0"}]}
    error = error_of(ours(call("eth_signTransaction", everywhere)), -32602)
    assert error["data"]["field"] == "authorizationList[0].chainId"
    assert recorded(sql) == [("transaction.signed",)]


def test_the_transaction_of_another_chain_is_refused(ours):
    given = TRANSACTION | {"chainId": "0x1"}
    assert error_of(ours(call("eth_signTransaction", given)), -32602)["data"]["field"] == "chainId"
    other_chain = RPC.replace(str(CHAIN_ID), "1")
    assert result_of(ours(call("eth_signTransaction", given), path=other_chain))


@pytest.mark.parametrize(
    ("method", "params", "field"),
    [
        ("personal_sign", ["hello", OTHER], "params[0]"),
        ("personal_sign", [OTHER, TEXT], "params[1]"),
        ("personal_sign", [TEXT, OTHER], "address"),
        ("eth_sign", [TEXT, OTHER], "params[0]"),
        ("eth_sign", [OTHER, TEXT], "address"),
        ("eth_signTypedData_v4", [TYPED_DATA, OTHER], ""),
        ("eth_signTypedData_v4", [OTHER, TYPED_DATA], "address"),
        ("eth_signTypedData_v4", [OTHER, '{"types": {}, "types": {}}'], "types"),
        ("eth_signTypedData_v4", [OTHER, {**TYPED_DATA, "primaryType": 5}], "primaryType"),
        ("eth_signTransaction", [TRANSACTION | {"from": OTHER}], "from"),
        ("eth_signTransaction", [{"to": OTHER}], "nonce"),
        ("eth_signTransaction", [TRANSACTION | {"gas": 21000}], "gas"),
        ("eth_signTransaction", ["0x02f8"], "transaction"),
    ],
)
def test_what_cannot_be_signed_is_an_error_that_names_the_field(ours, sql, method, params, field):
    error = error_of(ours(call(method, *params)), -32602)
    assert error["data"]["code"] == "not_signable"
    assert field in (error["data"]["field"], "")
    assert recorded(sql) == []


@pytest.mark.parametrize(
    "given",
    [
        call("eth_accounts", 1),
        call("personal_sign", TEXT),
        call("personal_sign", TEXT, OTHER, "password"),
        call("eth_signTypedData_v4", OTHER),
        call("eth_signTransaction"),
        call("eth_signTransaction") | {"params": {"tx": TRANSACTION}},
    ],
)
def test_the_number_of_parameters_is_exact(ours, given):
    assert "params must be" in error_of(ours(given), -32602)["message"]


@pytest.mark.parametrize(
    "method",
    [
        "eth_sendTransaction",
        "eth_sendRawTransaction",
        "wallet_sendCalls",
        "eth_decrypt",
        "eth_signTypedData_v3",
        "debug_traceTransaction",
        "admin_peers",
        "",
        "eth_accounts ",
        "__proto__",
        "ab" * 40,
    ],
)
def test_any_other_method_is_unknown_and_not_repeated_if_it_looks_like_a_key(ours, sql, method):
    error = error_of(ours(call(method, TRANSACTION)), -32601)
    assert "ab" * 8 not in error["message"]
    assert recorded(sql) == []


@pytest.mark.parametrize("method", ["eth_blockNumber", "eth_call", "eth_getTransactionCount"])
def test_without_a_node_a_read_names_the_setting(ours, method):
    error = error_of(ours(call(method)), -32601)
    assert error["message"] == f"{method} needs a node: the operator must set RPC_URL_8453."


def test_a_client_that_no_policy_allows_gets_4100_and_is_recorded(client, app, address, sql):
    restricted = calling(app, "wallets:sign", restricted=True)
    for given in (
        call("personal_sign", TEXT, address),
        call("eth_signTypedData_v4", address, TYPED_DATA),
        call("eth_signTransaction", TRANSACTION),
    ):
        error = error_of(send_rpc(client, restricted, given), 4100)
        assert "Assign a policy" in error["message"]
        refusing = dict.fromkeys(("layer", "policy", "version", "rule"))
        told = {"code": "policy_refused", "reason": "no_policy", **refusing}
        assert error["data"].items() >= told.items()
    assert result_of(send_rpc(client, restricted, call("eth_accounts"))) == [address]
    assert {action for (action,) in recorded(sql)} == {"signing.refused"}


def test_the_reason_in_the_header_is_recorded(ours, address, sql):
    header = {"X-Reason": "swap 8c1f", "X-Request-Id": "asked-1"}
    result_of(ours(call("personal_sign", TEXT, address), **header))
    assert recorded(sql, "reason, request_id, actor") == [("swap 8c1f", "asked-1", "client:engine")]
    refused(ours(call("personal_sign", TEXT, address), **{"X-Reason": "x" * 501}), 400)
    assert len(recorded(sql)) == 1


@pytest.mark.parametrize("chain_id", ["0", "-1", "01", "0x2105", "1.0", "x", str(2**53), "9" * 30])
def test_a_chain_id_has_one_notation(ours, chain_id):
    refused(ours(call("eth_chainId"), path=RPC.replace(str(CHAIN_ID), chain_id)), 400)


@pytest.mark.parametrize("chain_id", [1, 10, 84532, 2**53 - 1])
def test_any_chain_may_be_signed_for(ours, address, chain_id):
    path = RPC.replace(str(CHAIN_ID), str(chain_id))
    assert result_of(ours(call("eth_chainId"), path=path)) == hex(chain_id)
    signed = result_of(ours(call("eth_signTransaction", TRANSACTION), path=path))
    assert signed["tx"]["chainId"] == hex(chain_id)
    assert Account.recover_transaction(signed["raw"]) == address


def test_a_fid_a_type_and_a_size_are_refused_as_on_every_route(client, engine):
    wrong = client.post(RPC.replace(str(FID), "0"), json=call("eth_chainId"), headers=engine)
    assert refused(wrong, 400)["code"] == "invalid_fid"
    text = engine | {"Content-Type": "text/plain"}
    refused(client.post(RPC, data=b"{}", headers=text), 415)
    # web3.py sends none if its user sets a header.
    untyped = client.post(RPC, data=json.dumps(call("eth_chainId")), headers=engine)
    assert result_of(untyped) == hex(CHAIN_ID)
    large = call("personal_sign", "0x" + "ab" * 70_000, OTHER)
    refused(client.post(RPC, json=large, headers=engine), 413)


@pytest.mark.parametrize("scopes", [("wallets:read",), ("keys:read", "wallets:write")])
def test_only_a_client_with_the_scope_may_call_any_method(client, app, address, sql, scopes):
    before = rows_of(sql)
    answer = send_rpc(client, calling(app, *scopes), call("eth_chainId"))
    assert refused(answer, 403)["code"] == "insufficient_scope"
    refused(send_rpc(client, {}, call("eth_chainId")), 401)
    assert rows_of(sql)["wallets"] == before["wallets"]
    assert [action for (action,) in recorded(sql)] == ["signing.refused"]


def test_no_log_line_has_a_payload_or_a_signature(ours, address, capfd, caplog):
    data = {**TYPED_DATA, "message": {**TYPED_DATA["message"], "value": "987654321987"}}
    answers = [
        ours(call("personal_sign", "0x" + b"a private text".hex(), address)),
        ours(call("eth_signTypedData_v4", address, data)),
        ours(call("eth_signTransaction", TRANSACTION | {"value": "0x987654321"})),
        ours(call("eth_signTransaction", {"a private text": "987654321987"})),
    ]
    texts = [str(answer.get_json()) for answer in answers]
    assert "a private text" not in texts[3]
    out, err = capfd.readouterr()
    logged = out + err + caplog.text + str([vars(record) for record in caplog.records])
    for word in ("a private text", b"a private text".hex(), "987654321", TOKEN, "params"):
        assert word not in logged
    for answer in answers[:2]:
        assert answer.get_json()["result"][2:40] not in logged
