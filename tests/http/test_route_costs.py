"""The round trips, statements and commits of each route."""

import pytest

from tests.database import plant_deposit
from tests.factories import ACCESS, BASE_ACCOUNT, DEPOSIT_ID, FID, calling, signed_in
from tests.http.route_map import routes
from tests.policies import DELEGATION, EVERYTHING, plant_example
from tests.round_trips import traced
from wallet_api.blueprints.application import application
from wallet_api.blueprints.schemas.policies import EXAMPLE, EXAMPLE_ID
from wallet_api.blueprints.schemas.signing import AUTHORIZATION, TRANSACTION, TYPED_DATA
from wallet_api.models import AUDIT_ACTIONS, SCOPES

ONE = f"/v1/users/{FID}/wallets"
PREVIEW = f"/v1/users/{FID}/sign/preview"
DEPOSIT = {"asset": "USDC", "amount": "20", "baseAddress": BASE_ACCOUNT}
REASON = {"reason": "a test"}
RPC = f"/v1/users/{FID}/rpc/8453"
POLICIES, USER_POLICY = "/v1/policies", f"/v1/users/{FID}/policy"
CLIENTS = "/v1/clients"
SIGNS = {"jsonrpc": "2.0", "id": 1, "method": "eth_signTransaction", "params": [TRANSACTION]}
MESSAGE = {"message": "Sign in to example.com"}
# (method, path) → of a user with wallets: round trips, statements (begin and commit too), and
# transactions of several statements.
KNOWN = {
    ("GET", "/"): (0, 0, 0),
    ("GET", "/api/auth/base-account"): (1, 1, 0),
    ("GET", "/api/trading/create-fallback-wallet"): (1, 1, 0),
    # The wallet is decrypted, to verify where the deposits go.
    ("GET", "/api/wallet/deposits"): (2, 2, 0),
    ("GET", f"/api/wallet/deposits/{DEPOSIT_ID}"): (2, 2, 0),
    ("GET", "/api/wallet/payment-qr"): (1, 1, 0),
    ("GET", "/api/wallet/primary"): (1, 1, 0),
    ("GET", "/api/wallet/primary-with-key"): (2, 5, 1),
    ("GET", "/api/wallet/user-wallets"): (1, 1, 0),
    ("GET", "/assets/docs.js"): (0, 0, 0),
    ("GET", "/console"): (0, 0, 0),
    ("GET", "/docs"): (0, 0, 0),
    ("GET", "/docs/docs.js"): (0, 0, 0),
    ("GET", "/healthz"): (0, 0, 0),
    ("GET", "/metrics"): (0, 0, 0),
    ("GET", "/openapi.json"): (0, 0, 0),
    ("GET", "/readyz"): (3, 3, 0),
    # Each request identifies the client first, so that a revoked client is refused at once.
    # A page of each action, in one round trip.
    ("GET", "/v1/audit"): (2, 1 + len(AUDIT_ACTIONS), 0),
    ("GET", CLIENTS): (2, 2, 0),
    ("POST", CLIENTS): (5, 8, 1),
    ("POST", f"{CLIENTS}/everything/revoke"): (4, 7, 1),
    ("GET", "/v1/stats"): (7, 7, 1),
    ("GET", "/v1/status"): (3, 3, 0),
    ("GET", "/v1/storage"): (6, 6, 1),
    ("GET", ONE): (2, 2, 0),
    ("GET", POLICIES): (2, 2, 0),
    ("GET", f"{POLICIES}/schema"): (1, 1, 0),
    ("GET", f"{POLICIES}/{EXAMPLE_ID}"): (2, 2, 0),
    ("GET", f"{POLICIES}/{EXAMPLE_ID}/versions"): (2, 2, 0),
    ("GET", USER_POLICY): (3, 3, 0),
    # One snapshot: the layers and their names. With windows, also the time and the sums.
    ("GET", f"{USER_POLICY}/effective"): (5, 5, 1),
    ("GET", "/api/wallet/policy"): (1, 1, 0),
    # It reads the wallet, and then one snapshot: client, policies, time.
    ("POST", f"{POLICIES}/dry-run"): (8, 8, 1),
    # Changes are rare: the chain, what there is, the change, and its entry.
    ("POST", POLICIES): (5, 8, 1),
    ("PUT", USER_POLICY): (6, 7, 1),
    ("DELETE", USER_POLICY): (6, 9, 1),
    ("PUT", "/api/wallet/policy"): (4, 5, 1),
    ("DELETE", "/api/wallet/policy"): (4, 7, 1),
    ("GET", f"{ONE}/ethereum"): (2, 2, 0),
    ("GET", f"/v1/users/{FID}/deposits"): (3, 3, 0),
    ("GET", f"/v1/users/{FID}/deposits/{DEPOSIT_ID}"): (3, 3, 0),
    ("GET", f"/v1/deposits/{DEPOSIT_ID}"): (3, 3, 0),
    ("GET", "/v1/wallets"): (2, 2, 0),
    ("POST", "/api/auth/base-account"): (1, 1, 0),
    ("POST", "/api/trading/create-fallback-wallet"): (1, 1, 0),
    ("POST", "/api/wallet/deposit"): (2, 2, 0),
    ("POST", "/api/wallet/user-wallets"): (1, 1, 0),
    ("POST", f"{ONE}/ethereum/key"): (3, 7, 1),
    # As a key read: the entry of a signature is committed before the key is decrypted.
    # It also reads the policies, and one that can spend locks its account and records its spends.
    ("POST", f"{ONE}/ethereum/sign/authorization"): (3, 8, 1),
    ("POST", f"{ONE}/ethereum/sign/message"): (3, 8, 1),
    ("POST", f"{ONE}/ethereum/sign/transaction"): (3, 11, 1),
    ("POST", f"{ONE}/ethereum/sign/typed-data"): (3, 9, 1),
    ("POST", PREVIEW): (2, 2, 0),
    ("POST", RPC): (3, 11, 1),
    ("PUT", f"{ONE}/ethereum"): (2, 2, 0),
}
# The same of a user's first request that makes a wallet, or remembers an address.
FIRST = {
    ("POST", "/api/auth/base-account"): (3, 8, 1),
    ("POST", "/api/trading/create-fallback-wallet"): (2, 7, 1),
    ("POST", "/api/wallet/deposit"): (2, 8, 1),
    ("POST", "/api/wallet/user-wallets"): (2, 7, 1),
    ("PUT", f"{ONE}/ethereum"): (3, 8, 1),
}
METRICS_TOKEN = "what Prometheus alone knows, and nobody else"


