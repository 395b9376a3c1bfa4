"""A million users: each question is answered by an index, in as little work as among a thousand.

Takes minutes. `pytest -m long tests/sql/test_million.py --write` writes the plans anew.
"""

import logging
import re
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, product
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import psycopg
import pytest
from flask.testing import FlaskClient
from psycopg import sql as compose
from psycopg.rows import dict_row

from benchmarks.wallet_rows import (
    BUSY_CLIENT,
    BUSY_FID,
    SHARED_BASE_ACCOUNT,
    YEAR,
    Population,
    fill,
)
from tests.conftest import JWT_SECRET, LEAKS, SECRET
from tests.sql.test_snapshots import describe, numbered, queries
from wallet_api.app import create_app
from wallet_api.blueprints.application import application
from wallet_api.config import Settings
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.database import Connection
from wallet_api.database.replication import Replication
from wallet_api.models import AUDIT_ACTIONS, SCOPES
from wallet_api.services import migrations
from wallet_api.services.audit.read import AuditFilters, AuditLog
from wallet_api.services.wallet_search import WalletFilters, WalletSearch

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

USERS, FEW = 1_000_000, 1_000
PLANS = Path(__file__).parent / "million" / "plans.txt"
# What the route allows at most.
SIZE = 100
# A row of a page, and the one more that tells whether there are more, lies on a page of the table
# of its own; PostgreSQL may look at some twice, or sort what little there is; the rest is the way
# down an index, and its leaves. A read that passes over rows costs a buffer for each: thousands.
BUFFERS = 5 * SIZE + 50
BYTES_PER_WALLET = 500


