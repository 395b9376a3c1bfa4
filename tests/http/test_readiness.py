"""/readyz, `doctor`, the log, the metrics and what is served agree about every fault."""

import re
import socket
import uuid
from contextlib import ExitStack, contextmanager, nullcontext

import psycopg
import pytest
from structlog.testing import capture_logs

from tests.database import plant
from tests.factories import ACCESS, DEAD_PORT, FID, OTHER_SECRET, calling, signed_in
from tests.faults.outages import STARTING_UP, listener
from tests.http.problems import refused
from tests.readiness import (
    alarms,
    assert_doctor_says,
    assert_readyz_says,
    deposit,
    reasons_in_metrics,
    sample,
)
from tests.running_service import free_port
from wallet_api.alarms import CODES, NOT_READY
from wallet_api.blueprints.application import application
from wallet_api.services.diagnosis.environment import can_serve, examine_environment


class Scene:
    """What a fault changes: the database, and the settings of a process that starts after it."""

    def __init__(self, sql, server, url, folder):
        self.sql, self.server, self.url, self.folder = sql, server, url, folder

    def login(self, user, password):
        """Return DATABASE_URL for another role or password."""
        return {"DATABASE_URL": re.sub("//.*@", f"//{user}:{password}@", self.url)}

    @contextmanager
    def role(self, options="login", grants=""):
        """Make a role, and yield the settings of a process that logs in as this role."""
        name = f"web_{uuid.uuid4().hex[:8]}"
        self.sql.execute(f"create role {name} password 'web' {options}")
        self.sql.execute(grants.format(name))
        try:
            yield self.login(name, "web")
        finally:
            self.sql.execute(f"drop owned by {name}; drop role {name}")


def nothing_listens(scene):
    info = scene.sql.info
    url = f"postgresql://{info.user}:{info.password}@127.0.0.1:{DEAD_PORT}/{info.dbname}"
    return nullcontext({"DATABASE_URL": url})


@contextmanager
def starting_up(scene):
    port = free_port()
    with listener(port, STARTING_UP):
        yield {"DATABASE_URL": f"postgresql://x:web@127.0.0.1:{port}/x"}


