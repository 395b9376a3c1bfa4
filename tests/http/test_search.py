"""GET /v1/wallets: every combination of filters, page by page, against a model in plain Python."""

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import count, product
from urllib.parse import urlencode

import pytest
from structlog.testing import capture_logs

from tests.database import scans
from tests.factories import BASE_ACCOUNT, DEAD_PORT, FID, OTHER_SECRET, calling, signed_in
from tests.http.problems import refused
from tests.http.searches import FIRST, WALLETS, fill, model, pages, told
from tests.leaks import LEAKS
from tests.sql.queries import FILL
from wallet_api.blueprints.application import application
from wallet_api.models import SCOPES


def test_the_test_rows_cover_every_filter(stored):
    assert len(stored) == 60
    moments = [row[4] for row in stored]
    assert len(set(moments)) < 30
    both = {(row[0], row[4]) for row in stored if row[1] == "ethereum"}
    assert sum((row[0], row[4]) in both for row in stored if row[1] == "base-account") == 12
    assert sum(row[3] == BASE_ACCOUNT for row in stored) == 12


@pytest.mark.slow
def test_every_combination_of_filters_returns_what_a_model_returns(refusing, finder, stored):
    trader = next(row for row in stored if row[:2] == (5, "ethereum"))
    values = {
        "address": (None, BASE_ACCOUNT, trader[3]),
        "fid": (None, 5, 37, 38),
        "type": (None, "trading", "base-account"),
        "chain": (None, "ethereum", "base-account"),
        "createdAfter": (None, FIRST + timedelta(days=1, microseconds=1)),
        "createdBefore": (None, FIRST + timedelta(days=2, microseconds=2)),
    }
    used, answered = set(), set()
    for chosen in product(*values.values()):
        query = {name: value for name, value in zip(values, chosen, strict=True) if value}
        address, fid, wallet_type, chain, after, before = chosen
        parameters = urlencode(
            {n: v.isoformat() if isinstance(v, datetime) else v for n, v in query.items()}
        )
        answer = refusing.get(f"{WALLETS}?limit=100&{parameters}", headers=finder)
        used.add(frozenset(query))
        if wallet_type and chain and (wallet_type == "trading") != (chain == "ethereum"):
            problem = refused(answer, 400, "These filters cannot be combined.")
            assert problem["code"] == "invalid_filter"
            assert "Remove chain" in problem["detail"]
            continue
        wanted = [
            told(row)
            for row in stored
            if address is None or address.lower() == row[3].lower()
            if fid in (None, row[0])
            if wallet_type in (None, row[2])
            if chain in (None, row[1])
            if after is None or row[4] >= after
            if before is None or row[4] < before
        ]
        assert answer.get_json() == {
            "data": wanted,
            "next_cursor": None,
            "has_more": False,
        }, query
        if wanted:
            answered.add(frozenset(query))
    assert len(used) == len(answered) == 2**6


def test_a_page_has_fifty_wallets_by_default(refusing, finder, stored):
    sizes = [len(page) for page in pages(refusing, finder, {})]
    assert sizes == [50, 10]


QUERIES = [
    {},
    {"type": "trading"},
    {"chain": "base-account"},
    {"address": BASE_ACCOUNT},
    {"address": BASE_ACCOUNT, "chain": "base-account", "createdBefore": "2025-03-03"},
    {"fid": "7"},
    {"createdAfter": "2025-03-02", "createdBefore": "2025-03-03T12:00:00.000002Z"},
]


