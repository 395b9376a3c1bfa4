"""Each response to a request that stores or tries rules has the warnings about them."""

import pytest

from tests.database import rows_of
from tests.factories import FID, signed_in
from tests.http.problems import refused
from tests.policies import EVERYTHING, FEES, TOO_LONG, payments
from wallet_api.blueprints import policies, policy_assignments
from wallet_api.policies.reading import read_rules
from wallet_api.policies.warnings import warnings

NEVER = {"id": "never", "effect": "allow", "methods": ["sign/message"], "chain_ids": [1]}
UNLIKELY = [NEVER, payments(max_amount="5")]
LIKELY = [payments(max_amount="5", methods=["eth_signTransaction"]), FEES]


@pytest.fixture
def send(client, engine, address):
    """Send rules to a route, and return the answer: send("store", rules)."""
    policy = {"name": "trading"}
    made = client.post("/v1/policies", json=policy | {"rules": [EVERYTHING]}, headers=engine).json
    tried = {"fid": FID, "message": "hello"}
    routes = {
        "store": ("POST", "/v1/policies", policy, engine),
        "add a version": ("POST", "/v1/policies", policy | {"id": made["id"]}, engine),
        "limit the own wallet": ("PUT", "/api/wallet/policy", {}, signed_in()),
        "try": ("POST", "/v1/policies/dry-run", tried, engine),
    }

    def send(name, rules):
        method, path, body, headers = routes[name]
        answer = client.open(path, method=method, json=body | {"rules": rules}, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        return answer.get_json()

    return send


@pytest.mark.parametrize("route", ["store", "add a version", "limit the own wallet", "try"])
def test_a_request_with_rules_is_answered_with_their_warnings(send, route):
    expected = warnings(read_rules(UNLIKELY))
    assert len(expected) == 2
    # The second is not stored, because nothing has changed.
    for _ in range(2):
        assert send(route, UNLIKELY)["warnings"] == expected
    assert send(route, LIKELY)["warnings"] == []


def test_the_rules_of_a_user_are_not_called_dangerous_because_they_only_narrow(send):
    narrow = [{"id": "no", "effect": "deny", "kinds": ["token_transfer"]}, EVERYTHING]
    assert send("store", narrow)["warnings"]
    assert send("limit the own wallet", narrow)["warnings"] == []


def test_a_dry_run_without_rules_has_no_warnings(client, engine, send):
    send("limit the own wallet", UNLIKELY)
    body = {"fid": FID, "message": "hello"}
    assert client.post("/v1/policies/dry-run", json=body, headers=engine).json["warnings"] == []


def test_what_is_read_has_no_warnings(client, engine, send):
    stored = send("store", UNLIKELY)
    found = client.get(f"/v1/policies/{stored['id']}", headers=engine).get_json()
    assert stored.pop("warnings")
    assert found == stored


@pytest.mark.parametrize(
    ("method", "path", "module"),
    [("POST", "/v1/policies", policies), ("PUT", "/api/wallet/policy", policy_assignments)],
)
def test_nothing_is_stored_if_the_warnings_fail(
    client, engine, address, sql, monkeypatch, method, path, module
):
    def fail(rules, **_):
        raise RuntimeError

    monkeypatch.setattr(module, "warnings", fail)
    body = {"rules": [EVERYTHING]} | ({"name": "trading"} if method == "POST" else {})
    headers = engine if method == "POST" else signed_in()
    before = rows_of(sql)
    assert client.open(path, method=method, json=body, headers=headers).status_code == 500
    assert rows_of(sql) == before


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/v1/policies", {"name": "trading"}),
        ("/v1/policies/dry-run", {"fid": FID, "message": "hello"}),
    ],
)
def test_rules_that_are_too_long_are_refused_before_they_are_examined(
    client, engine, address, sql, monkeypatch, path, more
):
    """The time to find warnings grows with the rules."""

    def fail(rules):
        raise AssertionError

    monkeypatch.setattr(policies, "warnings", fail)
    answer = client.post(path, json={"rules": TOO_LONG} | more, headers=engine)
    assert refused(answer, 400)["code"] == "invalid_policy"
