"""GET /v1/stats: exact figures of one moment, day by day in UTC."""

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.factories import BASE_ACCOUNT, calling, signed_in
from tests.http.problems import refused
from wallet_api.models import SCOPES
from wallet_api.repositories.stats import StatsRepository

STATS = "/v1/stats"
MOST = 2**256 - 1
BASE, SEPOLIA = 8453, 84532
MIDNIGHT = datetime(2025, 3, 2, tzinfo=UTC)
OF_MARCH = f"{STATS}?from=2025-03-01&to=2025-03-03"


@pytest.fixture
def counter(app):
    return calling(app, "stats:read")


@pytest.fixture(scope="module")
def shared(refusing_app):
    """Return the header of a client of the file's empty database."""
    return calling(refusing_app, "stats:read")


def add_wallets(sql, *wallets):
    """Insert wallets: (fid, chain, created_at)."""
    rows = [
        {
            "fid": fid,
            "chain": chain,
            "wallet_type": "trading" if chain == "ethereum" else chain,
            "address": f"0x{fid:040x}",
            "encrypted_private_key": "ab" * 48 if chain == "ethereum" else None,
            "iv": "cd" * 12 if chain == "ethereum" else None,
            "scheme": "aes-256-gcm" if chain == "ethereum" else None,
            "key_id": "ef" * 8 if chain == "ethereum" else None,
            "created_at": created_at.isoformat(),
            "updated_at": created_at.isoformat(),
        }
        for fid, chain, created_at in wallets
    ]
    columns = ", ".join(rows[0])
    for table in ("encryption_keys", "active_encryption_keys"):
        sql.execute(f"insert into {table} (key_id) values (repeat('ef', 8)) on conflict do nothing")
    sql.execute(
        f"insert into wallets ({columns}) select {columns}"
        " from jsonb_populate_recordset(null::wallets, %s)",
        [Jsonb(rows)],
    )


def add_deposits(sql, *deposits):
    """Insert deposits: (asset, amount, chain_id, created_at)."""
    with sql.cursor() as cursor:
        cursor.executemany(
            "insert into deposits (fid, id, asset, amount, from_address, to_address, chain_id,"
            " created_at) values (1, gen_random_uuid(), %s, %s, '0x' || repeat('ab', 20),"
            " '0x' || repeat('cd', 20), %s, %s)",
            deposits,
        )


def counts(trading, base_account):
    """Return what the answer says of all wallets."""
    return [
        {"type": "base-account", "chain": "base-account", "count": base_account},
        {"type": "trading", "chain": "ethereum", "count": trading},
    ]


def new(day, wallet_type, number):
    chain = "ethereum" if wallet_type == "trading" else wallet_type
    return {"day": day, "type": wallet_type, "chain": chain, "count": number}


def prepared(day, asset, number, total, units, chain_id=BASE):
    return {
        "day": day,
        "chainId": chain_id,
        "asset": asset,
        "count": number,
        "total": total,
        "totalUnits": units,
    }


def test_an_empty_database_has_empty_statistics(refusing, shared):
    answer = refusing.get(OF_MARCH, headers=shared)
    assert answer.status_code == 200
    assert answer.get_json() == {
        "from": "2025-03-01",
        "to": "2025-03-03",
        "users": 0,
        "wallets": counts(0, 0),
        "newWallets": [],
        "deposits": [],
    }


def test_a_user_with_two_wallets_is_one_user(client, sql, counter):
    early = datetime(2025, 3, 1, tzinfo=UTC)
    add_wallets(
        sql,
        (1, "ethereum", early),
        (1, "base-account", MIDNIGHT),
        (2, "ethereum", early),
        (3, "base-account", early),
        (2**63 - 1, "ethereum", early),
        # Of another year: of all figures, only the total counts them.
        (4, "base-account", early - timedelta(days=400)),
    )
    found = client.get(OF_MARCH, headers=counter).get_json()
    assert found["users"] == 5
    assert found["wallets"] == counts(3, 3)
    assert found["newWallets"] == [
        new("2025-03-01", "base-account", 1),
        new("2025-03-01", "trading", 3),
        new("2025-03-02", "base-account", 1),
    ]


