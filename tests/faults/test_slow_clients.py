"""Slow, silent and abusive clients: they are cut off in time, and other clients do not notice."""

import json
import os
import resource
import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import flask_swagger_ui
import pytest

from tests.factories import BASE_ACCOUNT, FID, JWT_SECRET, SECRET
from tests.running_service import seconds_of, start_service
from wallet_api.blueprints.request_hooks import MAX_BODY_BYTES, MAX_SIGNING_BODY_BYTES
from wallet_api.server.framing import MAX_HEAD_BYTES
from wallet_api.server.worker import MAX_LARGE_REQUESTS, REQUEST_SECONDS, RESPONSE_SECONDS

pytestmark = pytest.mark.faults

HEALTHZ = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
DEPOSIT = "POST /api/wallet/deposit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
# More than the kernel buffers of a response that is not read.
LARGEST = b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n" * 4
HALF_A_HEAD = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: "
HALF_A_BODY = f"{DEPOSIT}Content-Length: 100\r\n\r\n{{".encode()
GRACEFUL_SECONDS = 25
ENVIRON = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "ENCRYPTION_SECRET": SECRET,
    "JWT_SECRET": JWT_SECRET,
    "WEB_CONCURRENCY": "1",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """One process that needs no database for what is asked here."""
    running = start_service(ENVIRON, tmp_path_factory.mktemp("service") / "gunicorn.log")
    yield running
    running.stop()


@pytest.fixture
def connect():
    """Open sockets that are closed at the end of the test."""
    with ExitStack() as stack:

        def connect(service, text=b"", *, buffer=None):
            client = stack.enter_context(socket.socket())
            if buffer:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            client.settimeout(REQUEST_SECONDS + 20)
            client.connect(("127.0.0.1", service.port))
            client.sendall(text)
            return client

        yield connect


def answers(client, *, count=1):
    """Read so many answers: their heads and bodies."""
    stream = client.makefile("rb")
    found = []
    while len(found) < count:
        lines = []
        while (line := stream.readline()) != b"\r\n":
            assert line, "closed without an answer"
            lines.append(line)
        head = b"".join(lines).decode()
        length = int(head.partition("Content-Length: ")[2].partition("\r\n")[0] or 0)
        found.append((head, stream.read(length)))
    return found


def status(client):
    return int(answers(client)[0][0].split()[1])


def cpu_seconds(pids):
    """Return how much CPU time processes have used."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(f[11]) + int(f[12]) for f in fields) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid):
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


def test_more_slow_clients_than_threads_delay_no_other_client(service, connect):
    for text in (HALF_A_HEAD, HALF_A_BODY):
        for _ in range(50):
            connect(service, text)
    for _ in range(10):
        connect(service, LARGEST, buffer=4096)
    assert max(seconds_of(lambda: service.get("/healthz")) for _ in range(10)) < 2
    used, began = cpu_seconds(service.workers()), time.monotonic()
    time.sleep(1)
    # They are not waited for in a busy loop.
    share = (cpu_seconds(service.workers()) - used) / (time.monotonic() - began)
    print(f"\nCPU {share:.1%}")
    assert share < 0.1


def test_four_hundred_slow_clients_and_fifty_that_never_read_delay_no_other_client(serve, connect):
    """With the threads of a default service: 2 processes of 8. One may get all connections."""
    service = serve()
    deposit = service.deposit(FID, base=BASE_ACCOUNT)
    began = time.monotonic()
    for _ in range(50):
        connect(service, LARGEST, buffer=4096)
    dripping = [connect(service, HALF_A_HEAD) for _ in range(130)]
    halves = [connect(service, HALF_A_HEAD) for _ in range(135)]
    halves += [connect(service, HALF_A_BODY) for _ in range(135)]
    slowest = max(seconds_of(lambda: service.call(deposit)) for _ in range(5))
    workers = service.workers()
    used, waited = cpu_seconds(workers), time.monotonic()
    while time.monotonic() < began + REQUEST_SECONDS - 2:
        for client in dripping:
            client.sendall(b"x")
        slowest = max(slowest, seconds_of(lambda: service.call(deposit)))
        time.sleep(1)
    share = (cpu_seconds(workers) - used) / (time.monotonic() - waited)
    for client in halves:
        assert status(client) == 408
        # Closed from the other side.
        assert client.recv(1) == b""
    refused = time.monotonic() - began
    for client in dripping:
        # Reset, if a drop fell behind the end.
        with suppress(ConnectionResetError):
            assert status(client) == 408
    print(f"\nslowest honest answer {slowest:.2f} s, CPU {share:.1%}, 408 at {refused:.1f} s")
    assert service.workers() == workers
    assert slowest < 2
    assert share < 0.25
    assert REQUEST_SECONDS <= refused < REQUEST_SECONDS + 5


def test_seven_hundred_and_fifty_clients_may_stay_silent(serve, connect):
    """One process of two may get as many of a thousand that come at the same moment."""
    service = serve(WEB_CONCURRENCY="1")
    waiting = [connect(service) for _ in range(750)]
    # Longer than the timeout of a process that has no room.
    time.sleep(2.5)
    for client in waiting:
        client.sendall(HEALTHZ)
    assert [status(client) for client in waiting] == [200] * 750


@pytest.mark.parametrize("files", [1024, 256])
def test_connections_above_the_limit_leave_file_descriptors_for_other_clients(
    tmp_path, environ, connect, files, request
):
    """With no more files than a process often may open."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    request.addfinalizer(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, limits))
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, limits[1]))
    try:
        log = tmp_path / "gunicorn.log"
        service = start_service({**environ, "WEB_CONCURRENCY": "1"}, log)
    finally:
        # For the clients here, of which there are more.
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, limits[1]), limits[1]))
    workers = service.workers()
    for _ in range(files + 176):
        connect(service, HALF_A_HEAD)
    deposit = service.deposit(FID, base=BASE_ACCOUNT)
    slowest = max(seconds_of(lambda: service.call(deposit)) for _ in range(5))
    print(f"\nslowest honest answer {slowest:.2f} s")
    assert service.workers() == workers
    assert slowest < 10
    service.stop()
    assert "Too many open files" not in log.read_text()


