"""During any outage each request is answered within ten seconds, and each probe within two."""

import re
import shutil
import socket
from contextlib import ExitStack

import pytest

from tests.factories import BASE_ACCOUNT, new_client
from tests.faults import outages
from tests.faults.outages import Crowd, Stage
from tests.faults.servers import Proxy, Server, server_on_a_small_disk
from tests.leaks import LEAKS
from tests.service import ROOT
from tests.unit.issuer import HOST
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.services.api_clients import ApiClientService

ANSWER_SECONDS = 10
PROBE_SECONDS = 2
SERVED_AGAIN_SECONDS = 5

FEW_AND_MANY = pytest.mark.parametrize(
    "clients",
    [pytest.param(8, marks=pytest.mark.long), pytest.param(120, marks=pytest.mark.faults)],
)


def _silent_port(stage):
    return stage.stack.enter_context(
        socket.create_server(("127.0.0.1", 0), backlog=100)
    ).getsockname()[1]


def _closed_port(stage):
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def _replica(stage):
    stage.replica = stage.stack.enter_context(Proxy(stage.postgres.port))
    port = str(stage.postgres.port)
    stage.environ["DATABASE_REPLICA_URL"] = stage.url.replace(port, str(stage.replica.port))


def _redis(port):
    def prepare(stage):
        stage.environ["RATELIMIT_ENABLED"] = "true"
        stage.environ["RATELIMIT_PER_IP"] = "1000000 per minute"
        stage.environ["RATELIMIT_PER_USER"] = "1000000 per minute"
        stage.environ["RATELIMIT_STORAGE_URI"] = f"redis://127.0.0.1:{port(stage)}/0"

    return prepare


# By their names in docs/operations.md.
OUTAGES = {
    "PostgreSQL is stopped": (outages.stopped, None),
    "PostgreSQL is starting up": (outages.starting_up, None),
    "PostgreSQL hangs": (outages.paused, None),
    "the network drops all packets": (outages.swallowed, outages.proxied),
    "the network drops new connections too": (outages.dropped, outages.proxied),
    "other programs use all connections": (outages.connections_taken, None),
    "the password is rejected": (outages.password_refused, None),
    "the database does not exist": (outages.database_gone, None),
    "a table is locked": (outages.table_locked, None),
    "one user's rows are locked": (outages.one_user_locked, None),
    "every statement takes 2 s": (outages.slow(2), outages.proxied),
    "every statement takes 0.6 s": (outages.slow(0.6), outages.proxied),
    "PgBouncer is paused": (outages.pooler_paused, outages.pooled),
    "the replica is unresponsive": (outages.replica_silent, _replica),
    "the replica is down": (outages.replica_down, _replica),
    "Redis is unresponsive": (outages.from_the_start, _redis(_silent_port)),
    "Redis is down": (outages.from_the_start, _redis(_closed_port)),
    "the sign-in keys are unresponsive": (outages.key_server_silent, None),
}

FULL_DISK = "the disk is full"


@pytest.fixture
def stage(request, tmp_path, migrated, key_server):
    postgres = Server(tmp_path / "postgres", max_connections="60")
    with postgres, ExitStack() as stack:
        stage = Stage(postgres, migrated(postgres), key_server, stack)
        stage.environ["DATABASE_URL"] = stage.url
        yield stage
    LEAKS.logs.append(shutil.copy(postgres.log, tmp_path / "searched.log"))
    shutil.rmtree(postgres.home)


@FEW_AND_MANY
@pytest.mark.parametrize("what", OUTAGES)
def test_every_request_is_answered_within_ten_seconds_of_an_outage(
    what, clients, stage, serve, capsys
):
    fault, prepare = OUTAGES[what]
    if prepare is not None:
        prepare(stage)
    judge(what, fault, clients, stage, serve, capsys)


@FEW_AND_MANY
def test_every_request_is_answered_within_ten_seconds_of_a_full_disk(
    clients, tmp_path, migrated, key_server, serve, capsys
):
    server, name, disk = server_on_a_small_disk(tmp_path / "small", migrated)
    server.start()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, server.home)
        stack.callback(disk.unmount)
        stack.callback(server.stop)
        stage = Stage(server, name, key_server, stack, {"DATABASE_URL": server.url(name)})
        stage.disk = disk
        judge(FULL_DISK, outages.disk_full, clients, stage, serve, capsys)
        LEAKS.logs.append(shutil.copy(server.log, tmp_path / "searched.log"))


def test_the_outages_are_those_of_docs_operations_md():
    _, page = (ROOT / "docs/operations.md").read_text().split("With deadlines (", 1)
    table = page.split("| -- |", 1)[1].split("\n\n")[0]
    assert re.findall("^\\| (.+?) \\|", table, re.MULTILINE) == [*OUTAGES, FULL_DISK]


def judge(what, fault, clients, stage, serve, capsys):
    service = serve(
        WEB_CONCURRENCY="1",
        WEB_THREADS="8",
        DB_POOL_TIMEOUT="5",
        ALLOW_KEY_EXPORT="true",
        METRICS_TOKEN=outages.METRICS_TOKEN,
        QUICK_AUTH_AUDIENCE=HOST,
        QUICK_AUTH_JWKS_URL=stage.key_server.url,
        **{"RATELIMIT_ENABLED": "false", **stage.environ},
    )
    for fid in (*outages.KNOWN_USERS, outages.HOT_USER):
        assert service.call(service.deposit(fid, base=BASE_ACCOUNT)).status == 200
    crowd = Crowd(
        service,
        clients,
        _finder(stage),
        hot=fault is outages.one_user_locked,
        searches=stage.replica is not None,
    )
    with fault(stage):
        crowd.run()
    again = crowd.recovery()
    with capsys.disabled():
        print(f"\n  {what}, {clients} clients: served again after {again:.1f} s")
        for act, cell in crowd.row().items():
            print(f"    {act:8} {cell}")
    assert crowd.unfriendly == []
    assert crowd.slowest() < ANSWER_SECONDS
    assert crowd.slowest("/readyz") < ANSWER_SECONDS
    assert crowd.slowest("/healthz", "/metrics") < PROBE_SECONDS
    assert again < SERVED_AGAIN_SECONDS


def _finder(stage):
    """Return the token of an API client that may search."""
    database = Database(Secret(stage.url), min_size=1, max_size=1, timeout_seconds=5)
    database.open()
    token = new_client(ApiClientService(database), "wallets:read", name="finder")
    database.close()
    return token.reveal()
