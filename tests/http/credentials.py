"""Every route with the credentials that it requires, and every wrong one."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

from tests.factories import (
    BASE_ACCOUNT,
    DEAD_PORT,
    FID,
    JWT_SECRET,
    OTHER_SECRET,
    SECRET,
    authorization,
    new_client,
    revoke_client,
    signed_in,
)
from tests.http.route_map import path_of
from tests.policies import DELEGATION, EVERYTHING
from wallet_api.app import create_app
from wallet_api.auth import client_tokens
from wallet_api.blueprints.access_control import AuthPolicy
from wallet_api.blueprints.schemas.policies import EXAMPLE, EXAMPLE_ID
from wallet_api.blueprints.schemas.signing import AUTHORIZATION, TRANSACTION, TYPED_DATA
from wallet_api.config import Settings
from wallet_api.models import SCOPES

METRICS_TOKEN = "what Prometheus alone knows, and nobody else"
SETTINGS = {"METRICS_TOKEN": METRICS_TOKEN, "ALLOW_KEY_EXPORT": "true"}
SCRAPE, KEY = "/metrics", "/v1/users/<fid>/wallets/<chain>/key"
RPC = "/v1/users/<fid>/rpc/<chain_id>"
SIGN, PREVIEW = "/v1/users/<fid>/wallets/<chain>/sign", "/v1/users/<fid>/sign/preview"
POLICIES, USER_POLICY = "/v1/policies", "/v1/users/<fid>/policy"
CLIENTS = "/v1/clients"
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
    f"{SIGN}/message": {"message": "Sign in to example.com"},
    f"{SIGN}/typed-data": {"chainId": 8453, "typedData": TYPED_DATA},
    f"{SIGN}/transaction": {"chainId": 8453, "transaction": TRANSACTION},
    f"{SIGN}/authorization": {"chainId": 8453, "authorization": AUTHORIZATION},
    PREVIEW: {"chainId": 8453, "transaction": TRANSACTION},
    POLICIES: EXAMPLE,
    f"{POLICIES}/dry-run": {"fid": FID, "message": "Sign in to example.com"},
    USER_POLICY: {"policyId": EXAMPLE_ID},
    CLIENTS: {"name": "made", "scopes": ["clients:read"]},
    "/api/wallet/policy": {"rules": [EVERYTHING, DELEGATION]},
    RPC: {"jsonrpc": "2.0", "id": 1, "method": "eth_accounts"},
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
    f"POST {SIGN}/message": "wallets:sign",
    f"POST {SIGN}/typed-data": "wallets:sign",
    f"POST {SIGN}/transaction": "wallets:sign",
    f"POST {SIGN}/authorization": "wallets:sign",
    f"POST {PREVIEW}": "wallets:sign",
    f"POST {RPC}": "wallets:sign",
    f"GET {POLICIES}": "policies:read",
    f"POST {POLICIES}": "policies:write",
    f"GET {POLICIES}/schema": "policies:read",
    f"POST {POLICIES}/dry-run": "policies:read",
    f"GET {POLICIES}/<policy_id>": "policies:read",
    f"GET {POLICIES}/<policy_id>/versions": "policies:read",
    f"GET {USER_POLICY}": "policies:read",
    f"GET {USER_POLICY}/effective": "policies:read",
    f"PUT {USER_POLICY}": "policies:write",
    f"DELETE {USER_POLICY}": "policies:write",
    f"GET {CLIENTS}": "clients:read",
    f"POST {CLIENTS}": "clients:write",
    f"POST {CLIENTS}/<client_name>/revoke": "clients:write",
    "GET /v1/users/<fid>/deposits": "wallets:read",
    "GET /v1/users/<fid>/deposits/<deposit_id>": "wallets:read",
    "GET /v1/deposits/<deposit_id>": "wallets:read",
    "GET /v1/wallets": "wallets:read",
    "GET /v1/audit": "audit:read",
    "GET /v1/stats": "stats:read",
    "GET /v1/status": "stats:read",
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
        """Send a request that would be served: only the credential can be wrong."""
        return client.open(
            self.path,
            method=self.method,
            json=None if self.method in ("GET", "DELETE") else BODIES.get(self.rule),
            query_string=QUERIES.get(self.rule),
            headers=headers,
            environ_overrides={"REMOTE_ADDR": ip},
        )


def map_of(app):
    return sorted(
        (
            Route(
                method,
                rule.rule.replace("uuid:", ""),
                path_of(rule),
                app.view_functions[rule.endpoint],
            )
            for rule in app.url_map.iter_rules()
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        ),
        key=lambda route: (route.rule, route.method),
    )


def every_route():
    nowhere = f"postgresql://nobody@127.0.0.1:{DEAD_PORT}/none"
    secrets = {"ENCRYPTION_SECRET": SECRET, "JWT_SECRET": JWT_SECRET}
    return map_of(create_app(Settings.from_environ({"DATABASE_URL": nowhere, **secrets})))


def client_header(service, name, *, scopes=SCOPES, networks=(), expires_at=None):
    networks = [ip_network(network) for network in networks]
    token = new_client(
        service, *scopes, name=name, allowed_networks=networks, expires_at=expires_at
    )
    return authorization(token.reveal())


class Keyring:
    """The credentials of an app: what opens each route, and what no longer opens any."""

    def __init__(self, sql, service, farcaster, elsewhere=None):
        self.farcaster = farcaster
        self.client = client_header(service, "everything")
        self.only, self.lacking = {}, {}
        for scope in SCOPES:
            word = scope.replace(":", "-")
            # It can grant only a scope that it has, and not this one.
            more = ["clients:read"] if scope == "clients:write" else []
            self.only[scope] = client_header(service, f"only-{word}", scopes=[scope, *more])
            others = set(SCOPES) - {scope}
            self.lacking[scope] = client_header(service, f"all-but-{word}", scopes=others)
        self.outside = client_header(service, "at-home", networks=["10.0.0.0/8", "fd00::/8"])
        self.revoked = client_header(service, "revoked")
        revoke_client(service, "revoked")
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        self.expired = client_header(service, "expired", expires_at=tomorrow)
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
            "metricsToken": lambda: authorization(METRICS_TOKEN),
        }[policy.security[0]]()


def mixed(header, other):
    """Put the id of the client of one header before the secret of another's."""
    (begin, client_id, _), (_, _, secret) = (
        given["Authorization"].split("_", 2) for given in (header, other)
    )
    return authorization(f"{begin.removeprefix('Bearer ')}_{client_id}_{secret}")


def basic(header):
    return {"Authorization": header["Authorization"].replace("Bearer", "Basic")}


def a_while_ago():
    return int(time.time()) - 3600


KINDS = {
    "no header": lambda keyring, policy: {},
    "an empty header": lambda keyring, policy: {"Authorization": ""},
    "garbage": lambda keyring, policy: {"Authorization": "~\x7f\xff"},
    "a garbage token": lambda keyring, policy: authorization("eyJ.not-a.token"),
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
        keyring.client, authorization(client_tokens.issue().secret.reveal())
    ),
    "a client with the secret of another": lambda keyring, policy: mixed(
        keyring.client, keyring.only["keys:read"]
    ),
    "a client of another database": lambda keyring, policy: keyring.elsewhere,
    "METRICS_TOKEN": lambda keyring, policy: authorization(METRICS_TOKEN),
    "nearly METRICS_TOKEN": lambda keyring, policy: authorization(METRICS_TOKEN[:-1]),
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