@pytest.mark.parametrize("query", QUERIES, ids=urlencode)
def test_pages_of_any_size_show_each_wallet_once_in_order(refusing, finder, stored, query):
    (whole,) = pages(refusing, finder, {**query, "limit": 100})
    assert whole
    for limit in (*range(1, 8), len(whole), len(whole) + 1):
        shown = list(pages(refusing, finder, {**query, "limit": limit}))
        assert [wallet for page in shown for wallet in page] == whole
        # No page is empty, and only the last one is short.
        assert [len(page) for page in shown[:-1]] == [limit] * (len(shown) - 1)
        assert len(shown) == -(-len(whole) // limit)


def test_a_cursor_is_valid_with_another_page_size(refusing, finder, stored):
    first = refusing.get(f"{WALLETS}?limit=3", headers=finder).get_json()
    path = f"{WALLETS}?limit=100&cursor={first['next_cursor']}"
    rest = refusing.get(path, headers=finder).get_json()
    assert first["data"] + rest["data"] == [told(row) for row in stored]
    assert rest["has_more"] is False


@pytest.mark.slow
def test_wallets_created_between_pages_shift_no_page(client, app, services, sql):
    fill(services, sql)
    finder = calling(app, "wallets:read")
    newer = count(1000)

    def make_one():
        sql.execute(
            "insert into wallets (fid, chain, wallet_type, address)"
            " values (%s, 'base-account', 'base-account', %s)",
            [next(newer), BASE_ACCOUNT],
        )

    since = FIRST + timedelta(days=2)
    for limit in range(1, 8):
        wanted = [told(row) for row in model(sql) if row[4] >= since]
        query = {"limit": limit, "createdAfter": since.isoformat()}
        shown = pages(client, finder, query, between=make_one)
        assert [wallet for page in shown for wallet in page] == wanted
    assert next(newer) > 1050


def test_the_link_header_has_the_next_page(refusing, finder, stored):
    path = f"{WALLETS}?limit=7&createdAfter=2025-03-01T12:00:00%2B00:00&type=trading"
    seen = []
    while path is not None:
        answer = refusing.get(path, headers=finder)
        page = answer.get_json()
        seen += page["data"]
        link = answer.headers.get("Link")
        if not page["has_more"]:
            assert link is None
            break
        path = re.fullmatch(r'<(/v1/wallets\?[!-;=?-~]+)>; rel="next"', link)[1]
        assert f"cursor={page['next_cursor']}" in path
    assert seen == [told(row) for row in stored if row[1] == "ethereum"]


def first_cursor(client, headers, query="limit=3", path=WALLETS):
    cursor = client.get(f"{path}?{query}", headers=headers).get_json()["next_cursor"]
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", cursor)
    return cursor


def is_no_cursor(client, headers, cursor, query="limit=3"):
    answer = client.get(f"{WALLETS}?{query}&{urlencode({'cursor': cursor})}", headers=headers)
    problem = refused(answer, 400)
    assert problem["code"] == "invalid_cursor", cursor
    assert "Start without a cursor" in problem["error"]


def test_a_modified_cursor_is_refused(refusing, finder, stored):
    cursor = first_cursor(refusing, finder)
    for place in range(len(cursor)):
        other = "A" if cursor[place] != "A" else "Q"
        is_no_cursor(refusing, finder, cursor[:place] + other + cursor[place + 1 :])
    for changed in (cursor[:-1], cursor[:10], cursor[1:], cursor + "A", cursor * 2, f" {cursor}"):
        is_no_cursor(refusing, finder, changed)
    body, _, signature = cursor.rpartition(".")
    for made_up in (body, signature, f".{signature}", f"{body}.", f"{body}.{signature}.x"):
        is_no_cursor(refusing, finder, made_up)


@pytest.mark.parametrize(
    "cursor", ["", "x", "null", "[]", "0", "é", "\x00", ".", "a.b", "a" * 5000, "[" * 3000 + ".x"]
)
def test_an_invented_cursor_is_refused(refusing, finder, cursor):
    is_no_cursor(refusing, finder, cursor)


@pytest.mark.parametrize(
    "query",
    [
        *("", "type=trading", "chain=ethereum", "chain=base-account&type=base-account", "fid=5"),
        *("type=base-account&createdAfter=2025-03-01", f"type=base-account&address={BASE_ACCOUNT}"),
    ],
)
def test_a_cursor_of_other_filters_is_refused(refusing, finder, stored, query):
    cursor = first_cursor(refusing, finder, "limit=3&type=base-account")
    is_no_cursor(refusing, finder, cursor, query)


def test_a_cursor_of_another_route_is_refused(client, app, services, sql):
    fill(services, sql)
    sql.execute(
        "insert into wallet_audit_log (fid, id, chain, action, actor, request_id)"
        " select 999, id, 'ethereum', 'key.read', 'user:999', 'x' from generate_series(1, 5) as id"
    )
    finder = calling(app, *SCOPES)
    is_no_cursor(client, finder, first_cursor(client, finder, path="/v1/audit"))
    cursor = first_cursor(client, finder)
    answer = client.get(f"/v1/audit?limit=3&cursor={cursor}", headers=finder)
    assert refused(answer, 400)["code"] == "invalid_cursor"


def test_a_cursor_that_another_secret_signed_is_refused(refusing, untouched, finder, stored):
    other = untouched.make_app(JWT_SECRET=OTHER_SECRET).test_client()
    is_no_cursor(refusing, finder, first_cursor(other, finder))
    # And a second process with the same secret takes it.
    same = untouched.make_app().test_client()
    cursor = first_cursor(same, finder)
    answer = refusing.get(f"{WALLETS}?limit=3&cursor={cursor}", headers=finder)
    assert answer.get_json()["data"] == [told(row) for row in stored[3:6]]


def test_a_wallet_that_does_not_decrypt_is_an_alarm_and_its_address_is_hidden(
    client, app, services, sql
):
    fill(services, sql)
    # As a damaged disk would: no trigger is asked.
    sql.execute("set session_replication_role = replica")
    sql.execute(
        "update wallets set encrypted_private_key = repeat('ab', 48)"
        " where fid = 5 and chain = 'ethereum'"
    )
    sql.execute(
        "update wallets set address = %s where fid = 6 and chain = 'ethereum'", ["0x" + "5e" * 20]
    )
    rows = model(sql)
    finder = calling(app, "wallets:read")
    with capture_logs() as events:
        shown = [wallet for page in pages(client, finder, {"limit": 7}) for wallet in page]
    alarms = [event for event in events if event["log_level"] == "critical"]
    assert sorted(alarm["fid"] for alarm in alarms) == [5, 6]
    assert {alarm["code"] for alarm in alarms} == {"key_unreadable"}
    damaged = {"fid_5_ethereum", "fid_6_ethereum"}
    for wallet, row in zip(shown, rows, strict=True):
        expected = told(row)
        if wallet["id"] in damaged:
            expected |= {"address": None, "opened": False}
        assert wallet == expected
    answer = client.get(f"{WALLETS}?address=0x{'5e' * 20}", headers=finder)
    (only,) = answer.get_json()["data"]
    assert (only["id"], only["address"], only["opened"]) == ("fid_6_ethereum", None, False)
    assert "5e5e" not in answer.text


def test_wallets_in_files_cannot_be_searched(make_app, folder):
    app = make_app(WALLET_STORAGE="filesystem", WALLET_STORAGE_PATH=str(folder))
    finder = calling(app, *SCOPES)
    for path in (WALLETS, f"{WALLETS}?fid=1", "/v1/stats"):
        answer = app.test_client().get(path, headers=finder)
        assert refused(answer, 409)["code"] == "wallets_in_files"


def test_imported_wallets_can_be_searched_while_migrating(make_app, folder, sql):
    (folder / "wallet_1_ethereum.json").write_text("{}")
    app = make_app(WALLET_STORAGE="migrating", WALLET_STORAGE_PATH=str(folder))
    sql.execute(
        "insert into wallets (fid, chain, wallet_type, address)"
        " values (7, 'base-account', 'base-account', %s)",
        [BASE_ACCOUNT],
    )
    answer = app.test_client().get(WALLETS, headers=calling(app, "wallets:read"))
    assert [wallet["id"] for wallet in answer.get_json()["data"]] == ["fid_7_base-account"]


def test_only_searches_and_statistics_read_the_replica(make_app, sql, untouched, stored):
    # A standby refuses writes.
    url = f"{untouched.environ['DATABASE_URL']}?options=-c%20default_transaction_read_only%3Don"
    app = make_app(DATABASE_REPLICA_URL=url)
    client, finder = app.test_client(), calling(app, *SCOPES)
    made = client.put(f"/v1/users/{FID}/wallets/ethereum", headers=finder)
    assert made.status_code == 201
    answer = client.get(f"{WALLETS}?limit=100", headers=finder)
    assert answer.get_json()["data"] == [told(row) for row in stored]
    assert client.get("/v1/stats", headers=finder).get_json()["users"] == 36
    key = client.post(
        f"/v1/users/{FID}/wallets/ethereum/key", json={"reason": "a test"}, headers=finder
    )
    LEAKS.secrets.add(key.get_json()["privateKey"][2:])
    entries = client.get("/v1/audit", headers=finder).get_json()["data"]
    assert [(entry["fid"], entry["action"]) for entry in entries] == [
        (FID, "key.read"),
        (FID, "wallet.created"),
    ]
    assert client.get("/v1/users/5/wallets", headers=finder).get_json() == {"data": []}


@pytest.mark.slow
def test_without_the_replica_only_searches_and_statistics_fail(make_app, sql):
    info = sql.info
    urls = [
        f"postgresql://{info.user}:{info.password}@127.0.0.1:{DEAD_PORT}/{info.dbname}",
        f"postgresql://{info.user}:{info.password}@{info.host}:{info.port}/no_such_database",
        # A database that no migration has seen.
        f"postgresql://{info.user}:{info.password}@{info.host}:{info.port}/postgres",
    ]
    for number, url in enumerate(urls):
        app = make_app(DATABASE_REPLICA_URL=url, DB_POOL_TIMEOUT="0.3")
        application(app).database._pool.wait(30)
        client, finder = app.test_client(), calling(app, *SCOPES)
        for path in (WALLETS, "/v1/stats"):
            answer = client.get(path, headers=finder)
            assert refused(answer, 503)["code"] == "database_unavailable"
            assert answer.headers["Retry-After"].isdigit()
        user = signed_in(number + 1)
        body = {"amount": "20", "baseAddress": BASE_ACCOUNT}
        assert client.post("/api/wallet/deposit", json=body, headers=user).status_code == 200
        assert client.get("/api/wallet/user-wallets", headers=user).status_code == 200
        wallet = f"/v1/users/{number + 1}/wallets/ethereum"
        assert client.put(wallet, headers=finder).status_code == 200
        assert client.get(wallet, headers=finder).status_code == 200
        assert client.get("/v1/audit", headers=finder).status_code == 200
        assert client.get("/readyz").status_code == 200


@pytest.mark.slow
def test_no_combination_of_filters_reads_more_rows_than_it_returns(make_app, sql):
    for statement in FILL.strip().rstrip(";").split(";\n"):
        if "into wallets" in statement or "encryption_keys" in statement:
            sql.execute(statement)
    # The oldest wallet of all.
    sql.execute(
        "update wallets set created_at = created_at - interval '1 hour'"
        " where fid = 77 and chain = 'base-account'"
    )
    sql.execute("vacuum analyze wallets")
    app = make_app(DB_POOL_MIN="1", DB_POOL_MAX="1")
    services, client, finder = application(app), app.test_client(), calling(app, "wallets:read")
    today = datetime.now(UTC)
    values = {
        "address": "0x" + f"{77:x}".rjust(40, "a"),
        # Of all Base Accounts.
        "addressPrefix": "0xaaaa",
        "fid": "77",
        "type": "base-account",
        "chain": "base-account",
        "createdAfter": (today - timedelta(days=1)).strftime("%Y-%m-%dT%H:%MZ"),
        "createdBefore": (today + timedelta(days=1)).strftime("%Y-%m-%dT%H:%MZ"),
    }
    sequential, fetched = scans("wallets", sql, services)
    shown = asked = 0
    for wanted in product((False, True), repeat=len(values)):
        query = {n: v for (n, v), used in zip(values.items(), wanted, strict=True) if used}
        if "address" in query and "addressPrefix" in query:
            continue
        while True:
            answer = client.get(f"{WALLETS}?limit=5&{urlencode(query)}", headers=finder)
            page = json.loads(answer.data)
            assert page["data"], query
            shown, asked = shown + len(page["data"]), asked + 1
            if not page["has_more"] or "cursor" in query:
                break
            query["cursor"] = page["next_cursor"]
    after_sequential, after_fetched = scans("wallets", sql, services)
    assert after_sequential == sequential
    # One more for each page, and as many again of the other chain; a user's wallets are two.
    assert shown <= after_fetched - fetched <= 2 * (shown + asked)
    assert asked > 96
