"""Processes of the service are killed and replaced under load."""

import os
import random
import signal
import time

import pytest

from tests.running_service import children
from wallet_api.development.programs import command_line

pytestmark = pytest.mark.faults


def until(condition, within=20):
    """Wait until a condition holds, and return what it gave."""
    deadline = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_workers_that_are_killed_again_and_again(url, run_under_load):
    def fault(load, service):
        for _ in range(12):
            workers = until(lambda: len(service.workers()) == 2 and service.workers())
            os.kill(random.choice(workers), signal.SIGKILL)
            time.sleep(random.uniform(0.3, 1))

    run_under_load(url, fault, cuts=True, restarts=True)


def test_a_reload_replaces_every_worker_and_nobody_notices(url, run_under_load):
    def fault(load, service):
        for _ in range(2):
            before = set(service.workers())
            service.process.send_signal(signal.SIGHUP)
            until(lambda old=before: not old & set(service.workers()))
            load.wait_for_recovery()
        assert load.refused == 0

    run_under_load(url, fault, restarts=True)


@pytest.fixture
def end():
    """Kill processes without a parent when the test is over: end.append(pid)."""
    pids = []
    yield pids
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
    until(lambda: not any(command_line(pid) for pid in pids), within=40)


def test_a_deploy_hands_the_port_to_a_new_master_and_nobody_notices(url, run_under_load, end):
    def fault(load, service):
        old = service.process.pid
        workers = set(service.workers())
        service.process.send_signal(signal.SIGUSR2)
        (new,) = until(lambda: set(children(old)) - workers)
        end.append(new)
        until(lambda: len(children(new)) == 2, within=90)
        load.wait_for_recovery()
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(40) == 0
        load.wait_for_recovery()
        assert load.refused == 0

    run_under_load(url, fault, restarts=True)
