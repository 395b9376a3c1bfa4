"""Requests that wait for a thread: for a bounded time, and health checks never wait."""

import re
import signal
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.commands import wait_until
from tests.factories import BASE_ACCOUNT, FID
from tests.faults.servers import Proxy, Server
from tests.running_service import Call, seconds_of

pytestmark = pytest.mark.slow

TOKEN = "the token of a Prometheus that is on call"
ORIGIN = "https://app.example.com"
THREADS = 2


@pytest.fixture
def service(serve):
    service = serve(
        WEB_CONCURRENCY="1",
        WEB_THREADS=str(THREADS),
        METRICS_TOKEN=TOKEN,
        CORS_ORIGINS=ORIGIN,
        RATELIMIT_ENABLED="false",
    )
    assert service.call(service.deposit(FID, base=BASE_ACCOUNT)).status == 200
    return service


@pytest.fixture
def locked(database_url):
    """Lock the table of wallets inside of locked()."""

    @contextmanager
    def lock():
        with psycopg.connect(database_url) as other:
            other.execute("lock table wallets")
            yield

    return lock


def reads(service, number):
    return [
        Call(
            "GET",
            "/api/wallet/user-wallets",
            {**service.bearer(FID), "Origin": ORIGIN, "X-Request-Id": f"read-{one}"},
        )
        for one in range(number)
    ]


def files_of(pid):
    """Return how many files and sockets a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@contextmanager
def crowding(service, number):
    """Have so many ask at once inside of the block, and yield their answers."""
    [worker] = service.workers()
    open_before = files_of(worker)
    answers = []
    crowd = threading.Thread(target=lambda: answers.extend(service.crowd(reads(service, number))))
    crowd.start()
    # The worker has accepted all of them.
    wait_until(lambda: files_of(worker) >= open_before + number)
    yield answers
    crowd.join()


def test_while_every_thread_waits_health_and_metrics_are_answered(service, locked):
    metrics = {"Authorization": f"Bearer {TOKEN}"}
    asks = [
        lambda: service.get("/healthz"),
        lambda: service.get("/metrics", metrics),
        lambda: service.get("/healthz?from=a-load-balancer"),
    ]
    with locked(), crowding(service, 60):
        seconds = []
        for _ in range(20):
            seconds += map(seconds_of, asks)
            time.sleep(0.1)
    assert max(seconds) < 1


def test_a_request_that_waits_too_long_for_a_thread_gets_the_usual_503(service, locked):
    began = time.monotonic()
    with locked(), crowding(service, 60) as answers:
        pass
    assert time.monotonic() - began < 10
    assert {answer.status for answer in answers} == {503}
    refused = [answer for answer in answers if answer.body["code"] == "overloaded"]
    # The threads got to a few others, one after the other.
    assert len(refused) >= 60 - 4 * THREADS
    for number, answer in enumerate(answers):
        assert answer.headers["Retry-After"]
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert answer.headers["X-Request-Id"] == f"read-{number}"
    text = service.get("/metrics", {"Authorization": f"Bearer {TOKEN}"}).body
    assert f"wallet_api_overloaded_total {len(refused)}.0" in text
    # The time in the queue counts: only those who had a thread at once were answered soon.
    soon = r'le="2\.5",method="GET",route="/api/wallet/user-wallets",status="503"} (\d+)\.0'
    assert int(re.search(soon, text)[1]) <= THREADS
    assert {answer.status for answer in service.crowd(reads(service, 60))} == {200}


def test_a_queue_that_moves_may_wait_longer_than_in_an_outage(serve, sql):
    """Ten seconds of work for one thread, none of which takes long."""
    sql.execute(
        "create function work() returns trigger language plpgsql as"
        " 'begin perform pg_sleep(0.2); return new; end'"
    )
    sql.execute("create trigger t before insert on deposits for each row execute function work()")
    service = serve(WEB_CONCURRENCY="1", WEB_THREADS="1", RATELIMIT_ENABLED="false")
    calls = [service.deposit(FID, base=BASE_ACCOUNT) for _ in range(40)]
    began = time.monotonic()
    assert [answer.status for answer in service.crowd(calls)] == [200] * 40
    assert time.monotonic() - began > 7


@pytest.mark.faults
@pytest.mark.parametrize("seconds", [0.6, 0.85])
def test_requests_queued_after_slow_reads_are_answered_within_ten_seconds(
    keep, tmp_path, migrated, serve, seconds
):
    """No request takes longer than its one slow statement."""
    server = keep(Server(tmp_path / "postgres"))
    url = server.url(migrated(server))
    with Proxy(server.port) as proxy:
        service = serve(
            DATABASE_URL=url.replace(str(server.port), str(proxy.port)),
            WEB_CONCURRENCY="1",
            WEB_THREADS="8",
            DB_POOL_MIN="8",
            RATELIMIT_ENABLED="false",
        )
        assert service.call(service.deposit(FID, base=BASE_ACCOUNT)).status == 200
        # Have every connection in use once before it is slow.
        service.crowd(reads(service, 60))
        proxy.delay = seconds
        began = time.monotonic()
        answers = service.crowd(reads(service, 160))
        slowest = time.monotonic() - began
        proxy.delay = 0
    assert {answer.status for answer in answers} == {200, 503}
    assert slowest < 10


def test_a_graceful_stop_answers_queued_requests_too(service, locked):
    with locked(), crowding(service, 30) as answers:
        service.process.send_signal(signal.SIGTERM)
    assert {answer.status for answer in answers} == {503}
    assert all(answer.headers["Retry-After"] for answer in answers)
    assert service.stop() == 0
