"""The primary is lost for good, and a synchronous standby takes its place."""

import time

import pytest

from tests.commands import Running, kept_environ
from tests.factories import BASE_ACCOUNT, FID
from tests.faults.servers import Server, Standby

pytestmark = pytest.mark.faults


def test_a_synchronous_standby_that_is_promoted_has_everything(
    tmp_path, keep, migrated, run_under_load
):
    primary = keep(Server(tmp_path / "primary"))
    name = migrated(primary)
    standby = keep(Standby(tmp_path / "standby", primary))
    primary.administer("alter system set synchronous_standby_names = '*'")
    primary.administer("select pg_reload_conf()")
    while primary.administer("select sync_state from pg_stat_replication") != [("sync",)]:
        time.sleep(0.05)
    both = (
        f"postgresql://{primary.user}:{primary.password}@{primary.host}:{primary.port},"
        f"{standby.host}:{standby.port}/{name}?target_session_attrs=read-write"
    )

    def fault(load, service):
        # What the standby does not have, the primary cannot have acknowledged.
        standby.crash()
        time.sleep(1)
        primary.crash()
        standby.start()
        load.wait_for_errors()
        time.sleep(3)
        standby.administer("select pg_promote()")

    run_under_load(standby.url(name), fault, through=both)


def test_everything_reports_that_it_is_connected_to_a_standby(
    tmp_path, keep, migrated, serve, environ
):
    primary = keep(Server(tmp_path / "primary"))
    name = migrated(primary)
    standby = keep(Standby(tmp_path / "standby", primary))
    url = standby.url(name)
    service = serve(DATABASE_URL=url, WEB_CONCURRENCY="1")
    sentence = "this server is a standby and accepts no writes"
    ready = service.get("/readyz")
    assert (ready.status, sentence in ready.body["error"]) == (503, True)
    assert service.call(service.deposit(FID, base=BASE_ACCOUNT)).status == 503
    for command in (("doctor",), ("db", "doctor"), ("db", "upgrade")):
        done = Running(command, kept_environ({**environ, "DATABASE_URL": url}), tmp_path).finish()
        assert (done.status, sentence in done.out + done.err) == (1, True), command
    standby.administer("select pg_promote()")
    assert service.get("/readyz").status == 200
    assert service.call(service.deposit(FID, base=BASE_ACCOUNT)).status == 200
