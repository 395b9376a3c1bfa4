"""The capacity model: its figures are in docs/scaling.md, and fit the measurements."""

from xml.etree import ElementTree

import pytest

from benchmarks import capacity
from benchmarks.capacity import MACHINE, PLANS, USERS, Inputs, measured, need
from tests.running_service import ROOT

SVG = ROOT / "docs" / "capacity.svg"


def test_the_page_equals_the_model(request):
    inputs = Inputs()
    table = capacity.table([need(users, inputs) for users in USERS], inputs)
    if request.config.getoption("--write"):
        SVG.write_text(capacity.plot(inputs))
    assert table in (ROOT / "docs" / "scaling.md").read_text()
    assert SVG.read_text() == capacity.plot(inputs)
    ElementTree.fromstring(SVG.read_text())  # noqa: S314


def test_the_model_predicts_the_other_measurements():
    """Within six in a hundred, over all that was measured."""
    size = capacity.bytes_per_row()
    counts = [found["users"] for found in measured()]
    assert max(counts) >= 10 * min(counts)
    for found in measured():
        modeled = sum(it["rows"] * size[name] for name, it in found["bytes"].items())
        assert modeled == pytest.approx(capacity.total(found), rel=0.06), found["users"]


def test_every_plan_is_larger_and_more_expensive_than_the_previous():
    assert sorted(PLANS, key=lambda plan: plan.dollars) == list(PLANS)
    assert sorted(PLANS, key=lambda plan: plan.gigabytes) == list(PLANS)


def test_more_load_never_needs_less():
    dollars = [need(users, Inputs()).dollars for users in USERS]
    assert dollars == sorted(dollars)
    usual = need(10_000_000, Inputs())
    assert need(10_000_000, Inputs(years=3)).gigabytes > 2.5 * usual.gigabytes
    assert need(10_000_000, Inputs(requests_per_day=200)).connections > 9 * usual.connections
    assert need(10_000_000, Inputs(dollars_per_dyno=250)).dollars > usual.dollars


def test_beyond_the_largest_plan_the_model_adds_machines_and_a_coordinator():
    many = need(10**9, Inputs())
    assert many.plan == MACHINE
    assert MACHINE not in PLANS
    assert many.machines * many.plan.gigabytes >= many.gigabytes
    assert many.pooled
    database = (many.machines + 1) * many.plan.dollars
    assert many.dollars == pytest.approx(database + 50 * many.dynos)