def test_totals_are_exact_and_are_strings(client, sql, counter):
    add_deposits(
        sql,
        *[("USDC", MOST, BASE, MIDNIGHT)] * 3,
        ("ETH", 1, BASE, MIDNIGHT),
        ("ETH", 10**30, BASE, MIDNIGHT),
        ("USDC", 1_500_000, BASE, MIDNIGHT + timedelta(days=1)),
        ("USDC", 500_000, BASE, MIDNIGHT + timedelta(days=1)),
    )
    three = str(3 * MOST)
    assert client.get(OF_MARCH, headers=counter).get_json()["deposits"] == [
        prepared("2025-03-02", "ETH", 2, f"{10**12}.{1:018}", str(10**30 + 1)),
        prepared("2025-03-02", "USDC", 3, f"{three[:-6]}.{three[-6:]}", three),
        prepared("2025-03-03", "USDC", 2, "2", "2000000"),
    ]


def test_networks_are_kept_apart(client, sql, counter):
    add_deposits(
        sql,
        ("USDC", 1, SEPOLIA, MIDNIGHT),
        ("USDC", 2_000_000, BASE, MIDNIGHT),
        ("ETH", 10**18, SEPOLIA, MIDNIGHT),
        ("USDC", 3_000_000, BASE, MIDNIGHT),
    )
    assert client.get(OF_MARCH, headers=counter).get_json()["deposits"] == [
        prepared("2025-03-02", "USDC", 2, "5", "5000000"),
        prepared("2025-03-02", "ETH", 1, "1", str(10**18), SEPOLIA),
        prepared("2025-03-02", "USDC", 1, "0.000001", "1", SEPOLIA),
    ]


def test_a_prepared_deposit_counts_at_once(client, counter):
    before = datetime.now(UTC).date()
    body = {"amount": "0.5", "baseAddress": BASE_ACCOUNT, "asset": "ETH"}
    for user in (1, 2):
        client.post("/api/wallet/deposit", json=body, headers=signed_in(user))
    found = client.get(STATS, headers=counter).get_json()
    assert found["users"] == 2
    assert found["wallets"] == counts(2, 0)
    # The test may run over midnight.
    assert {entry["day"] for entry in found["deposits"]} <= {
        before.isoformat(),
        datetime.now(UTC).date().isoformat(),
    }
    assert sum(entry["count"] for entry in found["deposits"]) == 2
    assert sum(int(entry["totalUnits"]) for entry in found["deposits"]) == 10**18


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"])
def test_a_day_begins_and_ends_at_midnight_in_utc(make_app, sql, zone):
    sql.execute(f"alter database \"{sql.info.dbname}\" set timezone = '{zone}'")
    instant = timedelta(microseconds=1)
    edges = [MIDNIGHT - instant, MIDNIGHT, MIDNIGHT + timedelta(days=1) - instant]
    edges.append(MIDNIGHT + timedelta(days=1))
    add_wallets(sql, *[(fid, "ethereum", moment) for fid, moment in enumerate(edges, 1)])
    add_deposits(sql, *[("USDC", 10**n, BASE, moment) for n, moment in enumerate(edges)])
    app = make_app()
    client, counter = app.test_client(), calling(app, "stats:read")
    found = client.get(OF_MARCH, headers=counter).get_json()
    days = ("2025-03-01", 1), ("2025-03-02", 2), ("2025-03-03", 1)
    assert found["newWallets"] == [new(day, "trading", number) for day, number in days]
    units = {entry["day"]: entry["totalUnits"] for entry in found["deposits"]}
    assert units == {"2025-03-01": "1", "2025-03-02": "110", "2025-03-03": "1000"}
    found = client.get(f"{STATS}?from=2025-03-02&to=2025-03-02", headers=counter).get_json()
    assert found["newWallets"] == [new("2025-03-02", "trading", 2)]
    assert [entry["totalUnits"] for entry in found["deposits"]] == ["110"]


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ("from=2025-03-02&to=2025-03-02", "2025-03-02", "2025-03-02"),
        ("to=2025-03-30", "2025-03-01", "2025-03-30"),
        ("from=2024-01-01&to=2024-12-31", "2024-01-01", "2024-12-31"),
        ("from=2024-06-01&to=2025-06-01", "2024-06-01", "2025-06-01"),
        ("to=1970-01-01", "1969-12-03", "1970-01-01"),
        ("from=1970-01-01&to=1970-01-01", "1970-01-01", "1970-01-01"),
        ("from=8999-01-01&to=8999-12-31", "8999-01-01", "8999-12-31"),
    ],
)
def test_a_range_has_exactly_the_requested_days(refusing, shared, query, first, last):
    found = refusing.get(f"{STATS}?{query}", headers=shared).get_json()
    assert (found["from"], found["to"]) == (first, last)


