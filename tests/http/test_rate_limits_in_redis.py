"""Rate limits that several processes share in Redis, and outages of Redis."""

import socket
import socketserver
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import quote

import pytest
import redis
from fakeredis import TcpFakeServer
from limits.storage import RedisStorage
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from tests.durations import quickest
from tests.factories import DEAD_PORT, FID, signed_in
from tests.http.rate_limits import BODY, DAY, DEPOSIT, asked, policies, remaining, too_many
from tests.leaks import LEAKS
from tests.running_service import free_port
from wallet_api.auth import rate_limits
from wallet_api.blueprints.application import application

pytestmark = pytest.mark.slow

PASSWORD = "a password of redis that only the tests know"
LEAKS.secrets |= {PASSWORD, quote(PASSWORD)}


class Redis:
    """A server that speaks Redis' protocol on a local port; it can go away and come back."""

    def __init__(self):
        self.port = free_port()
        self.server = None

    @property
    def uri(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self):
        self.server = TcpFakeServer(("127.0.0.1", self.port))
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        # This server hangs up where Redis would ask for a script that it does not know.
        again = Retry(ConstantBackoff(0.1), 10)
        with redis.from_url(self.uri, retry=again) as connection:
            for script in (
                RedisStorage.SCRIPT_SLIDING_WINDOW,
                RedisStorage.SCRIPT_ACQUIRE_SLIDING_WINDOW,
            ):
                connection.script_load(script)

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.thread.join()
        self.server = None


@pytest.fixture
def shared():
    server = Redis()
    server.start()
    yield server
    server.stop()


class SlowRedis(socketserver.ThreadingTCPServer):
    """Carries connections to a Redis, each of whose answers takes `seconds`. It counts commands."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, upstream):
        self.upstream, self.seconds, self.asked = upstream, 0.0, 0
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        self.uri = f"redis://127.0.0.1:{self.server_address[1]}/0"

    def finish_request(self, request, client_address):
        with socket.create_connection(("127.0.0.1", self.upstream)) as upstream, suppress(OSError):
            back = threading.Thread(target=self._answer, args=[upstream, request], daemon=True)
            back.start()
            while data := request.recv(65536):
                self.asked += 1
                upstream.sendall(data)

    def _answer(self, upstream, request):
        with suppress(OSError):
            while data := upstream.recv(65536):
                time.sleep(self.seconds)
                request.sendall(data)


@pytest.fixture
def slow(shared):
    with SlowRedis(shared.port) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def hanging():
    """Yield the address of a server that accepts connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)
        yield f"redis://:{quote(PASSWORD)}@127.0.0.1:{listener.getsockname()[1]}/0"


def test_processes_that_share_a_redis_count_together(untouched, shared):
    limits = {"RATELIMIT_STORAGE_URI": shared.uri, "RATELIMIT_PER_USER": "3 per day"}
    one, other = (untouched.make_app(**limits).test_client() for _ in range(2))
    for client, left in ((one, 2), (other, 1), (one, 0)):
        answer = asked(client, headers=signed_in())
        assert answer.status_code == 200
        assert policies(answer) == [("ip", 12000, 60), ("user", 3, DAY)]
        assert remaining(answer)["user"] == left
    for client in (one, other):
        too_many(asked(client, headers=signed_in()), "user")
        assert remaining(asked(client, headers=signed_in(FID + 7)))["user"] in (2, 1)


def test_processes_without_a_redis_count_each_for_itself(untouched):
    one, other = (
        untouched.make_app(RATELIMIT_PER_USER="1 per day").test_client() for _ in range(2)
    )
    for client in (one, other):
        assert asked(client, headers=signed_in()).status_code == 200
        too_many(asked(client, headers=signed_in()), "user")


def test_waiting_for_retry_after_is_enough(untouched, shared):
    """At any phase of a second: a pause that is rounded down would be one that is too short."""
    limits = {"RATELIMIT_STORAGE_URI": shared.uri, "RATELIMIT_PER_USER": "1 per 2 seconds"}
    client = untouched.make_app(**limits).test_client()
    refusals = []
    for fid in range(1, 11):
        asked(client, headers=signed_in(fid))
        answer = asked(client, headers=signed_in(fid))
        refusals.append((time.monotonic() + too_many(answer, "user"), fid))
        time.sleep(0.1)
    for moment, fid in sorted(refusals):
        time.sleep(max(0.0, moment - time.monotonic()))
        assert asked(client, headers=signed_in(fid)).status_code == 200, "told to come too early"


def warnings_of(caplog):
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelname in ("WARNING", "ERROR", "CRITICAL") and "psycopg" not in record.name
    ]


