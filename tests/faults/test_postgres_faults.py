"""PostgreSQL stops, crashes, hangs or runs out of disk: users see 503, and nothing is lost."""

import time
from contextlib import ExitStack, suppress

import psycopg
import pytest

from tests.faults.load import LONGEST_RESPONSE_SECONDS

pytestmark = pytest.mark.faults


def test_a_server_that_is_stopped_and_started(postgres, url, run_under_load):
    def fault(load, service):
        postgres.stop()
        load.wait_for_errors()
        time.sleep(6)
        postgres.start()

    run_under_load(url, fault)


def test_a_server_that_is_restarted_again_and_again(postgres, url, run_under_load):
    def fault(load, service):
        for _ in range(3):
            postgres.stop()
            postgres.start()
            load.wait_for_recovery()

    run_under_load(url, fault)


def test_a_server_whose_processes_are_all_killed_at_once(postgres, url, run_under_load):
    def fault(load, service):
        for _ in range(2):
            postgres.crash()
            postgres.start()
            load.wait_for_recovery()

    run_under_load(url, fault)


def test_a_server_that_is_paused_for_longer_than_all_timeouts(postgres, url, run_under_load):
    def fault(load, service):
        postgres.pause()
        try:
            time.sleep(LONGEST_RESPONSE_SECONDS + 2)
        finally:
            postgres.resume()

    run_under_load(url, fault)


def test_a_short_pause_of_the_server_causes_no_error(postgres, url, run_under_load):
    def fault(load, service):
        for _ in range(2):
            postgres.pause()
            time.sleep(3)
            postgres.resume()
            load.wait_for_recovery()
        assert load.refused == 0
        assert load.slowest > 2.5

    run_under_load(url, fault)


def test_a_server_whose_connections_are_all_taken_by_others(postgres, url, run_under_load):
    ours = "from pg_stat_activity where application_name = 'wallet-api'"

    def fault(load, service):
        with ExitStack() as hog:
            admin = hog.enter_context(psycopg.connect(url, autocommit=True))
            for _ in range(20):
                # When a session ends, another client may take its connection before we do.
                admin.execute(f"select pg_terminate_backend(pid) {ours}")
                with suppress(psycopg.OperationalError):
                    while True:
                        hog.enter_context(psycopg.connect(url, autocommit=True))
                time.sleep(0.3)
            load.wait_for_errors()

    run_under_load(url, fault)


def test_a_table_that_another_session_has_locked(url, run_under_load):
    def fault(load, service):
        with psycopg.connect(url) as other:
            other.execute("lock table wallets")
            load.wait_for_errors()
            time.sleep(3)

    run_under_load(url, fault)


def test_statements_that_exceed_the_statement_timeout(url, run_under_load):
    def fault(load, service):
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute(
                "create function sleep() returns trigger language plpgsql as"
                " 'begin perform pg_sleep(60); return new; end'"
            )
            owner.execute(
                "create trigger slow before insert on deposits"
                " for each row execute function sleep()"
            )
            load.wait_for_errors()
            owner.execute("drop trigger slow on deposits")

    run_under_load(url, fault)


def test_a_disk_without_room_for_the_write_ahead_log(small_disk, run_under_load):
    server, name, disk = small_disk

    def fault(load, service):
        disk.fill()
        load.wait_for_errors(within=60)
        time.sleep(3)
        disk.free()
        # It panics, and gives up if its recovery needs room too: then its supervisor starts it.
        if server.has_exited():
            server.stop()
            server.start()

    run_under_load(server.url(name), fault)
