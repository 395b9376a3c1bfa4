"""Thousands of broken requests to a real service: none gets a 5xx."""

import re
import secrets
import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from tests.factories import BASE_ACCOUNT, FID, calling, signed_in
from tests.http.garbage import Routes, request
from tests.http.route_map import routes
from tests.leaks import LEAKS
from wallet_api.models import SCOPES

METRICS_TOKEN = "a token that only Prometheus and the fuzzer know"
LEAKS.secrets.add(METRICS_TOKEN)
STATUS = re.compile(rb"HTTP/\d\.\d (\d{3}) ")
WORKERS = 2
# As many as gunicorn's threads, so that requests meet inside.
AT_ONCE = 8


@pytest.fixture
def fuzzed(serve, app, farcaster):
    """Return a service, and its routes with everything that opens them."""
    service = serve(
        WEB_CONCURRENCY=str(WORKERS),
        RATELIMIT_ENABLED="false",
        ALLOW_KEY_EXPORT="true",
        METRICS_TOKEN=METRICS_TOKEN,
        **farcaster.settings(),
    )
    openers = {
        "/api/auth/": farcaster.bearer(),
        "/api/": signed_in(),
        "/v1/": calling(app, *SCOPES),
        "/metrics": {"Authorization": f"Bearer {METRICS_TOKEN}"},
    }
    return service, Routes(
        routes(app),
        {start: header["Authorization"] for start, header in openers.items()},
        ["", "Bearer", "Bearer x.y.z", "Basic eDp5", "Bearer \u0663", f"Bearer {'x' * 5000}"],
    )


def exchange(port, sent):
    """Send bytes and return everything that is received until the connection is closed."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        # It may hang up before it has read everything, once it has answered.
        with suppress(OSError):
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            while more := connection.recv(65536):
                received += more
    return received


def fuzz(service, served, seed, count):
    """Send requests; return how often each status came, and what was not answered well."""
    seen, bad = Counter(), []
    numbers = iter(range(count))

    def one_of_the_crowd(_):
        for number in numbers:
            sent = request(served, f"{seed}-{number}")
            received = exchange(service.port, sent)
            statuses = [int(status) for status in STATUS.findall(received)]
            seen.update(statuses or ["nothing"])
            # An unfinished request gets no answer.
            if max(statuses, default=500 if b"\r\n\r\n" in sent else 0) >= 500:
                bad.append((number, sent, received))

    with ThreadPoolExecutor(AT_ONCE) as crowd:
        list(crowd.map(one_of_the_crowd, range(AT_ONCE)))
    return seen, bad


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "count"),
    [
        # The same requests in every ordinary run, and new ones in the long one.
        (2026, 1000),
        pytest.param(
            secrets.randbits(32), 60_000, marks=[pytest.mark.long, pytest.mark.timeout(900)]
        ),
    ],
    ids=["ordinary", "long"],
)
def test_random_bytes_cause_no_5xx_no_traceback_and_no_dead_worker(
    fuzzed, tmp_path, opened, seed, count
):
    service, served = fuzzed
    while len(workers := service.workers()) < WORKERS:
        time.sleep(0.05)
    print(f"\nseed {seed}")
    seen, bad = fuzz(service, served, seed, count)
    print(f"answers by status: {dict(sorted(seen.items(), key=str))}")
    assert bad == []
    assert service.workers() == workers
    log = (tmp_path / "gunicorn-0.log").read_text(errors="replace")
    assert "Traceback" not in log
    assert '"level": "critical"' not in log
    # It came through to where the wallets are.
    assert {200, 400, 401, 404, 405, 413, 414, 415, 417, 431} <= seen.keys()
    wallet = service.call(service.deposit(FID, base=BASE_ACCOUNT))
    assert opened()[FID] == wallet.body["depositAddress"]
