"""Refused key reads cannot fill the audit log: each caller leaves a bounded number of entries."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.database import audit_entries
from tests.factories import ACCESS, FID
from wallet_api.errors import DatabaseUnavailable
from wallet_api.services.audit import refusals
from wallet_api.services.audit.events import AuditEvents
from wallet_api.services.audit.refusals import RefusalWindows

KEY = (FID, "ethereum", "user:1")
HOUR = 3600


@pytest.fixture
def clock(monkeypatch):
    """Set what time it is: clock(seconds)."""
    began = time.monotonic()

    def at(seconds):
        monkeypatch.setattr(refusals.time, "monotonic", lambda: began + seconds)

    at(0)
    return at


def refused_reads(sql):
    return audit_entries(sql, "actor, reason", "action = 'key.refused'")


def test_many_refusals_leave_one_entry_per_hour_with_a_count(wallets, sql, clock):
    for _ in range(100):
        wallets.refuse_key(FID, "ethereum", access=ACCESS)
    assert refused_reads(sql) == [(ACCESS.actor, None)]
    clock(HOUR - 1)
    wallets.refuse_key(FID, "ethereum", access=ACCESS)
    assert len(refused_reads(sql)) == 1
    clock(HOUR)
    for _ in range(5):
        wallets.refuse_key(FID, "ethereum", access=ACCESS)
    assert refused_reads(sql)[1:] == [(ACCESS.actor, "100 more were refused since the last entry")]
    clock(5 * HOUR)
    wallets.refuse_key(FID, "ethereum", access=ACCESS)
    assert refused_reads(sql)[2:] == [(ACCESS.actor, "4 more were refused since the last entry")]


def test_each_caller_leaves_an_entry_for_each_user_and_a_count_of_its_own(wallets, sql, clock):
    for fid in (FID, FID + 1):
        for actor, times in (("client:one", 2), ("client:two", 3)):
            for _ in range(times):
                wallets.refuse_key(fid, "ethereum", access=replace(ACCESS, actor=actor))
    assert sorted(refused_reads(sql), key=str) == [
        ("client:one", "1 more were refused since the last entry"),
        ("client:one", None),
        ("client:two", "2 more were refused since the last entry"),
        ("client:two", None),
    ]


def test_a_refusal_that_could_not_be_recorded_does_not_hide_the_next_one(
    wallets, sql, clock, monkeypatch
):
    def fail(*_):
        raise DatabaseUnavailable("a test")

    with monkeypatch.context() as patch:
        patch.setattr(AuditEvents, "record", fail)
        for _ in range(2):
            with pytest.raises(DatabaseUnavailable):
                wallets.refuse_key(FID, "ethereum", access=ACCESS)
    wallets.refuse_key(FID, "ethereum", access=ACCESS)
    assert refused_reads(sql) == [(ACCESS.actor, "2 more were refused since the last entry")]


def test_of_many_concurrent_refusals_one_is_recorded_and_all_are_counted(clock):
    windows = RefusalWindows()
    with ThreadPoolExecutor(16) as crowd:
        found = list(crowd.map(lambda _: windows.count(KEY), range(400)))
    assert sorted(one for one in found if one is not None) == [0]
    clock(HOUR)
    assert windows.count(KEY) == 399


def test_a_client_that_is_refused_for_every_user_leaves_a_bounded_number_of_entries(
    wallets, sql, clock, monkeypatch
):
    monkeypatch.setattr(refusals, "_MAX_ENTRIES", 3)
    for fid in range(1, 11):
        wallets.refuse_key(fid, "ethereum", access=ACCESS)
    assert refused_reads(sql) == [(ACCESS.actor, None)] * 3
    # Another caller has a bound of its own.
    wallets.refuse_key(9, "ethereum", access=replace(ACCESS, actor="client:other"))
    assert len(refused_reads(sql)) == 4
    clock(HOUR)
    for fid in range(1, 11):
        wallets.refuse_key(fid, "ethereum", access=ACCESS)
    assert sorted(refused_reads(sql), key=str) == [
        ("client:other", None),
        (ACCESS.actor, "7 more were refused since the last entry"),
        *[(ACCESS.actor, None)] * 5,
    ]


def test_no_caller_leaves_more_than_the_promised_number_of_entries_an_hour(clock):
    windows = RefusalWindows()
    found = [windows.count((fid, "ethereum", "client:one")) for fid in range(6000)]
    assert found == [0] * 600 + [None] * 5400
    clock(HOUR)
    assert windows.count((1, "ethereum", "client:one")) == 5400


def test_a_failed_record_does_not_use_up_the_bound(monkeypatch, clock):
    monkeypatch.setattr(refusals, "_MAX_ENTRIES", 1)
    windows = RefusalWindows()
    assert windows.count(KEY) == 0
    windows.reopen(KEY, 0)
    assert windows.count(KEY) == 1
    assert windows.count((FID + 1, *KEY[1:])) is None


def test_only_callers_whose_hour_is_over_are_forgotten(monkeypatch, clock):
    """Forgetting a caller within its hour would lift the bound on its entries."""
    monkeypatch.setattr(refusals, "_MAX_CALLERS", 3)
    windows = RefusalWindows()
    keys = [(FID, "ethereum", f"user:{number}") for number in range(10)]
    assert [windows.count(key) for key in keys] == [0] * 10
    assert [windows.count(key) for key in keys] == [None] * 10
    clock(HOUR)
    assert windows.count((FID, "ethereum", "user:new")) == 0
    assert len(windows._callers) == 3
    # Its count was lost; that of the last callers was not.
    assert windows.count(keys[0]) == 0
    assert windows.count(keys[9]) == 1
