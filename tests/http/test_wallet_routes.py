"""The wallet routes: the primary wallet, the list of wallets, and the key."""

import re
from datetime import UTC, datetime

import pytest
from eth_utils.address import is_checksum_address

from tests.database import rows_of
from tests.factories import ACCESS, BASE_ACCOUNT, FID, signed_in
from tests.http.problems import refused
from tests.http.route_map import routes
from wallet_api.crypto.key_pairs import address_of
from wallet_api.crypto.secret import Secret

LIST = "/api/wallet/user-wallets"
PRIMARY = "/api/wallet/primary"
KEY = "/api/wallet/primary-with-key"
OTHER_FID = FID + 7
OTHER_ACCOUNT = "0x036cbd53842c5426634e7929541ec2318f3dcf7e"


def times_of(sql, chain):
    """Return createdAt and updatedAt as the contract writes them, from what the table holds."""
    row = sql.execute(
        "select created_at, updated_at from wallets where chain = %s", [chain]
    ).fetchone()
    return [f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z" for when in row]


def audit_rows(sql):
    """Return what is on record about keys."""
    return sql.execute(
        "select fid, chain, action, actor, request_id from wallet_audit_log"
        " where action like 'key.%' order by id"
    ).fetchall()


@pytest.fixture
def exporting(make_app):
    """Return a client of a service that hands out keys."""
    return make_app(ALLOW_KEY_EXPORT="true").test_client()


def test_the_primary_wallet_is_null_before_an_address_is_known(client, services):
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)
    answer = client.get(PRIMARY, headers=signed_in())
    assert (answer.status_code, answer.get_json()) == (200, {"wallet": None})


def test_the_primary_wallet_is_the_base_account(client, services):
    services.wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    answer = client.get(PRIMARY, headers=signed_in())
    assert answer.status_code == 200
    assert answer.get_json() == {
        "wallet": {"address": BASE_ACCOUNT, "chain": "base", "walletType": "base-account"}
    }


def test_a_user_without_wallets_gets_an_empty_list_and_no_wallet(client, sql):
    answer = client.get(LIST, headers=signed_in())
    assert (answer.status_code, answer.get_json()) == (200, {"wallets": []})
    assert not any(rows_of(sql).values())


@pytest.mark.parametrize("trading_first", [True, False])
def test_the_list_shows_the_base_account_first_and_no_keys(client, services, sql, trading_first):
    steps = [
        lambda: services.wallets.ensure_trading_wallet(FID, access=ACCESS),
        lambda: services.wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS),
    ]
    for step in steps if trading_first else reversed(steps):
        step()
    base_created, base_updated = times_of(sql, "base-account")
    trading_created, trading_updated = times_of(sql, "ethereum")
    answer = client.get(LIST, headers=signed_in())
    assert answer.status_code == 200
    assert answer.get_json() == {
        "wallets": [
            {
                "id": f"fid_{FID}_base-account",
                "address": BASE_ACCOUNT,
                "chain": "base",
                "walletType": "base-account",
                "createdAt": base_created,
                "updatedAt": base_updated,
            },
            {
                "id": f"fid_{FID}_ethereum",
                "address": services.wallets.get_wallet_address(FID, "ethereum", access=ACCESS),
                "chain": "ethereum",
                "walletType": "trading",
                "createdAt": trading_created,
                "updatedAt": trading_updated,
            },
        ]
    }


