"""Which operations of /openapi.json the clients have. The others are left out for a reason."""

import inspect
import re

import httpx
import pytest
from eth_account.messages import encode_defunct
from wallet_api_client import ServiceApi, UserApi, WalletAccount

from tests.clients.programs import CLIENT
from tests.factories import BASE_ACCOUNT, DEPOSIT_ID, FID

KEY_READ = "the client is for signatures in the service. A key that is read is a key that leaks"
OPERATOR = "for operators, who have the console and the commands"
POLICIES = "policies are files under version control, which `wallet-api policies set` assigns"
PROBES = "for probes and Prometheus"
SIGN_IN = "the mini app signs in, with clients/typescript"
NOT_IN_PYTHON = {
    "GET /api/auth/base-account": SIGN_IN,
    "POST /api/auth/base-account": SIGN_IN,
    "GET /api/wallet/payment-qr": "a picture for a page",
    "GET /api/wallet/primary": "its answer is part of a prepared deposit",
    "GET /api/wallet/primary-with-key": KEY_READ,
    "GET /api/wallet/user-wallets": "the page shows it, with clients/typescript",
    "POST /api/wallet/user-wallets": "prepare_deposit() creates the wallet",
    "GET /api/trading/create-fallback-wallet": "for frontends of the old service",
    "POST /api/trading/create-fallback-wallet": "for frontends of the old service",
    "GET /api/wallet/policy": "a user limits the wallet on a page",
    "PUT /api/wallet/policy": "a user limits the wallet on a page",
    "DELETE /api/wallet/policy": "a user limits the wallet on a page",
    "GET /v1/users/{fid}/wallets": "a backend needs the trading wallet: wallet(fid)",
    "GET /v1/users/{fid}/deposits/{deposit_id}": "deposit(id) needs no user",
    "POST /v1/users/{fid}/wallets/{chain}/key": KEY_READ,
    "POST /v1/users/{fid}/wallets/{chain}/sign/authorization": "eth-account's accounts sign an "
    "authorization with a key only",
    "POST /v1/users/{fid}/sign/preview": OPERATOR,
    "POST /v1/users/{fid}/rpc/{chain_id}": "a provider of web3.py calls it: docs/signing.md",
    "GET /v1/policies": POLICIES,
    "POST /v1/policies": POLICIES,
    "GET /v1/policies/schema": POLICIES,
    "GET /v1/policies/{policy_id}": POLICIES,
    "GET /v1/policies/{policy_id}/versions": POLICIES,
    "POST /v1/policies/dry-run": POLICIES,
    "GET /v1/users/{fid}/policy": POLICIES,
    "PUT /v1/users/{fid}/policy": POLICIES,
    "DELETE /v1/users/{fid}/policy": POLICIES,
    "GET /v1/users/{fid}/policy/effective": OPERATOR,
    "GET /v1/clients": OPERATOR,
    "POST /v1/clients": OPERATOR,
    "POST /v1/clients/{client_name}/revoke": OPERATOR,
    "GET /v1/wallets": OPERATOR,
    "GET /v1/audit": OPERATOR,
    "GET /v1/storage": OPERATOR,
    "GET /v1/stats": OPERATOR,
    "GET /v1/status": OPERATOR,
    "GET /healthz": PROBES,
    "GET /readyz": PROBES,
    "GET /metrics": PROBES,
    "GET /openapi.json": "the client is written for the version of its service",
}
TYPED_DATA = {
    "types": {"EIP712Domain": [], "Mail": [{"name": "text", "type": "string"}]},
    "primaryType": "Mail",
    "domain": {},
    "message": {"text": "hello"},
}
# A call of every method that sends a request.
CALLS = {
    UserApi: {
        "prepare_deposit": lambda api: api.prepare_deposit("20", idempotency_key="one"),
        "deposits": lambda api: next(api.deposits(), None),
        "deposit": lambda api: api.deposit(DEPOSIT_ID),
    },
    ServiceApi: {
        "ensure_wallet": lambda api: api.ensure_wallet(FID),
        "wallet": lambda api: api.wallet(FID),
        "deposits": lambda api: next(api.deposits(FID), None),
        "deposit": lambda api: api.deposit(DEPOSIT_ID),
    },
    WalletAccount: {
        "sign_message": lambda account: account.sign_message(encode_defunct(text="hello")),
        "sign_typed_data": lambda account: account.sign_typed_data(full_message=TYPED_DATA),
        "sign_transaction": lambda account: account.sign_transaction({"nonce": 0}),
    },
}
SENDS_NOTHING = {"close", "account", "address", "unsafe_sign_hash"}


@pytest.fixture
def operations(described, make_app):
    """Return every operation of the document, as "GET /v1/wallets"."""
    paths = make_app().test_client().get("/openapi.json").get_json()["paths"]
    verbs = {"get", "put", "post", "delete"}
    return {f"{verb.upper()} {path}" for path, item in paths.items() for verb in verbs & set(item)}


def test_the_python_client_has_each_operation_or_a_reason(operations):
    sent = []

    def answer(request):
        sent.append((request.method, request.url.path))
        return httpx.Response(200, json={"data": [], "next_cursor": None})

    for kind, calls in CALLS.items():
        methods = {name for name, _ in inspect.getmembers(kind) if not name.startswith("_")}
        assert methods - SENDS_NOTHING == calls.keys(), kind
        for call in calls.values():
            api = (UserApi if kind is UserApi else ServiceApi)("http://service", "token")
            api._http = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://x")
            if kind is WalletAccount:
                api = api.account(FID, chain_id=8453, address=BASE_ACCOUNT)
            try:
                call(api)
            except KeyError:
                # The answer is no signature.
                assert kind is WalletAccount
    has = set()
    for method, path in sent:
        patterns = {one: re.sub(r"{\w+}", "[^/]+", one) for one in operations}
        exact = {
            one for one, pattern in patterns.items() if re.fullmatch(pattern, f"{method} {path}")
        }
        assert exact, path
        has |= exact
    assert len(sent) == len(has) == 10
    assert not has & NOT_IN_PYTHON.keys()
    assert has | NOT_IN_PYTHON.keys() == operations


def test_the_typescript_client_has_every_operation(operations):
    """openapi-fetch derives its calls from these types. Some operations have a function too."""
    text = (CLIENT / "schema.d.ts").read_text()
    blocks = dict(
        re.findall(r'^    "(/[^"]*)": \{\n(.*?)^    \};$', text, re.MULTILINE | re.DOTALL)
    )
    typed = {
        f"{verb.upper()} {path}"
        for path, block in blocks.items()
        for verb in re.findall(r"^        (get|put|post|delete): ", block, re.MULTILINE)
    }
    assert typed == operations
    functions = "".join(
        # smoke.ts also calls what does not exist.
        path.read_text()
        for path in CLIENT.glob("*.ts")
        if path.name not in ("schema.d.ts", "smoke.ts")
    )
    called = re.findall(r'api\.(GET|POST|PUT|DELETE)\("([^"]+)"', functions)
    assert {f"{verb} {path}" for verb, path in called} <= operations
