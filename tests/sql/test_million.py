"""A million users: an index answers each query, with as little work as for a thousand users.

Takes minutes. `pytest -m long tests/sql/test_million.py --write` writes the plans anew.
"""

import logging
import re
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product
from typing import Any
from uuid import UUID

import psycopg
import pytest

from benchmarks.wallet_rows import (
    BUSY_CLIENT,
    BUSY_FID,
    SHARED_BASE_ACCOUNT,
    YEAR,
    fill,
)
from tests.factories import JWT_SECRET, SECRET, authorization, new_client
from tests.sql.crowds import (
    BUFFERS,
    BYTES_PER_WALLET,
    FEW,
    PLANS,
    SIZE,
    USERS,
    Crowd,
    OneConnection,
    assert_reads_little,
    positions,
    questions,
    ranges,
    settled,
    walk,
)
from tests.sql.queries import describe, numbered, queries, subject_of
from wallet_api.app import create_app
from wallet_api.blueprints.application import application
from wallet_api.config import Settings
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.models import AUDIT_ACTIONS, SCOPES
from wallet_api.request_ids import new_request_id
from wallet_api.services import migrations
from wallet_api.services.audit.read import AuditFilters, AuditLog
from wallet_api.services.wallet_search import WalletFilters, WalletSearch

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def crowds(server) -> Iterator[dict[int, Crowd]]:
    people, apps, found = {}, [], {}
    # Lines for each request and each slow statement would bury the figures.
    logging.disable(logging.WARNING)
    # All are filled by forked processes before the pools of the services start threads here.
    for users in (FEW, USERS):
        server.create_database(f"users_{users}")
        url = Secret(server.url(f"users_{users}"))
        migrations.upgrade(url)
        began = time.perf_counter()
        people[users] = fill(url, Secret(SECRET), users)
        print(f"\n{users} users filled in {time.perf_counter() - began:.0f} s")
    for users, population in people.items():
        url = server.url(f"users_{users}")
        environ = {"DATABASE_URL": url, "ENCRYPTION_SECRET": SECRET, "JWT_SECRET": JWT_SECRET}
        app = create_app(Settings.from_environ(environ))
        services = application(app)
        services.open()
        apps.append(services)
        headers = authorization(new_client(services.clients, *SCOPES).reveal())
        found[users] = Crowd(url, population, app.test_client(), headers)
    yield found
    logging.disable(logging.NOTSET)
    for services in apps:
        services.close()


@pytest.fixture(scope="module")
def many(crowds) -> Crowd:
    return crowds[USERS]


@pytest.fixture
def sql(many) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(many.url, autocommit=True, prepare_threshold=None) as connection:
        connection.execute("set timezone to 'UTC'")
        yield connection


def reads() -> Iterator[tuple[str, Any]]:
    """Give each query that reads users' rows."""
    for file in ("wallets/search", "stats", "audit/entries", "wallets/rows", "deposits"):
        for name, query in queries(file).items():
            if query.sql.startswith("select"):
                yield f"{subject_of(file)}.{name}", query


def test_every_plan_equals_its_snapshot(sql, request: pytest.FixtureRequest):
    sql.execute("set plan_cache_mode = force_generic_plan")
    found = "\n\n".join(f"{name.split('.')[0]}.{describe(sql, query)}" for name, query in reads())
    if request.config.getoption("--write"):
        PLANS.parent.mkdir(exist_ok=True)
        PLANS.write_text(found + "\n")
    assert settled(found) == settled(PLANS.read_text().rstrip())


def test_no_query_reads_a_whole_table(sql):
    sql.execute("set plan_cache_mode = force_generic_plan")
    plans = {name: describe(sql, query) for name, query in reads()}
    # It stops at the first row, and is asked of a database that knows of no secret only.
    del plans["wallets.any_encrypted_key"]
    assert [name for name, plan in plans.items() if "Seq Scan" in plan] == []


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
def test_a_page_of_a_user_with_many_deposits_reads_little(sql, many, mode):
    """A user has one deposit on average, so that PostgreSQL expects few."""
    page = numbered(queries("deposits")["list_by_user"])
    with sql.transaction(force_rollback=True):
        sql.execute(
            "insert into deposits (fid, id, asset, amount, from_address, to_address, chain_id,"
            " created_at) select %s, gen_random_uuid(), 'USDC', 1, %s, %s, 8453,"
            " now() - make_interval(secs => n) from generate_series(1, 50000) as n",
            [BUSY_FID, SHARED_BASE_ACCOUNT, many.people.trading_address(BUSY_FID)],
        )
        sql.execute(f"set local plan_cache_mode = {mode}")
        sql.pgconn.prepare(b"page", page.encode())
        for before in ("'infinity'", "now() - interval '25000 s'", "now() - interval '49950 s'"):
            (top, *plan) = sql.execute(
                "explain (analyze, buffers, timing off, costs off) execute page"
                f" ({BUSY_FID}, {before}, '{UUID(int=0)}', {SIZE})"
            ).fetchall()
            plan = "\n".join(line for (line,) in [top, *plan])
            print(plan)
            (read,) = re.findall(r"^  Buffers: (.*)", plan, re.MULTILINE)[:1]
            assert sum(int(n) for n in re.findall(r"(?:hit|read)=(\d+)", read)) <= BUFFERS
        sql.execute("deallocate page")


