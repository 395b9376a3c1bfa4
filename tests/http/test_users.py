"""/v1/users: the wallets of one user for other services, and the route that hands out their keys.

The fixture `refusing` looks into every table after each test.
"""

import re
from datetime import UTC, datetime

import pytest
from eth_utils.address import is_checksum_address

from tests.factories import ACCESS, BASE_ACCOUNT, FID, signed_in
from tests.http.problems import refused
from tests.http.user_wallets import MODES, REASON, TRADING, WALLETS, put_file, written
from tests.races import race
from tests.wallet_store import keyed, keyless


def rows_as_told(sql, fid=FID):
    """Return a user's wallets as /v1 shows them, from what the table holds."""
    rows = sql.execute(
        "select chain, wallet_type, address, created_at, updated_at from wallets where fid = %s"
        " order by chain",
        [fid],
    ).fetchall()
    return [
        {
            "id": f"fid_{fid}_{chain}",
            "fid": fid,
            "chain": chain,
            "type": wallet_type,
            "address": address,
            "createdAt": written(created_at),
            "updatedAt": written(updated_at),
        }
        for chain, wallet_type, address, created_at, updated_at in rows
    ]


@pytest.mark.parametrize("mode", MODES)
def test_a_wallet_is_created_once_and_shown_from_then_on(storing, sql, mode):
    app, engine = storing(mode)
    client = app.test_client()
    first = client.put(TRADING, headers=engine)
    assert first.status_code == 201, first.text
    assert first.headers["Cache-Control"] == "no-store"
    wallet = first.get_json()
    assert wallet.keys() == {"id", "fid", "chain", "type", "address", "createdAt", "updatedAt"}
    assert (wallet["id"], wallet["fid"]) == (f"fid_{FID}_ethereum", FID)
    assert (wallet["chain"], wallet["type"]) == ("ethereum", "trading")
    assert is_checksum_address(wallet["address"])
    for name in ("createdAt", "updatedAt"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", wallet[name])
        age = datetime.now(UTC) - datetime.fromisoformat(wallet[name])
        assert -1 < age.total_seconds() < 60
    if mode != "filesystem":
        assert rows_as_told(sql) == [wallet]
    for _ in range(2):
        again = client.put(TRADING, headers=engine)
        assert (again.status_code, again.get_json()) == (200, wallet)
    assert client.get(TRADING, headers=engine).get_json() == wallet
    assert client.get(WALLETS, headers=engine).get_json() == {"data": [wallet]}


@pytest.mark.parametrize("mode", MODES)
def test_fifty_racing_services_get_one_wallet_and_one_of_them_created_it(storing, mode):
    app, engine = storing(mode)

    def ensure(_):
        answer = app.test_client().put(TRADING, headers=engine)
        return answer.status_code, answer.get_json()

    found = race(ensure, range(50))
    assert sorted(status for status, _ in found) == [200] * 49 + [201]
    assert len({wallet["address"] for _, wallet in found}) == 1
    assert all(wallet == found[0][1] for _, wallet in found)


def test_a_wallet_created_by_the_user_s_deposit_is_found(client, engine):
    body = {"amount": "20", "baseAddress": BASE_ACCOUNT}
    deposit = client.post("/api/wallet/deposit", json=body, headers=signed_in())
    answer = client.put(TRADING, headers=engine)
    assert answer.status_code == 200
    assert answer.get_json()["address"] == deposit.get_json()["depositAddress"]


@pytest.mark.parametrize("mode", ["filesystem", "migrating"])
def test_a_wallet_in_a_file_is_found(storing, folder, mode):
    address = put_file(folder, FID, "ethereum", keyed())
    app, engine = storing(mode)
    for _ in range(2):
        answer = app.test_client().put(TRADING, headers=engine)
        assert answer.status_code == 200
        assert answer.get_json()["address"] == address
        assert answer.get_json()["createdAt"] == "2026-11-22T10:42:23.436Z"


@pytest.mark.parametrize("mode", ["filesystem", "migrating"])
def test_racing_services_find_the_wallet_in_a_file(storing, folder, mode):
    address = put_file(folder, FID, "ethereum", keyed())
    app, engine = storing(mode)
    found = race(lambda _: app.test_client().put(TRADING, headers=engine), range(10))
    assert [answer.status_code for answer in found] == [200] * 10
    assert {answer.get_json()["address"] for answer in found} == {address}


@pytest.mark.parametrize("mode", ["filesystem", "migrating"])
def test_an_address_without_a_key_in_the_trading_wallet_s_file_is_no_wallet_yet(
    storing, folder, mode
):
    put_file(folder, FID, "ethereum", keyless(BASE_ACCOUNT, "ethereum"))
    app, engine = storing(mode)
    client = app.test_client()
    assert refused(client.get(TRADING, headers=engine), 404)["code"] == "wallet_not_found"
    made = client.put(TRADING, headers=engine)
    assert made.status_code == 201
    assert client.put(TRADING, headers=engine).status_code == 200
    account, trading = client.get(WALLETS, headers=engine).get_json()["data"]
    assert (account["chain"], account["address"]) == ("base-account", BASE_ACCOUNT)
    assert trading == made.get_json()


@pytest.mark.parametrize("mode", ["filesystem", "migrating"])
def test_a_damaged_file_is_never_replaced_by_a_new_wallet(storing, folder, mode):
    put_file(folder, FID, "ethereum", keyed(encryptedPrivateKey="00" * 80))
    app, engine = storing(mode)
    answer = app.test_client().put(TRADING, headers=engine)
    assert refused(answer, 503)["code"] == "key_unreadable"


def test_creating_a_wallet_needs_no_body(client, engine):
    assert client.put(TRADING, json={}, headers=engine).status_code == 201


def test_wallets_are_shown_field_by_field_and_the_base_account_first(client, services, sql, engine):
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)
    services.wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    services.wallets.ensure_trading_wallet(FID + 7, access=ACCESS)
    sql.execute("update wallets set updated_at = updated_at + interval '1 hour 2.003 seconds'")
    told = rows_as_told(sql)
    answer = client.get(WALLETS, headers=engine)
    assert (answer.status_code, answer.get_json()) == (200, {"data": told})
    assert [wallet["chain"] for wallet in told] == ["base-account", "ethereum"]
    for chain, wallet in (
        ("base-account", told[0]),
        ("base", told[0]),
        ("ethereum-base", told[0]),
        ("ethereum", told[1]),
    ):
        answer = client.get(f"{WALLETS}/{chain}", headers=engine)
        assert (answer.status_code, answer.get_json()) == (200, wallet)