@dataclass(frozen=True)
class Crowd:
    """A filled database, and a client of a service on it."""

    url: str
    people: Population
    client: FlaskClient
    headers: dict[str, str] = field(repr=False)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.client.get(path, query_string=query, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json


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
        token = services.clients.create(
            "crowd", scopes=SCOPES, allowed_networks=(), expires_at=None
        )
        LEAKS.secrets.add(token.reveal())
        headers = {"Authorization": f"Bearer {token.reveal()}"}
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
    for subject in ("wallet_search", "stats", "audit", "wallets"):
        for name, query in queries(subject).items():
            if query.sql.startswith("select"):
                yield f"{subject}.{name}", query


def test_every_plan_is_as_its_snapshot_says(sql, request: pytest.FixtureRequest):
    sql.execute("set plan_cache_mode = force_generic_plan")
    found = "\n\n".join(f"{name.split('.')[0]}.{describe(sql, query)}" for name, query in reads())
    if request.config.getoption("--write"):
        PLANS.parent.mkdir(exist_ok=True)
        PLANS.write_text(found + "\n")
    assert settled(found) == settled(PLANS.read_text().rstrip())


def settled(plans):
    """Take plans apart by lines: a parallel append has its parts in the order of their costs.

    Where these hardly differ, the next million of rows may turn them round, and their aliases.
    """
    blocks = [block.splitlines() for block in plans.split("\n\n")]
    return [
        sorted(line.removesuffix(" wallets_1") for line in lines)
        if any("Parallel Append" in line for line in lines)
        else lines
        for lines in blocks
    ]


def test_no_question_reads_a_whole_table(sql):
    sql.execute("set plan_cache_mode = force_generic_plan")
    plans = {name: describe(sql, query) for name, query in reads()}
    # It stops at the first row, and is asked of a database that knows of no secret only.
    del plans["wallets.any_sealed"]
    assert [name for name, plan in plans.items() if "Seq Scan" in plan] == []


class NotingCursor(psycopg.Cursor[Any]):
    """A cursor that remembers what was asked."""

    asked: ClassVar[list[tuple[str, dict[str, Any]]]] = []

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        NotingCursor.asked.append((query, params))
        return super().execute(query, params, **options)


class OneConnection:
    """In place of Database: what a service asks is explained after it was answered."""

    def __init__(self, url: str) -> None:
        self._explaining = psycopg.connect(url, autocommit=True, prepare_threshold=None)
        self.replication = Replication()
        self._asking = Connection.connect(
            url, autocommit=True, row_factory=dict_row, cursor_factory=NotingCursor
        )

    def run(self, work: Any) -> Any:
        NotingCursor.asked.clear()
        return work(self._asking)

    def close(self) -> None:
        self._explaining.close()
        self._asking.close()

    def buffers(self) -> tuple[int, str]:
        """Return how many pages the last queries read with the worse of their plans, and these."""
        found = [self._buffers(text, parameters) for text, parameters in NotingCursor.asked]
        return sum(read for read, _ in found), "\n".join(plan for _, plan in found)

    def _buffers(self, text: str, parameters: dict[str, Any]) -> tuple[int, str]:
        names = dict.fromkeys(re.findall(r"%\((\w+)\)s", text))
        values = compose.SQL(", ").join(compose.Literal(parameters[name]) for name in names)
        connection = self._explaining
        connection.execute("deallocate all")
        connection.pgconn.prepare(b"asked", numbered(SimpleNamespace(sql=text)).encode())
        found = []
        # PostgreSQL takes the one or the other, as it deems best.
        for mode in ("force_generic_plan", "force_custom_plan"):
            connection.execute(f"set plan_cache_mode = {mode}")
            explain = "explain (analyze, buffers, timing off, costs off) execute asked ({})"
            rows = connection.execute(compose.SQL(explain).format(values)).fetchall()
            plan = "\n".join(line for (line,) in rows)
            top = re.search(r"^  Buffers: (.*)", plan, re.MULTILINE)
            read = sum(int(n) for n in re.findall(r"(?:hit|read)=(\d+)", top[1])) if top else 0
            found.append((read, plan))
        return max(found)


@pytest.fixture
def asked(many) -> Iterator[OneConnection]:
    database = OneConnection(many.url)
    yield database
    database.close()


def ranges(people: Population) -> list[dict[str, datetime | None]]:
    """Ranges of time: none, open at either end, a month, a minute, before there was anything."""
    middle, old = people.until - YEAR / 2, people.until - 2 * YEAR
    ends = [
        (None, None),
        (middle, None),
        (None, middle),
        (middle, middle + timedelta(days=30)),
        (middle, middle + timedelta(minutes=1)),
        (old, old + timedelta(days=30)),
    ]
    return [{"since": since, "before": before} for since, before in ends]


def positions(people: Population, rest: Any) -> list[Any]:
    """Where pages begin: at the first one, in the middle, and shortly before the last."""
    last_page = people.until - YEAR + YEAR * (SIZE / people.users)
    return [None, (people.until - YEAR / 2, BUSY_FID, rest), (last_page, BUSY_FID, rest)]


def assert_reads_little(asked: OneConnection, service: Any, cases: Iterator[Any]) -> None:
    read = {}
    for filters, after in cases:
        service.find(filters, after=after, limit=SIZE)
        read[f"{filters} after {after}"] = asked.buffers()
    total = sorted(count for count, _ in read.values())
    print(f"\n{len(total)} questions: median {statistics.median(total)}, most {total[-1]} buffers")
    much = {case: plan for case, (count, plan) in read.items() if count > BUFFERS}
    for case, plan in islice(much.items(), 5):
        print(case, plan, sep="\n")
    assert sorted(much) == []


def test_a_page_of_a_search_reads_little_whatever_is_asked_and_however_deep(many, asked):
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


def test_a_page_of_the_audit_log_reads_little_whatever_is_asked_and_however_deep(many, asked):
    people, fid = many.people, many.people.users // 3 * 2
    cases = (
        (AuditFilters(fid=whose, action=action, actor=actor, **within), after)
        for whose, action, actor, within, after in product(
            (None, BUSY_FID, fid),
            (None, *AUDIT_ACTIONS),
            (None, BUSY_CLIENT, "client:curious", "cli:operator", f"user:{fid}", "client:nobody"),
            ranges(people),
            positions(people, 1),
        )
    )
    assert_reads_little(asked, AuditLog(asked), cases)


def moment(time_: datetime) -> str:
    return time_.isoformat().replace("+00:00", "Z")


def questions(people: Population) -> dict[str, dict[str, Any]]:
    fid, middle = people.users // 3, people.until - YEAR / 2
    return {
        "address": {"address": people.trading_address(fid)},
        "Base Account": {"address": people.base_account(fid).upper().replace("X", "x")},
        "fid": {"fid": fid},
        "type": {"type": "trading"},
        "chain": {"chain": "base-account"},
        "time range": {
            "createdAfter": moment(middle),
            "createdBefore": moment(middle + timedelta(days=30)),
        },
        "everything": {},
    }


def test_wallets_are_found_by_each_filter_and_open(many):
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


def walk(crowd: Crowd, pages: int) -> Iterator[Any]:
    query: dict[str, str] = {}
    for _ in range(pages):
        page = crowd.get("/v1/wallets", **query)
        yield page["data"]
        query = {"cursor": page["next_cursor"]}


def test_twenty_pages_hold_the_newest_thousand_wallets_once_each_and_in_order(many, sql):
    wallets = [wallet for page in walk(many, 20) for wallet in page]
    assert all(wallet["opened"] for wallet in wallets)
    newest = sql.execute(
        "select fid, chain from wallets order by created_at desc, fid desc, chain desc limit 1000"
    ).fetchall()
    assert [(wallet["fid"], wallet["chain"]) for wallet in wallets] == newest


def test_the_figures_are_those_of_the_tables_and_come_in_time(many, sql):
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


def test_a_search_takes_about_as_long_as_among_a_thousand_users(crowds):
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


def test_a_wallet_takes_few_bytes_with_its_share_of_every_index(sql):
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
