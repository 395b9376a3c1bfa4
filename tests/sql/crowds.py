"""A million users and a thousand, in one database each."""

import re
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import psycopg
from flask.testing import FlaskClient
from psycopg import sql as compose
from psycopg.rows import dict_row

from benchmarks.wallet_rows import (
    BUSY_FID,
    YEAR,
    Population,
)
from tests.sql.queries import numbered
from wallet_api.database import Connection
from wallet_api.database.replication import Replication
from wallet_api.models import PageRequest

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
            explain = "explain (analyze, buffers, timing off, costs off) execute asked"
            given = compose.SQL(" ({})").format(values) if names else compose.SQL("")
            rows = connection.execute(compose.SQL(explain) + given).fetchall()
            plan = "\n".join(line for (line,) in rows)
            top = re.search(r"^  Buffers: (.*)", plan, re.MULTILINE)
            read = sum(int(n) for n in re.findall(r"(?:hit|read)=(\d+)", top[1])) if top else 0
            found.append((read, plan))
        return max(found)


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


def assert_reads_little(
    asked: OneConnection, service: Any, cases: Iterable[Any], *, most: int = BUFFERS
) -> None:
    read = {}
    for filters, after in cases:
        service.find(filters, PageRequest(after=after, limit=SIZE))
        read[f"{filters} after {after}"] = asked.buffers()
    total = sorted(count for count, _ in read.values())
    print(f"\n{len(total)} questions: median {statistics.median(total)}, most {total[-1]} buffers")
    much = {case: plan for case, (count, plan) in read.items() if count > most}
    for case, plan in islice(much.items(), 5):
        print(case, plan, sep="\n")
    assert sorted(much) == []


def moment(time_: datetime) -> str:
    return time_.isoformat().replace("+00:00", "Z")


def questions(people: Population) -> dict[str, dict[str, Any]]:
    fid, middle = people.users // 3, people.until - YEAR / 2
    return {
        "address": {"address": people.trading_address(fid)},
        "Base Account": {"address": people.base_account(fid).upper().replace("X", "x")},
        "prefix": {"addressPrefix": people.trading_address(fid)[:8]},
        "fid": {"fid": fid},
        "type": {"type": "trading"},
        "chain": {"chain": "base-account"},
        "time range": {
            "createdAfter": moment(middle),
            "createdBefore": moment(middle + timedelta(days=30)),
        },
        "everything": {},
    }


def walk(crowd: Crowd, pages: int) -> Iterator[Any]:
    query: dict[str, str] = {}
    for _ in range(pages):
        page = crowd.get("/v1/wallets", **query)
        yield page["data"]
        query = {"cursor": page["next_cursor"]}
