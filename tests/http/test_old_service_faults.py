"""Faults of the old service, in the order of the HTTP contract's table of corrections."""

import pytest
from structlog.testing import capture_logs

from tests.database import rows_of
from tests.factories import ACCESS, BASE_ACCOUNT, FID, OTHER_SECRET, signed_in
from tests.http.problems import refused
from tests.http.route_map import routes
from tests.races import race

DEPOSIT = "/api/wallet/deposit"
FALLBACK = "/api/trading/create-fallback-wallet"
KEY = "/api/wallet/primary-with-key"
BODY = {"asset": "USDC", "amount": "20", "baseAddress": BASE_ACCOUNT}


def test_a_bad_token_on_a_wallet_route_is_401(refusing):
    paths = [
        (method, path)
        for method, path in routes(refusing.application)
        if path.startswith(("/api/wallet/", "/api/trading/")) and path != "/api/wallet/policy"
    ]
    assert len(paths) == 10
    for method, path in paths:
        for headers in ({"Authorization": "Bearer a.b.c"}, signed_in(secret="x" * 32), {}):
            answer = refusing.open(path, method=method, headers=headers)
            refused(answer, 401, "Sign in again: the token is missing, expired or not valid.")
            assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", [DEPOSIT, "/api/wallet/user-wallets"])
@pytest.mark.parametrize("body", ["not JSON", "{", "[]", "[{}]", "null", '"text"', "20", "true"])
def test_a_body_that_is_not_json_or_not_an_object_is_400(refusing, path, body):
    headers = signed_in() | {"Content-Type": "application/json"}
    refused(refusing.post(path, data=body, headers=headers), 400)


@pytest.mark.parametrize(
    "address",
    [
        "0x12",
        BASE_ACCOUNT[2:],
        f"0X{BASE_ACCOUNT[2:]}",
        BASE_ACCOUNT[:-1],
        f"{BASE_ACCOUNT}0",
        f"{BASE_ACCOUNT[:-1]}g",
        f" {BASE_ACCOUNT}",
        f"{BASE_ACCOUNT}\n",
        "0x78547FC07fDc8AaC05E53B034E510b276A5bA385",
        "0x78547fC07fDc8AaC05E53B034E510b276A5bA384",
    ],
)
def test_a_base_address_is_0x_and_40_hex_digits_with_a_valid_checksum(refusing, address):
    answer = refusing.post(DEPOSIT, json=BODY | {"baseAddress": address}, headers=signed_in())
    refused(answer, 400, "Invalid address format. Please check your input.")


def test_fifty_simultaneous_first_deposits_get_one_address(app, opened):
    def deposit(client):
        answer = client.post(DEPOSIT, json=BODY, headers=signed_in())
        return answer.status_code, answer.get_json().get("depositAddress")

    answers = set(race(deposit, [app.test_client() for _ in range(50)]))
    assert answers == {(200, opened()[FID])}


def test_a_changed_secret_replaces_no_wallet_and_raises_an_alarm(client, make_app, sql):
    client.post(FALLBACK, headers=signed_in())
    before = rows_of(sql)
    changed = {"ENCRYPTION_SECRET": OTHER_SECRET, "ALLOW_KEY_EXPORT": "true"}
    stranger = make_app(**changed).test_client()
    unreadable = "The wallet is safe but cannot be decrypted right now. Please try again later."
    for method, path in (
        ("POST", DEPOSIT),
        ("POST", FALLBACK),
        ("GET", FALLBACK),
        ("POST", "/api/wallet/user-wallets"),
        ("GET", "/api/wallet/user-wallets"),
        ("GET", KEY),
    ):
        body = BODY if path == DEPOSIT else None
        with capture_logs() as events:
            answer = stranger.open(path, method=method, json=body, headers=signed_in())
        refused(answer, 503, unreadable)
        alarms = [event.get("code") for event in events if event["log_level"] == "critical"]
        assert alarms == ["secret_mismatch"], path
    assert rows_of(sql) == before
    assert client.post(FALLBACK, headers=signed_in()).status_code == 200


def test_a_changed_secret_creates_no_wallets_for_new_users_either(client, make_app, sql):
    client.post(FALLBACK, headers=signed_in())
    before = rows_of(sql)
    stranger = make_app(ENCRYPTION_SECRET=OTHER_SECRET).test_client()
    with capture_logs() as events:
        answer = stranger.post(DEPOSIT, json=BODY, headers=signed_in(FID + 7))
    assert refused(answer, 503)["code"] == "secret_mismatch"
    alarms = [event for event in events if event["log_level"] == "critical"]
    assert [event["event"] for event in alarms] == ["unavailable"]
    assert rows_of(sql) == before


def test_create_fallback_wallet_returns_the_existing_wallet(client, sql):
    first = client.post(FALLBACK, headers=signed_in()).get_json()["walletAddress"]
    before = rows_of(sql)
    assert client.post(FALLBACK, headers=signed_in()).get_json()["walletAddress"] == first
    assert rows_of(sql) == before


def test_gas_has_no_leading_zero(client):
    answer = client.post(DEPOSIT, json=BODY, headers=signed_in())
    assert answer.get_json()["transaction"]["gas"] == "0x30d40"


def test_any_address_may_be_the_sender_but_proves_nothing(client, services, sql):
    services.wallets.store_base_account_address(FID + 7, BASE_ACCOUNT, access=ACCESS)
    answer = client.post(DEPOSIT, json=BODY, headers=signed_in())
    assert answer.get_json()["transaction"]["from"] == BASE_ACCOUNT
    # Naming an address neither remembers it for this user nor takes it from another.
    primary = client.get("/api/wallet/primary", headers=signed_in())
    assert primary.get_json() == {"wallet": None}
    owner = sql.execute("select fid from wallets where address = %s", [BASE_ACCOUNT]).fetchall()
    assert owner == [(FID + 7,)]