@pytest.fixture
def asked(many) -> Iterator[OneConnection]:
    database = OneConnection(many.url)
    yield database
    database.close()


def test_a_page_of_a_search_reads_little_for_every_filter_and_position(many, asked):
    people, fid = many.people, many.people.users // 3
    search = WalletSearch(asked, EncryptionService(Secret(SECRET)), primary=asked)
    mine = (people.trading_address(fid).lower(), people.base_account(fid))
    addresses = (None, *mine, SHARED_BASE_ACCOUNT)
    cases = (
        (WalletFilters(address=address, fid=whose, chain=chain, **within), after)
        for address, whose, chain, within, after in product(
            addresses,
            (None, fid),
            (None, "ethereum", "base-account"),
            ranges(people),
            positions(people, "ethereum"),
        )
    )
    assert_reads_little(asked, search, cases)


def test_a_page_of_a_search_by_prefix_reads_little(many, asked):
    """Also if ten thousand users share an address with the prefix, and wherever the page begins."""
    people, fid = many.people, many.people.users // 3
    search = WalletSearch(asked, EncryptionService(Secret(SECRET)), primary=asked)
    shared = SHARED_BASE_ACCOUNT
    prefixes = (shared[:6], shared[:8], shared, people.trading_address(fid)[:6].lower(), "0x0000")
    cases = []
    for prefix, whose, chain, within in product(
        prefixes, (None, fid), (None, "ethereum", "base-account"), ranges(people)
    ):
        filters = WalletFilters(address_prefix=prefix, fid=whose, chain=chain, **within)
        cases.append((filters, None))
        if filters.by_prefix and prefix in shared:
            middle = people.until - YEAR / 2
            cases.append((filters, (middle, BUSY_FID, f"base-account {shared}")))
    assert_reads_little(asked, search, cases)


def test_a_page_of_the_audit_log_reads_little_for_every_filter_and_position(many, asked):
    people, fid = many.people, many.people.users // 3 * 2
    cases = (
        (AuditFilters(fid=whose, actions=action and (action,), actor=actor, **within), after)
        for whose, action, actor, within, after in product(
            (None, BUSY_FID, fid),
            (None, *AUDIT_ACTIONS),
            (None, BUSY_CLIENT, "client:curious", "cli:operator", f"user:{fid}", "client:nobody"),
            ranges(people),
            positions(people, 1),
        )
    )
    assert_reads_little(asked, AuditLog(asked), cases)


def test_the_entries_of_a_request_are_found_without_an_index_on_request_ids(many, asked, sql):
    """An id of ours leads to an hour of the log; with another one, the caller gives the user."""
    people, fid = many.people, many.people.users // 3 * 2
    (hour,) = sql.execute(
        "select max(n) from (select count(*) as n from wallet_audit_log"
        " group by date_trunc('hour', created_at)) as hours"
    ).fetchone()
    log = AuditLog(asked)
    moment = people.until - YEAR / 3
    ours = new_request_id()
    ours = f"{int(moment.timestamp() * 1000):012x}{ours[12:]}"
    for filters, most in (
        (AuditFilters(request_id=ours), 2 * hour + BUFFERS),
        (AuditFilters(request_id=ours, actor=BUSY_CLIENT), 2 * hour + BUFFERS),
        (AuditFilters(request_id=ours, fid=BUSY_FID), BUFFERS),
        (AuditFilters(request_id=ours, fid=fid), BUFFERS),
        (AuditFilters(request_id="of-a-router", fid=fid), BUFFERS),
    ):
        assert_reads_little(asked, log, [(filters, None)], most=most)


