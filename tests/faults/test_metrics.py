"""/metrics, with real workers: one response covers all of them, and identifies no user."""

import os
import signal
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import psycopg
import pytest
from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.parser import text_string_to_metric_families

from tests.commands import wait_until
from tests.factories import BASE_ACCOUNT, FID, new_client
from tests.leaks import LEAKS
from tests.running_service import Call
from wallet_api.services.api_clients import ApiClientService

pytestmark = pytest.mark.slow

TOKEN = "a token of Prometheus that only the tests know"
LEAKS.secrets.add(TOKEN)
LIST = "/api/wallet/user-wallets"
LABELS = {"method", "route", "status", "pool", "caller", "per", "le", "code", "version", "python"}
# Of what is counted for the dashboard, and of refusals of policies.
LABELS |= {"type", "asset", "event", "reason", "client"}
OPEN_METRICS = "application/openmetrics-text; version=1.0.0"


def scraped(service, *, token=TOKEN, accept="text/plain"):
    """Ask for the numbers: status, content type, text."""
    request = urllib.request.Request(f"http://127.0.0.1:{service.port}/metrics")
    request.add_header("Accept", accept)
    if token is not None:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.headers["Content-Type"], refusal.read().decode()


class Numbers:
    """What one answer of /metrics says."""

    def __init__(self, service):
        status, _, self.text = scraped(service)
        assert status == 200, self.text
        self.samples = [
            sample
            for family in text_string_to_metric_families(self.text)
            for sample in family.samples
        ]

    def __call__(self, name, **labels):
        """Add up the samples of a name that have these labels."""
        return sum(
            sample.value
            for sample in self.samples
            if sample.name == f"wallet_api_{name}" and labels.items() <= sample.labels.items()
        )

    def requests(self, **labels):
        return self("http_request_duration_seconds_count", **labels)


@pytest.fixture
def client_of(database):
    """Make API clients: their header."""

    def make(name, *scopes):
        token = new_client(ApiClientService(database), *scopes, name=name, unrestricted=False)
        return {"Authorization": f"Bearer {token.reveal()}"}

    return make


def test_requests_and_failures_are_0_before_the_first_request(serve):
    service = serve(WEB_CONCURRENCY="2", METRICS_TOKEN=TOKEN)

    def counted():
        told = Numbers(service)
        names = ("wallet_api_requests_total", "wallet_api_request_failures_total")
        return [sample.value for sample in told.samples if sample.name in names]

    assert counted() == [0, 0]
    assert service.get(LIST).status == 401
    assert sorted(counted()) == [0, 1]


def test_one_response_covers_all_workers_and_identifies_no_user(serve, sql, client_of):
    service = serve(
        WEB_CONCURRENCY="2",
        METRICS_TOKEN=TOKEN,
        ALLOW_KEY_EXPORT="true",
        RATELIMIT_PER_CLIENT="3 per day",
    )
    fids = range(FID, FID + 20)
    answers = service.crowd([service.deposit(fid, base=BASE_ACCOUNT) for fid in fids] * 3)
    assert {answer.status for answer in answers} == {200}
    made = {answer.body["depositAddress"] for answer in answers}

    reader = client_of("treasury-engine", "keys:read", "wallets:read")
    key = f"/v1/users/{FID}/wallets/ethereum/key"
    keys = [
        service.get("/api/wallet/primary-with-key", service.bearer(FID)),
        *(service.call(Call("POST", key, reader, {"reason": "a test"})) for _ in range(2)),
    ]
    assert [answer.status for answer in keys] == [200, 200, 200]
    LEAKS.secrets.add(keys[1].body["privateKey"].removeprefix("0x"))
    # Each worker counts for itself here, so that six at most are allowed.
    lists = [service.get(f"/v1/users/{FID}/wallets", reader).status for _ in range(8)]
    assert set(lists) <= {200, 429}
    assert lists.count(429) >= 4

    assert service.get(f"/nowhere/{FID}").status == 404
    assert service.call(Call("BREW", LIST, service.bearer(FID))).status == 405
    assert service.get(LIST).status == 401

    # As a damaged disk would: no trigger is asked.
    sql.execute("set session_replication_role = replica")
    sql.execute("update wallets set iv = repeat('0', 24) where fid = %s", [FID])
    for _ in range(2):
        assert service.get(LIST, service.bearer(FID)).status == 503

    route = "/v1/users/<fid>/wallets"
    # Either of the two workers may answer.
    for _ in range(6):
        told = Numbers(service)
        assert told.requests(route="/api/wallet/deposit", method="POST", status="200") == 60
        assert told.requests(route=f"{route}/<chain>/key", method="POST", status="200") == 2
        assert told.requests(route=route, method="GET", status="200") == lists.count(200)
        assert told.requests(route=route, method="GET", status="429") == lists.count(429)
        assert told.requests(route="none", method="GET", status="404") == 1
        assert told.requests(method="other", status="405") == 1
        assert told.requests(route=LIST, status="401") == 1
        assert told.requests(route=LIST, status="503") == 2
        assert told("wallets_created_total") == 20
        assert told("key_reads_total", caller="user") == 1
        assert told("key_reads_total", caller="client") == 2
        assert told("failed_opens_total") == 2
        assert told("rate_limited_total", per="client") == lists.count(429)
        assert told("rate_limited_total") == lists.count(429)
        assert told("db_pool_connections_max", pool="primary") == 16
        assert told("db_pool_wait_seconds_count", pool="primary") >= 60
        assert told("db_pool_timeouts_total") == 0

    # A worker checks now and then whether it can serve.
    wait_until(lambda: Numbers(service)("db_pool_connections_in_use") == 0)
    # A histogram that Prometheus can work with.
    buckets = [
        sample.value
        for sample in told.samples
        if sample.name.endswith("request_duration_seconds_bucket")
        and sample.labels.get("route") == "/api/wallet/deposit"
    ]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 60

    names = {label for sample in told.samples for label in sample.labels}
    assert names == LABELS
    values = {value for sample in told.samples for value in sample.labels.values()}
    private = {*made, *map(str, fids), "treasury-engine", "nowhere", "BREW", "127.0.0.1", TOKEN}
    private |= {address.lower() for address in made} | {BASE_ACCOUNT, reader["Authorization"][7:]}
    for secret in private:
        assert not any(secret in value for value in values)
        assert secret not in told.text
    assert "pid" not in names


