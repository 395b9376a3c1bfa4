"""Nothing is returned before it is on the synchronous standby."""

import os
import socket
import threading
import time

import psycopg
import pytest

from tests.factories import BASE_ACCOUNT, FID, authorization, new_client
from tests.faults.servers import WAITING, Proxy
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database, ServingConnection

pytestmark = pytest.mark.faults

DEPOSIT = {"asset": "USDC", "amount": "20", "baseAddress": BASE_ACCOUNT}
ENDED = (
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
    " where application_name = 'wallet-api'"
)
# Every route that shows an address or a key to a user who has a wallet.
SHOWN = [
    ("GET", "/api/wallet/user-wallets", None),
    ("GET", "/api/wallet/payment-qr?amount=20", None),
    ("GET", "/api/trading/create-fallback-wallet", None),
    ("POST", "/api/trading/create-fallback-wallet", {}),
    ("POST", "/api/wallet/user-wallets", {}),
    ("POST", "/api/wallet/deposit", DEPOSIT),
    ("GET", "/api/wallet/primary-with-key", None),
]


SHOWN_TO_SERVICES = [f"/v1/users/{FID}/wallets", f"/v1/users/{FID}/wallets/ethereum", "/v1/wallets"]


@pytest.fixture
def engine(pair, process):
    """The header of an API client that was made while there was a standby."""
    return authorization(new_client(process().services.api_clients, "wallets:read").reveal())


def statuses(ask):
    return {(method, path): ask(method, path, body).status_code for method, path, body in SHOWN}


def statuses_for_services(ask, engine):
    return {ask("GET", path, **engine).status_code for path in SHOWN_TO_SERVICES}


def all_of(status):
    return {(method, path): status for method, path, _ in SHOWN}


def shown_address(ask):
    return ask("GET", "/api/wallet/user-wallets").json["wallets"][-1]["address"]


def test_a_wallet_that_a_restart_made_visible_is_not_returned_before_the_standby_has_it(
    pair, process, engine
):
    ask, other = process(), process()
    assert ask("POST", "/api/wallet/deposit", DEPOSIT, fid=FID + 1).status_code == 200
    assert other("GET", "/api/wallet/user-wallets", fid=FID + 1).status_code == 200
    pair.standby.crash()
    assert ask("POST", "/api/wallet/deposit", DEPOSIT).status_code == 503
    pair.primary.crash()
    pair.primary.start()
    found = f"select count(*) from wallets where fid = {FID}"
    assert pair.primary.query(pair.name, found) == [(1,)]
    assert statuses(ask) == all_of(503)
    assert other("GET", "/api/wallet/user-wallets").status_code == 503
    assert process()("GET", "/api/wallet/user-wallets").status_code == 503
    assert statuses_for_services(ask, engine) == {503}
    pair.standby.start()
    pair.synchronous()
    assert statuses(ask) == all_of(200)
    assert statuses_for_services(ask, engine) == {200}
    address = shown_address(ask)
    # And the standby gives the same one.
    pair.primary.crash()
    pair.standby.administer("select pg_promote()")
    promoted = process(DATABASE_URL=pair.standby.url(pair.name))
    assert shown_address(promoted) == address


def test_a_deposit_that_no_standby_has_is_not_repeated_by_its_key(pair, process):
    ask = process()
    assert ask("POST", "/api/wallet/deposit", DEPOSIT).status_code == 200
    assert ask("GET", "/api/wallet/user-wallets").status_code == 200
    once = {"Idempotency-Key": "once"}
    pair.standby.crash()
    assert ask("POST", "/api/wallet/deposit", DEPOSIT, **once).status_code == 503
    time.sleep(1)
    # Its wait was canceled, so that it can be seen.
    assert pair.primary.query(pair.name, "select count(*) from deposits") == [(2,)]
    assert ask("POST", "/api/wallet/deposit", DEPOSIT, **once).status_code == 503
    pair.standby.start()
    pair.synchronous()
    answer = ask("POST", "/api/wallet/deposit", DEPOSIT, **once)
    assert (answer.status_code, answer.headers["Idempotent-Replayed"]) == (200, "true")