def is_answered_from_memory(client, caplog, *, first=3.0):
    """Ask as one user until that is too much: the answers must be good, and most of them quick."""
    # The first request does not wait for the database too.
    assert client.get("/readyz").status_code == 200
    seconds, answers = [], []
    for _ in range(8):
        began = time.monotonic()
        answers.append(asked(client, headers=signed_in()))
        seconds.append(time.monotonic() - began)
    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 5
    assert remaining(answers[0]) == {"ip": 11999, "user": 2}
    assert seconds[0] < first
    # Now and then one of them looks whether it is back.
    assert sorted(seconds)[-3] < 0.2
    # One line for each kind of limit, and none for each request.
    noted = warnings_of(caplog)
    assert 1 <= len(noted) <= 3, noted
    assert all("memory" in line for line in noted)
    assert PASSWORD not in caplog.text
    assert quote(PASSWORD) not in caplog.text


def test_a_redis_that_is_down_at_the_start_fails_no_request(untouched, caplog):
    nobody = f"redis://:{quote(PASSWORD)}@127.0.0.1:{DEAD_PORT}/0"
    limits = {"RATELIMIT_STORAGE_URI": nobody, "RATELIMIT_PER_USER": "3 per day"}
    client = untouched.make_app(**limits).test_client()
    is_answered_from_memory(client, caplog, first=0.5)


def test_a_hanging_redis_delays_only_one_request(untouched, hanging, caplog):
    limits = {"RATELIMIT_STORAGE_URI": hanging, "RATELIMIT_PER_USER": "3 per day"}
    is_answered_from_memory(untouched.make_app(**limits).test_client(), caplog)


def asks_redis_no_more(slow, act):
    """Act five times. Redis must get no command, and therefore delay none of them."""
    # What the first request sent may still be on its way.
    time.sleep(0.1)
    before = slow.asked
    assert quickest(act) < 0.2
    assert slow.asked == before > 0


@pytest.mark.parametrize("seconds", [0.9, 0.45, 0.2, 0.1])
def test_a_slow_redis_delays_one_request_by_less_than_a_second(untouched, slow, seconds, caplog):
    """Each answer comes within the timeout of a socket; a deposit needs six of them."""
    client = untouched.make_app(RATELIMIT_STORAGE_URI=slow.uri).test_client()
    user = signed_in(FID + 7)

    def deposit():
        assert client.post(DEPOSIT, json=BODY, headers=user).status_code == 200

    # The second request finds a connection.
    deposit()
    application(client.application).request_limits._counts._paused_until = 0.0
    slow.seconds = seconds
    assert quickest(deposit, tries=1) < 0.8
    asks_redis_no_more(slow, deposit)
    assert any("memory" in line for line in warnings_of(caplog))


def test_a_redis_that_is_slow_to_connect_to_delays_one_request_for_a_bounded_time(untouched, slow):
    """A new connection needs several answers, each of which comes in time."""
    slow.seconds = 0.25
    client = untouched.make_app(RATELIMIT_STORAGE_URI=slow.uri).test_client()

    def ask():
        assert asked(client, headers=signed_in()).status_code == 200

    assert quickest(ask, tries=1) < 2.5
    asks_redis_no_more(slow, ask)


def test_requests_succeed_without_redis_and_use_it_again_when_it_is_back(
    untouched, shared, caplog, monkeypatch
):
    monkeypatch.setattr(rate_limits, "_REDIS_PAUSE_SECONDS", 1)
    limits = {"RATELIMIT_STORAGE_URI": shared.uri, "RATELIMIT_PER_USER": "3 per day"}
    one, other = (untouched.make_app(**limits).test_client() for _ in range(2))
    assert remaining(asked(other, headers=signed_in(FID + 7)))["user"] == 2
    assert warnings_of(caplog) == []
    shared.stop()
    is_answered_from_memory(one, caplog)
    shared.start()
    deadline = time.monotonic() + 30
    left = fid = 0
    while left != [2, 1]:
        # Each finds out for itself; then they count together again.
        assert time.monotonic() < deadline
        time.sleep(0.1)
        fid += 1
        answers = [asked(client, headers=signed_in(fid)) for client in (one, other)]
        assert [answer.status_code for answer in answers] == [200, 200]
        left = [remaining(answer)["user"] for answer in answers]


@pytest.mark.parametrize("trouble", ["hangs", "is down"])
def test_requests_that_find_redis_down_at_the_same_moment_are_all_answered(
    untouched, hanging, trouble
):
    for _ in range(1 if trouble == "hangs" else 5):
        uri = hanging if trouble == "hangs" else f"redis://127.0.0.1:{DEAD_PORT}"
        app = untouched.make_app(RATELIMIT_STORAGE_URI=uri)
        together = threading.Barrier(8)

        def ask(fid, app=app, together=together):
            client = app.test_client()
            together.wait()
            began = time.monotonic()
            answer = asked(client, headers=signed_in(fid))
            return answer.status_code, time.monotonic() - began < 5

        with ThreadPoolExecutor(8) as crowd:
            assert list(crowd.map(ask, range(1, 9))) == [(200, True)] * 8
