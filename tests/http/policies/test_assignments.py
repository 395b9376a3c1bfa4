"""/v1/users/<fid>/policy and /api/wallet/policy: the policies of one wallet."""

from tests.factories import calling, signed_in
from tests.http.policies.routes import (
    LIMITED,
    OWN,
    USER_POLICY,
    changes,
)
from tests.http.problems import refused
from tests.policies import EVERYTHING, FEES, payments
from tests.signing import CHAIN_ID, TOKEN
from wallet_api.models import SCOPES


def test_a_policy_is_assigned_replaced_and_removed(client, engine, store, pay, sql):
    assert refused(client.get(USER_POLICY, headers=engine), 404)["code"] == "policy_not_found"
    first, second = store([EVERYTHING]), store([payments(max_amount="1"), FEES])
    for made in (first, second):
        made.pop("warnings")
    for version, policy in ((1, first), (2, second), (2, second)):
        answer = client.put(USER_POLICY, json={"policyId": policy["id"]}, headers=engine)
        assert answer.get_json() == {"version": version, "policy": policy}
        assert answer.headers["ETag"] == f'"{version}.1"'
        assert client.get(USER_POLICY, headers=engine).get_json() == answer.get_json()
    assert refused(pay(2), 403)["reason"] == "max_amount"
    stale, current, other = ({**engine, "If-Match": f'"{tag}"'} for tag in ("1.1", "2.1", "2"))
    body = {"policyId": first["id"]}
    for headers, status in ((stale, 412), (other, 400)):
        assert refused(client.put(USER_POLICY, json=body, headers=headers), status)
        assert refused(client.delete(USER_POLICY, headers=headers), status)
    assert client.delete(USER_POLICY, headers=current).status_code == 204
    assert client.delete(USER_POLICY, headers=engine).status_code == 204
    assert refused(client.get(USER_POLICY, headers=engine), 404)
    assert refused(pay(1), 403)["reason"] == "no_policy"
    assert refused(client.put(USER_POLICY, json=body, headers=current), 412)
    policies = [{"policy": one["id"], "version": 1} for one in (first, second)]
    assert [(one["old"], one["new"]) for one in changes(sql)] == [
        (None, policies[0]),
        (policies[0], policies[1]),
        (policies[1], None),
    ]


def test_a_new_version_of_the_assigned_policy_is_another_etag(client, engine, store):
    made = store([EVERYTHING])
    answer = client.put(USER_POLICY, json={"policyId": made["id"]}, headers=engine)
    seen = {**engine, "If-Match": answer.headers["ETag"]}
    changed = {"id": made["id"], "name": made["name"], "rules": [FEES]}
    assert client.post("/v1/policies", json=changed, headers=engine).status_code == 200
    assert refused(client.delete(USER_POLICY, headers=seen), 412)
    assert refused(client.put(USER_POLICY, json={"policyId": made["id"]}, headers=seen), 412)
    current = client.get(USER_POLICY, headers=engine).headers["ETag"]
    assert current == '"1.2"'
    gone = client.delete(USER_POLICY, headers={**engine, "If-Match": current})
    assert gone.status_code == 204


def test_a_user_limits_the_own_wallet_and_widens_nothing(client, engine, store, pay, sql):
    user = signed_in()
    assert refused(client.get(OWN, headers=user), 404)["code"] == "policy_not_found"
    answer = client.put(OWN, json={"rules": [EVERYTHING]}, headers=user)
    assert (answer.status_code, answer.json["version"]) == (200, 1)
    assert refused(pay(1), 403)["reason"] == "no_policy"
    made = store([payments(max_amount="10"), FEES])
    client.put(USER_POLICY, json={"policyId": made["id"]}, headers=engine)
    assert pay(10).status_code == 200
    assert refused(pay(11), 403)["layer"] == "wallet"
    body = {"rules": [payments(max_amount="5"), FEES]}
    answer = client.put(OWN, json=body, headers={**user, "If-Match": '"1"'})
    assert answer.headers["ETag"] == '"2"'
    assert client.get(OWN, headers=user).get_json() | {"warnings": []} == answer.get_json()
    problem = refused(pay(6), 403)
    assert (problem["layer"], problem["policy"], problem["version"]) == ("user", None, 2)
    assert refused(client.delete(OWN, headers={**user, "If-Match": '"1"'}), 412)
    assert client.delete(OWN, headers=user).status_code == 204
    assert pay(10).status_code == 200
    assert refused(pay(11), 403)["layer"] == "wallet"
    own = [one for one in changes(sql) if one["target"] == "user"]
    assert own == [
        {"target": "user", "old": None, "new": {"version": 1, "rules": 1}},
        {"target": "user", "old": {"version": 1}, "new": {"version": 2, "rules": 2}},
        {"target": "user", "old": {"version": 2}, "new": None},
    ]


def test_users_limits_are_their_own(client, app):
    client.put(OWN, json={"rules": [EVERYTHING]}, headers=signed_in(7))
    assert refused(client.get(OWN, headers=signed_in(8)), 404)
    assert refused(client.get(OWN, headers=calling(app, *SCOPES)), 401)


def test_changes_of_a_user_are_limited_as_other_writes(make_app):
    client = make_app(RATELIMIT_WRITES_PER_USER="2 per day").test_client()
    user = signed_in()
    for amount in ("1", "2"):
        body = {"rules": [payments(max_amount=amount)]}
        assert client.put(OWN, json=body, headers=user).status_code == 200
    assert refused(client.delete(OWN, headers=user), 429)


def test_the_windows_of_a_users_own_rules_are_limited(client, address):
    rules = [payments((60, 1), (61, 1), (62, 1), (63, 1)) | {"id": f"r{n}"} for n in range(3)]
    answer = client.put(OWN, json={"rules": rules}, headers=signed_in())
    assert refused(answer, 400)["code"] == "invalid_policy"
    assert client.put(OWN, json={"rules": rules[:2]}, headers=signed_in()).status_code == 200


def test_the_effective_policy_shows_what_is_left_and_how_a_rule_reads(
    client, engine, store, pay, app
):
    made = store(LIMITED)
    client.put(USER_POLICY, json={"policyId": made["id"]}, headers=engine)
    assert pay(4).status_code == 200
    found = client.get(f"{USER_POLICY}/effective", headers=engine).get_json()
    (layer,) = found["layers"]
    assert [rule.pop("explanation")[:6] for rule in layer["rules"]] == ["Allow ", "Allow "]
    assert layer == {
        "layer": "wallet",
        "policy": made["id"],
        "version": 1,
        "name": "trading",
        "rules": [{"id": "payments", "effect": "allow"}, {"id": "fees", "effect": "allow"}],
    }
    assert found["windows"] == [
        {
            "layer": "wallet",
            "rule": "payments",
            "chainId": CHAIN_ID,
            "asset": TOKEN.lower(),
            "symbol": "USDC",
            "decimals": 6,
            "seconds": 3600,
            "maxAmount": "10",
            "spent": "4",
            "left": "6",
        }
    ]
    assert (found["unrestricted"], found["complete"]) == (None, True)
    assert refused(pay(7), 403)["reason"] == "window"
    assert pay(6).status_code == 200
    unknown = client.get(f"{USER_POLICY}/effective?client=nobody", headers=engine)
    assert refused(unknown, 404)["code"] == "client_not_found"
    refused(client.get("/v1/users/0/policy/effective", headers=engine), 400)
    refused(client.get(f"{USER_POLICY}/effective?clients=x", headers=engine), 400)