def test_times_are_iso_8601_in_utc_in_every_time_zone_of_the_database(make_app, sql):
    sql.execute(f"alter database \"{sql.info.dbname}\" set timezone = 'Asia/Kathmandu'")
    client = make_app().test_client()
    wallet = client.post(LIST, headers=signed_in()).get_json()["wallet"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", wallet["createdAt"])
    age = datetime.now(UTC) - datetime.fromisoformat(wallet["createdAt"])
    assert -1 < age.total_seconds() < 60


def test_a_changed_base_account_keeps_created_at_and_gets_a_new_updated_at(client, services):
    def base_account():
        return client.get(LIST, headers=signed_in()).get_json()["wallets"][0]

    services.wallets.store_base_account_address(FID, OTHER_ACCOUNT, access=ACCESS)
    before = base_account()
    services.wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    after = base_account()
    assert after["address"] == BASE_ACCOUNT
    assert after["createdAt"] == before["createdAt"]
    assert after["updatedAt"] >= before["updatedAt"]
    services.wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    assert base_account() == after


@pytest.mark.parametrize("body", [None, {}, {"chain": "ethereum"}])
def test_a_trading_wallet_is_created_on_request(client, sql, body):
    answer = client.post(LIST, json=body, headers=signed_in())
    assert answer.status_code == 200
    wallet = answer.get_json()["wallet"]
    assert answer.get_json().keys() == {"wallet"}
    assert is_checksum_address(wallet["address"])
    assert wallet == {
        "id": f"fid_{FID}_ethereum",
        "address": sql.execute("select address from wallets").fetchone()[0],
        "chain": "ethereum",
        "walletType": "trading",
        "createdAt": times_of(sql, "ethereum")[0],
    }


def test_the_second_request_shows_the_same_wallet(client, sql):
    first = client.post(LIST, headers=signed_in()).get_json()
    before = rows_of(sql)
    assert client.post(LIST, json={}, headers=signed_in()).get_json() == first
    assert rows_of(sql) == before


@pytest.mark.parametrize(
    "chain", ["base", "base-account", "ethereum-base", "solana", "Ethereum", "ethereum ", ""]
)
def test_other_chains_are_refused(refusing, chain):
    answer = refusing.post(LIST, json={"chain": chain}, headers=signed_in())
    refused(answer, 400, "Unsupported chain. Only ethereum is supported.")


@pytest.mark.parametrize(
    "body",
    [
        {"mnemonic": "legal winner thank year wave sausage worth useful legal winner thank yellow"},
        {"chain": "ethereum", "mnemonic": ""},
        {"mnemonic": None},
        {"Mnemonic": "legal winner"},
        {"chain": "solana", " MNEMONIC ": "legal winner"},
    ],
)
@pytest.mark.parametrize("path", [LIST, "/api/wallet/deposit"])
def test_a_seed_phrase_is_refused_and_not_echoed(refusing, path, body):
    answer = refusing.post(path, json=body, headers=signed_in())
    refused(answer, 400, "This service never accepts a seed phrase. Never share it.")
    assert "legal winner" not in answer.text


@pytest.mark.parametrize(
    "body", [{"import": {"mnemonic": "legal winner"}}, {"chain": "mnemonic"}, {"chain": ["x"]}]
)
def test_a_seed_phrase_in_any_field_is_refused(refusing, body):
    answer = refusing.post(LIST, json=body, headers=signed_in())
    refused(answer, 400)
    assert "legal winner" not in answer.text


def test_the_key_is_not_returned_by_default_and_the_request_is_recorded(client, services, sql):
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)
    answer = client.get(KEY, headers=signed_in() | {"X-Request-Id": "asked-1"})
    refused(answer, 403, "This service does not return private keys.")
    assert audit_rows(sql) == [(FID, "ethereum", "key.refused", f"user:{FID}", "asked-1")]


def test_a_refused_key_request_creates_no_wallet(client, sql):
    refused(client.get(KEY, headers=signed_in()), 403)
    assert rows_of(sql)["wallets"] == []
    assert [row[2] for row in audit_rows(sql)] == ["key.refused"]


def test_the_owner_gets_the_key_and_the_read_is_recorded(exporting, services, opened, sql):
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)
    answer = exporting.get(KEY, headers=signed_in() | {"X-Request-Id": "asked-2"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    wallet = answer.get_json()["wallet"]
    assert answer.get_json().keys() == {"wallet"}
    private_key = wallet.pop("privateKey")
    assert re.fullmatch(r"0x[0-9a-f]{64}", private_key)
    assert opened() == {FID: address_of(Secret(bytes.fromhex(private_key[2:])))}
    assert wallet == {
        "id": f"fid_{FID}_ethereum",
        "address": opened()[FID],
        "chain": "ethereum",
        "createdAt": times_of(sql, "ethereum")[0],
    }
    assert audit_rows(sql) == [(FID, "ethereum", "key.read", f"user:{FID}", "asked-2")]


def test_every_read_has_its_own_entry(exporting, services, sql):
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)
    keys = {exporting.get(KEY, headers=signed_in()).text for _ in range(3)}
    assert len(keys) == 1
    assert len(audit_rows(sql)) == 3


@pytest.mark.parametrize("has_base_account", [True, False])
def test_without_a_trading_wallet_there_is_no_key_and_none_is_created(
    exporting, services, sql, has_base_account
):
    if has_base_account:
        services.wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    before = rows_of(sql)
    refused(exporting.get(KEY, headers=signed_in()), 404, "This user has no such wallet.")
    assert rows_of(sql) == before
    assert audit_rows(sql) == []


REFUSE_RECORD = """
create function lose() returns trigger language plpgsql as
$$ begin raise exception 'lost' using errcode = '{errcode}'; end $$;
create constraint trigger lose after insert on wallet_audit_log
deferrable initially {when} for each row execute function lose();
"""


@pytest.mark.parametrize(
    ("when", "errcode"),
    [
        *(("immediate", "P0001"), ("immediate", "53100"), ("immediate", "57014")),
        *(("deferred", "P0001"), ("deferred", "40001")),
    ],
)
def test_without_an_audit_entry_there_is_no_key(exporting, services, sql, when, errcode):
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)
    sql.execute(REFUSE_RECORD.format(errcode=errcode, when=when).encode())
    answer = exporting.get(KEY, headers=signed_in())
    refused(answer, 500 if errcode == "P0001" else 503)
    assert audit_rows(sql) == []


