"""During an outage, /readyz, `doctor`, the log, the metrics and what is served agree.

Of a process that served before, and of one that starts during the outage. Each case needs a server
of its own to damage; tests/http/test_readiness.py has the faults that need none.
"""

import shutil
import time
from contextlib import ExitStack

import pytest
from structlog.testing import capture_logs

from tests.factories import FID
from tests.faults import outages
from tests.faults.outages import Stage
from tests.faults.servers import Server, server_on_a_small_disk
from tests.http.problems import refused
from tests.leaks import LEAKS
from tests.readiness import assert_doctor_says, assert_readyz_says, deposit
from wallet_api.blueprints.application import application

pytestmark = pytest.mark.faults

# By their names in docs/operations.md.
OUTAGES = {
    "PostgreSQL is stopped": (outages.stopped, None, "database_unreachable"),
    "PostgreSQL is starting up": (outages.starting_up, None, "database_unreachable"),
    "PostgreSQL hangs": (outages.paused, None, "database_unreachable"),
    "the network drops all packets": (outages.swallowed, outages.proxied, "database_unreachable"),
    "the network drops new connections too": (
        outages.dropped,
        outages.proxied,
        "database_unreachable",
    ),
    "other programs use all connections": (outages.connections_taken, None, "too_many_connections"),
    "the password is rejected": (outages.password_refused, None, "password_refused"),
    "the database does not exist": (outages.database_gone, None, "database_unreachable"),
    "PgBouncer is paused": (outages.pooler_paused, outages.pooled, "database_unreachable"),
}


@pytest.fixture
def stage(tmp_path, migrated, key_server):
    postgres = Server(tmp_path / "postgres", max_connections="20")
    with postgres, ExitStack() as stack:
        stage = Stage(postgres, migrated(postgres), key_server, stack)
        stage.environ["DATABASE_URL"] = stage.url
        yield stage
    LEAKS.logs.append(shutil.copy(postgres.log, tmp_path / "searched.log"))
    shutil.rmtree(postgres.home)


def judge(stage, fault, code, environ, make_app):
    changes = {"DB_POOL_TIMEOUT": "1", **stage.environ}
    old = make_app(**changes).test_client()
    assert old.get("/readyz").status_code == 200
    assert deposit(old).status_code == 200
    with fault(stage):
        new = make_app(**changes).test_client()
        for client in (old, new):
            with capture_logs() as lines:
                assert_readyz_says(code, client, lines, times=6)
            for fid in (FID, FID + 1):
                refused(deposit(client, fid), 503)
        assert_doctor_says(code, {**environ, **changes})
    for client in (old, new):
        deadline = time.monotonic() + 20
        while client.get("/readyz").status_code != 200:
            assert time.monotonic() < deadline, "it is not ready again"
            time.sleep(0.2)
        assert deposit(client).status_code == 200
        application(client.application).close()


@pytest.mark.parametrize("what", OUTAGES)
def test_everything_agrees_during_an_outage(what, stage, environ, make_app):
    fault, prepare, code = OUTAGES[what]
    if prepare is not None:
        prepare(stage)
    judge(stage, fault, code, environ, make_app)


def test_everything_agrees_while_the_disk_is_full(
    tmp_path, migrated, key_server, environ, make_app
):
    server, name, disk = server_on_a_small_disk(tmp_path / "small", migrated)
    server.start()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, server.home)
        stack.callback(disk.unmount)
        stack.callback(server.stop)
        stage = Stage(server, name, key_server, stack, {"DATABASE_URL": server.url(name)})
        stage.disk = disk
        judge(stage, outages.disk_full, "database_unreachable", environ, make_app)
        LEAKS.logs.append(shutil.copy(server.log, tmp_path / "searched.log"))
