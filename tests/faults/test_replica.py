"""A fault of the replica affects only search and statistics."""

import socket
import threading
import time

import pytest

from tests.factories import ACCESS, FID, authorization, new_client
from tests.running_service import Call

pytestmark = pytest.mark.slow


@pytest.fixture
def silence():
    """Return the port of a server that accepts connections and never responds."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield server.getsockname()[1]


@pytest.mark.faults
def test_a_replica_that_hangs_leaves_threads_for_everything_else(serve, services, silence):
    headers = authorization(new_client(services.api_clients, "wallets:read").reveal())
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)
    service = serve(
        WEB_CONCURRENCY="1",
        DB_POOL_TIMEOUT="5",
        DATABASE_REPLICA_URL=f"postgresql://nobody@127.0.0.1:{silence}/none",
    )
    searches = []
    searching = threading.Thread(
        target=lambda: searches.extend(
            service.crowd([Call("GET", "/v1/wallets", headers) for _ in range(32)])
        )
    )
    searching.start()
    time.sleep(0.5)
    began = time.monotonic()
    assert service.get("/healthz").status == 200
    mine = service.get(f"/v1/users/{FID}/wallets", headers)
    assert (mine.status, len(mine.body["data"])) == (200, 1)
    assert time.monotonic() - began < 2
    searching.join()
    assert {answer.status for answer in searches} == {503}
    assert all(answer.headers["Retry-After"] for answer in searches)
