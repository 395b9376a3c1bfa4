"""During any outage each request is answered within ten seconds, and each probe within two."""

import re

import pytest

from tests.factories import BASE_ACCOUNT, new_client
from tests.faults import outages
from tests.faults.crowd import HOT_USER, KNOWN_USERS, METRICS_TOKEN, Crowd
from tests.running_service import ROOT
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


FULL_DISK = "the disk is full"


@FEW_AND_MANY
@pytest.mark.parametrize("what", outages.OUTAGES)
def test_every_request_is_answered_within_ten_seconds_of_an_outage(
    what, clients, stage, serve, capsys
):
    fault, prepare = outages.OUTAGES[what]
    if prepare is not None:
        prepare(stage)
    judge(what, fault, clients, stage, serve, capsys)


@FEW_AND_MANY
def test_every_request_is_answered_within_ten_seconds_of_a_full_disk(
    clients, small_disk_stage, serve, capsys
):
    judge(FULL_DISK, outages.disk_full, clients, small_disk_stage, serve, capsys)


def test_the_outages_are_those_of_docs_operations_md():
    _, page = (ROOT / "docs/operations.md").read_text().split("With deadlines (", 1)
    table = page.split("| -- |", 1)[1].split("\n\n")[0]
    assert re.findall("^\\| (.+?) \\|", table, re.MULTILINE) == [*outages.OUTAGES, FULL_DISK]


def judge(what, fault, clients, stage, serve, capsys):
    service = serve(
        WEB_CONCURRENCY="1",
        WEB_THREADS="8",
        DB_POOL_TIMEOUT="5",
        ALLOW_KEY_EXPORT="true",
        METRICS_TOKEN=METRICS_TOKEN,
        QUICK_AUTH_AUDIENCE=HOST,
        QUICK_AUTH_JWKS_URL=stage.key_server.url,
        **{"RATELIMIT_ENABLED": "false", **stage.environ},
    )
    for fid in (*KNOWN_USERS, HOT_USER):
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
