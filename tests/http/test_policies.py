"""/v1/policies, /v1/users/<fid>/policy and /api/wallet/policy."""

import json
from uuid import UUID, uuid4

import jsonschema_rs
import pytest

from tests.factories import FID, calling, signed_in
from tests.http.problems import refused
from tests.http.rpc import call
from tests.http.user_wallets import TRADING
from tests.policies import DELEGATION, EVERYTHING, FEES, payments, transfer
from tests.signing import CHAIN_ID, TOKEN
from wallet_api.blueprints.schemas.signing import AUTHORIZATION
from wallet_api.models import SCOPES

POLICIES = "/v1/policies"
USER_POLICY = f"/v1/users/{FID}/policy"
OWN = "/api/wallet/policy"
SIGN = f"{TRADING}/sign/transaction"
SIGN_MESSAGE = f"{TRADING}/sign/message"
DRY_RUN = f"{POLICIES}/dry-run"
LIMITED = [payments((3600, 10)), FEES]


@pytest.fixture
def policed(app, address):
    """Return the header of a client that signs only what policies allow."""
    return calling(app, "wallets:sign", name="policed", restricted=True)


@pytest.fixture
def store(client, engine):
    """Store a policy and return its members: store(rules)."""

    def store(rules, status=201, if_match=None, **members):
        headers = engine if if_match is None else {**engine, "If-Match": f'"{if_match}"'}
        body = {"name": "trading", "rules": rules, **members}
        answer = client.post(POLICIES, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        assert status >= 400 or answer.headers["ETag"] == f'"{answer.json["version"]}"'
        return answer.get_json()

    return store


@pytest.fixture
def pay(client, policed):
    def pay(amount, headers=policed):
        body = {"chainId": CHAIN_ID, "transaction": transfer(amount)}
        return client.post(SIGN, json=body, headers=headers)

    return pay


def changes(sql, fid=FID):
    found = sql.execute(
        "select details from wallet_audit_log where fid = %s and action = 'policy.changed'"
        " order by id",
        [fid],
    ).fetchall()
    return [details for (details,) in found]


def test_a_policy_is_stored_as_it_is_read_and_found_again(client, engine, store, sql):
    made = store([payments((3600, 10), to=[TOKEN])])
    assert UUID(made["id"]).version == 4
    assert (made["version"], made["name"], made["createdBy"]) == (1, "trading", "client:engine")
    assert made.pop("warnings")
    # In lower case, and as the schema says.
    assert made["rules"][0]["to"] == [TOKEN.lower()]
    found = client.get(f"{POLICIES}/{made['id']}", headers=engine)
    assert found.get_json() == made
    assert found.headers["ETag"] == '"1"'
    new = {"policy": made["id"], "version": 1}
    assert changes(sql, fid=0) == [{"target": "policy", "old": None, "new": new}]
    entry = client.get("/v1/audit?action=policy.changed", headers=engine).get_json()["data"][0]
    assert (entry["fid"], entry["details"]["new"]) == (0, new)
    assert client.get("/v1/audit?fid=0", headers=engine).get_json()["data"] == [entry]


def test_a_new_version_applies_at_once(client, engine, store, pay, sql):
    made = store(LIMITED)
    client.put(USER_POLICY, json={"policyId": made["id"]}, headers=engine)
    assert pay(10).status_code == 200
    store([payments((3600, 12)), FEES], status=200, id=made["id"])
    assert pay(2).status_code == 200
    problem = refused(pay(1), 403)
    told = {name: problem[name] for name in ("reason", "layer", "policy", "version", "rule")}
    assert told == {
        "reason": "window",
        "layer": "wallet",
        "policy": made["id"],
        "version": 2,
        "rule": "payments",
    }
    old, new = ({"policy": made["id"], "version": version} for version in (1, 2))
    assert changes(sql, fid=0)[1] == {"target": "policy", "old": old, "new": new}


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


def test_the_same_policy_again_is_no_new_version(store, sql):
    made = store(LIMITED)
    assert store(list(reversed(LIMITED)), status=200, id=made["id"])["version"] == 2
    assert store(list(reversed(LIMITED)), status=200, id=made["id"])["version"] == 2
    assert len(changes(sql, fid=0)) == 2


def test_a_version_that_is_out_of_date_is_refused(store, client, engine):
    made = store(LIMITED)
    store([EVERYTHING], status=200, id=made["id"], if_match=1)
    for given, status in ((1, 412), (3, 412), ("x", 400)):
        store(LIMITED, status=status, id=made["id"], if_match=given)
    store(LIMITED, status=412, if_match=1)
    assert client.get(f"{POLICIES}/{made['id']}", headers=engine).get_json()["version"] == 2
    for given in ("1", "*", 'W/"1"', '"1", "2"'):
        headers = {**engine, "If-Match": given}
        body = {"id": made["id"], "name": "trading", "rules": LIMITED}
        refused(client.post(POLICIES, json=body, headers=headers), 400)


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ([], "rules"),
        ([{"id": "a", "effect": "perhaps"}], "rules[0].effect"),
        ([EVERYTHING, EVERYTHING], "rules[1].id"),
        ([payments(max_amount=5)], "rules[0].max_amount"),
        ([payments(amount="5")], "rules[0]"),
    ],
)
def test_a_policy_that_is_not_valid_is_refused_by_its_field(store, client, signed_up, rules, field):
    problem = store(rules, status=400)
    assert problem["code"] == "invalid_policy"
    assert problem["error"].startswith(field)
    answer = client.put(OWN, json={"rules": rules}, headers=signed_up)
    assert refused(answer, 400)["code"] == "invalid_policy"