def test_a_range_has_the_last_thirty_days_by_default(refusing, shared):
    before = datetime.now(UTC).date()
    found = refusing.get(STATS, headers=shared).get_json()
    # The test may run over midnight.
    assert date.fromisoformat(found["to"]) in (before, datetime.now(UTC).date())
    assert date.fromisoformat(found["to"]) - date.fromisoformat(found["from"]) == timedelta(29)
    first = before - timedelta(days=300)
    found = refusing.get(f"{STATS}?from={first}", headers=shared).get_json()
    assert found["from"] == first.isoformat()
    assert date.fromisoformat(found["to"]) in (before, datetime.now(UTC).date())


@pytest.mark.parametrize(
    "query",
    [
        *("from=2025-03-03&to=2025-03-02", "from=2024-06-01&to=2025-06-02", "from=8000-01-01"),
        *("from=1970-01-01&to=8999-12-31", "from=2020-01-01"),
    ],
)
def test_a_reversed_or_too_long_range_is_refused(refusing, shared, query):
    problem = refused(refusing.get(f"{STATS}?{query}", headers=shared), 400)
    assert problem["code"] == "invalid_filter"
    assert "366 days" in problem["detail"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "0001-01-01", "0000-01-01", "1969-12-31", "9000-01-01", "9999-12-31", "10000-01-01"),
        *("today", "2025", "2025-02-29", "2025-13-01", "2025-03-32", "01.03.2025", "1740787200"),
        *("2025-03-01T00:00:00Z", "2025-03-01%00", "%D9%A2025-03-01", "-2025-03-01", "infinity"),
    ],
)
def test_a_malformed_day_is_refused(refusing, shared, text):
    for name in ("from", "to"):
        problem = refused(refusing.get(f"{STATS}?{name}={text}", headers=shared), 400)
        assert problem["code"] == "invalid_request"
        assert f'"{name}"' in problem["error"]


@pytest.mark.parametrize(
    "query",
    ["day=2025-03-01", "From=2025-03-01", "first=2025-03-01", "to=2025-03-01&to=2025-03-01", "x"],
)
def test_an_ambiguous_parameter_is_refused(refusing, shared, query):
    answer = refusing.get(f"{STATS}?{query}", headers=shared)
    assert refused(answer, 400)["code"] == "invalid_request"


def test_an_unchanged_response_is_304(client, sql, counter):
    first = client.get(OF_MARCH, headers=counter)
    etag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert etag.startswith('"')
    for known in (etag, f"W/{etag}", f'"another", {etag}', "*"):
        again = client.get(OF_MARCH, headers=counter | {"If-None-Match": known})
        assert (again.status_code, again.data) == (304, b""), known
        assert again.headers["ETag"] == etag
        assert again.headers["Cache-Control"] == "private, no-cache"
        assert "Content-Type" not in again.headers
    for known in ('"another"', etag.strip('"')[:-1], ""):
        again = client.get(OF_MARCH, headers=counter | {"If-None-Match": known})
        assert (again.status_code, again.get_json()) == (200, first.get_json())


