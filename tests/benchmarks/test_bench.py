"""The benchmark measures what it reports, and its comparison finds a regression."""

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks import bench, plots, report
from benchmarks.http_bench import UNIT
from benchmarks.http_load import load, request_text
from benchmarks.old_service import OldService
from benchmarks.ratios import as_json, compare, cpu_ratios, failures
from benchmarks.timing import Timing, burst, take_turns
from benchmarks.wallet_store import SECRET, address, make_store, private_key, wallets
from tests.running_service import ROOT

TINY = bench.Plan("tiny", (50, 150), 20, 2, (5,), 50, 1)


def test_the_old_service_reads_its_own_files_and_those_of_the_old_store(tmp_path):
    make_store(tmp_path, 3)
    old = OldService(tmp_path, SECRET)
    fid = wallets(1)[0][0]
    assert old.get_wallet_with_key(fid) == (address(fid), private_key(fid))
    made = old.ensure_trading_wallet(7)
    assert old.ensure_trading_wallet(7) == made
    assert old.get_wallet_with_key(7)[0] == made


def test_operations_take_turns_and_the_warm_up_does_not_count():
    seen = []
    timings = take_turns(
        {"a": lambda n: seen.append(("a", n)), "b": lambda n: seen.append(("b", n))}, 3, warm_up=1
    )
    assert seen == [("a", 3), ("b", 3), *((name, n) for n in range(3) for name in "ab")]
    assert {timing.count for timing in timings.values()} == {3}


def test_the_99th_percentile_of_a_hundred_is_the_last_but_one():
    timing = Timing.of([n / 1000 for n in range(1, 101)])
    assert (timing.median_ms, timing.p99_ms) == (50.5, 99.0)


def test_a_burst_counts_failures_and_different_answers():
    def operation(number):
        if number == 0:
            raise ZeroDivisionError
        return number % 2

    found = burst(operation, 9)
    assert (found.concurrency, found.failed, found.answers) == (9, 1, 2)


def test_all_requests_of_a_burst_are_timed_from_the_same_moment():
    turn = threading.Lock()

    def one_by_one(_):
        with turn:
            time.sleep(0.02)

    found = burst(one_by_one, 10)
    assert found.p99_ms >= 10 * 20
    assert found.seconds * 1000 == pytest.approx(found.p99_ms, abs=1)


def test_a_missing_service_ends_the_load_instead_of_hanging_it():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(OSError, match=r"[Cc]onnect"):
            load(closed.getsockname()[1], lambda _: b"", connections=3, requests=3)


class Chunked(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"3\r\n0\r\n\r\n11\r\nseventeen letters\r\n0\r\n\r\n")

    def log_message(self, *_):
        pass


def test_a_chunked_response_is_read_to_its_end():
    with ThreadingHTTPServer(("127.0.0.1", 0), Chunked) as server:
        threading.Thread(target=server.serve_forever).start()
        one = request_text("GET", "/")
        done = load(server.server_port, lambda _: one, connections=2, requests=6)
        server.shutdown()
    assert done.statuses == [200] * 6


KEPT = {
    "less": {"value": 1.0, "less_is_better": True, "compared": True},
    "more": {"value": 1.0, "less_is_better": False, "compared": True},
    "a time": {"value": 1.0, "less_is_better": True, "compared": False},
}


@pytest.mark.parametrize(
    ("runs", "lost"),
    [
        ([{"less": 1.24, "more": 0.81, "a time": 9}], []),
        ([{"less": 1.26, "more": 0.81}], ["less: 1.0 then, 1.26 now"]),
        ([{"less": 1.24, "more": 0.79}], ["more: 1.0 then, 0.79 now"]),
        ([{"less": 1.0}], ["more: 1.0 then, not measured now"]),
        ([{"less": 9, "more": 9}, {"less": 1, "more": 1}, {"less": 1.1, "more": 0.1}], []),
    ],
)
def test_a_ratio_that_lost_more_than_a_fifth_is_named(runs, lost):
    measured = [
        {name: {"value": value, "kept": 0.8} for name, value in run.items()} for run in runs
    ]
    assert compare(KEPT, measured) == lost


def test_a_fifth_more_cpu_per_request_is_a_regression_and_a_tenth_is_not():
    def measured(read):
        return as_json(cpu_ratios({UNIT: 0.5, "read": read, "key": 2, "first deposit": 3}))

    assert compare(measured(1.0), [measured(1.1)]) == []
    assert compare(measured(1.0), [measured(1.2)]) == [
        f"HTTP read: CPU / {UNIT}: 2.0 then, 2.4 now"
    ]


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_tiny_run_fills_every_table():
    results = bench.measure(TINY)
    assert set(results["http"]["failed"].values()) == {0}
    [crowd] = results["crowds"]["rows"]
    assert {name: found["failed"] for name, found in crowd.items()} == {
        "one user": 0,
        "creates": 0,
        "keys": 0,
    }
    assert (crowd["one user"]["answers"], crowd["creates"]["answers"]) == (1, 5)
    assert failures(results) == []
    results["http"]["failed"]["read"] = 1
    assert failures(results) == ["HTTP read: 1 failed"]
    tables = report.tables(results)
    for name in results["ratios"]:
        assert f"| {name} |" in tables
    for picture in (plots.growth(results), plots.throughput(results)):
        assert picture.count("<path") == 4


def test_the_page_has_the_table_of_the_measured_signatures():
    found = json.loads((ROOT / "benchmarks/results/signing.json").read_text())
    measured = cells(line for line in report.signing(found) if line.startswith("|"))
    assert measured
    shown = shown_rows()
    for row in measured:
        if not set(row[0]) <= set("-"):
            assert row in shown


def test_the_page_has_the_figures_of_the_committed_run():
    found = json.loads((ROOT / "benchmarks/results/bench.json").read_text())
    shown = shown_rows()
    rates = found["http"]["per_second"]
    for name, rate in rates.items():
        part = f"{rate / rates['empty']:.0%}"
        assert [name, f"{rate:.0f}", part, str(found["http"]["failed"][name])] in shown
    for name, ratio in found["ratios"].items():
        bound = f"{'≤' if ratio['less_is_better'] else '≥'} {ratio['target']:g}"
        assert [name, f"{ratio['value']:g}", bound, "yes" if ratio["met"] else "no"] in shown
    for size, operations in found["files"].items():
        timings = [operations["create"], operations["key"]]
        timings += [found["rows"][size][name] for name in ("create", "key", "address")]
        timings += [found["rows"][size][name] for name in ("bare insert", "bare select")]
        pairs = [f"{timing['median_ms']:.2f} ({timing['p99_ms']:.1f})" for timing in timings]
        assert [size, *pairs] in shown


def cells(lines):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def shown_rows():
    page = (ROOT / "benchmarks/README.md").read_text()
    return cells(line for line in page.splitlines() if line.startswith("|"))
