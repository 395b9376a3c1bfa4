"""Who may call which route: every route, with every wrong credential."""

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

from tests.database import rows_of
from tests.factories import (
    ACCESS,
    BASE_ACCOUNT,
    DEAD_PORT,
    FID,
    JWT_SECRET,
    OTHER_SECRET,
    SECRET,
    signed_in,
)
from tests.http.problems import refused
from tests.http.route_map import path_of
from tests.leaks import LEAKS
from wallet_api.app import create_app
from wallet_api.auth import client_tokens
from wallet_api.blueprints.application import application
from wallet_api.blueprints.authorization import AuthPolicy
from wallet_api.config import Settings
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.models import SCOPES
from wallet_api.services.api_clients import ApiClientService
from wallet_api.services.audit.refusals import RefusalWindows

METRICS_TOKEN = "what Prometheus alone knows, and nobody else"
SETTINGS = {"METRICS_TOKEN": METRICS_TOKEN, "ALLOW_KEY_EXPORT": "true"}
SCRAPE, KEY = "/metrics", "/v1/users/<fid>/wallets/<chain>/key"
OPEN = {
    "/",
    "/assets/<name>",
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/docs",
    "/docs/<name>",
    "/console",
}
BODIES = {
    "/api/wallet/deposit": {"amount": "20", "baseAddress": BASE_ACCOUNT},
    KEY: {"reason": "sign swap 8c1f"},
}
QUERIES = {
    "/api/auth/base-account": {"address": BASE_ACCOUNT},
    "/api/wallet/payment-qr": {"amount": "20"},
}
NEEDED_SCOPES = {
    "GET /v1/users/<fid>/wallets": "wallets:read",
    "GET /v1/users/<fid>/wallets/<chain>": "wallets:read",
    "PUT /v1/users/<fid>/wallets/<chain>": "wallets:write",
    "POST /v1/users/<fid>/wallets/<chain>/key": "keys:read",
    "GET /v1/wallets": "wallets:read",
    "GET /v1/audit": "audit:read",
    "GET /v1/stats": "stats:read",
    "GET /v1/storage": "stats:read",
}
# The first prefix that fits.
PROOFS = {
    "/v1/": ("clientToken",),
    "/api/auth/": ("quickAuth",),
    "/api/": ("userToken",),
    SCRAPE: ("metricsToken",),
}


@dataclass(frozen=True)
class Route:
    """A method of a rule, and the view that answers."""

    method: str
    rule: str
    path: str
    view: Callable

    @property
    def name(self):
        return f"{self.method} {self.rule}"

    @property
    def policy(self):
        policy = getattr(self.view, "auth_policy", None)
        if not isinstance(policy, AuthPolicy):
            pytest.fail(f"{self.name} ({self.view.__name__}) does not say who may call it")
        return policy

    def ask(self, client, headers, ip="127.0.0.1"):
        """Ask as somebody would who is served: only the credential can be wrong."""
        return client.open(
            self.path,
            method=self.method,
            json=BODIES.get(self.rule),
            query_string=QUERIES.get(self.rule),
            headers=headers,
            environ_overrides={"REMOTE_ADDR": ip},
        )


def map_of(app):
    return sorted(
        (
            Route(method, rule.rule, path_of(rule), app.view_functions[rule.endpoint])
            for rule in app.url_map.iter_rules()
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        ),
        key=lambda route: (route.rule, route.method),
    )


def every_route():
    nowhere = f"postgresql://nobody@127.0.0.1:{DEAD_PORT}/none"
    secrets = {"ENCRYPTION_SECRET": SECRET, "JWT_SECRET": JWT_SECRET}
    return map_of(create_app(Settings.from_environ({"DATABASE_URL": nowhere, **secrets})))


def bearer(token):
    LEAKS.secrets.add(token)
    return {"Authorization": f"Bearer {token}"}


def new_client(service, name, *, scopes=SCOPES, networks=(), expires_at=None):
    networks = [ip_network(network) for network in networks]
    token = service.create(name, scopes=scopes, allowed_networks=networks, expires_at=expires_at)
    return bearer(token.reveal())