@pytest.mark.parametrize("end", ["pg_cancel_backend", "pg_terminate_backend"])
@pytest.mark.parametrize(("method", "path", "body"), [SHOWN[-2], SHOWN[-1]])
def test_a_commit_whose_wait_for_the_standby_was_canceled_is_not_acknowledged(
    pair, process, method, path, body, end
):
    ask, other = process(), process()
    for one in (ask, other):
        assert one("POST", "/api/wallet/deposit", DEPOSIT, fid=FID + 1).status_code == 200
    if path.endswith("key"):
        ask("POST", "/api/wallet/deposit", DEPOSIT)
    pair.standby.crash()
    answers = []
    asking = threading.Thread(target=lambda: answers.append(ask(method, path, body).status_code))
    asking.start()
    pair.primary.administer(f"select {end}({pair.waiting()})")
    asking.join()
    assert answers == [503]
    # The rows are visible by now, and no process shows them.
    assert statuses(ask) == all_of(503)
    assert other("GET", "/api/wallet/user-wallets").status_code == 503
    pair.standby.start()
    pair.synchronous()
    assert statuses(other) == all_of(200)


def test_a_wallet_known_to_be_replicated_is_returned_without_the_standby(pair, process):
    ask = process()
    assert ask("POST", "/api/wallet/deposit", DEPOSIT).status_code == 200
    assert ask("GET", "/api/wallet/user-wallets").status_code == 200
    pair.standby.crash()
    assert ask("GET", "/api/wallet/user-wallets").status_code == 200
    # Also where the pool's connections were ended meanwhile.
    pair.primary.administer(ENDED)
    assert ask("GET", "/api/wallet/user-wallets").status_code == 200


def test_a_read_without_a_configured_standby_confirms_nothing(pair, process):
    """An operator who lost the standby may do without one for a while."""
    ask = process()
    assert ask("POST", "/api/wallet/deposit", DEPOSIT).status_code == 200
    pair.standby.crash()
    for names, status in (("", 200), ("*", 503)):
        pair.primary.administer(f"alter system set synchronous_standby_names = '{names}'")
        pair.primary.administer("select pg_reload_conf()")
        time.sleep(0.5)
        assert ask("GET", "/api/wallet/user-wallets").status_code == status


def test_a_wait_that_ends_because_the_standby_is_no_longer_configured_confirms_nothing(
    pair, process
):
    """PostgreSQL releases it as if the standby had answered, without a warning."""
    ask = process()
    assert ask("POST", "/api/wallet/deposit", DEPOSIT, fid=FID + 1).status_code == 200
    pair.standby.crash()
    assert ask("POST", "/api/wallet/deposit", DEPOSIT).status_code == 503
    answers = []

    def look():
        answers.append(ask("GET", "/api/wallet/user-wallets").status_code)

    asking = threading.Thread(target=look)
    asking.start()
    pair.waiting()
    pair.primary.administer("alter system set synchronous_standby_names = ''")
    pair.primary.administer("select pg_reload_conf()")
    asking.join()
    assert answers == [200]
    pair.primary.administer("alter system set synchronous_standby_names = '*'")
    pair.primary.administer("select pg_reload_conf()")
    time.sleep(0.5)
    look()
    assert answers == [200, 503]


def test_commits_that_wait_for_a_lost_standby_do_not_use_up_the_server(pair, process):
    """PostgreSQL keeps a process for each, which waits without a limit after the client is gone."""
    ask = process()
    assert ask("POST", "/api/wallet/deposit", DEPOSIT).status_code == 200
    pair.standby.crash()
    for fid in range(1, 13):
        assert ask("POST", "/api/wallet/deposit", DEPOSIT, fid=fid).status_code == 503
    time.sleep(1)
    waiting = pair.primary.administer(f"select count(*) from ({WAITING}) as waiting")
    assert waiting[0][0] <= 4
    pair.standby.start()
    pair.synchronous()
    for fid in range(1, 13):
        assert ask("POST", "/api/wallet/deposit", DEPOSIT, fid=fid).status_code == 200