@pytest.mark.parametrize("export", ["true", "false"])
def test_with_a_missing_or_read_only_audit_log_there_is_no_key(
    make_app, services, sql, database_url, export
):
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)
    role = f"clerk_{export}"
    sql.execute(f"create role {role} login password 'clerk'")
    sql.execute(f"grant select on wallets, encryption_keys to {role}")
    info = sql.info
    url = f"postgresql://{role}:clerk@{info.host}:{info.port}/{info.dbname}"
    try:
        client = make_app(DATABASE_URL=url, ALLOW_KEY_EXPORT=export).test_client()
        refused(client.get(KEY, headers=signed_in()), 503)
        sql.execute("drop table wallet_audit_log")
        refused(client.get(KEY, headers=signed_in()), 503)
    finally:
        sql.execute(f"drop owned by {role}")
        sql.execute(f"drop role {role}")


def test_a_token_reaches_its_users_wallets_and_no_others(exporting, services, sql):
    """Ask every route there is on behalf of one user, naming another in every way we know."""
    theirs = services.wallets.ensure_trading_wallet(OTHER_FID, access=ACCESS)
    services.wallets.store_base_account_address(OTHER_FID, OTHER_ACCOUNT, access=ACCESS)
    their_key = exporting.get(KEY, headers=signed_in(OTHER_FID)).get_json()["wallet"]["privateKey"]
    before = sql.execute("select * from wallets where fid = %s", [OTHER_FID]).fetchall()
    naming = {"fid": str(OTHER_FID), "userId": f"fid_{OTHER_FID}"}
    headers = signed_in() | {"X-User-Id": f"fid_{OTHER_FID}", "X-Fid": str(OTHER_FID)}
    calls = [(method, path) for method, path in routes(exporting.application) if "/api/" in path]
    assert len(calls) >= 9
    for method, path in calls:
        body = {"amount": "1", "baseAddress": BASE_ACCOUNT} if "deposit" in path else None
        answer = exporting.open(
            path, method=method, query_string=naming, json=body, headers=headers
        )
        found = answer.text.lower()
        for secret in (theirs.address.lower(), OTHER_ACCOUNT, their_key):
            assert secret not in found, path
    owners = "select distinct fid from {} where fid <> %s"
    assert sql.execute(owners.format("deposits").encode(), [FID]).fetchall() == []
    assert sql.execute("select * from wallets where fid = %s", [OTHER_FID]).fetchall() == before
    assert sql.execute("select count(*) from wallets where fid = %s", [FID]).fetchone() == (1,)
    assert [row[0] for row in audit_rows(sql) if row[3] != f"user:{row[0]}"] == []


def test_two_users_have_two_wallets(client, services):
    mine, theirs = (
        client.post(LIST, headers=signed_in(fid)).get_json()["wallet"] for fid in (FID, OTHER_FID)
    )
    assert mine["address"] != theirs["address"]
    assert mine["id"] == f"fid_{FID}_ethereum"
    assert theirs["id"] == f"fid_{OTHER_FID}_ethereum"
    listed = client.get(LIST, headers=signed_in(OTHER_FID)).get_json()["wallets"]
    assert [wallet["address"] for wallet in listed] == [theirs["address"]]
