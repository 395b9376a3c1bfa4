"""/v1/policies: policies and their versions."""

from uuid import UUID, uuid4

import jsonschema_rs
import pytest

from tests.database import plant
from tests.factories import signed_in
from tests.http.policies.routes import (
    LIMITED,
    OWN,
    POLICIES,
    USER_POLICY,
    changes,
)
from tests.http.problems import refused
from tests.policies import EVERYTHING, FEES, UNREADABLE_JSON, payments
from tests.signing import TOKEN


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


@pytest.mark.parametrize("rules", UNREADABLE_JSON, ids=lambda rules: f"{rules[:9]} {len(rules)}")
def test_rules_that_cannot_be_read_are_an_alarm_on_every_route(client, engine, store, sql, rules):
    made = store(LIMITED)
    client.put(USER_POLICY, json={"policyId": made["id"]}, headers=engine)
    client.put(OWN, json={"rules": LIMITED}, headers=signed_in())
    for table in ("policies", "user_policies"):
        plant(sql, f"update {table} set rules = %s", [rules])
    of_policy = f"{POLICIES}/{made['id']}"
    for path in (POLICIES, of_policy, f"{of_policy}/versions", USER_POLICY):
        assert refused(client.get(path, headers=engine), 503)["code"] == "database_damaged"
    assert refused(client.get(OWN, headers=signed_in()), 503)["code"] == "database_damaged"
    effective = client.get(f"{USER_POLICY}/effective", headers=engine)
    assert refused(effective, 503)["code"] == "database_damaged"


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