def committed_but_canceled(pair, statement):
    """Commit a statement whose wait for the standby is canceled, so that it is only visible."""
    done = threading.Thread(target=pair.primary.query, args=[pair.name, statement])
    done.start()
    pair.primary.administer(f"select pg_cancel_backend({pair.waiting()})")
    done.join()


def test_an_unreplicated_row_with_old_dates_is_not_returned_either(pair, process):
    """As a wallet that was imported from a file, whose dates it keeps."""
    ask = process()
    for fid in (FID, FID + 1):
        assert ask("POST", "/api/wallet/deposit", DEPOSIT, fid=fid).status_code == 200
        assert ask("GET", "/api/wallet/user-wallets", fid=fid).status_code == 200
    pair.standby.crash()
    committed_but_canceled(
        pair, f"update wallets set updated_at = '2020-01-01' where fid = {FID} returning fid"
    )
    assert ask("GET", "/api/wallet/user-wallets").status_code == 503
    assert ask("GET", "/api/wallet/user-wallets", fid=FID + 1).status_code == 200


def test_a_canceled_wait_confirms_nothing(pair, process):
    ask = process()
    assert ask("POST", "/api/wallet/deposit", DEPOSIT).status_code == 200
    pair.standby.crash()
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(ask("GET", "/api/wallet/user-wallets").status_code)
    )
    asking.start()
    pair.primary.administer(f"select pg_cancel_backend({pair.waiting()})")
    asking.join()
    assert answers == [503]
    assert ask("GET", "/api/wallet/user-wallets").status_code == 503
    # And after a failover that lost nothing, new wallets are made.
    pair.standby.start()
    pair.synchronous()
    assert ask("GET", "/api/wallet/user-wallets").status_code == 200
    assert ask("POST", "/api/wallet/deposit", DEPOSIT, fid=FID + 1).status_code == 200


def test_a_hanging_primary_does_not_stop_the_process(pair, serve, tmp_path):
    """With a standby, waits are canceled: that must not hold the other threads."""
    service = serve(DATABASE_URL=pair.primary.url(pair.name), WEB_CONCURRENCY="1")
    deposit = service.deposit(FID, base=BASE_ACCOUNT)
    assert service.call(deposit).status == 200
    pair.primary.pause()
    try:
        answers = []
        began = time.monotonic()
        asking = threading.Thread(target=lambda: answers.append(service.call(deposit).status))
        asking.start()
        slowest = 0.0
        while asking.is_alive():
            asked = time.monotonic()
            assert service.get("/healthz").status == 200
            slowest = max(slowest, time.monotonic() - asked)
            time.sleep(0.1)
        assert answers == [503]
        assert time.monotonic() - began < 10
        assert slowest < 2
    finally:
        pair.primary.resume()


def test_a_replica_configured_as_the_primary_waits_for_no_standby(pair):
    """It has nothing to wait with; a dead connection to it is replaced all the same."""
    pair.standby.administer("alter system set synchronous_standby_names = '*'")
    pair.standby.administer("select pg_reload_conf()")
    replica = Database(
        Secret(pair.standby.url(pair.name)), min_size=1, max_size=1, timeout_seconds=5
    )
    replica.open()

    def count(connection):
        connection.execute("begin")
        return connection.execute("select count(*) as found from wallets").fetchone()["found"]

    assert replica.run(count) == 0
    pair.standby.administer(ENDED)
    assert replica.run(count) == 0
    assert not replica.replication.has_standby
    replica.close()


