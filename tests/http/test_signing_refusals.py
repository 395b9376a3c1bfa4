"""Every refused request to sign is counted once, with a reason of a fixed set."""

from typing import Any

import pytest

from tests.factories import FID, calling
from tests.http.rpc import OTHER, RPC, TEXT, call
from tests.policies import EVERYTHING, payments, policies_of
from tests.signing import CHAIN_ID
from wallet_api import metrics
from wallet_api.blueprints.application import application
from wallet_api.blueprints.schemas.signing import AUTHORIZATION, TRANSACTION, TYPED_DATA
from wallet_api.services.signing import OTHER_CLIENTS, REFUSALS

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


def sign(kind: str = "message", **changes: Any) -> tuple[str, Any]:
    return f"{WALLET}/sign/{kind}", REST[kind] | changes


def each_of_rest(reason: str) -> list[tuple[tuple[str, Any], str, int]]:
    return [(sign(kind), reason, 1) for kind in REST]


# By client: requests, the reason, and how many refusals are counted.
CASES: dict[str, list[tuple[tuple[str, Any], str, int]]] = {
    "reader": [
        *each_of_rest("insufficient_scope"),
        ((RPC, call("personal_sign", TEXT, OTHER)), "insufficient_scope", 1),
        # Before the calls are read.
        ((RPC, [call("personal_sign", TEXT, OTHER)] * 3), "insufficient_scope", 1),
    ],
    "elsewhere": [
        *each_of_rest("network_not_allowed"),
        ((RPC, call("personal_sign", TEXT, OTHER)), "network_not_allowed", 1),
    ],
    "restricted": each_of_rest("no_policy"),
    "policed": [
        (sign("transaction"), "no_rule", 1),
        ((RPC, [call("eth_chainId"), call("net_version")]), "no_rule", 0),
    ],
    "engine": [
        (sign(message={"raw": "0x0"}), "not_signable", 1),
        (sign("typed-data", typedData={}), "not_signable", 1),
        (sign("transaction", transaction={}), "not_signable", 1),
        (sign("authorization", authorization={}), "not_signable", 1),
        *(((RPC, method), "not_signable", 1) for method in EVERY_METHOD),
        ((RPC, list(EVERY_METHOD)), "not_signable", len(EVERY_METHOD)),
        # Reads of the chain, and methods that nobody has, sign nothing.
        ((RPC, [call("eth_blockNumber"), call("eth_sendTransaction", {})]), "not_signable", 0),
        ((RPC, call("personal_sign", TEXT)), "invalid_request", 1),
        (
            (f"/v1/users/{FID}/wallets/ethereum/sign/message", {"message": "a", "more": 1}),
            "invalid_request",
            1,
        ),
        ((f"/v1/users/{FID}/wallets/ethereum/sign/transaction", {}), "invalid_request", 1),
        (("/v1/users/0/wallets/ethereum/sign/message", MESSAGE), "invalid_request", 1),
        ((f"/v1/users/{FID}/wallets/base/sign/message", MESSAGE), "invalid_request", 1),
        (("/v1/users/99/wallets/ethereum/sign/message", MESSAGE), "wallet_not_found", 1),
        # A preview signs nothing.
        ((f"/v1/users/{FID}/sign/preview", {}), "invalid_request", 0),
        ((f"/v1/users/{FID}/sign/preview", {"message": {"raw": "0x0"}}), "not_signable", 0),
        (sign(), "no_policy", 0),
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


def refusals(client: str) -> dict[str, float]:
    """Return how many refusals are counted for a client, by reason."""
    client = OTHER_CLIENTS if client == "reader" else client
    return {
        reason: metrics.SIGNING_REFUSALS.labels(reason, client)._value.get() for reason in REFUSALS
    }


@pytest.mark.parametrize("caller", CASES)
def test_each_refused_request_is_counted_once_with_its_reason(client, callers, caller):
    for (path, body), reason, count in CASES[caller]:
        before = refusals(caller)
        answer = client.post(path, json=body, headers=callers[caller])
        after = refusals(caller)
        found = {name: after[name] - before[name] for name in after if after[name] != before[name]}
        assert found == ({reason: count} if count else {}), (path, body, answer.text)


def test_a_reused_idempotency_key_is_counted(client, callers):
    headers = callers["engine"] | {"Idempotency-Key": "once"}
    before = refusals("engine")
    for text, status in (("a", 200), ("a", 200), ("b", 422)):
        assert (
            client.post(*sign()[:1], json={"message": text}, headers=headers).status_code == status
        )
    assert refusals("engine") == before | {
        "idempotency_key_reused": before["idempotency_key_reused"] + 1
    }


def test_what_is_no_refusal_is_not_counted(client, callers, make_app, sql):
    """Strangers, rate limits and faults of the service."""
    path, body = sign()
    before = refusals("engine")
    assert client.post(path, json=body).status_code == 401
    limited = make_app(RATELIMIT_PER_CLIENT="1 per hour").test_client()
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
    path, body = sign("transaction")
    assert client.post(path, json=body, headers=callers["engine"]).status_code == 403
    assert refusals("engine") == before | {"denied": before["denied"] + 1}


def test_the_refusals_of_clients_that_may_not_sign_are_zero_from_the_start():
    found = {reason for reason, client in metrics.SIGNING_REFUSALS._metrics if client == "(other)"}
    assert found == set(REFUSALS)
