"""The error model: the status of each error, and errors that reveal nothing."""

import json

import psycopg
import pytest
import structlog
from structlog.testing import capture_logs

from tests.commands import wait_until
from tests.database import rows_of
from tests.factories import BASE_ACCOUNT, DEAD_PORT, FID, flip_bit, signed_in
from tests.http.problems import MEMBERS, refused
from tests.http.route_map import routes
from tests.policies import EVERYTHING
from wallet_api import errors
from wallet_api.blueprints.application import application
from wallet_api.blueprints.problems import status_of
from wallet_api.crypto import key_pairs as keys
from wallet_api.services.wallets import BaseAccountWalletService

DEPOSIT = "/api/wallet/deposit"
LIST = "/api/wallet/user-wallets"
BODY = {"amount": "20", "baseAddress": BASE_ACCOUNT}

STATUSES = {
    "https_required": 308,
    "invalid_request": 400,
    "fid_required": 400,
    "invalid_address": 400,
    "invalid_amount": 400,
    "amount_not_positive": 400,
    "unsupported_asset": 400,
    "unsupported_chain": 400,
    "base_address_required": 400,
    "base_wallet_mismatch": 400,
    "mnemonic_refused": 400,
    "invalid_idempotency_key": 400,
    "invalid_fid": 400,
    "invalid_filter": 400,
    "invalid_cursor": 400,
    "invalid_recipient_key": 400,
    "invalid_policy": 400,
    "not_signable": 400,
    "unauthenticated": 401,
    "key_export_disabled": 403,
    "key_read_disabled": 403,
    "policy_refused": 403,
    "insufficient_scope": 403,
    "network_not_allowed": 403,
    "client_creation_disabled": 403,
    "grant_refused": 403,
    "wallet_not_found": 404,
    "deposit_not_found": 404,
    "idempotency_key_in_use": 409,
    "wallets_in_files": 409,
    "idempotency_key_reused": 422,
    "too_many_requests": 429,
    "service_unavailable": 503,
    "overloaded": 503,
    "storage_unavailable": 503,
    "database_unavailable": 503,
    "lock_timeout": 503,
    "policy_not_found": 404,
    "client_not_found": 404,
    "client_name_taken": 409,
    "precondition_failed": 412,
    "audit_log_blocked": 503,
    "database_damaged": 503,
    "database_went_back": 503,
    "key_unreadable": 503,
    "signature_mismatch": 503,
    "secret_mismatch": 503,
    "sign_in_unavailable": 503,
}


def all_refusals(family=errors.WalletApiError):
    for refusal in family.__subclasses__():
        yield refusal
        yield from all_refusals(refusal)


