"""The alerts at each phase of scrapes: what fires does not depend on when Prometheus looks."""

from itertools import product

import pytest

from tests.promtool import expect, needs_promtool

pytestmark = [needs_promtool, pytest.mark.slow]

TICK = 5
PHASES = [(step, phase) for step in (15, 30, 60) for phase in range(0, step, TICK)]
EVENTS = {
    "WalletApiKeyRead": 'wallet_api_key_reads_total{instance="%s",caller="client"}',
    "WalletApiAlarm": 'wallet_api_alarms_total{instance="%s",code="read_only"}',
    "WalletApiKeyUnreadable": 'wallet_api_failed_opens_total{instance="%s"}',
}
START = 'wallet_api_start_time_seconds{instance="%s"}'


def scraped(step, phase, value, *, seconds):
    """Return what scrapes see of `value(second)`. None is a scrape that fails."""
    seen, last = [], None
    for second in range(0, seconds, TICK):
        if second < phase or (second - phase) % step:
            seen.append("_")
            continue
        before, last = last, value(second)
        # Prometheus marks a series as stale when a scrape fails.
        seen.append(str(last) if last is not None else "_" if before is None else "stale")
    return " ".join(seen)


def firing(alert, minutes):
    """Return the expression for the number of minutes at which each case of an alert fires."""
    selector = f'ALERTS{{alertname="{alert}",alertstate="firing"}}'
    return f"sum by (job, instance) (count_over_time({selector}[{minutes}m:1m]))"


def failures(alert, path, counts, expected, *, minutes=60):
    """Assert in how many of the phases an alert fires. `counts` maps metrics to their functions."""
    series = {
        f'{metric}job="{step}s at {phase}",instance="a"}}': scraped(
            step, phase, value, seconds=60 * minutes
        )
        for (step, phase), (metric, value) in product(PHASES, counts.items())
    }
    asked = {f"count({firing(alert, minutes)})": expected}
    expect(path, series, interval=f"{TICK}s", minutes=minutes - 1, expected=asked)


@pytest.mark.parametrize("begin", [1200, 1225, 1240])
@pytest.mark.parametrize(
    ("seconds", "fires"), [(20, None), (60, None), (360, len(PHASES))], ids=["20 s", "1 m", "6 m"]
)
def test_an_outage_of_a_minute_does_not_page_and_one_of_six_minutes_does(
    tmp_path, begin, seconds, fires
):
    counts = {
        "wallet_api_requests_total{": lambda second: 10 * second,
        # One of a thousand requests fails at all times.
        "wallet_api_request_failures_total{": lambda second: (
            10 * max(0, min(second - begin, seconds)) + second // 100
        ),
    }
    failures("WalletApiErrors", tmp_path / "t.yml", counts, fires)


@pytest.mark.parametrize(
    ("seconds", "pause"),
    [(30, 330), (45, 300), (60, 360), (60, 420), (60, 600), (90, 480), (60, 900)],
)
def test_short_outages_that_recur_page_after_the_third_of_them(tmp_path, seconds, pause):
    outages = [1200 + pause * number for number in range(3)]
    counts = {
        "wallet_api_requests_total{": lambda second: 10 * second,
        "wallet_api_request_failures_total{": lambda second: (
            sum(10 * max(0, min(second - begin, seconds)) for begin in outages) + second // 100
        ),
    }
    failures("WalletApiErrors", tmp_path / "t.yml", counts, len(PHASES), minutes=90)


@pytest.mark.parametrize("pause", [900, 1500])
def test_two_outages_of_a_minute_in_an_hour_do_not_page(tmp_path, pause):
    counts = {
        "wallet_api_requests_total{": lambda second: 10 * second,
        "wallet_api_request_failures_total{": lambda second: sum(
            10 * max(0, min(second - begin, 60)) for begin in (1200, 1200 + pause)
        ),
    }
    failures("WalletApiErrors", tmp_path / "t.yml", counts, None, minutes=75)


@pytest.mark.parametrize("pause", [300, 420, 600, 800])
def test_a_total_outage_pages_however_seldom_a_client_tries_again(tmp_path, pause):
    def tries(second):
        return max(0, second - 600) // pause

    counts = {
        "wallet_api_requests_total{": lambda second: 7 + tries(second),
        "wallet_api_request_failures_total{": tries,
    }
    failures("WalletApiErrors", tmp_path / "t.yml", counts, len(PHASES), minutes=120)


