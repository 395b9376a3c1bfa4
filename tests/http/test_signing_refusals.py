"""Every refused request to sign is counted once, with a reason of a fixed set."""

import json
from collections import Counter
from itertools import product
from typing import Any

import pytest

from tests.database import audited_actions
from tests.factories import FID, calling, new_client, revoke_client
from tests.http.rpc import OTHER, RPC, TEXT, call
from tests.policies import EVERYTHING, payments, policies_of
from tests.services.signing import permit_batch
from tests.signing import CHAIN_ID
from wallet_api import metrics
from wallet_api.blueprints.application import application
from wallet_api.blueprints.schemas.signing import AUTHORIZATION, TRANSACTION, TYPED_DATA
from wallet_api.services.signing.counters import OTHER_CLIENTS, REFUSALS, REFUSED_METHODS

WALLET = f"/v1/users/{FID}/wallets/ethereum"
MESSAGE = {"message": "Sign in to example.com"}
REST = {
    "message": MESSAGE,
    "typed-data": {"chainId": CHAIN_ID, "typedData": TYPED_DATA},
    "transaction": {"chainId": CHAIN_ID, "transaction": TRANSACTION},
    "authorization": {"chainId": CHAIN_ID, "authorization": AUTHORIZATION},
}
EVERY_METHOD = (
    call("personal_sign", TEXT, OTHER),
    call("eth_sign", OTHER, TEXT),
    call("eth_signTypedData", OTHER, TYPED_DATA),
    call("eth_signTypedData_v4", OTHER, TYPED_DATA),
    call("eth_signTransaction", {**TRANSACTION, "from": OTHER}),
)


NOT_VALID_REST = ("invalid_request", ["sign/message"])
NOT_VALID_RPC = ("invalid_request", ["rpc"])


def rest_request(kind: str = "message", **changes: Any) -> tuple[str, Any]:
    return f"{WALLET}/sign/{kind}", REST[kind] | changes


def each_of_rest(reason: str) -> list[tuple[tuple[str, Any], str, list[str]]]:
    return [(rest_request(kind), reason, [f"sign/{kind}"]) for kind in REST]


# By client: requests, the reason, and the methods for which a refusal is counted.
CASES: dict[str, list[tuple[tuple[str, Any], str, list[str]]]] = {
    "reader": [
        *each_of_rest("insufficient_scope"),
        ((RPC, call("personal_sign", TEXT, OTHER)), "insufficient_scope", ["rpc"]),
        # Before the calls are read.
        ((RPC, [call("personal_sign", TEXT, OTHER)] * 3), "insufficient_scope", ["rpc"]),
    ],
    "elsewhere": [
        *each_of_rest("network_not_allowed"),
        ((RPC, call("personal_sign", TEXT, OTHER)), "network_not_allowed", ["rpc"]),
    ],
    "restricted": each_of_rest("no_policy"),
    "policed": [
        (rest_request("transaction"), "no_rule", ["sign/transaction"]),
        ((RPC, call("eth_signTransaction", TRANSACTION)), "no_rule", ["eth_signTransaction"]),
        ((RPC, [call("eth_chainId"), call("net_version")]), "no_rule", []),
    ],
    "engine": [
        (rest_request(message={"raw": "0x0"}), "not_signable", ["sign/message"]),
        (rest_request("typed-data", typedData={}), "not_signable", ["sign/typed-data"]),
        (rest_request("transaction", transaction={}), "not_signable", ["sign/transaction"]),
        (rest_request("authorization", authorization={}), "not_signable", ["sign/authorization"]),
        *(((RPC, one), "not_signable", [one["method"]]) for one in EVERY_METHOD),
        ((RPC, [*EVERY_METHOD]), "not_signable", [one["method"] for one in EVERY_METHOD]),
        # Reads of the chain, and methods that nobody has, sign nothing.
        ((RPC, [call("eth_blockNumber"), call("eth_sendTransaction", {})]), "not_signable", []),
        ((RPC, call("personal_sign", TEXT)), "invalid_request", ["personal_sign"]),
        ((f"{WALLET}/sign/message", {**MESSAGE, "more": 1}), "invalid_request", ["sign/message"]),
        ((f"{WALLET}/sign/transaction", {}), "invalid_request", ["sign/transaction"]),
        # A path, a body and a call that are not valid, on both surfaces.
        (("/v1/users/0/wallets/ethereum/sign/message", MESSAGE), *NOT_VALID_REST),
        ((f"/v1/users/{FID}/wallets/base/sign/message", MESSAGE), *NOT_VALID_REST),
        ((f"{WALLET}/sign/message", b"{"), *NOT_VALID_REST),
        ((RPC.replace(str(FID), "0"), call("eth_chainId")), *NOT_VALID_RPC),
        ((RPC.replace(str(CHAIN_ID), "0"), call("eth_chainId")), *NOT_VALID_RPC),
        ((RPC, b"{"), *NOT_VALID_RPC),
        ((RPC, []), *NOT_VALID_RPC),
        ((RPC, {"method": "personal_sign"}), *NOT_VALID_RPC),
        ((RPC, [5, call("eth_chainId"), {}]), "invalid_request", ["rpc", "rpc"]),
        (
            ("/v1/users/99/wallets/ethereum/sign/message", MESSAGE),
            "wallet_not_found",
            ["sign/message"],
        ),
        # A preview signs nothing.
        ((f"/v1/users/{FID}/sign/preview", {}), "invalid_request", []),
        ((f"/v1/users/{FID}/sign/preview", {"message": {"raw": "0x0"}}), "not_signable", []),
        (rest_request(), "no_policy", []),
    ],
}


