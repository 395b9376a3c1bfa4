"""GET /v1/audit?request_id=…: the entries of one request."""

from datetime import timedelta

import pytest

from tests.factories import FID, calling
from tests.http.audit_entries import ACTORS, AUDIT, FIRST, fill, model, pages
from tests.http.problems import refused
from wallet_api.models import SCOPES
from wallet_api.request_ids import new_request_id, time_of

HEROKU = "8e27ac97-b3e1-4c1f-8f0a-c1b1de0a9a53"
NGINX = "8e27ac97b3e14c1f8f0ac1b1de0a9a53"
PUT = f"/v1/users/{FID}/wallets/ethereum"


@pytest.fixture
def engine(app):
    return calling(app, *SCOPES, name="engine")


def found(client, headers, **query):
    answer = client.get(AUDIT, query_string=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return [(entry["fid"], entry["action"]) for entry in answer.get_json()["data"]]


def test_the_entries_of_a_request_are_found_by_the_id_of_its_response(client, engine):
    made = client.put(PUT, headers=engine)
    client.put(PUT.replace(str(FID), "7"), headers=engine)
    own = made.headers["X-Request-Id"]
    assert time_of(own) is not None
    assert found(client, engine, request_id=own) == [(FID, "wallet.created")]
    assert found(client, engine, request_id=own, fid=FID) == [(FID, "wallet.created")]
    assert found(client, engine, request_id=own, fid=7) == []
    assert found(client, engine, request_id=own, actor="client:engine", action="wallet.created")
    assert found(client, engine, request_id=own, actor="client:other") == []
    assert found(client, engine, request_id=own, action="key.read") == []
    assert found(client, engine, request_id=new_request_id()) == []


@pytest.mark.parametrize("request_id", [HEROKU, NGINX, "mine"])
def test_an_id_of_another_program_needs_a_user_or_a_range(client, engine, request_id):
    """A router that sets X-Request-Id gives ids that do not contain their time."""
    created = client.put(PUT, headers=engine | {"X-Request-Id": request_id})
    assert created.headers["X-Request-Id"] == request_id
    answer = client.get(AUDIT, query_string={"request_id": request_id}, headers=engine)
    problem = refused(answer, 400)
    assert problem["code"] == "invalid_filter"
    assert 'Add "fid", or "after" and "before" at most 7 days apart.' in problem["detail"]
    assert found(client, engine, request_id=request_id, fid=FID) == [(FID, "wallet.created")]
    (entry,) = client.get(f"{AUDIT}?fid={FID}", headers=engine).get_json()["data"]
    day = entry["createdAt"][:10]
    after, before = f"{day}T00:00:00Z", f"{day}T23:59:59.999Z"
    ranged = {"request_id": request_id, "after": after, "before": before}
    assert found(client, engine, **ranged) == [(FID, "wallet.created")]


@pytest.mark.parametrize(
    "bounds",
    [
        {"after": "2026-11-01"},
        {"before": "2026-11-08"},
        {"after": "2026-11-01", "before": "2026-11-08T00:00:01Z"},
    ],
)
def test_a_range_without_an_end_or_too_long_is_refused(client, engine, bounds):
    answer = client.get(AUDIT, query_string={"request_id": "mine", **bounds}, headers=engine)
    assert refused(answer, 400)["code"] == "invalid_filter"
    shorter = {"after": "2026-11-01", "before": "2026-11-08"}
    assert found(client, engine, request_id="mine", **shorter) == []


def test_the_range_that_the_caller_gives_replaces_that_of_the_id(client, engine, sql):
    """The entries of a command may come hours after its id."""
    request_id = new_request_id()
    late = time_of(request_id) + timedelta(hours=3)
    columns = "(fid, id, chain, action, actor, request_uuid, created_at)"
    sql.execute(
        f"insert into wallet_audit_log {columns}"
        " values (9, 1, 'ethereum', 'wallet.imported', 'cli:root', %s, %s)",
        [request_id, late],
    )
    assert found(client, engine, request_id=request_id) == []
    before = (late + timedelta(seconds=1)).isoformat()
    assert found(client, engine, request_id=request_id, before=before) == [(9, "wallet.imported")]


def test_every_combination_of_filters_returns_what_a_model_returns(client, engine, sql):
    fill(sql)
    # As the owner could not: a trigger refuses changes.
    sql.execute("set session_replication_role = replica")
    sql.execute("update wallet_audit_log set request_id = 'request-' || id % 4")
    sql.execute("reset session_replication_role")
    written = model(sql)
    within = {"after": FIRST - timedelta(seconds=1), "before": FIRST + timedelta(days=1)}
    for request_id in ("request-0", "request-3", "request-4"):
        for fid in (None, 1, 2):
            for action in (None, "key.read"):
                for actor in (None, ACTORS[0]):
                    query = {
                        "request_id": request_id,
                        "fid": fid,
                        "action": action,
                        "actor": actor,
                        **{name: moment.isoformat() for name, moment in within.items()},
                    }
                    query = {name: value for name, value in query.items() if value is not None}
                    wanted = [
                        entry
                        for _, entry in written
                        if entry["requestId"] == request_id
                        if fid in (None, entry["fid"])
                        if action in (None, entry["action"])
                        if actor in (None, entry["actor"])
                    ]
                    shown = pages(client, engine, {"limit": 2, **query})
                    assert [entry for page in shown for entry in page] == wanted, query


@pytest.mark.parametrize("request_id", ["", " ", "a" * 65, "a\x00b"])
def test_what_is_no_request_id_is_refused(client, engine, request_id):
    answer = client.get(AUDIT, query_string={"request_id": request_id}, headers=engine)
    assert refused(answer, 400)["code"] == "invalid_request"
