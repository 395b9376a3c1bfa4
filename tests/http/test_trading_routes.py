"""POST and GET /api/trading/create-fallback-wallet: the trading wallet under its older name."""

import pytest
from eth_utils.address import is_checksum_address

from tests.database import rows_of
from tests.factories import ACCESS, BASE_ACCOUNT, FID, signed_in
from tests.http.problems import refused

PATH = "/api/trading/create-fallback-wallet"


def test_before_the_first_request_the_status_is_empty_and_creates_no_wallet(client, sql):
    answer = client.get(PATH, headers=signed_in())
    assert answer.status_code == 200
    assert answer.get_json() == {"hasFallbackWallet": False, "walletAddress": None}
    assert not any(rows_of(sql).values())


def test_a_base_account_address_is_no_fallback_wallet(client, services):
    services.wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    answer = client.get(PATH, headers=signed_in())
    assert answer.get_json() == {"hasFallbackWallet": False, "walletAddress": None}


def test_the_first_request_creates_the_wallet_and_reports_it(client, opened):
    answer = client.post(PATH, headers=signed_in())
    assert answer.status_code == 200
    body = answer.get_json()
    assert body.keys() == {"success", "walletAddress", "message", "note"}
    assert body["success"] is True
    assert is_checksum_address(body["walletAddress"])
    assert opened() == {FID: body["walletAddress"]}
    for text in (body["message"], body["note"]):
        assert text.isprintable()
        assert text.endswith(".")


def test_afterwards_the_status_names_the_wallet(client):
    address = client.post(PATH, headers=signed_in()).get_json()["walletAddress"]
    answer = client.get(PATH, headers=signed_in())
    assert answer.get_json() == {"hasFallbackWallet": True, "walletAddress": address}


@pytest.mark.parametrize("body", [None, {}, {"any": "thing"}])
def test_every_later_request_returns_the_same_and_writes_nothing(client, sql, body):
    first = client.post(PATH, headers=signed_in()).get_json()
    before = rows_of(sql)
    assert client.post(PATH, json=body, headers=signed_in()).get_json() == first
    assert rows_of(sql) == before


def test_every_other_route_shows_the_same_wallet(client):
    fallback = client.post(PATH, headers=signed_in()).get_json()["walletAddress"]
    body = {"amount": "1", "baseAddress": BASE_ACCOUNT}
    deposit = client.post("/api/wallet/deposit", json=body, headers=signed_in()).get_json()
    created = client.post("/api/wallet/user-wallets", headers=signed_in()).get_json()
    listed = client.get("/api/wallet/user-wallets", headers=signed_in()).get_json()
    assert deposit["depositAddress"] == fallback
    assert created["wallet"]["address"] == fallback
    assert [wallet["address"] for wallet in listed["wallets"]] == [fallback]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_a_token_nothing_is_shown_or_created(refusing, method):
    refused(refusing.open(PATH, method=method), 401)
