"""A database that lost an acknowledged wallet creates no second one."""

import shutil
import subprocess
import time

import pytest

from tests.factories import BASE_ACCOUNT, FID
from tests.faults.servers import Proxy, Server

pytestmark = pytest.mark.faults

DEPOSIT = {"asset": "USDC", "amount": "20", "baseAddress": BASE_ACCOUNT}
WALLETS = "/api/wallet/user-wallets"


def deposit(ask, fid):
    answer = ask("POST", "/api/wallet/deposit", DEPOSIT, fid=fid)
    return answer.status_code, answer.json.get("depositAddress", answer.json.get("code"))


def lasting(ask, fid):
    """Ask until the pool has connections again."""
    deadline = time.monotonic() + 20
    while (answer := deposit(ask, fid))[1] == "database_unavailable":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return answer


def test_a_restore_under_a_running_service_creates_no_second_wallet(
    keep, migrated, tmp_path, process, caplog
):
    server = keep(Server(tmp_path / "restored"))
    url = server.url(migrated(server))
    ask, other = process(DATABASE_URL=url), process(DATABASE_URL=url)
    status, kept = deposit(ask, FID)
    assert status == 200
    server.stop()
    data = server.home / "data"
    subprocess.run(["cp", "--archive", data, server.home / "backup"], check=True)
    server.start()
    # Of a user who has paid into it, perhaps.
    assert lasting(ask, FID + 1)[0] == 200
    server.stop()
    shutil.rmtree(data)
    (server.home / "backup").rename(data)
    server.start()
    assert lasting(ask, FID + 1) == (503, "database_went_back")
    assert lasting(ask, FID + 2) == (503, "database_went_back")
    # Whose wallet is there is served, and their deposits are.
    assert lasting(ask, FID) == (200, kept)
    assert ask("GET", WALLETS).status_code == 200
    assert "database went back" in caplog.text
    # What cannot be noticed: by a process that acknowledged nothing that was lost.
    assert lasting(other, FID + 3)[0] == 200


def either(pair):
    """Return the URL of the server that takes writes."""
    account = pair.primary.url(pair.name).rpartition("@")[0]
    ports = [f"{server.host}:{server.port}" for server in (pair.primary, pair.standby)]
    return f"{account}@{','.join(ports)}/{pair.name}?target_session_attrs=read-write"


def test_a_standby_without_the_last_wallet_creates_no_second_one(pair, process):
    pair.primary.administer("alter system reset synchronous_standby_names")
    pair.primary.administer("select pg_reload_conf()")
    ask = process(DATABASE_URL=either(pair))
    status, kept = deposit(ask, FID)
    assert status == 200
    while pair.standby.query(pair.name, "select count(*) from wallets") != [(1,)]:
        time.sleep(0.05)
    pair.standby.crash()
    assert deposit(ask, FID + 1)[0] == 200
    pair.primary.crash()
    pair.standby.start()
    pair.standby.administer("select pg_promote()")
    assert lasting(ask, FID + 1) == (503, "database_went_back")
    assert lasting(ask, FID) == (200, kept)


def test_a_standby_connected_to_before_its_promotion_creates_no_second_wallet(pair, process):
    """A proxy, a floating address or a name may lead to it before it is promoted."""
    pair.primary.administer("alter system reset synchronous_standby_names")
    pair.primary.administer("select pg_reload_conf()")
    with Proxy(pair.primary.port) as proxy:
        url = pair.primary.url(pair.name).replace(str(pair.primary.port), str(proxy.port))
        ask = process(DATABASE_URL=url)
        assert deposit(ask, FID)[0] == 200
        pair.standby.crash()
        assert deposit(ask, FID + 1)[0] == 200
        pair.standby.cut_off()
        pair.standby.start()
        proxy.upstream_port = pair.standby.port
        pair.primary.crash()
        deadline = time.monotonic() + 20
        while ask("GET", WALLETS).status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        pair.standby.administer("select pg_promote()")
        assert lasting(ask, FID + 1) == (503, "database_went_back")


def test_a_failover_and_a_crash_that_lose_nothing_raise_no_alarm(pair, process):
    ask = process(DATABASE_URL=either(pair))
    assert deposit(ask, FID)[0] == 200
    pair.primary.crash()
    pair.primary.start()
    pair.synchronous()
    assert lasting(ask, FID + 1)[0] == 200
    pair.primary.crash()
    pair.standby.administer("select pg_promote()")
    assert lasting(ask, FID + 2)[0] == 200
