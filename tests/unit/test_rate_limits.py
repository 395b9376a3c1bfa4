"""Sliding windows in memory: never more than the limit in any window, and an honest Retry-After."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from limits import parse

from wallet_api.auth import rate_limits
from wallet_api.auth.rate_limits import MEMORY, RateLimits
from wallet_api.crypto.secret import Secret


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


class Clock:
    """A clock that the test advances."""

    def __init__(self, patch):
        self.now = 1_000_000.0
        patch.setattr(time, "time", lambda: self.now)


def hit(limits, rate, who="somebody"):
    return limits.hit([parse(rate)], who)[0]


@given(
    amount=st.integers(1, 9),
    length=st.sampled_from([1, 2, 7, 60]),
    pauses=st.lists(st.sampled_from([0.0, 0.01, 0.3, 0.9, 1.0, 2.5, 61.0]), max_size=60),
    start=st.floats(0, 60),
)
# The wait ends on the window's end, where a rounded quotient decides.
@example(amount=1, length=7, pauses=[0.0, 0.0], start=0.0)
def test_a_client_that_waits_for_retry_after_is_accepted_again(amount, length, pauses, start):
    with pytest.MonkeyPatch.context() as patch:
        clock = Clock(patch)
        clock.now += start
        limits = RateLimits(Secret(MEMORY))
        rate = f"{amount} per {length} second"
        for pause in pauses:
            clock.now += pause
            usage = hit(limits, rate)
            if not usage.allowed:
                assert usage.remaining == 0
                clock.now += usage.seconds
                assert hit(limits, rate).allowed


@given(
    amount=st.integers(1, 9),
    pauses=st.lists(st.sampled_from([0.0, 0.05, 0.4, 1.0, 3.0]), max_size=80),
)
def test_no_window_accepts_more_than_the_limit(amount, pauses):
    with pytest.MonkeyPatch.context() as patch:
        clock = Clock(patch)
        limits = RateLimits(Secret(MEMORY))
        let_in = []
        for pause in pauses:
            clock.now += pause
            if hit(limits, f"{amount} per 2 second").allowed:
                let_in.append(clock.now)
        for window in {moment // 2 for moment in let_in}:
            assert sum(moment // 2 == window for moment in let_in) <= amount


def test_a_burst_at_the_boundary_of_two_windows_is_not_accepted_twice(clock):
    limits = RateLimits(Secret(MEMORY))
    clock.now += 59.9 - clock.now % 60
    assert [hit(limits, "5 per minute").allowed for _ in range(6)] == [True] * 5 + [False]
    clock.now += 0.2
    assert sum(hit(limits, "5 per minute").allowed for _ in range(5)) == 1


def test_idle_callers_are_forgotten(clock):
    limits = RateLimits(Secret(MEMORY))
    for number in range(1000):
        hit(limits, "5 per minute", str(number))
    clock.now += 120
    hit(limits, "5 per minute")
    (_, older, newer) = limits._memory._current[60]
    assert len(older) + len(newer) == 1


def test_the_remaining_requests_are_counted_per_caller(clock):
    limits = RateLimits(Secret(MEMORY))
    clock.now += 60.5 - clock.now % 60
    assert [hit(limits, "3 per minute", "a").remaining for _ in range(4)] == [2, 1, 0, 0]
    other = hit(limits, "3 per minute", "b")
    assert (other.allowed, other.remaining, other.seconds) == (True, 2, 60)


def test_limits_of_one_window_are_counted_separately(clock):
    limits = RateLimits(Secret(MEMORY))
    rates = [parse(rate) for rate in ("3 per minute", "3 per 60 second", "5 per minute")]
    for remaining in (2, 1, 0):
        used = limits.hit(rates, "somebody")
        assert [usage.remaining for usage in used] == [remaining, remaining, remaining + 2]


def test_a_failed_redis_is_not_called_for_a_while(monkeypatch, clock):
    clock.now += 1 - clock.now % 60
    limits = RateLimits(Secret("redis://127.0.0.1:1"))
    asked = []
    monkeypatch.setattr(rate_limits.time, "monotonic", lambda: clock.now)
    shared = limits._shared
    monkeypatch.setattr(
        shared,
        "hit",
        lambda *given, **more: asked.append(1) or type(shared).hit(shared, *given, **more),
    )
    for _ in range(20):
        assert hit(limits, "30 per minute").allowed
    assert len(asked) == 1
    clock.now += 5
    assert hit(limits, "30 per minute").remaining == 9
    assert len(asked) == 2


def test_a_batch_counts_as_its_requests_or_not_at_all():
    limits = RateLimits(Secret(MEMORY))
    costs = [3, 8, 7, 1, 1]
    usages = [limits.hit([parse("10 per hour")], "somebody", cost=cost)[0] for cost in costs]
    assert [(usage.allowed, usage.remaining) for usage in usages] == [
        (True, 7),
        (False, 7),
        (True, 0),
        (False, 0),
        (False, 0),
    ]