def failing(monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(BaseAccountWalletService, "list_wallets", fail)


def test_every_error_has_one_status_and_one_code():
    refusals = list(all_refusals())
    assert {refusal.code: status_of(refusal) for refusal in refusals} == STATUSES
    assert len({refusal.code for refusal in refusals}) == len(refusals)


@pytest.mark.parametrize("refusal", list(all_refusals()), ids=lambda refusal: refusal.code)
def test_every_error_is_a_problem_document(refusing, monkeypatch, refusal):
    unavailable = issubclass(refusal, errors.ServiceUnavailable)
    failing(monkeypatch, refusal("a reason for the log") if unavailable else refusal())
    answer = refusing.get(LIST, headers=signed_in())
    status = STATUSES[refusal.code]
    problem = refused(answer, status, refusal.sentence())
    assert problem["code"] == refusal.code
    assert problem["title"] == refusal.sentence()
    assert "a reason for the log" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    waiting = status == 503 or refusal is errors.IdempotencyKeyInUse
    assert ("Retry-After" in answer.headers) == waiting
    proving = status == 401 or refusal is errors.InsufficientScope
    assert ("WWW-Authenticate" in answer.headers) == proving


def test_a_problem_has_exactly_the_promised_members_and_echoes_the_request_id(refusing):
    answer = refusing.get(LIST, headers={"X-Request-Id": "from-the-router_1.2"})
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = json.loads(answer.data)
    assert problem.keys() == MEMBERS
    assert problem["request_id"] == "from-the-router_1.2"
    assert problem["status"] == 401


def test_a_hint_explains_exactly_what_is_wrong(refusing):
    answer = refusing.post(DEPOSIT, json=BODY | {"amount": "1e3"}, headers=signed_in())
    problem = refused(answer, 400, "Invalid amount format. Please check your input.")
    assert "digits" in problem["detail"]


@pytest.mark.parametrize("failure", [RuntimeError, ValueError, KeyError, AssertionError, OSError])
def test_a_bug_is_500_and_reveals_nothing(refusing, monkeypatch, failure):
    private_key = "0x" + "5e" * 32
    failing(monkeypatch, failure(private_key))
    # A random one may have four digits of the key.
    headers = signed_in() | {"X-Request-Id": "a-test"}
    with capture_logs() as events:
        answer = refusing.get(LIST, headers=headers)
    problem = refused(answer, 500)
    assert problem["error"].startswith("Something went wrong on our side.")
    assert private_key[2:] not in answer.text
    assert "5e5e" not in str(answer.headers)
    assert [event["event"] for event in events if event["log_level"] == "critical"] == [
        "unhandled exception"
    ]


@pytest.mark.parametrize("table", ["wallets", "wallet_audit_log"])
def test_a_constraint_that_no_code_knows_is_500(make_app, sql, bearer, table):
    client = make_app().test_client()
    assert client.post("/api/trading/create-fallback-wallet", headers=bearer(1)).status_code == 200
    sql.execute(f"create unique index another_rule on {table} ((true))")
    answer = client.post("/api/trading/create-fallback-wallet", headers=bearer(2))
    assert refused(answer, 500)["code"] == "internal_server_error"
    assert sql.execute("select count(*) from wallets").fetchone() == (1,)


@pytest.mark.slow
def test_an_unavailable_database_is_503_on_every_route_that_needs_it(make_app, sql):
    info = sql.info
    url = f"postgresql://{info.user}:{info.password}@127.0.0.1:{DEAD_PORT}/{info.dbname}"
    client = make_app(DATABASE_URL=url, DB_POOL_TIMEOUT="0.1").test_client()
    calls = [call for call in routes(client.application) if call[1].startswith("/api/w")]
    assert len(calls) == 11
    for method, path in [*calls, ("GET", "/api/trading/create-fallback-wallet")]:
        body = {DEPOSIT: BODY, "/api/wallet/policy": {"rules": [EVERYTHING]}}.get(path)
        query = {"/api/wallet/payment-qr": {"amount": "20"}}.get(path)
        answer = client.open(
            path, method=method, json=body, query_string=query, headers=signed_in()
        )
        refused(
            answer,
            503,
            "The database is not available right now. Nothing was lost; please try again.",
        )
        assert answer.headers["Retry-After"].isdigit()


def test_a_lost_database_is_503_and_is_used_again_after_it_returns(make_app, sql, server):
    app = make_app(DB_POOL_TIMEOUT="0.3")
    client = app.test_client()
    application(app).database._pool.wait(30)
    assert client.get(LIST, headers=signed_in()).status_code == 200
    name = sql.info.dbname
    with psycopg.connect(server.url("postgres"), autocommit=True) as operator:
        operator.execute(f'alter database "{name}" allow_connections false')
        operator.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = %s and pid <> %s",
            [name, sql.info.backend_pid],
        )
        answer = client.get(LIST, headers=signed_in())
        assert refused(answer, 503)["code"] == "database_unavailable"
        assert answer.headers["Retry-After"].isdigit()
        operator.execute(f'alter database "{name}" allow_connections true')
    wait_until(lambda: client.get(LIST, headers=signed_in()).status_code == 200)