def test_every_addition_changes_the_etag(client, sql, counter):
    additions = [
        lambda: add_wallets(sql, (1, "ethereum", MIDNIGHT)),
        lambda: add_wallets(sql, (1, "base-account", MIDNIGHT - timedelta(days=900))),
        lambda: add_deposits(sql, ("USDC", 1, BASE, MIDNIGHT)),
        lambda: add_deposits(sql, ("USDC", 1, BASE, MIDNIGHT)),
    ]
    seen = [client.get(OF_MARCH, headers=counter).headers["ETag"]]
    for add in additions:
        add()
        answer = client.get(OF_MARCH, headers=counter | {"If-None-Match": seen[-1]})
        assert answer.status_code == 200
        seen.append(answer.headers["ETag"])
    other_days = client.get(f"{STATS}?from=2025-03-01&to=2025-03-02", headers=counter)
    assert len({*seen, other_days.headers["ETag"]}) == len(seen) + 1
    # What is no part of the answer changes nothing.
    add_deposits(sql, ("USDC", 1, BASE, MIDNIGHT - timedelta(days=900)))
    again = client.get(OF_MARCH, headers=counter | {"If-None-Match": seen[-1]})
    assert again.status_code == 304


QUERIES = ["count_users", "count_wallets", "count_new_wallets", "sum_deposits"]


@pytest.mark.parametrize("behind", QUERIES)
def test_all_figures_are_of_one_snapshot(client, sql, counter, monkeypatch, database_url, behind):
    add_wallets(sql, (1, "ethereum", MIDNIGHT))
    add_deposits(sql, ("USDC", 1, BASE, MIDNIGHT))
    before = client.get(OF_MARCH, headers=counter).get_json()
    query = getattr(StatsRepository, behind)

    def then_add(*arguments):
        found = query(*arguments)
        with psycopg.connect(database_url, autocommit=True) as other:
            add_wallets(other, (2, "ethereum", MIDNIGHT), (2, "base-account", MIDNIGHT))
            add_deposits(other, ("USDC", 1, BASE, MIDNIGHT))
        return found

    with monkeypatch.context() as patch:
        patch.setattr(StatsRepository, behind, then_add)
        assert client.get(OF_MARCH, headers=counter).get_json() == before
    after = client.get(OF_MARCH, headers=counter).get_json()
    assert (after["users"], after["wallets"]) == (2, counts(2, 1))
    assert after["newWallets"][0] == new("2025-03-02", "base-account", 1)
    assert after["deposits"] == [prepared("2025-03-02", "USDC", 2, "0.000002", "2")]


def test_a_failure_between_two_queries_leaves_the_connection_usable(make_app, monkeypatch):
    app = make_app(DB_POOL_MIN="1", DB_POOL_MAX="1")
    client, engine = app.test_client(), calling(app, *SCOPES)

    def fail(*_):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(StatsRepository, "count_new_wallets", fail)
        refused(client.get(STATS, headers=engine), 500)
    # Neither read-only nor inside a transaction that is never ended.
    assert client.put("/v1/users/1/wallets/ethereum", headers=engine).status_code == 201
    assert client.get(STATS, headers=engine).get_json()["users"] == 1


def test_the_scope_stats_read_is_required_for_the_statistics(client, app):
    others = calling(app, *(set(SCOPES) - {"stats:read"}))
    assert refused(client.get(STATS, headers=others), 403)["code"] == "insufficient_scope"
    answer = client.get(STATS, headers=others | {"If-None-Match": "*"})
    assert answer.status_code == 403