def test_a_standby_that_takes_over_during_a_read_is_asked_again(pair, process, monkeypatch):
    """It lacks the row, and it has nothing to wait for: the address would never be seen again."""
    with Proxy(pair.primary.port) as proxy:
        url = pair.primary.url(pair.name).replace(str(pair.primary.port), str(proxy.port))
        ask = process(DATABASE_URL=url)
        assert ask("POST", "/api/wallet/deposit", DEPOSIT, fid=FID + 1).status_code == 200
        assert ask("GET", "/api/wallet/user-wallets", fid=FID + 1).status_code == 200
        pair.standby.crash()
        assert ask("POST", "/api/wallet/deposit", DEPOSIT).status_code == 503
        time.sleep(1)
        found = f"select address from wallets where fid = {FID}"
        assert pair.primary.query(pair.name, found)
        pair.standby.cut_off()
        pair.standby.start()
        monkeypatch.setattr(ServingConnection, "answer_seconds", 4.0)
        answers = []
        asking = threading.Thread(
            target=lambda: answers.append(ask("GET", "/api/wallet/user-wallets"))
        )
        asking.start()
        pair.waiting()
        pair.standby.administer("select pg_promote()")
        proxy.upstream_port = pair.standby.port
        pair.primary.crash()
        asking.join()
        assert pair.standby.query(pair.name, found) == []
        # Either it was refused, or the new primary was asked.
        assert answers[0].status_code == 503 or answers[0].json["wallets"] == []


@pytest.mark.parametrize(
    ("table", "method", "path", "body"),
    [
        ("wallet_audit_log", "GET", "/api/wallet/primary-with-key", None),
        ("deposits", "POST", "/api/wallet/deposit", DEPOSIT),
    ],
)
def test_what_a_lost_attempt_commits_late_is_not_acknowledged_unreplicated(
    pair, process, monkeypatch, table, method, path, body
):
    """The first attempt is blocked and loses its client; the second one finds what it wrote."""
    monkeypatch.setattr(ServingConnection, "answer_seconds", 4.0)
    ask = process()
    assert ask("POST", "/api/wallet/deposit", DEPOSIT).status_code == 200
    assert ask("GET", "/api/wallet/primary-with-key").status_code == 200
    rows = f"select count(*) from {table}"
    with psycopg.connect(pair.primary.url(pair.name)) as blocker:
        blocker.execute(f"lock table {table} in share row exclusive mode")
        answers = []
        asking = threading.Thread(
            target=lambda: answers.append(ask(method, path, body).status_code)
        )
        asking.start()
        pair.blocked(1)
        (lent,) = ask.services.wallets._database._checked_out
        with socket.socket(fileno=os.dup(lent.pgconn.socket)) as lost:
            lost.shutdown(socket.SHUT_RDWR)
        pair.blocked(2)
        pair.standby.crash()
    while asking.is_alive():
        # Everything that waits for the standby: each attempt and its commit.
        pair.primary.administer(f"select pg_cancel_backend(pid) from ({WAITING}) as waiting")
        time.sleep(0.02)
    assert pair.primary.query(pair.name, rows)
    assert answers == [503]


def test_a_connection_to_a_server_that_is_promoted_later_waits_for_its_standby(pair, process):
    """It saw no standby when it was created, because a standby waits for none itself."""
    assert process()("POST", "/api/wallet/deposit", DEPOSIT, fid=FID + 1).status_code == 200
    pair.standby.administer("alter system set synchronous_standby_names = '*'")
    pair.standby.administer("select pg_reload_conf()")
    url = pair.standby.url(pair.name)
    early = process(DATABASE_URL=url)
    assert early("GET", "/api/wallet/user-wallets").json["wallets"] == []
    pair.primary.crash()
    pair.standby.administer("select pg_promote()")
    late = process(DATABASE_URL=url)
    assert late("POST", "/api/wallet/deposit", DEPOSIT).status_code == 503
    time.sleep(1)
    found = f"select count(*) from wallets where fid = {FID}"
    assert pair.standby.query(pair.name, found) == [(1,)]
    assert early("GET", "/api/wallet/user-wallets").status_code == 503