def test_reloads_leave_no_files_and_keep_the_counters(serve):
    service = serve(METRICS_TOKEN=TOKEN, WEB_CONCURRENCY="2")
    folders = Path(tempfile.gettempdir()).glob(f"wallet-api-metrics-*-{service.process.pid}")
    (folder,) = folders
    files = []
    for asked in range(1, 5):
        assert service.get("/healthz").status == 200
        before = set(service.workers())
        service.process.send_signal(signal.SIGHUP)
        wait_until(lambda old=before: len(new := set(service.workers())) == 2 and not new & old)
        told = Numbers(service)
        assert told.requests(route="/healthz") >= asked
        # Of two workers, and not of those before them.
        assert told("db_pool_connections_max", pool="primary") == 16
        files.append(len(list(folder.iterdir())))
    # Four of the master, and of four workers that were there at once. Ten there were in all.
    assert max(files) <= 4 + 4 * 6, files
    service.stop()
    assert not folder.exists()


def test_the_metrics_require_the_token(serve):
    service = serve(METRICS_TOKEN=TOKEN, WEB_CONCURRENCY="1")
    for wrong in (None, "nonsense", TOKEN[:-1], f"{TOKEN}x", ""):
        status, content_type, text = scraped(service, token=wrong)
        assert (status, content_type) == (401, "application/problem+json")
        assert "wallet_api" not in text.replace("wallet-api", "")
    status, content_type, text = scraped(service)
    assert (status, content_type.split(";")[0]) == (200, "text/plain")
    assert {family.name for family in text_string_to_metric_families(text)} >= {
        "wallet_api_http_request_duration_seconds",
        "wallet_api_db_pool_connections_max",
    }
    status, content_type, text = scraped(service, accept=OPEN_METRICS)
    assert (status, content_type.split(";")[0]) == (200, "application/openmetrics-text")
    families = {family.name for family in openmetrics_parser.text_string_to_metric_families(text)}
    assert "wallet_api_http_request_duration_seconds" in families
    assert text.endswith("# EOF\n")


def test_without_a_metrics_token_the_route_does_not_exist(make_app):
    client = make_app().test_client()
    for headers in ({}, {"Authorization": f"Bearer {TOKEN}"}, {"Authorization": "Bearer "}):
        answer = client.get("/metrics", headers=headers)
        assert answer.status_code == 404
        assert answer.mimetype == "application/problem+json"


