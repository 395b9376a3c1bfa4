"""The benchmark measures what it says, and its comparison finds a loss."""

import pytest

from benchmarks import bench, plots, report
from benchmarks.old_service import OldService
from benchmarks.ratios import compare, failures
from benchmarks.timing import Timing, burst, take_turns
from benchmarks.wallet_store import SECRET, address, make_store, private_key, wallets

TINY = bench.Plan("tiny", (50, 150), 20, 2, (5,), 50, 1)


def test_the_old_service_reads_what_it_wrote_and_what_the_old_store_holds(tmp_path):
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


def test_of_a_hundred_the_last_but_one_is_the_99th_percentile():
    timing = Timing.of([n / 1000 for n in range(1, 101)])
    assert (timing.median_ms, timing.p99_ms) == (50.5, 99.0)


def test_a_burst_counts_failures_and_different_answers():
    def operation(number):
        if number == 0:
            raise ZeroDivisionError
        return number % 2

    found = burst(operation, 9)
    assert (found.concurrency, found.failed, found.answers) == (9, 1, 2)


@pytest.mark.parametrize(
    ("less_is_better", "now", "lost"),
    [(True, 1.2, False), (True, 1.3, True), (False, 0.9, False), (False, 0.8, True)],
)
def test_a_ratio_that_lost_more_than_a_fifth_is_named(less_is_better, now, lost):
    kept = {"one": {"value": 1.0, "less_is_better": less_is_better}}
    assert compare(kept, {"one": {"value": now}}) == ([f"one: 1.0 then, {now} now"] * lost)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_tiny_run_fills_every_table():
    results = bench.measure(TINY)
    assert results["http"]["failed"] == {"empty": 0, "read": 0, "key": 0, "first deposit": 0}
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
