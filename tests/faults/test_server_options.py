"""Options of gunicorn, in real processes: each is applied, or refused with an error."""

import os
import signal
import socket
import threading
import time

import psycopg
import pytest

from tests.commands import wait_until
from tests.factories import BASE_ACCOUNT, FID

pytestmark = pytest.mark.slow

HEALTHZ = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def kept_seconds(service, requests=1):
    """Return how long a connection stays open after its last answer."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as client:
        for _ in range(requests):
            client.sendall(HEALTHZ)
            assert b"200 OK" in client.recv(4096)
        began = time.monotonic()
        assert client.recv(1) == b""
        return time.monotonic() - began


def test_a_connection_is_kept_for_as_long_as_keep_alive_says(serve):
    service = serve(WEB_CONCURRENCY="1", GUNICORN_CMD_ARGS="--keep-alive 2")
    assert 1.9 <= kept_seconds(service) < 3.5
    assert 1.9 <= kept_seconds(service, requests=3) < 3.5


def test_no_connection_is_kept_with_a_keep_alive_of_zero(serve):
    service = serve(WEB_CONCURRENCY="1", GUNICORN_CMD_ARGS="--keep-alive 0")
    assert kept_seconds(service) < 1


def test_a_request_that_began_has_its_own_timeout_with_any_keep_alive(serve):
    service = serve(WEB_CONCURRENCY="1", GUNICORN_CMD_ARGS="--keep-alive 1")
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as client:
        received = b""

        def receive(answers):
            nonlocal received
            while received.count(b"200 OK") < answers:
                more = client.recv(65536)
                assert more, "the connection was closed"
                received += more

        client.sendall(HEALTHZ)
        receive(1)
        # Half a request, and half a request after a complete one.
        for begin, answers in ((HEALTHZ[:20], 2), (HEALTHZ + HEALTHZ[:20], 4)):
            client.sendall(begin)
            time.sleep(1.6)
            client.sendall(HEALTHZ[20:])
            receive(answers)
        while more := client.recv(65536):
            received += more
        assert received.count(b"200 OK") == received.count(b"HTTP/1.1 ") == 4


def test_a_worker_that_hangs_is_replaced_after_the_timeout(serve):
    service = serve(WEB_CONCURRENCY="1", GUNICORN_CMD_ARGS="--timeout 2")
    [worker] = service.workers()
    os.kill(worker, signal.SIGSTOP)
    began = time.monotonic()
    # The default is 30 seconds.
    wait_until(lambda: service.workers() not in ([worker], []), seconds=12)
    assert time.monotonic() - began > 1
    assert service.get("/healthz").status == 200


def test_a_stop_waits_for_requests_as_long_as_the_graceful_timeout_says(serve, database_url):
    service = serve(WEB_CONCURRENCY="1", GUNICORN_CMD_ARGS="--graceful-timeout 1")
    deposit = service.deposit(FID, base=BASE_ACCOUNT)
    assert service.call(deposit).status == 200
    with psycopg.connect(database_url) as holder:
        # For five seconds: lock_timeout.
        holder.execute("lock table wallets")
        waiting = threading.Thread(target=service.call, args=[deposit])
        waiting.start()
        time.sleep(0.5)
        began = time.monotonic()
        service.stop()
        assert time.monotonic() - began < 3
    waiting.join()


def test_a_worker_ends_after_max_requests_and_no_request_is_lost(serve):
    service = serve(WEB_CONCURRENCY="1", GUNICORN_CMD_ARGS="--max-requests 3")
    before = service.workers()
    assert [service.get("/healthz").status for _ in range(8)] == [200] * 8
    assert service.workers() != before
