"""/v1/clients."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import FID, authorization, calling, iso_time
from tests.http.problems import refused
from tests.policies import EVERYTHING, policies_of
from wallet_api.blueprints.application import application
from wallet_api.models import SCOPES

CLIENTS = "/v1/clients"
MEMBERS = {
    *("name", "tokenPrefix", "scopes", "unrestricted", "policyId", "allowedNetworks"),
    *("createdAt", "expiresAt", "revokedAt", "lastUsedAt", "expired"),
}


@pytest.fixture
def root(app):
    """The header of a client with every scope, which is unrestricted."""
    return calling(app, *SCOPES, name="root")


@pytest.fixture
def create(client, root):
    def create(status=201, headers=root, **body):
        answer = client.post(CLIENTS, json={"name": "made", **body}, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.get_json() if status == 201 else refused(answer, status)

    return create


def test_a_client_is_created_used_listed_and_revoked(client, root, create, app):
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    made = create(
        scopes=["wallets:read", "stats:read"],
        expiresAt=tomorrow.isoformat(),
        allowedNetworks=["127.0.0.0/8", "fd00::/8"],
    )
    own = authorization(made.pop("token"))
    assert made.keys() == MEMBERS
    assert own["Authorization"].startswith(f"Bearer {made['tokenPrefix']}")
    assert made == {
        "name": "made",
        "tokenPrefix": made["tokenPrefix"],
        "scopes": ["wallets:read", "stats:read"],
        "unrestricted": False,
        "policyId": None,
        "allowedNetworks": ["127.0.0.0/8", "fd00::/8"],
        "createdAt": made["createdAt"],
        "expiresAt": iso_time(tomorrow),
        "revokedAt": None,
        "lastUsedAt": None,
        "expired": False,
    }
    assert client.get("/v1/stats", headers=own).status_code == 200
    listed, itself = client.get(CLIENTS, headers=root).get_json()["data"]
    assert listed == made | {"lastUsedAt": listed["lastUsedAt"]}
    assert listed["lastUsedAt"] is not None
    assert (itself["name"], itself["scopes"]) == ("root", list(SCOPES))
    answers = [client.post(f"{CLIENTS}/made/revoke", headers=root) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].get_json() == answers[1].get_json()
    assert answers[0].get_json().keys() == {"name", "revokedAt"}
    refused(client.get("/v1/stats", headers=own), 401)
    (listed, _) = client.get(CLIENTS, headers=root).get_json()["data"]
    assert listed["revokedAt"] == answers[0].get_json()["revokedAt"]


def test_clients_are_listed_by_name_page_by_page(client, app, root):
    for name in ("zebra", "ant", "mule", "bee"):
        calling(app, "stats:read", name=name)
    seen, path = [], f"{CLIENTS}?limit=2"
    while path:
        page = client.get(path, headers=root)
        seen += [one["name"] for one in page.get_json()["data"]]
        path = page.headers.get("Link", "").partition(">")[0].strip("<")
    assert seen == ["ant", "bee", "mule", "root", "zebra"]
    answer = client.get(f"{CLIENTS}?cursor=x", headers=root)
    assert refused(answer, 400)["code"] == "invalid_cursor"


def test_creation_and_revocation_are_in_the_audit_log(client, root, create):
    made = create(scopes=["stats:read"])
    client.post(f"{CLIENTS}/made/revoke", headers=root)
    path = "/v1/audit?fid=0&actor=client:root"
    revoked, created = client.get(path, headers=root).get_json()["data"]
    assert (created["action"], revoked["action"]) == ("client.created", "client.revoked")
    assert created["details"] == revoked["details"]
    assert created["details"]["client"] == "made"
    assert made["token"] not in str(created)
    children = client.get("/v1/audit?action=client.created&actor=client:root", headers=root)
    assert children.get_json()["data"] == [created]


def test_what_is_not_asked_for_is_that_of_the_caller(create, app):
    policy = policies_of(application(app).database).create(EVERYTHING)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    narrow = calling(
        app,
        *("clients:write", "wallets:sign"),
        name="narrow",
        restricted=True,
        policy_id=policy,
        allowed_networks=["127.0.0.1/32"],
        expires_at=tomorrow,
    )
    for name, nothing in (
        ("omitted", {}),
        ("null", dict.fromkeys(("policyId", "expiresAt", "allowedNetworks"))),
    ):
        made = create(headers=narrow, name=name, scopes=["wallets:sign"], **nothing)
        assert authorization(made["token"])
        assert made["policyId"] == str(policy)
        assert made["allowedNetworks"] == ["127.0.0.1/32"]
        assert made["expiresAt"] == iso_time(tomorrow)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": ["keys:read"]}, "scopes"),
        ({"scopes": ["clients:write"]}, "scopes"),
        ({"scopes": ["wallets:sign"], "unrestricted": True}, "unrestricted"),
        (
            {"scopes": ["wallets:sign"], "policyId": "7d3c1f0e-5a52-4c5e-9c39-5b1a2f6d8e11"},
            "policyId",
        ),
        ({"scopes": ["wallets:sign"], "allowedNetworks": ["0.0.0.0/0"]}, "allowedNetworks"),
        ({"scopes": ["wallets:sign"], "expiresAt": "2999-01-01"}, "expiresAt"),
    ],
)
def test_rights_that_the_caller_lacks_are_refused_by_their_field(create, app, sql, body, field):
    lesser = calling(
        app,
        *("clients:write", "wallets:sign"),
        name="lesser",
        restricted=True,
        allowed_networks=["127.0.0.0/8"],
        expires_at=datetime.now(UTC) + timedelta(days=1),
    )
    problem = create(403, headers=lesser, **body)
    assert problem["code"] == "grant_refused"
    assert problem["detail"].startswith(f"{field}: ")
    # Also true for a scope that the caller has.
    told = "This API client may not create a client with these scopes or limits."
    assert problem["error"] == problem["title"] == told
    assert sql.execute("select count(*) from wallet_audit_log").fetchone() == (0,)


GOOD = {"name": "made", "scopes": ["wallets:sign"]}
SECRET_LIKE = "wapi_9475418e37fa0338_aaaa"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        *(
            ({"name": name}, "name")
            for name in (None, 1, "", "Engine", "a b", "a" * 64, "a\n", "-a")
        ),
        *(
            ({"scopes": scopes}, "scopes")
            for scopes in (None, [], "wallets:read", ["all"], ["wallets:read", 1], [["a"]], [{}])
        ),
        *(({"unrestricted": flag}, "unrestricted") for flag in (1, "true", None, [])),
        *(({"policyId": one}, "policyId") for one in ("x", 1, [])),
        *(
            ({"expiresAt": one}, "expiresAt")
            for one in ("x", 1, [], "2020-01-01", "9999-01-01", "2027-02-30", "2027-01-01T00:00:00")
        ),
        *(
            ({"allowedNetworks": one}, "allowedNetworks")
            for one in (
                [],
                "10.0.0.0/8",
                ["10.1.2.3/8"],
                [10],
                [None],
                ["fe80::1%eth0"],
                [SECRET_LIKE],
            )
        ),
        ({"allowedNetworks": ["10.0.0.1"] * 101}, "allowedNetworks"),
        ({"scopes": ["wallets:read"], "unrestricted": True}, "unrestricted"),
        (
            {"scopes": ["wallets:read"], "policyId": "7d3c1f0e-5a52-4c5e-9c39-5b1a2f6d8e11"},
            "policyId",
        ),
        ({"token": "mine"}, "token"),
    ],
)
def test_a_body_that_is_not_valid_is_refused_by_its_field(client, root, sql, change, field):
    answer = client.post(CLIENTS, json=GOOD | change, headers=root)
    problem = refused(answer, 400, longest=250)
    assert problem["code"] == "invalid_request"
    assert f'"{field}": ' in problem["error"]
    assert SECRET_LIKE not in answer.text
    assert sql.execute("select name from api_clients").fetchall() == [("root",)]


def test_an_expiry_counts_in_utc(client, root):
    body = GOOD | {"expiresAt": "8999-12-31T23:59:59-00:01"}
    answer = client.post(CLIENTS, json=body, headers=root)
    assert refused(answer, 400)["code"] == "invalid_request"


def test_a_taken_name_an_unknown_policy_and_an_unknown_client(client, root, create):
    create(scopes=["stats:read"])
    assert create(409, scopes=["stats:read"])["code"] == "client_name_taken"
    unknown = "7d3c1f0e-5a52-4c5e-9c39-5b1a2f6d8e11"
    problem = create(404, name="other", scopes=["wallets:sign"], policyId=unknown)
    assert problem["code"] == "policy_not_found"
    for name in ("nobody", "No-Body", "a%00b", "a" * 64, "%C3%A9"):
        answer = client.post(f"{CLIENTS}/{name}/revoke", headers=root)
        assert refused(answer, 404)["code"] in ("client_not_found", "not_found")


def test_a_client_may_revoke_itself_and_any_other(client, root, create, app):
    stronger = calling(app, *SCOPES, name="stronger")
    desk = calling(app, "clients:write", name="desk")
    for name, status in (("stronger", 200), ("desk", 200), ("root", 401)):
        answer = client.post(f"{CLIENTS}/{name}/revoke", headers=desk)
        assert answer.status_code == status
    for gone in (stronger, desk):
        refused(client.get(CLIENTS, headers=gone), 401)
    assert client.get(CLIENTS, headers=root).status_code == 200


def test_what_a_revoked_client_created_stays(client, root, create):
    own = authorization(create(scopes=["wallets:read"])["token"])
    assert client.post(f"{CLIENTS}/root/revoke", headers=root).status_code == 200
    assert client.get(f"/v1/users/{FID}/wallets", headers=own).status_code == 200


def test_creations_are_limited_as_other_writes(make_app):
    app = make_app(RATELIMIT_WRITES_PER_USER="2 per day")
    header = calling(app, *SCOPES)
    client = app.test_client()
    for number, status in enumerate((201, 201, 429)):
        body = {"name": f"made-{number}", "scopes": ["stats:read"]}
        answer = client.post(CLIENTS, json=body, headers=header)
        assert answer.status_code == status
        if status == 201:
            authorization(answer.get_json()["token"])
