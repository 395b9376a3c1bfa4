"""Bodies of requests to sign: longer than others, because the code of a contract must fit."""

import json

import pytest
from eth_account import Account

from tests.factories import FID
from tests.http.bad_bodies import JSON
from tests.http.problems import refused
from tests.http.rpc import OTHER, RPC, call, error_of, result_of
from tests.http.user_wallets import TRADING
from wallet_api.blueprints.requests import MAX_BODY_BYTES, MAX_SIGNING_BODY_BYTES
from wallet_api.ethereum.transactions import MAX_ACCESS_LIST, MAX_INITCODE

LONGEST = {
    "type": "0x1",
    "nonce": "0x0",
    "gas": "0xffffffffffffffff",
    "gasPrice": "0x77359400",
    "value": "0xffffffffffffffff",
    "data": "0x" + "60" * MAX_INITCODE,
    "accessList": [{"address": OTHER, "storageKeys": ["0x" + "ab" * 32] * MAX_ACCESS_LIST}],
}
ROUTES = [f"{TRADING}/sign/transaction", f"/v1/users/{FID}/sign/preview", "/v1/policies/dry-run"]


def test_a_contract_with_the_longest_code_is_created_by_json_rpc(ours, address):
    raw = result_of(ours(call("eth_signTransaction", LONGEST)))["raw"]
    assert LONGEST["data"][2:] in raw
    assert Account.recover_transaction(raw) == address


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_that_reads_a_transaction_takes_the_longest(client, engine, address, route):
    body = {"chainId": 8453, "transaction": LONGEST}
    if route.endswith("dry-run"):
        body |= {"fid": FID}
    answer = client.post(route, json=body, headers=engine)
    assert answer.status_code == 200, answer.text


def test_one_byte_more_of_code_is_refused(ours, client, engine):
    longer = LONGEST | {"data": LONGEST["data"] + "60"}
    error = error_of(ours(call("eth_signTransaction", longer)), -32602)
    assert error["data"]["field"] == "data"
    answer = client.post(ROUTES[0], json={"chainId": 8453, "transaction": longer}, headers=engine)
    assert refused(answer, 400)["code"] == "not_signable"


@pytest.mark.parametrize("route", [RPC, *ROUTES, "/v1/policies"])
def test_a_body_has_at_most_128_kilobytes(client, engine, address, route):
    body = b"{}".ljust(MAX_SIGNING_BODY_BYTES)
    assert client.post(route, data=body, headers=engine | JSON).status_code in (200, 400)
    refused(client.post(route, data=body + b" ", headers=engine | JSON), 413)


@pytest.mark.parametrize("route", [f"{TRADING}/key", "/v1/clients"])
def test_other_routes_have_short_bodies(client, engine, address, route):
    body = b"{}".ljust(MAX_BODY_BYTES + 1)
    refused(client.post(route, data=body, headers=engine | JSON), 413)


@pytest.mark.parametrize(("count", "status"), [(14, 201), (15, 400)])
def test_a_policy_is_as_long_as_it_can_be_stored(client, engine, count, status):
    addresses = [f"0x{number:040x}" for number in range(100)]
    rules = [{"id": f"r{n}", "effect": "allow", "to": addresses} for n in range(count)]
    body = {"name": "long", "rules": rules}
    assert len(json.dumps(body)) > 3 * MAX_BODY_BYTES
    answer = client.post("/v1/policies", json=body, headers=engine)
    assert answer.status_code == status, answer.text
    assert status == 201 or refused(answer, 400)["code"] == "invalid_policy"


def test_a_batch_is_short(ours, client, engine):
    calls = json.dumps([call("eth_chainId")]).encode()
    result = client.post(RPC, data=calls.ljust(MAX_BODY_BYTES), headers=engine | JSON)
    assert result.get_json()[0]["result"] == "0x2105"
    longer = client.post(RPC, data=calls.ljust(MAX_BODY_BYTES + 1), headers=engine | JSON)
    error_of(longer, -32600)
