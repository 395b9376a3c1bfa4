"""During an outage, /readyz, `doctor`, the log, the metrics and what is served agree.

Of a process that served before, and of one that starts during the outage. Each case needs a server
of its own to damage; tests/http/test_readiness.py has the faults that need none.
"""

import time

import pytest
from structlog.testing import capture_logs

from tests.factories import FID
from tests.faults.outages import OUTAGES, disk_full
from tests.http.problems import refused
from tests.readiness import assert_doctor_says, assert_readyz_says, deposit
from wallet_api.blueprints.application import application

pytestmark = pytest.mark.faults

CODES = {
    "PostgreSQL is stopped": "database_unreachable",
    "PostgreSQL is starting up": "database_unreachable",
    "PostgreSQL hangs": "database_unreachable",
    "the network drops all packets": "database_unreachable",
    "the network drops new connections too": "database_unreachable",
    "other programs use all connections": "too_many_connections",
    "the password is rejected": "password_refused",
    "the database does not exist": "database_unreachable",
    "PgBouncer is paused": "database_unreachable",
}


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
        deadline = time.monotonic() + 30
        while client.get("/readyz").status_code != 200:
            assert time.monotonic() < deadline, "it is not ready again"
            time.sleep(0.2)
        assert deposit(client).status_code == 200
        application(client.application).close()


@pytest.mark.parametrize("what", CODES)
def test_everything_agrees_during_an_outage(what, stage, environ, make_app):
    fault, prepare = OUTAGES[what]
    if prepare is not None:
        prepare(stage)
    judge(stage, fault, CODES[what], environ, make_app)


def test_everything_agrees_while_the_disk_is_full(small_disk_stage, environ, make_app):
    judge(small_disk_stage, disk_full, "database_unreachable", environ, make_app)