def test_cut_connections_are_replaced_without_an_error(client, sql):
    assert client.post(DEPOSIT, json=BODY, headers=signed_in()).status_code == 200
    for _ in range(3):
        sql.execute(
            "select pg_terminate_backend(pid, 1000) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
        assert client.post(DEPOSIT, json=BODY, headers=signed_in()).status_code == 200


def of_another_address(encryption, row):
    """Seal a valid key to a row whose address is not the key's."""
    key = keys.generate().private_key
    encrypted = encryption.encrypt(key, fid=FID, chain="ethereum", address=row["address"])
    return {"encrypted_private_key": encrypted.ciphertext, "iv": encrypted.iv}


CORRUPTIONS = {
    "another key id": lambda _, row: {"key_id": "0" * 16},
    "a flipped bit in the ciphertext": lambda _, row: {
        "encrypted_private_key": flip_bit(row["encrypted_private_key"], 4)
    },
    "a flipped bit in the nonce": lambda _, row: {"iv": flip_bit(row["iv"], 4)},
    "the key of another address": of_another_address,
}


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_a_key_that_does_not_decrypt_is_an_alarm_on_every_route(
    client, make_app, sql, encryption, corruption
):
    client.post(LIST, headers=signed_in())
    columns = ("address", "encrypted_private_key", "iv", "key_id")
    found = sql.execute(f"select {', '.join(columns)} from wallets").fetchone()
    changed = CORRUPTIONS[corruption](encryption, dict(zip(columns, found, strict=True)))
    # As a damaged disk would: no trigger is asked.
    sql.execute("set session_replication_role = replica")
    for column, value in changed.items():
        sql.execute(f"update wallets set {column} = %s", [value])
    before = rows_of(sql)
    exporting = make_app(ALLOW_KEY_EXPORT="true").test_client()
    for method, path in (
        ("POST", DEPOSIT),
        ("GET", LIST),
        ("POST", LIST),
        ("GET", "/api/wallet/primary-with-key"),
        ("GET", "/api/trading/create-fallback-wallet"),
        ("POST", "/api/trading/create-fallback-wallet"),
    ):
        with capture_logs() as events:
            body = BODY if path == DEPOSIT else None
            answer = exporting.open(path, method=method, json=body, headers=signed_in())
        assert refused(answer, 503)["code"] == "key_unreadable"
        alarms = [event["code"] for event in events if event["log_level"] == "critical"]
        unknown = corruption == "another key id"
        assert alarms == ["secret_mismatch" if unknown else "key_unreadable"], path
    after = rows_of(sql)
    assert after["wallets"] == before["wallets"]
    assert after["deposits"] == []


def methods_by_path(client):
    served = {}
    for method, path in routes(client.application):
        served.setdefault(path, {"OPTIONS"}).add(method)
        served[path] |= {"HEAD"} if method == "GET" else set()
    return served


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "X" * 50])
def test_another_method_is_405_and_lists_the_allowed_ones(refusing, method):
    for path, served in methods_by_path(refusing).items():
        if method in served:
            continue
        environ = {"REQUEST_METHOD": method}
        answer = refusing.open(path, headers=signed_in(), environ_overrides=environ)
        refused(answer, 405, "The method is not allowed for this URL.")
        assert set(answer.headers["Allow"].split(", ")) == served, path


def test_get_and_post_are_405_where_only_the_other_is_served(refusing):
    for path, served in methods_by_path(refusing).items():
        for method in {"GET", "POST"} - served:
            refused(refusing.open(path, method=method, headers=signed_in(), json={}), 405)


@pytest.mark.parametrize(
    "path",
    [
        *("/api", "/api/", "/api/wallet", "/api/wallet/", "/api/wallets/deposit", "/openapi"),
        *("/API/wallet/primary", "/api/wallet/primary/", "/api/wallet/primary%2f", "/favicon.ico"),
        *("/api/wallet/primary%00", "/api/wallet/%ff", "/api/wallet/\u202e", "/.env", "/metrics"),
        *("/api/wallet/primary;x=1", "/static/x", "/static/..%2f..%2fwsgi.py", "/" + "a" * 9000),
        *("/api/wallet/../../wsgi.py", "/%0d%0aSet-Cookie:x", "/api/wallet/1464243"),
    ],
    ids=lambda path: ascii(path)[:30],
)
def test_an_unknown_address_is_404(refusing, path):
    for headers in ({}, signed_in()):
        refused(refusing.get(path, headers=headers), 404, "This path does not exist.")


@pytest.mark.parametrize(
    "given", ["", " ", "a b", "a" * 65, "\xe9", "a\r\nX: y", "<script>", "a\x00", "{}", "\x1b[2J"]
)
def test_a_malformed_request_id_is_not_echoed(refusing, given):
    environ = {"HTTP_X_REQUEST_ID": given}
    answer = refusing.get("/api/wallet/primary", environ_overrides=environ)
    problem = refused(answer, 401)
    assert len(problem["request_id"]) == 32
    assert problem["request_id"].isalnum()


def test_what_a_thread_logs_after_a_request_does_not_carry_its_user(client):
    client.get("/api/wallet/primary", headers=signed_in())
    assert structlog.contextvars.get_contextvars() == {}
