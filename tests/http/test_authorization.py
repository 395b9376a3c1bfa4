"""Who may call which route: every route, with every wrong credential."""

import hmac

import pytest

from tests.database import plant_deposit, rows_of
from tests.factories import (
    ACCESS,
    FID,
    authorization,
)
from tests.http.credentials import (
    BODIES,
    CHALLENGES,
    FORBIDDEN,
    KEY,
    KINDS,
    METRICS_TOKEN,
    NEEDED_SCOPES,
    OPEN,
    PROOFS,
    ROUTES,
    SCRAPE,
    SETTINGS,
    Keyring,
    client_header,
    every_wrong_credential,
    map_of,
)
from tests.http.problems import refused
from tests.leaks import LEAKS
from tests.policies import plant_example
from wallet_api.blueprints.application import application
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.models import SCOPES
from wallet_api.services.api_clients import ApiClientService
from wallet_api.services.audit.refusals import RefusalWindows


@pytest.fixture(scope="module")
def token_elsewhere(clone):
    """The header of a client with every scope of a service on another database."""
    with clone("elsewhere") as url:
        database = Database(Secret(url), min_size=1, max_size=1, timeout_seconds=5)
        database.open()
        yield client_header(ApiClientService(database), "everything")
        database.close()


@pytest.fixture(scope="module")
def guarded_app(untouched):
    return untouched.make_app(**SETTINGS)


@pytest.fixture(scope="module")
def keyring(untouched, guarded_app, farcaster_service, token_elsewhere):
    service = application(guarded_app).clients
    return Keyring(untouched.sql, service, farcaster_service, token_elsewhere)


def everything_in(sql):
    clients = sql.execute("select * from api_clients order by id").fetchall()
    return rows_of(sql) | {"api_clients": clients}


@pytest.mark.parametrize(("route", "kind"), list(every_wrong_credential()))
def test_no_route_accepts_a_wrong_credential(
    route, kind, keyring, guarded_app, untouched, farcaster
):
    headers = KINDS[kind](keyring, route.policy)
    before = everything_in(untouched.sql)
    answer = route.ask(guarded_app.test_client(), headers)
    after = everything_in(untouched.sql)
    forbidden = FORBIDDEN.get(kind) if route.policy.scope else None
    code = forbidden or "unauthenticated"
    assert refused(answer, 403 if forbidden else 401)["code"] == code
    assert answer.headers.get("WWW-Authenticate") == CHALLENGES[code]
    if forbidden and (route.rule == KEY or route.policy.scope == "wallets:sign"):
        # A known client asked for the use of a key. The first refusal to sign is recorded, and not
        # those on the other routes that sign. The tests below read the entries.
        # The first entry of a database comes under a secret that is registered for it.
        added = len(after.pop("wallet_audit_log")) - len(before.pop("wallet_audit_log"))
        assert added in ((1,) if route.rule == KEY else (0, 1))
        for beside in ("wallet_audit_heads", "encryption_keys"):
            assert len(after.pop(beside)) == 1 >= len(before.pop(beside))
    assert after == before


def test_every_route_accepts_the_credential_that_it_requires(farcaster, make_app, sql):
    app = make_app(**farcaster.settings(**SETTINGS))
    application(app).wallets.ensure_trading_wallet(FID, access=ACCESS)
    plant_example(sql)
    plant_deposit(sql)
    keyring = Keyring(sql, application(app).clients, farcaster)
    statuses = {}
    # What is removed was there.
    for route in sorted(map_of(app), key=lambda route: route.method == "DELETE"):
        headers = keyring.right(route.policy) if route.policy.security else {}
        with route.ask(app.test_client(), headers) as answer:
            statuses[route.name] = answer.status_code
            if route.policy.security == ("quickAuth",):
                LEAKS.secrets.add(answer.get_json()["token"])
    assert set(statuses.values()) == {200, 201, 204}


def test_only_these_routes_need_no_credential():
    assert {route.rule for route in ROUTES if not route.policy.security} == OPEN


def test_every_other_route_requires_the_credential_of_its_kind_of_caller():
    for route in ROUTES:
        if route.rule not in OPEN:
            proof = next(PROOFS[prefix] for prefix in PROOFS if route.rule.startswith(prefix))
            assert route.policy.security == proof, route.name


def test_every_route_for_services_needs_its_scope():
    needed = {route.name: route.policy.scope for route in ROUTES if route.policy.scope}
    assert needed == NEEDED_SCOPES
    assert set(needed.values()) == set(SCOPES)
    assert {route.name for route in ROUTES if route.rule.startswith("/v1/")} == set(needed)


@pytest.mark.parametrize(
    ("remote_addr", "ip"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
    ],
)
@pytest.mark.parametrize(
    ("client", "code"),
    [("all-but-keys-read", "insufficient_scope"), ("at-home", "network_not_allowed")],
)
def test_a_refused_key_read_of_a_client_is_recorded(
    keyring, guarded_app, untouched, client, code, remote_addr, ip
):
    # The first refusal of an hour is recorded: let this be one.
    application(guarded_app).wallets._refusals._windows = RefusalWindows()
    header = keyring.outside if client == "at-home" else keyring.lacking["keys:read"]
    route = next(route for route in ROUTES if route.rule == KEY)
    request_id = f"{client}-{remote_addr.replace(':', '.')}"
    answer = route.ask(
        guarded_app.test_client(), header | {"X-Request-Id": request_id}, ip=remote_addr
    )
    assert refused(answer, 403)["code"] == code
    noted = untouched.sql.execute(
        "select fid, chain, action, actor, host(ip), reason, recipient from wallet_audit_log"
        " where request_id = %s",
        [request_id],
    ).fetchall()
    assert noted == [(FID, "ethereum", "key.refused", f"client:{client}", ip, None, None)]


@pytest.mark.parametrize("fid", ["0", "-1", "x", "9" * 30])
def test_a_refused_key_read_of_a_malformed_fid_leaves_no_entry(
    keyring, guarded_app, untouched, fid
):
    before = everything_in(untouched.sql)
    answer = guarded_app.test_client().post(
        f"/v1/users/{fid}/wallets/ethereum/key",
        json=BODIES[KEY],
        headers=keyring.lacking["keys:read"],
    )
    assert refused(answer, 403)["code"] == "insufficient_scope"
    assert everything_in(untouched.sql) == before


def test_without_a_metrics_token_no_caller_may_read_metrics(refusing, keyring):
    for headers in ({}, authorization(METRICS_TOKEN), keyring.client):
        refused(refusing.get(SCRAPE, headers=headers), 404, "This path does not exist.")


@pytest.mark.parametrize("verdict", [True, False])
def test_the_metrics_token_is_compared_in_constant_time(guarded_app, monkeypatch, verdict):
    """A wrong token passes and the right one fails, if that is what the comparison says."""
    monkeypatch.setattr(hmac, "compare_digest", lambda one, other: verdict)
    given = authorization(METRICS_TOKEN[:-1] if verdict else METRICS_TOKEN)
    answer = guarded_app.test_client().get(SCRAPE, headers=given)
    assert answer.status_code == (200 if verdict else 401)
