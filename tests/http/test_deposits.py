"""The deposits that were prepared, as users and other services read them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tests.database import plant, rows_of
from tests.factories import ACCESS, BASE_ACCOUNT, DEAD_PORT, DEPOSIT_ID, FID, calling, signed_in
from tests.http.problems import refused
from wallet_api.blueprints.application import application

OTHER = FID + 7
OWN = "/api/wallet/deposits"
OF_USER = f"/v1/users/{FID}/deposits"
ANY = "/v1/deposits"
USDC = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
STRANGER = "0x" + "ab" * 20


@pytest.fixture
def reader(app):
    return calling(app, "wallets:read")


def prepare(client, fid=FID, **body):
    """Prepare a deposit, and return its id."""
    body = {"asset": "USDC", "amount": "20", "baseAddress": BASE_ACCOUNT} | body
    answer = client.post("/api/wallet/deposit", json=body, headers=signed_in(fid))
    assert answer.status_code == 200, answer.text
    return answer.json["depositId"]


def get_json(client, path, headers):
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200, (path, answer.text)
    return answer.json


def test_a_deposit_is_read_in_full_from_each_route(app, client, reader):
    before = datetime.now(UTC)
    deposit_id = prepare(client, amount="020.500000")
    address = application(app).wallets.get_wallet_address(FID, "ethereum", access=ACCESS)
    deposit = get_json(client, f"{OWN}/{deposit_id}", signed_in())
    made = datetime.fromisoformat(deposit.pop("createdAt"))
    assert before - timedelta(seconds=1) < made < datetime.now(UTC) + timedelta(seconds=1)
    assert deposit == {
        "id": deposit_id,
        "fid": FID,
        "status": "prepared",
        "note": "This deposit was prepared. The service does not watch the blockchain yet. Check a "
        "block explorer to see whether the money arrived.",
        "asset": "USDC",
        "amount": "20.5",
        "amountUnits": "20500000",
        "fromAddress": BASE_ACCOUNT,
        "depositAddress": address,
        "network": {"name": "Base Mainnet", "chainId": 8453},
        "explorer": {
            "sender": f"https://basescan.org/address/{BASE_ACCOUNT}",
            "wallet": f"https://basescan.org/token/{USDC}?a={address}",
        },
    }
    (listed,) = get_json(client, OWN, signed_in())["data"]
    assert listed == {**deposit, "createdAt": listed["createdAt"]}
    for path in (f"{OF_USER}/{deposit_id}", f"{ANY}/{deposit_id}"):
        assert get_json(client, path, reader) == listed
    assert get_json(client, OF_USER, reader)["data"] == [listed]


@pytest.mark.parametrize(
    ("network", "explorer"),
    [("base-mainnet", "https://basescan.org"), ("base-testnet", "https://sepolia.basescan.org")],
)
def test_the_links_are_those_of_the_network_and_the_asset(make_app, network, explorer):
    client = make_app(NETWORK=network).test_client()
    deposit_id = prepare(client, asset="ETH", amount="0.000000000000000001")
    # A deposit keeps its network when the setting changes.
    later = make_app(NETWORK="base-mainnet").test_client()
    deposit = get_json(later, f"{OWN}/{deposit_id}", signed_in())
    assert (deposit["amount"], deposit["amountUnits"]) == ("0.000000000000000001", "1")
    assert deposit["explorer"] == {
        "sender": f"{explorer}/address/{BASE_ACCOUNT}",
        "wallet": f"{explorer}/address/{deposit['depositAddress']}",
    }


def test_the_largest_amount_is_exact(client):
    whole, fraction = str(2**256 - 1)[:-18], str(2**256 - 1)[-18:]
    prepare(client, asset="ETH", amount=f"{whole}.{fraction}")
    (deposit,) = get_json(client, OWN, signed_in())["data"]
    assert deposit["amount"] == f"{whole}.{fraction}"
    assert deposit["amountUnits"] == str(2**256 - 1)


def test_a_user_without_deposits_gets_an_empty_list(client, reader):
    empty = {"data": [], "next_cursor": None, "has_more": False}
    assert get_json(client, OWN, signed_in()) == empty
    assert get_json(client, OF_USER, reader) == empty


def test_a_user_sees_no_deposit_of_another_user(client, reader):
    mine, other = prepare(client), prepare(client, OTHER)
    assert [one["id"] for one in get_json(client, OWN, signed_in())["data"]] == [mine]
    assert [one["id"] for one in get_json(client, OF_USER, reader)["data"]] == [mine]
    for path, headers in ((f"{OWN}/{other}", signed_in()), (f"{OF_USER}/{other}", reader)):
        assert refused(client.get(path, headers=headers), 404)["code"] == "deposit_not_found"
    assert get_json(client, f"{ANY}/{other}", reader)["fid"] == OTHER


@pytest.mark.parametrize("wrong", [DEPOSIT_ID, "1", "x" * 36, str(UUID(int=0xAB << 120)).upper()])
def test_what_is_no_deposit_is_not_found(client, sql, reader, wrong):
    for path, headers in ((OWN, signed_in()), (OF_USER, reader), (ANY, reader)):
        problem = refused(client.get(f"{path}/{wrong}", headers=headers), 404)
        assert problem["code"] == "deposit_not_found"
    assert not any(rows_of(sql).values())


def pages(client, path, headers, *, between=lambda: None):
    """Follow the links to the last page, and yield each page."""
    while path:
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        page = answer.json
        yield [one["id"] for one in page["data"]]
        path = answer.headers.get("Link", "").partition(">")[0].removeprefix("<")
        assert page["has_more"] is bool(path)
        between()


def spread(sql, fid, deposits):
    """Insert deposits of one user at few times, and return their ids, newest first."""
    sql.execute(
        "insert into deposits (fid, id, asset, amount, from_address, to_address, chain_id,"
        " created_at) select fid, gen_random_uuid(), asset, amount, from_address, to_address,"
        " chain_id, created_at - make_interval(secs => n / 3) from deposits,"
        " generate_series(1, %s) as n where fid = %s",
        [deposits - 1, fid],
    )
    rows = sql.execute("select created_at, id from deposits where fid = %s", [fid]).fetchall()
    return [str(deposit_id) for _, deposit_id in sorted(rows, reverse=True)]


@pytest.mark.parametrize("limit", [1, 2, 7, 100])
def test_pages_contain_each_deposit_once_newest_first(client, sql, reader, limit):
    prepare(client)
    prepare(client, OTHER)
    wanted = spread(sql, FID, 23)
    for path, headers in ((OWN, signed_in()), (OF_USER, reader)):
        found = list(pages(client, f"{path}?limit={limit}", headers))
        assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
        assert [one for page in found for one in page] == wanted


def test_a_deposit_that_is_prepared_between_two_pages_moves_none(client, sql):
    prepare(client)
    wanted = spread(sql, FID, 10)
    found = list(pages(client, f"{OWN}?limit=3", signed_in(), between=lambda: prepare(client)))
    assert [one for page in found for one in page] == wanted


def test_a_cursor_is_valid_for_its_own_list_only(client, sql, reader):
    prepare(client)
    spread(sql, FID, 3)
    cursor = get_json(client, f"{OF_USER}?limit=1", reader)["next_cursor"]
    other = f"/v1/users/{OTHER}/deposits"
    for wrong in (f"{other}?cursor={cursor}", f"{OF_USER}?cursor={cursor}x"):
        assert refused(client.get(wrong, headers=reader), 400)["code"] == "invalid_cursor"
    for wrong in ("limit=0", "limit=101", "limit=x", "since=2026-01-01", "fid=1"):
        refused(client.get(f"{OF_USER}?{wrong}", headers=reader), 400)


@pytest.mark.parametrize("fid", ["0", "-1", "01", "x", str(2**63)])
def test_a_wrong_fid_is_refused(client, reader, fid):
    for path in (f"/v1/users/{fid}/deposits", f"/v1/users/{fid}/deposits/{DEPOSIT_ID}"):
        assert refused(client.get(path, headers=reader), 400)["code"] == "invalid_fid"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        # The role of the service may insert a deposit to any address.
        (f"update deposits set to_address = '{STRANGER}'", "key_unreadable"),
        ("update wallets set iv = repeat('0', 24) where chain = 'ethereum'", "key_unreadable"),
        ("update deposits set chain_id = 1", "database_damaged"),
    ],
)
def test_no_address_is_shown_that_is_not_the_verified_wallet(client, sql, reader, change, code):
    deposit_id = prepare(client)
    plant(sql, change)
    for path, headers in (
        (OWN, signed_in()),
        (f"{OWN}/{deposit_id}", signed_in()),
        (OF_USER, reader),
        (f"{OF_USER}/{deposit_id}", reader),
        (f"{ANY}/{deposit_id}", reader),
    ):
        answer = client.get(path, headers=headers)
        assert refused(answer, 503)["code"] == code
        assert STRANGER not in answer.text


def test_a_deposit_whose_wallet_was_deleted_is_not_shown(client, sql):
    prepare(client)
    plant(sql, "delete from wallets")
    assert refused(client.get(OWN, headers=signed_in()), 503)["code"] == "key_unreadable"


def test_reading_writes_nothing(client, sql, reader):
    deposit_id = prepare(client)
    before = rows_of(sql)
    for path, headers in ((OWN, signed_in()), (OF_USER, reader), (ANY, reader)):
        for one in (f"{path}/{deposit_id}", *([path] if path != ANY else [])):
            get_json(client, one, headers)
    assert rows_of(sql) == before


def test_a_deposit_is_read_from_the_primary(make_app):
    """A replica may lack the deposit that the user has just prepared."""
    client = make_app(DATABASE_REPLICA_URL=f"postgresql://127.0.0.1:{DEAD_PORT}/x").test_client()
    deposit_id = prepare(client)
    assert [one["id"] for one in get_json(client, OWN, signed_in())["data"]] == [deposit_id]