def test_without_wallets_the_list_is_empty_and_a_wallet_is_404(refusing, trader):
    wallets = f"/v1/users/{FID + 1}/wallets"
    assert refusing.get(wallets, headers=trader).get_json() == {"data": []}
    for chain in ("ethereum", "base-account"):
        answer = refusing.get(f"{wallets}/{chain}", headers=trader)
        problem = refused(answer, 404, "This user has no such wallet.")
        assert problem["code"] == "wallet_not_found"


@pytest.mark.parametrize(
    "chain",
    ["solana", "Ethereum", "ETHEREUM", "ethereum%20", "base_account", "8453", "%00", "%C3%A9"],
)
def test_an_unknown_chain_is_refused(refusing, trader, chain):
    for method, path, body in (
        ("GET", f"{WALLETS}/{chain}", None),
        ("PUT", f"{WALLETS}/{chain}", None),
        ("POST", f"{WALLETS}/{chain}/key", REASON),
    ):
        answer = refusing.open(path, method=method, json=body, headers=trader)
        assert refused(answer, 400)["code"] == "unsupported_chain"


@pytest.mark.parametrize("chain", ["base-account", "base", "ethereum-base"])
def test_a_base_account_is_not_created_here_and_has_no_key(refusing, trader, chain):
    for method, path, body in (
        ("PUT", f"{WALLETS}/{chain}", None),
        ("POST", f"{WALLETS}/{chain}/key", REASON),
    ):
        answer = refusing.open(path, method=method, json=body, headers=trader)
        problem = refused(answer, 400, "Unsupported chain. Only ethereum is supported.")
        assert problem["code"] == "unsupported_chain"


@pytest.mark.parametrize(
    "fid",
    [
        *("0", "00", "007", "-1", "+1", "1.0", "1e3", "0x1", "1_0", "abc", "%201", "1%20"),
        *("9223372036854775808", "18446744073709551617", "9" * 400, "%D9%A1%D9%A2", "%EF%BC%91"),
        *("1%00", "null", "%C2%B2"),
    ],
)
def test_an_fid_that_is_not_a_whole_number_in_its_one_spelling_is_refused(refusing, trader, fid):
    for method, path, body in (
        ("GET", f"/v1/users/{fid}/wallets", None),
        ("GET", f"/v1/users/{fid}/wallets/ethereum", None),
        ("PUT", f"/v1/users/{fid}/wallets/ethereum", None),
        ("POST", f"/v1/users/{fid}/wallets/ethereum/key", REASON),
    ):
        answer = refusing.open(path, method=method, json=body, headers=trader)
        assert refused(answer, 400)["code"] == "invalid_fid"


def test_every_fid_up_to_the_largest_has_its_wallet(client, engine):
    for fid in (1, 2**53 + 1, 2**63 - 1):
        answer = client.put(f"/v1/users/{fid}/wallets/ethereum", headers=engine)
        assert answer.status_code == 201
        assert f'"fid":{fid},' in answer.text.replace(" ", "")
