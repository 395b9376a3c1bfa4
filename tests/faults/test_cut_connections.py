"""The network between the service and PostgreSQL cuts connections, or loses their data."""

import time

import pytest

from tests.faults.servers import (
    Proxy,
    carry_all,
    cut_at_random,
    swallow_the_answer_to_commit,
)

pytestmark = pytest.mark.faults


@pytest.fixture
def proxy(postgres):
    with Proxy(postgres.port) as proxy:
        yield proxy


@pytest.fixture
def through(postgres, url, proxy):
    """The URL of the same database, through the proxy."""
    return url.replace(f":{postgres.port}/", f":{proxy.port}/")


@pytest.mark.parametrize("rule", [cut_at_random, swallow_the_answer_to_commit])
def test_connections_that_are_cut_in_the_middle(proxy, url, through, run_under_load, rule):
    def fault(load, service):
        proxy.rule = rule
        deadline = time.monotonic() + 60
        while proxy.cuts < 40:
            assert time.monotonic() < deadline, f"only {proxy.cuts} cuts"
            time.sleep(0.1)
        proxy.rule = carry_all

    run_under_load(url, fault, through=through)


def test_a_network_that_acknowledges_and_swallows_everything(proxy, url, through, run_under_load):
    def fault(load, service):
        proxy.swallowing = True
        load.wait_for_errors(within=20)
        proxy.swallowing = False

    run_under_load(url, fault, through=through)