def test_counters_of_killed_workers_stay_and_their_gauges_do_not(serve, database_url, tmp_path):
    folder = tmp_path / "temporary"
    folder.mkdir()
    begun = time.time()
    service = serve(METRICS_TOKEN=TOKEN, WEB_CONCURRENCY="2", TMPDIR=str(folder))
    crowd = [service.deposit(fid, base=BASE_ACCOUNT) for fid in range(1, 21)]
    assert {answer.status for answer in service.crowd(crowd)} == {200}
    before = Numbers(service)
    assert before("wallets_created_total") == 20
    assert begun <= before("start_time_seconds") <= time.time()
    (numbers,) = folder.glob("wallet-api-metrics-*")

    with psycopg.connect(database_url) as holder:
        holder.execute("lock table wallets")
        waiting = threading.Thread(
            target=service.crowd, args=([Call("GET", LIST, service.bearer(FID))] * 6,)
        )
        waiting.start()
        # A worker that counts wallets for the dashboard at this moment waits too.
        wait_until(lambda: Numbers(service)("db_pool_connections_in_use") >= 6)
        killed = service.workers()
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        waiting.join()
        wait_until(lambda: len(set(service.workers()) - set(killed)) == 2)
        wait_until(lambda: service.get("/healthz").status == 200)
        wait_until(lambda: Numbers(service)("db_pool_connections_max") == 16)
        wait_until(lambda: Numbers(service)("db_pool_connections_in_use") == 0)
        after = Numbers(service)
    assert after("wallets_created_total") == 20
    assert after("start_time_seconds") == before("start_time_seconds")
    route = {"route": "/api/wallet/deposit", "status": "200"}
    assert after.requests(**route) == before.requests(**route) == 20
    # And the new ones go on counting.
    assert service.call(service.deposit(21, base=BASE_ACCOUNT)).status == 200
    assert Numbers(service)("wallets_created_total") == 21
    assert Numbers(service).requests(**route) == 21

    assert any(numbers.iterdir())
    assert service.stop() == 0
    assert list(folder.iterdir()) == []


def test_the_metrics_of_clients_begin_at_the_start(serve, client_of):
    client_of("engine", "wallets:sign")
    service = serve(METRICS_TOKEN=TOKEN, WEB_CONCURRENCY="1")
    wait_until(lambda: Numbers(service)("clients", event="created") == 1)
    told = Numbers(service)
    for name in ("signatures_total", "signing_refusals_total"):
        assert f'wallet_api_{name}{{client="engine",' in told.text
        assert told(name, client="engine") == 0


def test_pool_timeouts_are_counted(serve, database_url):
    service = serve(
        METRICS_TOKEN=TOKEN, WEB_CONCURRENCY="1", DB_POOL_MAX="1", DB_POOL_TIMEOUT="0.2"
    )
    look = Call("GET", LIST, service.bearer(FID))
    # At its start, the worker may have the only connection for longer.
    wait_until(lambda: service.call(look).status == 200)
    # At its start, a worker checks whether it can serve, and counts the wallets.
    wait_until(lambda: "wallet_api_deposits_prepared_last_day{" in Numbers(service).text)
    quick = Numbers(service)
    answers = []
    with psycopg.connect(database_url) as holder:
        holder.execute("lock table wallets")
        first = threading.Thread(target=lambda: answers.append(service.call(look)))
        first.start()
        wait_until(lambda: Numbers(service)("db_pool_connections_in_use", pool="primary") == 1)
        refused = service.crowd([look] * 3)
        told = Numbers(service)
        holder.rollback()
        first.join()
    assert [answer.status for answer in refused] == [503] * 3
    assert [answer.status for answer in answers] == [200]
    # A fourth is the check of the worker whether it can serve, if it waited at that time.
    timeouts = "db_pool_timeouts_total"
    assert told(timeouts, pool="primary") - quick(timeouts, pool="primary") in (3, 4)
    assert told("db_pool_connections_max", pool="primary") == 1
    waits = "db_pool_wait_seconds"
    # The one that got the connection, and the three that waited for the whole time-out.
    assert told(f"{waits}_count") - quick(f"{waits}_count") in (4, 5)
    assert 0.6 <= told(f"{waits}_sum") - quick(f"{waits}_sum") < 2
    wait_until(lambda: Numbers(service)("db_pool_connections_in_use") == 0)


def test_a_malformed_version_in_accept_is_not_an_error(serve):
    service = serve(METRICS_TOKEN=TOKEN, WEB_CONCURRENCY="1")
    status, kind, _ = scraped(service, accept="application/openmetrics-text;version=abc")
    assert (status, kind.partition(";")[0]) == (200, "text/plain")