class Keyring:
    """The credentials of an app: what opens each route, and what no longer opens any."""

    def __init__(self, sql, service, farcaster, elsewhere=None):
        self.farcaster = farcaster
        self.client = new_client(service, "everything")
        self.only, self.lacking = {}, {}
        for scope in SCOPES:
            word = scope.replace(":", "-")
            self.only[scope] = new_client(service, f"only-{word}", scopes=[scope])
            others = set(SCOPES) - {scope}
            self.lacking[scope] = new_client(service, f"all-but-{word}", scopes=others)
        self.outside = new_client(service, "at-home", networks=["10.0.0.0/8", "fd00::/8"])
        self.revoked = new_client(service, "revoked")
        service.revoke("revoked")
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        self.expired = new_client(service, "expired", expires_at=tomorrow)
        # Its time passes: no trigger is asked.
        sql.execute("set session_replication_role = replica")
        sql.execute(
            "update api_clients set expires_at = created_at + interval '1 microsecond'"
            " where name = 'expired'"
        )
        sql.execute("reset session_replication_role")
        self.elsewhere = elsewhere

    def right(self, policy):
        """Return the header that satisfies a policy, and as few others as possible."""
        return {
            "userToken": signed_in,
            "quickAuth": self.farcaster.bearer,
            "clientToken": lambda: self.only[policy.scope],
            "metricsToken": lambda: bearer(METRICS_TOKEN),
        }[policy.security[0]]()


def mixed(header, other):
    """Put the id of the client of one header before the secret of another's."""
    (begin, client_id, _), (_, _, secret) = (
        given["Authorization"].split("_", 2) for given in (header, other)
    )
    return bearer(f"{begin.removeprefix('Bearer ')}_{client_id}_{secret}")


def basic(header):
    return {"Authorization": header["Authorization"].replace("Bearer", "Basic")}


def a_while_ago():
    return int(time.time()) - 3600


KINDS = {
    "no header": lambda keyring, policy: {},
    "an empty header": lambda keyring, policy: {"Authorization": ""},
    "garbage": lambda keyring, policy: {"Authorization": "~\x7f\xff"},
    "a garbage token": lambda keyring, policy: bearer("eyJ.not-a.token"),
    "an empty token": lambda keyring, policy: {"Authorization": "Bearer "},
    "the Basic scheme": lambda keyring, policy: basic(keyring.right(policy)),
    "a user": lambda keyring, policy: signed_in(),
    "an expired user": lambda keyring, policy: signed_in(exp=a_while_ago()),
    "a user of another secret": lambda keyring, policy: signed_in(secret=OTHER_SECRET),
    "a user of another service": lambda keyring, policy: signed_in(aud="another-service"),
    "Farcaster": lambda keyring, policy: keyring.farcaster.bearer(),
    "expired Farcaster": lambda keyring, policy: keyring.farcaster.bearer(exp=a_while_ago()),
    "Farcaster for others": lambda keyring, policy: keyring.farcaster.bearer(aud="other.example"),
    "a client": lambda keyring, policy: keyring.client,
    "a client without the scope": lambda keyring, policy: keyring.lacking[
        policy.scope or "wallets:read"
    ],
    "a client from outside": lambda keyring, policy: keyring.outside,
    "a revoked client": lambda keyring, policy: keyring.revoked,
    "an expired client": lambda keyring, policy: keyring.expired,
    "a client with a wrong secret": lambda keyring, policy: mixed(
        keyring.client, bearer(client_tokens.issue().secret.reveal())
    ),
    "a client with the secret of another": lambda keyring, policy: mixed(
        keyring.client, keyring.only["keys:read"]
    ),
    "a client of another database": lambda keyring, policy: keyring.elsewhere,
    "METRICS_TOKEN": lambda keyring, policy: bearer(METRICS_TOKEN),
    "nearly METRICS_TOKEN": lambda keyring, policy: bearer(METRICS_TOKEN[:-1]),
}
RIGHT = {
    "a user": "userToken",
    "Farcaster": "quickAuth",
    "a client": "clientToken",
    "METRICS_TOKEN": "metricsToken",
}
FORBIDDEN = {
    "a client without the scope": "insufficient_scope",
    "a client from outside": "network_not_allowed",
}
CHALLENGES = {
    "unauthenticated": "Bearer",
    "insufficient_scope": 'Bearer error="insufficient_scope"',
    "network_not_allowed": None,
}
ROUTES = every_route()


