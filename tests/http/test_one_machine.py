"""A request about one user sends no statement that runs on every machine."""

import pytest

from tests.database import plant_deposit
from tests.factories import ACCESS, BASE_ACCOUNT, DEPOSIT_ID, FID, calling, signed_in
from tests.http.route_map import routes
from tests.policies import DELEGATION, EVERYTHING, plant_example
from tests.sql.queries import EVERY, listed
from wallet_api.blueprints.application import application
from wallet_api.blueprints.schemas.policies import EXAMPLE, EXAMPLE_ID
from wallet_api.blueprints.schemas.signing import AUTHORIZATION, TRANSACTION, TYPED_DATA
from wallet_api.database.connections import _NAME, TimedCursor
from wallet_api.models import SCOPES

ONE = f"/v1/users/{FID}"
SIGNS = {"jsonrpc": "2.0", "id": 1, "method": "eth_signTransaction", "params": [TRANSACTION]}
# Those that are about all users at once, or about one who is not named; everything else is about
# one, or about none.
ABOUT_ALL = {("GET", f"/v1/{what}") for what in ("wallets", "audit", "stats", "storage")}
ABOUT_ALL.add(("GET", f"/v1/deposits/{DEPOSIT_ID}"))


@pytest.fixture
def sent(monkeypatch):
    """Return the set of the names of all statements that are sent from now on."""
    names = set()
    execute = TimedCursor.execute

    def noted(cursor, query, *arguments, **options):
        names.update(_NAME.findall(str(query)))
        return execute(cursor, query, *arguments, **options)

    monkeypatch.setattr(TimedCursor, "execute", noted)
    return names


def test_requests_about_one_user_use_one_machine(make_app, farcaster, sent, sql):
    app = make_app(ALLOW_KEY_EXPORT="true", METRICS_TOKEN="m" * 32, **farcaster.settings())
    client = app.test_client()
    scatter = {name for name, place in listed().items() if place == EVERY}
    # Its first wallet makes a process ask whether there is any.
    application(app).wallets.ensure_trading_wallet(FID, access=ACCESS)
    plant_deposit(sql)
    engine = calling(app, *SCOPES)
    transaction = {"chainId": 8453, "transaction": TRANSACTION}
    authorization = {"chainId": 8453, "authorization": AUTHORIZATION}
    asked = set()
    plant_example(sql)
    # What is removed was there.
    for method, path in sorted(routes(app), key=lambda route: route[0] == "DELETE"):
        headers = engine if path.startswith("/v1") else signed_in()
        if path.startswith("/api/auth"):
            headers = farcaster.bearer()
        if path == "/metrics":
            headers = {"Authorization": f"Bearer {'m' * 32}"}
        body = {
            "/api/wallet/deposit": {"amount": "20", "baseAddress": BASE_ACCOUNT},
            f"{ONE}/wallets/ethereum/key": {"reason": "a test"},
            f"{ONE}/wallets/ethereum/sign/message": {"message": "hello"},
            f"{ONE}/wallets/ethereum/sign/transaction": transaction,
            f"{ONE}/wallets/ethereum/sign/authorization": authorization,
            f"{ONE}/wallets/ethereum/sign/typed-data": {"chainId": 8453, "typedData": TYPED_DATA},
            f"{ONE}/sign/preview": transaction,
            f"{ONE}/rpc/8453": SIGNS,
            "/v1/policies": EXAMPLE,
            # The one that is then revoked.
            "/v1/clients": {"name": "everything", "scopes": ["wallets:read"]},
            "/v1/policies/dry-run": {"fid": FID, "message": "hello"},
            f"{ONE}/policy": {"policyId": EXAMPLE_ID},
            "/api/wallet/policy": {"rules": [EVERYTHING, DELEGATION]},
        }.get(path)
        sent.clear()
        key = {"Idempotency-Key": path} if body else {}
        call = {"method": method, "headers": {**headers, **key}, "json": body}
        if method in ("GET", "DELETE"):
            del call["json"]
        if path == "/api/wallet/payment-qr":
            call["query_string"] = {"amount": "20"}
        with client.open(path, **call) as answer:
            assert answer.status_code in (200, 201, 204), (method, path, answer.text)
        if sent & scatter:
            asked.add((method, path))
    assert asked == ABOUT_ALL