@pytest.mark.parametrize("pause", [60, 200, 300])
def test_four_failures_at_night_do_not_page_if_requests_succeed_afterwards(tmp_path, pause):
    def failed(second):
        return 4 if second >= 1200 else 0

    counts = {
        "wallet_api_requests_total{": lambda second: second // pause + failed(second),
        "wallet_api_request_failures_total{": failed,
    }
    failures("WalletApiErrors", tmp_path / "t.yml", counts, None)


@pytest.mark.parametrize(
    ("moments", "fires"),
    [
        ([1200, 1200, 1200], None),
        ([1200, 1260, 1320], None),
        ([1200, 1200, 1200, 1200], len(PHASES)),
        ([1200, 1270, 1340, 1410], len(PHASES)),
        ([1200, 1400, 1600, 1980], len(PHASES)),
    ],
)
def test_four_refusals_in_a_quarter_of_an_hour_page_and_three_do_not(tmp_path, moments, fires):
    def refused(second):
        return 9 + sum(second >= moment for moment in moments)

    for alert, metric in (
        ("WalletApiOverloaded", "wallet_api_overloaded_total{"),
        ("WalletApiPoolExhausted", 'wallet_api_db_pool_timeouts_total{pool="primary",'),
        ("WalletApiPoolExhausted", 'wallet_api_db_pool_refusals_total{pool="replica",'),
    ):
        failures(alert, tmp_path / "t.yml", {metric: refused}, fires)


def test_refusals_that_go_on_are_one_alert(tmp_path):
    def refused(second):
        return max(0, second - 600) // 75

    (step, phase), minutes = (60, 30), 60
    series = {
        'wallet_api_overloaded_total{instance="a"}': scraped(step, phase, refused, seconds=3600)
    }
    # From the fourth on, without an interruption.
    asked = {f"sum({firing('WalletApiOverloaded', minutes)})": 44}
    expect(tmp_path / "t.yml", series, interval="5s", minutes=59, expected=asked)


RESTART = 1800


def restarts():
    """Yield each combination: scrapes, seconds down, moment of the event, and its count.

    The moment is that after the start, or before the end if it is negative.
    """
    scrapes = [(15, phase) for phase in (0, 5, 10)] + [(60, phase) for phase in (0, 15, 30, 45)]
    yield from product(scrapes, (0, 30, 90, 200, 280, 400), (-30, 2, 40, 100), (1, 2))


@pytest.mark.parametrize("before", [0, 1, 3])
def test_each_event_around_a_restart_alerts_for_nine_minutes_if_a_scrape_saw_it(tmp_path, before):
    """Of 336 combinations, no scrape sees the event of 24: it is half a minute before the end."""
    metric = EVENTS["WalletApiKeyRead"]
    series, seen = {}, 0
    for number, ((step, phase), down, moment, new) in enumerate(restarts()):
        up = RESTART + down
        event = RESTART + moment if moment < 0 else up + moment

        def count(second, up=up, event=event, new=new):
            if RESTART <= second < up:
                return None
            counted = new if second >= event else 0
            return before + counted if second < RESTART else counted * (event > RESTART)

        def start(second, up=up):
            return None if RESTART <= second < up else 1 if second < RESTART else up

        for name, value in ((metric, count), (START, start)):
            series[name % number] = scraped(step, phase, value, seconds=3000)
        moments = range(phase, 3000, step)
        seen += any(event <= second and (moment >= 0 or second < RESTART) for second in moments)
    assert (len(series) // 2, seen) == (336, 312)
    asked = {
        f"count({firing('WalletApiKeyRead', 20)} > 8)": seen,
        f"count({firing('WalletApiKeyRead', 20)})": seen,
    }
    expect(tmp_path / "t.yml", series, interval=f"{TICK}s", minutes=49, expected=asked)


@pytest.mark.parametrize("alert", EVENTS)
def test_an_event_alerts_for_nine_minutes_however_long_scrapes_fail_meanwhile(tmp_path, alert):
    gaps = (0, 1, 3, 4, 5, 6, 8, 9, 10, 11, 30, 59, 75)
    series = {}
    for (step, phase), minutes in product(PHASES, gaps):

        def count(second, minutes=minutes):
            back = 1800 + 60 * minutes
            return None if 1800 <= second < back else int(second >= back)

        def start(second, count=count):
            return None if count(second) is None else 1

        for name, value in ((EVENTS[alert], count), (START, start)):
            series[name % f"{step} {phase} {minutes}"] = scraped(
                step, phase, value, seconds=60 * 125
            )
    cases = len(series) // 2
    asked = {
        f"count({firing(alert, 100)})": cases,
        f"count({firing(alert, 100)} > 8)": cases,
        f"count({firing(alert, 100)} > 10)": None,
    }
    expect(tmp_path / "t.yml", series, interval=f"{TICK}s", minutes=124, expected=asked)