def test_wallets_are_found_by_each_filter_and_decrypt(many):
    people, asked = many.people, questions(many.people)
    found = {name: many.get("/v1/wallets", **query)["data"] for name, query in asked.items()}
    fid, middle = people.users // 3, people.until - YEAR / 2
    both = {("ethereum", people.trading_address(fid)), ("base-account", people.base_account(fid))}
    assert {(wallet["chain"], wallet["address"]) for wallet in found["fid"]} == both
    for name in ("address", "Base Account"):
        (wallet,) = found[name]
        assert wallet["fid"] == fid
        assert wallet["address"].lower() == asked[name]["address"].lower()
    assert {wallet["type"] for wallet in found["type"]} == {"trading"}
    assert {wallet["type"] for wallet in found["chain"]} == {"base-account"}
    for wallet in found["time range"]:
        made = datetime.fromisoformat(wallet["createdAt"])
        assert middle <= made < middle + timedelta(days=30)
    for name in ("type", "chain", "time range", "everything"):
        assert len(found[name]) == 50
        assert all(a["createdAt"] >= b["createdAt"] for a, b in pairwise(found[name]))
    for wallet in (wallet for wallets in found.values() for wallet in wallets):
        assert wallet["opened"] is True
        if wallet["type"] == "trading":
            assert wallet["address"] == people.trading_address(wallet["fid"])


def test_twenty_pages_have_the_newest_thousand_wallets_once_and_in_order(many, sql):
    wallets = [wallet for page in walk(many, 20) for wallet in page]
    assert all(wallet["opened"] for wallet in wallets)
    newest = sql.execute(
        "select fid, chain from wallets order by created_at desc, fid desc, chain desc limit 1000"
    ).fetchall()
    assert [(wallet["fid"], wallet["chain"]) for wallet in wallets] == newest


def test_the_statistics_equal_the_tables_and_are_quick(many, sql):
    last = many.people.until.date()
    first = last - timedelta(days=29)
    began = time.perf_counter()
    stats = many.get("/v1/stats", **{"from": first, "to": last})
    seconds = time.perf_counter() - began
    print(f"\nstats of {USERS} users: {seconds:.2f} s")
    # Each statement may take as long.
    assert seconds < 10
    assert stats["users"] == USERS
    counts = {row["type"]: row["count"] for row in stats["wallets"]}
    assert counts == {"trading": USERS, "base-account": USERS}
    of_days = " where created_at >= %s"
    since = [datetime.combine(first, datetime.min.time(), UTC)]
    (made,) = sql.execute("select count(*) from wallets" + of_days, since).fetchone()
    assert sum(row["count"] for row in stats["newWallets"]) == made
    prepared = sql.execute(
        f"select asset, count(*), sum(amount) from deposits {of_days} group by asset", since
    ).fetchall()
    told: dict[str, list[int]] = {}
    for row in stats["deposits"]:
        sums = told.setdefault(row["asset"], [0, 0])
        sums[0] += row["count"]
        sums[1] += int(row["totalUnits"])
    assert told == {asset: [count, units] for asset, count, units in prepared}


def test_a_search_is_about_as_quick_as_with_a_thousand_users(crowds):
    """The median of twenty, taken in turns, so that other work on the machine meets both."""
    asks: dict[str, Any] = {
        name: lambda crowd, name=name: crowd.get("/v1/wallets", **questions(crowd.people)[name])
        for name in questions(crowds[FEW].people)
    }
    asks["20 pages"] = lambda crowd: list(walk(crowd, 20))
    asks["audit log"] = lambda crowd: crowd.get("/v1/audit", actor=BUSY_CLIENT)
    asks["stats"] = lambda crowd: crowd.get("/v1/stats")
    ratios = {}
    print()
    for name, ask in asks.items():
        taken: dict[int, list[float]] = {FEW: [], USERS: []}
        for _ in range(20):
            for users, crowd in crowds.items():
                began = time.perf_counter()
                ask(crowd)
                taken[users].append(time.perf_counter() - began)
        few, many = (1000 * statistics.median(taken[users]) for users in (FEW, USERS))
        ratios[name] = many / few
        print(f"{name:12} {few:8.1f} ms {many:8.1f} ms {many / few:8.2f}")
    # It reads every wallet, and so takes a thousand times as long.
    del ratios["stats"]
    assert {name: ratio for name, ratio in ratios.items() if ratio > 3} == {}


def test_the_size_of_a_wallet_with_its_index_entries_is_bounded(sql):
    sizes = dict(
        sql.execute(
            "select relname, pg_relation_size(oid) / %s::numeric from pg_class"
            " where oid = 'wallets'::regclass or oid in"
            " (select indexrelid from pg_index where indrelid = 'wallets'::regclass)",
            [2 * USERS],
        ).fetchall()
    )
    print("\nbytes per wallet:", {name: round(size, 1) for name, size in sizes.items()})
    assert sum(sizes.values()) <= BYTES_PER_WALLET