def body_of(size):
    """A deposit of the wrong asset: only who has read all of it can say so."""
    return json.dumps({"asset": "DOGE"}).ljust(size).encode()


def by_length(service, body):
    return _head(service) + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def by_chunks(service, body):
    pieces = [body[at : at + 1000] for at in range(0, len(body), 1000)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return _head(service) + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


def _head(service):
    return f"{DEPOSIT}Authorization: {service.bearer(FID)['Authorization']}\r\n".encode()


def large(sent):
    """Return a request to sign whose body is longer than has been sent."""
    head = f"POST /v1/users/{FID}/rpc/8453 HTTP/1.1\r\nHost: x\r\n"
    return f"{head}Content-Length: {MAX_SIGNING_BODY_BYTES}\r\n\r\n".encode() + b" " * sent


def test_few_large_requests_are_in_memory_at_a_time(serve, connect):
    service = serve(WEB_CONCURRENCY="1")
    [worker] = service.workers()
    before = resident_bytes(worker)
    waiting = [connect(service, large(100_000)) for _ in range(MAX_LARGE_REQUESTS)]
    # Those that are not large yet do not count.
    small = [connect(service, large(30_000)) for _ in range(100)]
    time.sleep(0.5)
    refused = connect(service, large(100_000))
    [(head, problem)] = answers(refused)
    assert head.startswith("HTTP/1.1 503 ")
    assert "Retry-After: 5" in head
    assert json.loads(problem)["code"] == "overloaded"
    assert resident_bytes(worker) - before < 40 * 1024 * 1024
    assert service.call(service.deposit(FID, base=BASE_ACCOUNT)).status == 200
    # Without a token.
    waiting[0].sendall(b" " * (MAX_SIGNING_BODY_BYTES - 100_000))
    assert status(waiting[0]) == 401
    waiting[1].close()
    # Until the poller has noticed both.
    time.sleep(0.5)
    for client in [connect(service, large(MAX_SIGNING_BODY_BYTES)) for _ in range(2)]:
        assert status(client) == 401
    assert len(small) == 100


@pytest.mark.parametrize("framed", [by_length, by_chunks])
def test_the_largest_body_is_read_in_pieces_of_any_size_and_a_larger_one_is_refused(
    service, connect, framed
):
    client = connect(service)
    text = framed(service, body_of(MAX_BODY_BYTES))
    for at in range(0, len(text), 3000):
        client.sendall(text[at : at + 3000])
        time.sleep(0.02)
    [(head, problem)] = answers(client)
    assert head.startswith("HTTP/1.1 400 ")
    assert b"Unsupported asset" in problem
    # The same connection goes on, and is closed behind a body that is not read.
    client.sendall(framed(service, body_of(MAX_BODY_BYTES + 1)))
    [(head, _)] = answers(client)
    assert head.startswith("HTTP/1.1 413 ")
    if framed is by_length:
        assert "Connection: close" in head
        assert client.recv(1) == b""


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (HALF_A_HEAD + b"x" * MAX_HEAD_BYTES, 431),
        (b"GET /" + b"x" * MAX_HEAD_BYTES, 414),
        (f"{DEPOSIT}Content-Length: 99999999999999999999\r\n\r\n".encode(), 413),
        (b"GET / HTTP/1.1\n\n", 400),
    ],
    ids=["head", "address", "announced body", "no carriage return"],
)
def test_a_request_that_must_be_refused_is_refused_before_its_end(service, connect, text, refusal):
    began = time.monotonic()
    assert status(connect(service, text)) == refusal
    assert time.monotonic() - began < REQUEST_SECONDS / 2