@pytest.fixture
def cost(make_app, farcaster):
    """Ask the service something, and return what that cost: cost(method, path)."""
    settings = {"ALLOW_KEY_EXPORT": "true", "METRICS_TOKEN": METRICS_TOKEN, "DB_POOL_MAX": "1"}
    app = make_app(**farcaster.settings(**settings))
    engine = calling(app, *SCOPES)
    client, database = app.test_client(), application(app).database
    # A statement's sixth time costs a round trip more, in which it is prepared.
    database.run(lambda one: setattr(one, "prepare_threshold", None))
    # The secret is looked up before a process makes its first wallet, and not again; that a client
    # was here is noted now and then.
    assert client.put("/v1/users/7/wallets/ethereum", headers=engine).status_code == 201

    def ask(method, path):
        headers = signed_in()
        if path.startswith("/v1"):
            headers = engine
        elif path.startswith("/api/auth"):
            headers = farcaster.bearer()
        elif path == "/metrics":
            headers = {"Authorization": f"Bearer {METRICS_TOKEN}"}
        body = {
            "/api/wallet/deposit": DEPOSIT,
            f"{ONE}/ethereum/key": REASON,
            f"{ONE}/ethereum/sign/message": MESSAGE,
            f"{ONE}/ethereum/sign/typed-data": {"chainId": 8453, "typedData": TYPED_DATA},
            f"{ONE}/ethereum/sign/transaction": {"chainId": 8453, "transaction": TRANSACTION},
            f"{ONE}/ethereum/sign/authorization": {
                "chainId": 8453,
                "authorization": AUTHORIZATION,
            },
            PREVIEW: MESSAGE,
            RPC: SIGNS,
            POLICIES: EXAMPLE,
            CLIENTS: {"name": "everything", "scopes": ["wallets:read"]},
            f"{POLICIES}/dry-run": {"fid": FID, **MESSAGE},
            USER_POLICY: {"policyId": EXAMPLE_ID},
            "/api/wallet/policy": {"rules": [EVERYTHING, DELEGATION]},
        }.get(path, {})
        query = {
            "/api/wallet/payment-qr": {"asset": "USDC", "amount": "20"},
            "/api/auth/base-account": {"address": BASE_ACCOUNT},
        }.get(path)
        with traced(database) as traffic:
            answer = client.open(
                path,
                method=method,
                headers=headers,
                query_string=query,
                json=body if method in ("POST", "PUT") and body else None,
            )
        assert answer.status_code in (200, 201, 204), answer.text
        answer.close()
        return traffic.round_trips, traffic.statements, traffic.commits

    ask.app = app
    return ask


def test_every_route_has_the_documented_cost(cost, sql):
    wallets = application(cost.app).wallets
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    plant_deposit(sql)
    wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    plant_example(sql)
    # The first spend of a wallet on a chain creates its account, in a round trip more.
    assert cost("POST", RPC) == (4, 13, 1)
    # What is removed was there.
    order = sorted(routes(cost.app), key=lambda route: route[0] == "DELETE")
    assert {route: cost(*route) for route in order} == KNOWN


@pytest.mark.parametrize("route", FIRST)
def test_the_first_request_of_a_route_has_the_documented_cost(cost, route):
    assert cost(*route) == FIRST[route]