def every_wrong_credential():
    for route in ROUTES:
        # A view without a policy fails in the test itself.
        security = getattr(getattr(route.view, "auth_policy", None), "security", ())
        for kind in KINDS:
            if route.rule not in OPEN and RIGHT.get(kind) not in security:
                yield pytest.param(route, kind, id=f"{route.name} - {kind}")


@pytest.fixture(scope="module")
def token_elsewhere(clone):
    """The header of a client with every scope of a service on another database."""
    with clone("elsewhere") as url:
        database = Database(Secret(url), min_size=1, max_size=1, timeout_seconds=5)
        database.open()
        yield new_client(ApiClientService(database), "everything")
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
def test_no_route_answers_a_wrong_credential(
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
    if forbidden and route.rule == KEY:
        # Somebody whom we know reached for a key: the tests below read that row.
        # The first such row of a database comes under a secret that is registered for it.
        audit = (after.pop("wallet_audit_log"), before.pop("wallet_audit_log"))
        assert len(audit[0]) == len(audit[1]) + 1
        for beside in ("wallet_audit_heads", "encryption_keys"):
            assert len(after.pop(beside)) == 1 >= len(before.pop(beside))
    assert after == before


def test_every_route_answers_the_credential_that_it_asks_for(farcaster, make_app, sql):
    app = make_app(**farcaster.settings(**SETTINGS))
    application(app).wallets.ensure_trading_wallet(FID, access=ACCESS)
    keyring = Keyring(sql, application(app).clients, farcaster)
    statuses = {}
    for route in map_of(app):
        headers = keyring.right(route.policy) if route.policy.security else {}
        with route.ask(app.test_client(), headers) as answer:
            statuses[route.name] = answer.status_code
            if route.policy.security == ("quickAuth",):
                LEAKS.secrets.add(answer.get_json()["token"])
    assert statuses == dict.fromkeys(statuses, 200)


def test_these_routes_alone_are_open_to_anybody():
    assert {route.rule for route in ROUTES if not route.policy.security} == OPEN


def test_every_other_route_is_opened_by_what_its_kind_of_caller_has():
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
def test_a_client_that_reaches_for_a_key_in_vain_is_on_record(
    keyring, guarded_app, untouched, client, code, remote_addr, ip
):
    # The first refusal of an hour is recorded: let this be one.
    application(guarded_app).wallets._refusals = RefusalWindows()
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
def test_a_key_of_nobody_is_refused_without_a_record(keyring, guarded_app, untouched, fid):
    before = everything_in(untouched.sql)
    answer = guarded_app.test_client().post(
        f"/v1/users/{fid}/wallets/ethereum/key",
        json=BODIES[KEY],
        headers=keyring.lacking["keys:read"],
    )
    assert refused(answer, 403)["code"] == "insufficient_scope"
    assert everything_in(untouched.sql) == before


def test_nobody_is_a_scraper_where_there_is_no_metrics_token(refusing, keyring):
    for headers in ({}, bearer(METRICS_TOKEN), keyring.client):
        refused(refusing.get(SCRAPE, headers=headers), 404, "There is nothing at this address.")


@pytest.mark.parametrize("verdict", [True, False])
def test_the_metrics_token_is_compared_in_constant_time(guarded_app, monkeypatch, verdict):
    """A wrong token passes and the right one fails, if that is what the comparison says."""
    monkeypatch.setattr(hmac, "compare_digest", lambda one, other: verdict)
    given = bearer(METRICS_TOKEN[:-1] if verdict else METRICS_TOKEN)
    answer = guarded_app.test_client().get(SCRAPE, headers=given)
    assert answer.status_code == (200 if verdict else 401)