def test_a_client_that_expects_100_continue_gets_it_once_before_the_body(service, connect):
    head, _, body = by_length(service, body_of(100)).partition(b"\r\n\r\n")
    client = connect(service, head + b"\r\nExpect: 100-continue\r\n\r\n")
    assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(body)
    assert status(client) == 400
    # Nothing is asked for that would be refused.
    too_long = f"{DEPOSIT}Expect: 100-continue\r\nContent-Length: 20000\r\n\r\n".encode()
    assert status(connect(service, too_long)) == 413


def test_pipelined_requests_are_answered_in_order(service, connect):
    bad = by_length(service, body_of(100))
    client = connect(service, HEALTHZ + bad + HEALTHZ[:20])
    first, second = answers(client, count=2)
    client.sendall(HEALTHZ[20:])
    found = [first, second, *answers(client)]
    assert [head.split()[1] for head, _ in found] == ["200", "400", "200"]


def test_http_1_0_is_answered_and_closed(service, connect):
    client = connect(service, b"GET /healthz HTTP/1.0\r\n\r\n")
    assert status(client) == 200
    assert client.recv(1) == b""


def test_a_client_that_keeps_its_connection_open_delays_no_other_client(service, connect):
    """gunicorn waits two seconds for each of them, and accepts no connection meanwhile."""
    last = HEALTHZ.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    began = time.monotonic()
    for _ in range(5):
        assert status(connect(service, last)) == 200
    assert time.monotonic() - began < 4


def test_a_slow_reader_receives_a_large_response_completely(service, connect):
    client = connect(service, LARGEST, buffer=4096)
    time.sleep(0.5)
    bundle = Path(flask_swagger_ui.__file__).parent / "dist" / "swagger-ui-bundle.js"
    assert {body for _, body in answers(client, count=4)} == {bundle.read_bytes()}


def test_idle_clients_above_the_limit_are_closed_for_new_ones(service, connect):
    idle = [connect(service) for _ in range(1100)]
    assert seconds_of(lambda: service.get("/healthz")) < REQUEST_SECONDS / 2
    # Those in whose place it was answered.
    assert sum(client.recv(1) == b"" for client in idle[:300]) == 300


def test_term_does_not_wait_for_half_a_request(serve, connect):
    service = serve(WEB_CONCURRENCY="1")
    client = connect(service, HALF_A_HEAD)
    service.get("/healthz")
    began = time.monotonic()
    assert service.stop() == 0
    assert time.monotonic() - began < GRACEFUL_SECONDS / 2
    assert status(client) == 408


def test_a_client_that_never_reads_is_disconnected_and_its_response_is_freed(serve, connect):
    service = serve(WEB_CONCURRENCY="1")
    [worker] = service.workers()
    before = resident_bytes(worker)
    began = time.monotonic()
    deaf = [connect(service, LARGEST, buffer=4096) for _ in range(200)]
    while time.monotonic() < began + RESPONSE_SECONDS + 3:
        assert seconds_of(lambda: service.get("/healthz")) < 2
        assert resident_bytes(worker) - before < 100 * 1024 * 1024
        time.sleep(0.5)
    for client in deaf:
        with pytest.raises(ConnectionResetError):  # noqa: PT012 (the reset comes behind the data)
            while client.recv(65536):
                pass