@pytest.fixture
def signed_up():
    return signed_in()


def test_an_unknown_policy_is_404(client, engine, store):
    nobody = str(uuid4())
    for path in (nobody, "nothing", f"{{{nobody}}}", nobody.replace("-", "")):
        refused(client.get(f"{POLICIES}/{path}", headers=engine), 404)
    refused(client.get(f"{POLICIES}/{nobody}/versions", headers=engine), 404)
    assert store(LIMITED, status=404, id=nobody)["code"] == "policy_not_found"
    answer = client.put(USER_POLICY, json={"policyId": nobody}, headers=engine)
    assert refused(answer, 404)["code"] == "policy_not_found"


def test_policies_and_versions_are_listed_newest_first_page_by_page(client, engine, store):
    made = [store(LIMITED)["id"] for _ in range(5)]
    for number in range(1, 5):
        store([payments(max_amount=str(number)), FEES], status=200, id=made[1])
    seen, path = [], f"{POLICIES}?limit=2"
    while path:
        page = client.get(path, headers=engine)
        seen += page.get_json()["data"]
        path = page.headers.get("Link", "").partition(">")[0].strip("<")
    assert [(one["id"], one["version"]) for one in seen] == [
        (one, 5 if one == made[1] else 1) for one in reversed(made)
    ]
    versions, path = [], f"{POLICIES}/{made[1]}/versions?limit=2"
    while path:
        page = client.get(path, headers=engine)
        versions += page.get_json()["data"]
        path = page.headers.get("Link", "").partition(">")[0].strip("<")
    assert [one["version"] for one in versions] == [5, 4, 3, 2, 1]
    assert versions[-1]["rules"] == seen[0]["rules"]
    answer = client.get(f"{POLICIES}?cursor=x", headers=engine)
    assert refused(answer, 400)["code"] == "invalid_cursor"


def test_the_schema_describes_what_is_stored(client, engine, store):
    schema = client.get(f"{POLICIES}/schema", headers=engine).get_json()
    made = store(LIMITED)
    jsonschema_rs.validate(schema, {"name": made["name"], "rules": made["rules"]})


def test_a_policy_is_assigned_replaced_and_removed(client, engine, store, pay, sql):
    assert refused(client.get(USER_POLICY, headers=engine), 404)["code"] == "policy_not_found"
    first, second = store([EVERYTHING]), store([payments(max_amount="1"), FEES])
    for made in (first, second):
        made.pop("warnings")
    for version, policy in ((1, first), (2, second), (2, second)):
        answer = client.put(USER_POLICY, json={"policyId": policy["id"]}, headers=engine)
        assert answer.get_json() == {"version": version, "policy": policy}
        assert answer.headers["ETag"] == f'"{version}"'
        assert client.get(USER_POLICY, headers=engine).get_json() == answer.get_json()
    assert refused(pay(2), 403)["reason"] == "max_amount"
    stale, current = ({**engine, "If-Match": f'"{number}"'} for number in (1, 2))
    body = {"policyId": first["id"]}
    assert refused(client.put(USER_POLICY, json=body, headers=stale), 412)
    assert refused(client.delete(USER_POLICY, headers=stale), 412)
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
    client = make_app(RATELIMIT_WRITES_PER_USER="2 per hour").test_client()
    user = signed_in()
    for amount in ("1", "2"):
        body = {"rules": [payments(max_amount=amount)]}
        assert client.put(OWN, json=body, headers=user).status_code == 200
    assert refused(client.delete(OWN, headers=user), 429)


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


def test_the_windows_of_a_users_own_rules_are_limited(client, address):
    rules = [payments((60, 1), (61, 1), (62, 1), (63, 1)) | {"id": f"r{n}"} for n in range(3)]
    answer = client.put(OWN, json={"rules": rules}, headers=signed_in())
    assert refused(answer, 400)["code"] == "invalid_policy"
    assert client.put(OWN, json={"rules": rules[:2]}, headers=signed_in()).status_code == 200


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
