"""Outages of everything that the service depends on."""

import socket
import threading
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

import psycopg
import pytest
from psycopg import sql

from tests.faults.crowd import HOT_USER
from tests.faults.pooler import PROGRAM, Pooler
from tests.faults.servers import Proxy
from tests.leaks import LEAKS

# What PostgreSQL sends while it recovers.
_REFUSAL = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"
STARTING_UP = b"E" + (len(_REFUSAL) + 4).to_bytes(4, "big") + _REFUSAL


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


OUTAGES = {
    "PostgreSQL is stopped": (stopped, None),
    "PostgreSQL is starting up": (starting_up, None),
    "PostgreSQL hangs": (paused, None),
    "the network drops all packets": (swallowed, proxied),
    "the network drops new connections too": (dropped, proxied),
    "other programs use all connections": (connections_taken, None),
    "the password is rejected": (password_refused, None),
    "the database does not exist": (database_gone, None),
    "a table is locked": (table_locked, None),
    "one user's rows are locked": (one_user_locked, None),
    "every statement takes 2 s": (slow(2), proxied),
    "every statement takes 0.6 s": (slow(0.6), proxied),
    "PgBouncer is paused": (pooler_paused, pooled),
    "the replica is unresponsive": (replica_silent, _replica),
    "the replica is down": (replica_down, _replica),
    "Redis is unresponsive": (from_the_start, _redis(_silent_port)),
    "Redis is down": (from_the_start, _redis(_closed_port)),
    "the sign-in keys are unresponsive": (key_server_silent, None),
}
"""The outages, each with its preparation or None, by their names in docs/operations.md."""
