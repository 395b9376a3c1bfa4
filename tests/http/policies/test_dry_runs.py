"""/v1/policies/dry-run: what policies would decide."""

import pytest

from tests.factories import FID
from tests.http.policies.routes import (
    DRY_RUN,
    LIMITED,
    SIGN_MESSAGE,
    USER_POLICY,
)
from tests.http.problems import refused
from tests.policies import DELEGATION, EVERYTHING, TOO_LONG, transfer
from tests.signing import CHAIN_ID
from wallet_api.blueprints.schemas.signing import AUTHORIZATION


def test_a_dry_run_has_the_effects_the_verdicts_and_the_windows(
    client, engine, store, pay, policed
):
    made = store(LIMITED)
    client.put(USER_POLICY, json={"policyId": made["id"]}, headers=engine)
    assert pay(7).status_code == 200
    body = {"fid": FID, "client": "policed", "chainId": CHAIN_ID, "transaction": transfer(4)}
    told = client.post(DRY_RUN, json=body, headers=engine).get_json()
    preview = {name: body[name] for name in ("chainId", "transaction")}
    shown = client.post(f"/v1/users/{FID}/sign/preview", json=preview, headers=policed).get_json()
    assert {name: told.pop(name) for name in shown} == shown
    assert told["explanation"].startswith('Rule "payments" of the wallet\'s policy')
    told.pop("explanation")
    assert told.pop("warnings") == []
    assert told == {
        "allowed": False,
        "reason": "window",
        "layers": [
            {
                "layer": "wallet",
                "policy": made["id"],
                "version": 1,
                "allowed": False,
                "reason": "window",
                "rules": ["payments"],
                "effect": shown["effects"][0],
            }
        ],
        "windows": [
            {
                "layer": "wallet",
                "rule": "payments",
                "chainId": CHAIN_ID,
                "asset": LIMITED[0]["tokens"][0],
                "seconds": 3600,
                "maxAmount": "10",
                "spent": "7",
                "left": "3",
            }
        ],
    }
    body |= {"rules": [EVERYTHING]}
    told = client.post(DRY_RUN, json=body, headers=engine).get_json()
    assert (told["allowed"], told["reason"], told["explanation"]) == (True, None, None)


@pytest.mark.parametrize(("effect", "allowed"), [("allow", True), ("deny", False)])
def test_a_dry_run_of_a_message_is_for_the_chain_of_its_method(
    client, engine, store, policed, effect, allowed
):
    rule = {"id": "here", "effect": effect, "kinds": ["message"], "chain_ids": [CHAIN_ID]}
    rules = [rule] if allowed else [rule, EVERYTHING]
    client.put(USER_POLICY, json={"policyId": store(rules)["id"]}, headers=engine)
    body = {"fid": FID, "client": "policed", "chainId": CHAIN_ID, "message": "hello"}
    by_rpc = client.post(DRY_RUN, json=body | {"method": "personal_sign"}, headers=engine)
    assert by_rpc.get_json()["allowed"] is allowed
    by_rest = client.post(DRY_RUN, json=body, headers=engine)
    assert by_rest.get_json()["allowed"] is not allowed
    signed = client.post(SIGN_MESSAGE, json={"message": "hello"}, headers=policed)
    assert (signed.status_code == 200) is not allowed


def test_a_dry_run_of_a_delegation_names_its_delegate(client, engine, store, policed):
    body = {"fid": FID, "client": "policed", "chainId": CHAIN_ID, "authorization": AUTHORIZATION}
    for rules, allowed in (([EVERYTHING], False), ([EVERYTHING, DELEGATION], True)):
        client.put(USER_POLICY, json={"policyId": store(rules)["id"]}, headers=engine)
        told = client.post(DRY_RUN, json=body, headers=engine).get_json()
        assert told["allowed"] is allowed


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"message": "a"}, 400, "invalid_request"),
        ({"fid": str(FID), "message": "a"}, 400, "invalid_request"),
        ({"fid": FID}, 400, "invalid_request"),
        ({"fid": FID, "message": "a", "transaction": {}, "chainId": 1}, 400, "invalid_request"),
        ({"fid": FID, "message": "a", "method": "sign/transaction"}, 400, "invalid_request"),
        ({"fid": FID, "message": "a", "method": "eth_call"}, 400, "invalid_request"),
        ({"fid": FID, "message": "a", "rules": []}, 400, "invalid_policy"),
        ({"fid": FID, "message": "a", "rules": TOO_LONG}, 400, "invalid_policy"),
        ({"fid": FID, "transaction": {}, "chainId": 1}, 400, "not_signable"),
        ({"fid": FID, "message": "a", "method": "personal_sign"}, 400, "invalid_request"),
        ({"fid": FID, "message": "a", "authorization": {}}, 400, "invalid_request"),
        ({"fid": FID, "message": "a", "client": ""}, 400, "invalid_request"),
        ({"fid": FID, "message": "a", "client": "a\0b"}, 400, "invalid_request"),
        ({"fid": FID, "message": "a", "client": "\ud800"}, 400, "invalid_request"),
        ({"fid": FID, "message": "a", "client": "nobody"}, 404, "client_not_found"),
        ({"fid": 99, "message": "a"}, 404, "wallet_not_found"),
    ],
)
def test_a_dry_run_of_what_is_not_a_request_is_refused(client, engine, address, body, status, code):
    answer = client.post(DRY_RUN, json=body, headers=engine)
    assert refused(answer, status)["code"] == code
