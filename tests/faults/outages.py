"""Outages of everything that the service depends on, and the response times during them."""

import asyncio
import random
import socket
import threading
import time
from collections import Counter, defaultdict
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from statistics import median

import psycopg
import pytest
from psycopg import sql

from tests.factories import BASE_ACCOUNT
from tests.faults.pooler import PROGRAM, Pooler
from tests.faults.servers import Proxy
from tests.leaks import LEAKS
from tests.service import Call, send
from tests.unit import issuer

LOAD_SECONDS = 12
# A client that was answered calls again after up to this long.
PAUSE_SECONDS = 0.5
KNOWN_USERS = range(1, 41)
HOT_USER = 41
PROBES = ("/healthz", "/readyz", "/metrics")
ACTS = ("deposit", "read", "key read", "sign-in", "search")
# What PostgreSQL sends while it recovers.
_REFUSAL = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"
STARTING_UP = b"E" + (len(_REFUSAL) + 4).to_bytes(4, "big") + _REFUSAL
METRICS_TOKEN = "the token of a Prometheus that is on call"


@dataclass
class Stage:
    """The parts that an outage can hit, and the settings of a service that depends on them."""

    postgres: object
    name: str
    key_server: object
    stack: ExitStack
    environ: dict = field(default_factory=dict)
    proxy: object = None
    replica: object = None
    pooler: object = None
    disk: object = None

    @property
    def url(self):
        return self.postgres.url(self.name)


def proxied(stage):
    """Put a proxy between the service and PostgreSQL."""
    stage.proxy = stage.stack.enter_context(Proxy(stage.postgres.port))
    port = str(stage.postgres.port)
    stage.environ["DATABASE_URL"] = stage.url.replace(port, str(stage.proxy.port))


def pooled(stage):
    """Put a PgBouncer between the service and PostgreSQL."""
    if PROGRAM is None:
        pytest.skip("NO PGBOUNCER: A PAUSED ONE WAS NOT TRIED. Install it (or set PGBOUNCER).")
    pooler = Pooler(stage.postgres, stage.name, pool_size=8, remembers=200)
    LEAKS.logs.append(pooler.log)
    stage.pooler = stage.stack.enter_context(pooler)
    stage.environ["DATABASE_URL"] = pooler.url


class Crowd:
    """Clients that call one service until the load ends, and the duration of each call."""

    def __init__(self, service, clients, token, *, hot=False, searches=False):
        self._service = service
        self._clients = clients
        self._hot = hot
        self._searches = searches
        self._client = {"Authorization": f"Bearer {token}"}
        self._scraper = {"Authorization": f"Bearer {METRICS_TOKEN}"}
        self._newcomer = 1000
        self.seconds = defaultdict(list)
        self.statuses = defaultdict(Counter)
        self.unfriendly = []

    def run(self):
        """Let every client call for LOAD_SECONDS, and wait for all responses."""
        asyncio.run(self._run())

    async def _run(self):
        until = time.monotonic() + LOAD_SECONDS
        acts = [self._act(number) for number in range(self._clients)]
        await asyncio.gather(
            *(self._repeat(act, until, PAUSE_SECONDS) for act in acts),
            *(self._repeat(path, until, 0.2) for path in PROBES),
        )

    def _act(self, number):
        if self._hot and number % 2:
            return "hot user"
        # A replica serves searches only: the others must not notice.
        if self._searches and number % 5 == 4:
            return "search"
        return ACTS[number % 4]

    async def _repeat(self, act, until, pause):
        while time.monotonic() < until:
            began = time.monotonic()
            answer = await send(
                "127.0.0.1", self._service.port, self._call(act), asyncio.Barrier(1), timeout=150
            )
            self.seconds[act].append(time.monotonic() - began)
            self.statuses[act][answer.status] += 1
            refused = answer.status == 503
            if answer.status != 200 and not (refused and "Retry-After" in answer.headers):
                self.unfriendly.append((act, answer))
            await asyncio.sleep(random.uniform(0, pause))

    def _call(self, act):
        fid = HOT_USER if act == "hot user" else random.choice(KNOWN_USERS)
        path, headers = act, {}
        match act:
            case "deposit":
                self._newcomer += 1
                return self._service.deposit(self._newcomer, base=BASE_ACCOUNT)
            case "sign-in":
                token = issuer.sign(sub=2_000_000 + fid).reveal()
                path = f"/api/auth/base-account?address=0x{fid:040x}"
                return Call("POST", path, {"Authorization": f"Bearer {token}"})
            case "read":
                path, headers = "/api/wallet/user-wallets", self._service.bearer(fid)
            case "key read" | "hot user":
                path, headers = "/api/wallet/primary-with-key", self._service.bearer(fid)
            case "search":
                path, headers = "/v1/wallets", self._client
            case "/metrics":
                headers = self._scraper
        return Call("GET", path, headers)

    def slowest(self, *acts):
        """Return the longest response time of some acts, or of all except the probes."""
        chosen = acts or self.seconds.keys() - set(PROBES)
        return max(max(self.seconds[act]) for act in chosen)

    def row(self):
        """Return the median and the longest response time of each act, in seconds."""
        cells = {}
        for act, seconds in self.seconds.items():
            told = " ".join(f"{status}:{count}" for status, count in self.statuses[act].items())
            cells[act] = f"{median(seconds):.1f} / {max(seconds):.1f} ({told})"
        return cells

    def recovery(self, within=60):
        """Return the seconds until every call succeeds again."""
        began = last_failure = time.monotonic()
        good = 0
        acts = sorted(self.seconds.keys() - set(PROBES))
        while good < 40:
            answer = self._service.call(self._call(acts[good % len(acts)]))
            good = good + 1 if answer.status == 200 else 0
            if not good:
                last_failure = time.monotonic()
            assert time.monotonic() < began + within, "the service does not recover"
            time.sleep(0.05)
        return last_failure - began