@contextmanager
def silent(scene):
    """A server that accepts connections, and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield {"DATABASE_URL": f"postgresql://x:web@127.0.0.1:{server.getsockname()[1]}/x"}


@contextmanager
def blackhole(scene):
    """A network that drops the first packet of each connection."""
    with ExitStack() as full, socket.socket() as listener_:
        listener_.bind(("127.0.0.1", 0))
        listener_.listen(0)
        address = listener_.getsockname()
        for _ in range(2):
            # Nobody accepts them, and there is no room for more.
            waiting = full.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        yield {"DATABASE_URL": f"postgresql://x:web@127.0.0.1:{address[1]}/x"}


def another_name(scene):
    return nullcontext({"DATABASE_URL": scene.server.url("nowhere")})


def wrong_password(scene):
    return nullcontext(scene.login(scene.sql.info.user, "another"))


def no_login(scene):
    return scene.role("nologin")


def full(scene):
    return scene.role("login connection limit 0")


@contextmanager
def no_migrations(scene):
    name = f"empty_{uuid.uuid4().hex[:8]}"
    scene.server.create_database(name)
    yield {"DATABASE_URL": scene.server.url(name)}
    with psycopg.connect(scene.server.url("postgres"), autocommit=True) as admin:
        admin.execute(f"drop database {name} with (force)")


@contextmanager
def database_setting(scene, change):
    name = scene.sql.info.dbname
    scene.sql.execute(f'alter database "{name}" set {change}')
    yield {}
    scene.sql.execute(f'alter database "{name}" reset all')


def read_only(scene):
    return database_setting(scene, "default_transaction_read_only = on")


def triggers_off(scene):
    return database_setting(scene, "session_replication_role = replica")


def no_schema(scene):
    return database_setting(scene, "search_path = nowhere")


def no_privileges(scene):
    return scene.role(grants="grant select on all tables in schema public to {}")


def no_privilege_to_look(scene):
    return scene.role()


def other_secret(scene):
    return nullcontext({"ENCRYPTION_SECRET": OTHER_SECRET})


def unmounted(scene):
    return nullcontext({"WALLET_STORAGE": "migrating", "WALLET_STORAGE_PATH": scene.folder})


def lost_files(scene):
    return nullcontext({"WALLET_STORAGE": "filesystem", "WALLET_STORAGE_PATH": scene.folder})


FAULTS = [
    (nothing_listens, "database_unreachable"),
    (starting_up, "database_unreachable"),
    (silent, "database_unreachable"),
    (blackhole, "database_unreachable"),
    (another_name, "database_unreachable"),
    (wrong_password, "password_refused"),
    (no_login, "password_refused"),
    (full, "too_many_connections"),
    (no_migrations, "migrations_missing"),
    (read_only, "read_only"),
    (triggers_off, "session_unfit"),
    (no_schema, "session_unfit"),
    (no_privileges, "rights_missing"),
    (no_privilege_to_look, "rights_missing"),
    (other_secret, "secret_mismatch"),
    (unmounted, "storage_unavailable"),
    (lost_files, "storage_unavailable"),
]


@pytest.fixture
def scene(services, sql, server, database_url, tmp_path):
    # A database without wallets accepts every secret, and an empty folder of files.
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)
    return Scene(sql, server, database_url, str(tmp_path / "none"))


# Existing wallets are served: their rows are read, and decrypt.
READABLE = (read_only, no_privileges, unmounted)
# `make test` has one fault of the connection, one of the server and one of the secret.
QUICK = (wrong_password, read_only, other_secret)
CASES = [
    pytest.param(fault, code, id=fault.__name__, marks=[] if fault in QUICK else [pytest.mark.slow])
    for fault, code in FAULTS
]


@pytest.mark.parametrize(("fault", "code"), CASES)
def test_everything_agrees_about_a_fault(scene, app, environ, make_app, fault, code):
    wallet = f"/v1/users/{FID}/wallets/ethereum"
    engine = calling(app, "wallets:sign", "wallets:read", "keys:read")
    reads = [
        ("/api/wallet/user-wallets", None, signed_in()),
        (wallet, None, engine),
        (f"{wallet}/key", {"reason": "x"}, engine),
        (f"{wallet}/sign/message", {"message": "x"}, engine),
    ]
    with fault(scene) as changes:
        assert_doctor_says(code, {**environ, **changes})
        client = make_app(DB_POOL_TIMEOUT="1", **changes).test_client()
        with capture_logs() as lines:
            assert_readyz_says(code, client, lines)
        damaged = sample("wallet_api_failed_opens_total")
        with capture_logs() as lines:
            refused(deposit(client, FID + 1), 503)
            for path, body, headers in reads:
                method = "POST" if body else "GET"
                answer = client.open(path, method=method, json=body, headers=headers)
                if answer.status_code != 200 or fault not in READABLE:
                    refused(answer, 503)
            # A search may succeed, and says of each wallet whether its key decrypts.
            client.get("/v1/wallets", headers=engine)
        assert {line["code"] for line in lines if line["log_level"] == "critical"} <= {code}
        assert sample("wallet_api_failed_opens_total") == damaged
    application(client.application).close()


def test_a_process_in_order_says_so_everywhere(environ, client):
    assert can_serve(examine_environment(environ))
    with capture_logs() as lines:
        for _ in range(3):
            assert client.get("/readyz").status_code == 200
    assert [(line["event"], line["log_level"]) for line in lines if line.get("code")] == [
        ("ready", "info")
    ]
    assert reasons_in_metrics() == set()
    assert deposit(client).status_code == 200


def test_each_change_is_one_critical_line_with_the_reason(client, sql):
    def told():
        with capture_logs() as lines:
            for _ in range(2):
                client.get("/readyz")
        return [(line["event"], line["code"]) for line in lines if line["log_level"] == "critical"]

    assert told() == []
    plant(sql, "insert into encryption_keys (key_id) values (repeat('ab', 8))")
    assert told() == [("not ready", "secret_mismatch")]
    sql.execute("delete from schema_migrations where version = '0002'")
    assert told() == [("not ready", "migrations_missing")]
    sql.execute("insert into schema_migrations values ('0002')")
    assert told() == [("not ready", "secret_mismatch")]
    plant(sql, "delete from encryption_keys")
    assert told() == [("ready", "ready")]
    assert reasons_in_metrics() == set()


def test_every_reason_is_an_alarm_that_is_counted_from_the_start():
    tried = {code for _, code in FAULTS}
    # A pool whose connections are all in use, for example.
    assert set(NOT_READY) - tried == {"database_unavailable"}
    assert all(alarms(code) is not None for code in CODES)