@pytest.fixture
def callers(app, address):
    policies = policies_of(application(app).database)
    only_payments = policies.create(payments(max_amount="1"))
    return {
        "reader": calling(app, "wallets:read", name="reader"),
        "elsewhere": calling(
            app, "wallets:sign", name="elsewhere", allowed_networks=["10.0.0.0/8"]
        ),
        "restricted": calling(app, "wallets:sign", name="restricted", restricted=True),
        "policed": calling(
            app, "wallets:sign", name="policed", restricted=True, policy_id=only_payments
        ),
        "engine": calling(app, "wallets:sign", name="engine"),
    }


def refusals(client: str) -> Counter[tuple[str, str]]:
    """Return how many refusals are counted for a client, by method and reason."""
    client = OTHER_CLIENTS if client == "reader" else client
    return Counter(
        {
            (method, reason): int(value)
            for method in REFUSED_METHODS
            for reason in REFUSALS
            if (value := metrics.SIGNING_REFUSALS.labels(method, reason, client)._value.get())
        }
    )


@pytest.mark.parametrize("caller", CASES)
def test_each_refused_request_is_counted_once_with_its_method_and_reason(client, callers, caller):
    for (path, body), reason, methods in CASES[caller]:
        before = refusals(caller)
        raw = body if isinstance(body, bytes) else json.dumps(body)
        headers = callers[caller] | {"Content-Type": "application/json"}
        answer = client.post(path, data=raw, headers=headers)
        expected = Counter((method, reason) for method in methods)
        assert refusals(caller) - before == expected, (path, body, answer.text)


@pytest.mark.parametrize(
    "header",
    [
        {"Idempotency-Key": "two words"},
        {"Idempotency-Key": "k" * 256},
        {"X-Reason": " "},
        {"X-Reason": "x" * 501},
    ],
)
@pytest.mark.parametrize(
    ("path", "body", "method"),
    [(*rest_request(), "sign/message"), (RPC, call("personal_sign", TEXT, OTHER), "rpc")],
    ids=["REST", "JSON-RPC"],
)
def test_a_header_that_is_not_valid_is_counted_on_both_surfaces(
    client, callers, header, path, body, method
):
    before = refusals("engine")
    answer = client.post(path, json=body, headers=callers["engine"] | header)
    assert answer.status_code == 400
    assert refusals("engine") - before == {(method, "invalid_request"): 1}


def test_a_reused_idempotency_key_is_counted(client, callers):
    headers = callers["engine"] | {"Idempotency-Key": "once"}
    before = refusals("engine")
    for text, status in (("a", 200), ("a", 200), ("b", 422)):
        assert (
            client.post(rest_request()[0], json={"message": text}, headers=headers).status_code
            == status
        )
    assert refusals("engine") - before == {("sign/message", "idempotency_key_reused"): 1}


@pytest.mark.parametrize("caller", ["engine", "restricted", "policed"])
def test_more_effects_than_policies_decide_about_are_counted_and_leave_no_entry(
    client, callers, address, sql, caller
):
    batch = permit_batch(65)
    for path, body, method in (
        (*rest_request("typed-data", typedData=batch), "sign/typed-data"),
        (RPC, call("eth_signTypedData_v4", address, batch), "eth_signTypedData_v4"),
    ):
        before = refusals(caller)
        answer = client.post(path, json=body, headers=callers[caller])
        assert "65 effects" in answer.text
        assert refusals(caller) - before == {(method, "not_signable"): 1}
    assert "signing.refused" not in audited_actions(sql)


def test_what_is_no_refusal_is_not_counted(client, callers, make_app, sql):
    """Strangers, rate limits and faults of the service."""
    path, body = rest_request()
    before = refusals("engine")
    assert client.post(path, json=body).status_code == 401
    limited = make_app(RATELIMIT_PER_CLIENT="1 per day").test_client()
    statuses = [
        limited.post(path, json=body, headers=callers["engine"]).status_code for _ in range(2)
    ]
    assert statuses == [200, 429]
    sql.execute("alter table wallet_audit_log rename to mislaid")
    assert client.post(path, json=body, headers=callers["engine"]).status_code == 503
    assert refusals("engine") == before


def test_policies_refuse_for_their_reasons(client, callers, app):
    policies = policies_of(application(app).database)
    policies.put_wallet(EVERYTHING | {"effect": "deny"})
    before = refusals("engine")
    path, body = rest_request("transaction")
    assert client.post(path, json=body, headers=callers["engine"]).status_code == 403
    assert refusals("engine") - before == {("sign/transaction", "denied"): 1}


def test_the_refusals_of_clients_that_may_not_sign_are_zero_from_the_start():
    found = {labels[:2] for labels in metrics.SIGNING_REFUSALS._metrics if labels[2] == "(other)"}
    assert found == set(product(REFUSED_METHODS, REFUSALS))


def test_the_counters_of_clients_are_zero_from_the_start_of_a_process(make_app, services):
    """Of those that may sign, which were not revoked."""
    for name in ("early", "gone"):
        new_client(services.api_clients, "wallets:sign", name=name)
    new_client(services.api_clients, "wallets:read", name="early-reader")
    revoke_client(services.api_clients, "gone")
    services.api_clients.report()
    for counter in (metrics.SIGNATURES, metrics.SIGNING_REFUSALS):
        found = {labels[-1] for labels in counter._metrics}
        assert "early" in found
        assert not found & {"gone", "early-reader"}