@contextmanager
def stopped(stage):
    """Nothing listens: connections are refused."""
    stage.postgres.stop()
    yield
    stage.postgres.start()


@contextmanager
def paused(stage):
    """Every process is stopped (SIGSTOP); the kernel still accepts connections."""
    stage.postgres.pause()
    try:
        yield
    finally:
        stage.postgres.resume()


@contextmanager
def swallowed(stage):
    """The network accepts all data and delivers none."""
    stage.proxy.swallowing = True
    yield
    stage.proxy.swallowing = False


@contextmanager
def dropped(stage):
    """Connections are cut, and the network drops the first packet of new ones."""
    with stage.proxy.deaf():
        yield


@contextmanager
def connections_taken(stage):
    """Others hold every connection (53300)."""
    with ExitStack() as hog:
        admin = hog.enter_context(psycopg.connect(stage.url, autocommit=True))
        for _ in range(20):
            # When a session ends, another client may take its connection before we do.
            _terminate(admin, stage)
            with suppress(psycopg.OperationalError):
                while True:
                    hog.enter_context(psycopg.connect(stage.url, autocommit=True))
        yield


@contextmanager
def password_refused(stage):
    """The role has another password (28P01)."""
    with _admin(stage) as admin:
        change = sql.SQL("alter role current_user password {}")
        admin.execute(change.format("another"))
        _terminate(admin, stage)
        yield
        admin.execute(change.format(stage.postgres.password))


@contextmanager
def database_gone(stage):
    """The database has another name (3D000)."""
    with _admin(stage) as admin:
        names = sql.Identifier(stage.name), sql.Identifier("elsewhere")
        rename = sql.SQL("alter database {} rename to {}")
        allow = sql.SQL("alter database {} allow_connections {}")
        admin.execute(allow.format(names[0], False))
        _terminate(admin, stage)
        admin.execute(rename.format(*names))
        yield
        admin.execute(rename.format(*reversed(names)))
        admin.execute(allow.format(names[0], True))


@contextmanager
def starting_up(stage):
    """Connections are refused because the server is in recovery (57P03)."""
    stage.postgres.stop()
    with listener(stage.postgres.port, STARTING_UP):
        yield
    stage.postgres.start()


@contextmanager
def table_locked(stage):
    """Another session holds a lock on the table of wallets."""
    with psycopg.connect(stage.url) as other:
        other.execute("lock table wallets")
        yield


@contextmanager
def one_user_locked(stage):
    """Another session locks the audit chain of one user, who makes half of all calls."""
    with psycopg.connect(stage.url) as other:
        other.execute("select from wallet_audit_heads where fid = %s for update", [HOT_USER])
        yield


def slow(seconds):
    """Return an outage in which every statement takes `seconds`."""

    @contextmanager
    def slowed(stage):
        stage.proxy.delay = seconds
        yield
        stage.proxy.delay = 0

    return slowed


@contextmanager
def disk_full(stage):
    """The disk of the write-ahead log is full."""
    stage.disk.fill()
    # The log has room for a few rows yet.
    with suppress(psycopg.Error), psycopg.connect(stage.url, autocommit=True) as filler:
        filler.execute(
            "create table filler as select repeat('x', 9999) from generate_series(1, 1e5)"
        )
    yield
    stage.disk.free()
    if stage.postgres.has_exited():
        stage.postgres.stop()
        stage.postgres.start()


@contextmanager
def pooler_paused(stage):
    """PgBouncer is paused and holds every query."""
    stage.pooler.pause()
    yield
    stage.pooler.resume()


@contextmanager
def key_server_silent(stage):
    """The key server of the sign-in does not respond."""
    stage.key_server.go.clear()
    yield
    stage.key_server.go.set()


@contextmanager
def replica_silent(stage):
    """The replica accepts all data and does not respond."""
    stage.replica.swallowing = True
    yield
    stage.replica.swallowing = False


@contextmanager
def replica_down(stage):
    """The replica refuses connections."""
    with stage.replica.refusing():
        yield


@contextmanager
def from_the_start(stage):
    """The outage is in the settings of the service."""
    yield


def _admin(stage):
    return psycopg.connect(stage.postgres.url("postgres"), autocommit=True)


def _terminate(admin, stage):
    admin.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = %s and pid <> pg_backend_pid()",
        [stage.name],
    )


@contextmanager
def listener(port, answer):
    """Accept connections, and send `answer` for each message."""
    with socket.create_server(("127.0.0.1", port), backlog=100) as server:

        def serve():
            with suppress(OSError):
                while True:
                    client, _ = server.accept()
                    with client:
                        if client.recv(4096).endswith((80877103).to_bytes(4, "big")):
                            client.sendall(b"N")
                            client.recv(4096)
                        client.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
