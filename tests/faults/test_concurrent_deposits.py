"""Concurrent first deposits, with real processes and real sockets."""

import os
import signal
import threading
import time

import psycopg
import pytest

from tests.commands import wait_until
from tests.factories import BASE_ACCOUNT, FID, OTHER_SECRET
from tests.running_service import Call

pytestmark = pytest.mark.slow


def addresses(answers):
    return {answer.body["depositAddress"] for answer in answers if answer.status == 200}


def test_a_thousand_racing_deposits_get_one_address(serve, opened, sql):
    service = serve(WEB_CONCURRENCY="2")
    answers = service.crowd([service.deposit(FID, base=BASE_ACCOUNT)] * 1000)
    assert [answer.status for answer in answers] == [200] * 1000
    assert addresses(answers) == {opened()[FID]}
    assert sql.execute("select count(*) from wallets").fetchone() == (1,)
    recorded = sql.execute("select count(*), count(distinct id) from deposits").fetchone()
    assert recorded == (1000, 1000)


def test_two_hundred_users_with_five_racing_requests_each_get_one_wallet_each(serve, opened):
    service = serve(WEB_CONCURRENCY="2")
    fids = [fid for fid in range(1, 201) for _ in range(5)]
    answers = service.crowd([service.deposit(fid, base=BASE_ACCOUNT) for fid in fids])
    assert [answer.status for answer in answers] == [200] * 1000
    answered = {(fid, a.body["depositAddress"]) for fid, a in zip(fids, answers, strict=True)}
    assert answered == set(opened().items())
    assert len(answered) == 200


@pytest.mark.faults
def test_every_address_returned_before_a_worker_was_killed_is_in_the_table(serve, opened, sql):
    service = serve(WEB_CONCURRENCY="2")
    calls = [service.deposit(fid, base=BASE_ACCOUNT) for fid in range(1, 401) for _ in range(2)]
    killed = []

    def kill_in_the_middle():
        while sql.execute("select count(*) < 40 from wallets").fetchone() == (True,):
            time.sleep(0.01)
        killed.append(service.workers()[0])
        os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=kill_in_the_middle)
    killer.start()
    answers = service.crowd(calls)
    killer.join()

    stored = opened()
    cut_off = sum(answer.status == 0 for answer in answers)
    for number, answer in enumerate(answers):
        if answer.status == 200:
            assert answer.body["depositAddress"] == stored[number // 2 + 1]
        else:
            assert answer.status in (0, 503)
    assert cut_off, "the kill hit nothing: the burst was over already"
    # The master replaces the worker, and users who were cut off get the address by a retry.
    again = service.crowd(calls)
    assert [answer.status for answer in again] == [200] * len(calls)
    assert killed[0] not in service.workers()
    assert len(service.workers()) == 2
    assert {**stored, **opened()} == opened()
    print(f"\n{len(calls)} sent, {cut_off} cut off by the kill, 0 answered addresses lost")


def test_a_wrong_secret_is_reported_at_readyz_and_changes_nothing(serve, sql):
    right = serve()
    assert right.call(right.deposit(FID, base=BASE_ACCOUNT)).status == 200
    right.stop()
    table = sql.execute("select * from wallets").fetchall()

    wrong = serve(ENCRYPTION_SECRET=OTHER_SECRET)
    ready = wrong.get("/readyz")
    assert ready.status == 503
    assert "ENCRYPTION_SECRET" in ready.body["error"]
    crowd = [wrong.deposit(fid, base=BASE_ACCOUNT) for fid in (FID, *range(1, 21))]
    answers = wrong.crowd(crowd)
    assert [answer.status for answer in answers] == [503] * len(crowd)
    assert all(answer.headers["Retry-After"] for answer in answers)
    assert sql.execute("select * from wallets").fetchall() == table
    assert wrong.get("/healthz").status == 200


def test_term_finishes_the_requests_in_flight_and_closes_the_pool(serve, sql, database_url):
    service = serve(WEB_CONCURRENCY="1")
    service.call(service.deposit(FID, base=BASE_ACCOUNT))
    # Hold the row that the request needs, so that TERM finds it in flight.
    with psycopg.connect(database_url) as holder:
        holder.execute(
            "insert into wallets (fid, chain, wallet_type, address, encrypted_private_key,"
            " iv, scheme, key_id) select 7, chain, wallet_type, address,"
            " encrypted_private_key, iv, scheme, key_id from wallets where fid = %s",
            [FID],
        )
        answers = []
        request = Call("POST", "/api/trading/create-fallback-wallet", service.bearer(7))
        caller = threading.Thread(target=lambda: answers.append(service.call(request)))
        caller.start()
        waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        while sql.execute(waiting).fetchone() == (0,):
            time.sleep(0.02)
        service.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        holder.rollback()
        caller.join()
    assert [answer.status for answer in answers] == [200]
    assert service.stop() == 0
    open_connections = (
        "select count(*) from pg_stat_activity where application_name = 'wallet-api'"
        " and datname = current_database()"
    )
    # PostgreSQL's process ends after the one that closed the connection.
    wait_until(lambda: sql.execute(open_connections).fetchone() == (0,))


def test_a_service_that_started_before_its_database_is_ready_when_the_database_is(
    serve, database_url, sql
):
    name = sql.info.dbname
    sql.close()
    elsewhere = database_url.removesuffix(name) + "postgres"
    with psycopg.connect(elsewhere, autocommit=True) as admin:
        admin.execute(f"alter database {name} allow_connections false")
        service = serve(WEB_CONCURRENCY="1", DB_POOL_TIMEOUT="0.5")
        refused = service.call(service.deposit(FID, base=BASE_ACCOUNT))
        assert refused.status == 503
        assert refused.headers["Retry-After"]
        assert service.get("/readyz").status == 503
        admin.execute(f"alter database {name} allow_connections true")
    wait_until(lambda: service.get("/readyz").status == 200, pause=0.1)
    assert service.call(service.deposit(FID, base=BASE_ACCOUNT)).status == 200
