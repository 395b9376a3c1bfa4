"""Refused key reads cannot fill the audit log: the first of each hour is recorded, with a count."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.conftest import ACCESS, FID
from wallet_api.errors import DatabaseUnavailable
from wallet_api.services import refusals
from wallet_api.services.refusals import RefusalWindows

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


def recorded(sql):
    query = "select actor, reason from wallet_audit_log where action = 'key.refused' order by id"
    return sql.execute(query).fetchall()


def test_a_flood_of_refusals_leaves_one_entry_an_hour_and_a_count(wallets, sql, clock):
    for _ in range(100):
        wallets.refuse_key(FID, "ethereum", access=ACCESS)
    assert recorded(sql) == [(ACCESS.actor, None)]
    clock(HOUR - 1)
    wallets.refuse_key(FID, "ethereum", access=ACCESS)
    assert len(recorded(sql)) == 1
    clock(HOUR)
    for _ in range(5):
        wallets.refuse_key(FID, "ethereum", access=ACCESS)
    assert recorded(sql)[1:] == [(ACCESS.actor, "100 more were refused since the last entry")]
    clock(5 * HOUR)
    wallets.refuse_key(FID, "ethereum", access=ACCESS)
    assert recorded(sql)[2:] == [(ACCESS.actor, "4 more were refused since the last entry")]


def test_another_caller_and_another_user_have_an_hour_of_their_own(wallets, sql, clock):
    for fid in (FID, FID + 1):
        for actor in ("client:one", "client:two"):
            for _ in range(2):
                wallets.refuse_key(fid, "ethereum", access=replace(ACCESS, actor=actor))
    assert sorted(recorded(sql)) == [("client:one", None)] * 2 + [("client:two", None)] * 2


def test_a_refusal_that_could_not_be_recorded_does_not_hide_the_next_one(
    wallets, sql, clock, monkeypatch
):
    def fail(event):
        raise DatabaseUnavailable("a test")

    with monkeypatch.context() as patch:
        patch.setattr(wallets, "_record", fail)
        for _ in range(2):
            with pytest.raises(DatabaseUnavailable):
                wallets.refuse_key(FID, "ethereum", access=ACCESS)
    wallets.refuse_key(FID, "ethereum", access=ACCESS)
    assert recorded(sql) == [(ACCESS.actor, "2 more were refused since the last entry")]


def test_of_many_at_once_one_is_recorded_and_all_are_counted(clock):
    windows = RefusalWindows()
    with ThreadPoolExecutor(16) as crowd:
        found = list(crowd.map(lambda _: windows.count(KEY), range(400)))
    assert sorted(one for one in found if one is not None) == [0]
    clock(HOUR)
    assert windows.count(KEY) == 399


def test_what_is_remembered_of_refusals_is_bounded(monkeypatch, clock):
    monkeypatch.setattr(refusals, "_MAX_WINDOWS", 3)
    windows = RefusalWindows()
    for fid in range(10):
        assert windows.count((fid, "ethereum", "user")) == 0
    assert windows.count((9, "ethereum", "user")) is None
    assert windows.count((0, "ethereum", "user")) == 0
