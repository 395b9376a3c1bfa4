"""Refusals of policies, and their audit entries, over HTTP."""

import json

import pytest

from tests.factories import FID, calling
from tests.http.policies.routes import (
    LIMITED,
    POLICIES,
    SIGN,
    SIGN_MESSAGE,
    USER_POLICY,
)
from tests.http.rpc import call
from tests.http.user_wallets import TRADING
from tests.policies import transfer
from tests.signing import CHAIN_ID


def test_json_rpc_explains_a_refusal_in_data(client, engine, store, policed):
    made = store(LIMITED)
    client.put(USER_POLICY, json={"policyId": made["id"]}, headers=engine)
    asked = call("eth_signTransaction", transfer(11))
    answer = client.post(f"/v1/users/{FID}/rpc/{CHAIN_ID}", json=asked, headers=policed)
    error = answer.get_json()["error"]
    assert error["code"] == 4100
    assert error["data"].pop("request_id")
    assert error["data"] == {
        "code": "policy_refused",
        "reason": "window",
        "layer": "wallet",
        "policy": made["id"],
        "version": 1,
        "rule": "payments",
    }


def test_each_cause_of_a_refusal_leaves_an_entry(client, engine, store, pay, policed, sql):
    client.put(USER_POLICY, json={"policyId": store(LIMITED)["id"]}, headers=engine)
    for _ in range(2):
        assert pay(11).status_code == 403
        assert client.post(SIGN_MESSAGE, json={"message": "a"}, headers=policed).status_code == 403
    reasons = sql.execute(
        "select details->>'reason' from wallet_audit_log where action = 'signing.refused'"
        " order by id"
    ).fetchall()
    assert reasons == [("window",), ("no_rule",)]


@pytest.mark.parametrize("mode", ["filesystem", "migrating"])
def test_policies_decide_also_where_wallets_are_files(storing, mode, sql):
    app, engine = storing(mode)
    client = app.test_client()
    client.put(TRADING, headers=engine)
    policed = calling(app, "wallets:sign", name="policed", restricted=True)
    body = {"name": "trading", "rules": LIMITED}
    made = client.post(POLICIES, json=body, headers=engine).get_json()
    client.put(USER_POLICY, json={"policyId": made["id"]}, headers=engine)
    for amount, status in ((7, 200), (4, 403), (3, 200), (1, 403)):
        request = {"chainId": CHAIN_ID, "transaction": transfer(amount)}
        answer = client.post(SIGN, json=request, headers=policed)
        assert answer.status_code == status, answer.text
    spent = sql.execute("select sum(amount) from wallet_spends where kind = 'token_transfer'")
    assert spent.fetchone() == (10,)


def test_stored_rules_are_those_that_the_entry_names(client, engine, store, pay, sql):
    made = store(LIMITED)
    client.put(USER_POLICY, json={"policyId": made["id"]}, headers=engine)
    pay(1)
    (details,) = sql.execute(
        "select details::text from wallet_audit_log where action = 'transaction.signed'"
    ).fetchone()
    (layer,) = json.loads(details)["policies"]
    assert layer["rules"] == ["fees", "payments"]
    assert {rule["id"] for rule in made["rules"]} == set(layer["rules"])
