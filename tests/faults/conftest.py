"""Fixtures of the fault tests: a server to damage, a service on it, and a load of users."""

import itertools
import shutil
import time
from contextlib import ExitStack

import pytest

from tests.commands import Running, kept_environ
from tests.factories import FID, JWT_SECRET, SECRET
from tests.faults.load import Load
from tests.faults.outages import Stage
from tests.faults.servers import WAITING, Server, Standby, server_on_a_small_disk
from tests.leaks import LEAKS
from tests.unit.issuer import HOST
from wallet_api.app import create_app
from wallet_api.blueprints.application import application
from wallet_api.config import Settings
from wallet_api.crypto.secret import Secret
from wallet_api.database import ServingConnection
from wallet_api.services import migrations

_numbers = itertools.count(1)
BLOCKED = (
    "select pid from pg_stat_activity"
    " where wait_event_type = 'Lock' and application_name = 'wallet-api'"
)


@pytest.fixture
def keep(tmp_path):
    """Start a server for this test, and remove it afterwards: keep(Server(tmp_path / "it"))."""
    kept = []

    def start(server):
        kept.append(server)
        server.start()
        return server

    yield start
    for server in kept:
        server.stop()
        LEAKS.logs.append(shutil.copy(server.log, tmp_path / f"{server.port}.log"))
        shutil.rmtree(server.home)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory):
    """One server for the tests of a module that leave it as it was."""
    directory = tmp_path_factory.mktemp("durable")
    with Server(directory, max_connections="40") as server:
        yield server
        LEAKS.logs.append(shutil.copy(server.log, directory / "searched.log"))
    shutil.rmtree(server.home)


@pytest.fixture
def migrated():
    """Make a database with every migration and return its name: migrated(server)."""

    def make(server):
        name = f"faults_{next(_numbers)}"
        server.create_database(name)
        migrations.upgrade(Secret(server.url(name)))
        return name

    return make


@pytest.fixture
def stage(keep, migrated, key_server, tmp_path):
    """Return a server for an outage, and what the tests put around it."""
    postgres = keep(Server(tmp_path / "postgres", max_connections="60"))
    with ExitStack() as stack:
        stage = Stage(postgres, migrated(postgres), key_server, stack)
        stage.environ["DATABASE_URL"] = stage.url
        yield stage


@pytest.fixture
def small_disk(tmp_path, keep, migrated):
    """Return a server whose write-ahead log has 24 MB, its database, and the disk of the log."""
    server, name, disk = server_on_a_small_disk(tmp_path / "small", migrated)
    yield keep(server), name, disk
    server.stop()
    disk.unmount()


@pytest.fixture
def small_disk_stage(small_disk, key_server):
    """Return a stage whose server has a small disk."""
    postgres, name, disk = small_disk
    with ExitStack() as stack:
        stage = Stage(postgres, name, key_server, stack, disk=disk)
        stage.environ["DATABASE_URL"] = stage.url
        yield stage


@pytest.fixture
def url(postgres, migrated):
    return postgres.url(migrated(postgres))


@pytest.fixture
def serve_on(serve, key_server):
    """Start a service with everything that the load asks for: serve_on(url)."""

    def start(url):
        return serve(
            DATABASE_URL=url,
            WEB_CONCURRENCY="2",
            DB_POOL_TIMEOUT="5",
            ALLOW_KEY_EXPORT="true",
            RATELIMIT_ENABLED="false",
            QUICK_AUTH_AUDIENCE=HOST,
            QUICK_AUTH_JWKS_URL=key_server.url,
        )

    return start


@pytest.fixture
def run_under_load(serve_on, encryption, capsys, request):
    """Call a service on `url` while `fault(load, service)` runs, and check every response."""

    def run(url, fault, *, cuts=False, through=None, restarts=False):
        service = serve_on(through or url)
        with Load(service) as load:
            workers = service.workers()
            fault(load, service)
            load.wait_for_recovery()
        assert restarts or service.workers() == workers, "a worker did not survive"
        load.check(url, encryption, cuts=cuts)
        with capsys.disabled():
            print(f"\n  {request.node.name}: {load.figures()}, 0 lost")

    return run


class Pair:
    """A primary and its synchronous standby."""

    def __init__(self, primary, standby, name):
        self.primary, self.standby, self.name = primary, standby, name

    def synchronous(self):
        while self.primary.administer("select sync_state from pg_stat_replication") != [("sync",)]:
            time.sleep(0.05)

    def waiting(self):
        """Return the process that waits for the standby, once there is one."""
        return self._sessions(WAITING, 1)[0]

    def blocked(self, count):
        """Return once so many processes of the service wait for a lock."""
        self._sessions(BLOCKED, count)

    def _sessions(self, query, count):
        deadline = time.monotonic() + 10
        while len(found := self.primary.administer(query)) < count:
            assert time.monotonic() < deadline, f"there are not {count} of: {query}"
            time.sleep(0.02)
        return [pid for (pid,) in found]


@pytest.fixture
def pair(keep, migrated, tmp_path):
    primary = keep(Server(tmp_path / "primary"))
    name = migrated(primary)
    standby = keep(Standby(tmp_path / "standby", primary))
    primary.administer("alter system set synchronous_standby_names = '*'")
    primary.administer("select pg_reload_conf()")
    pair = Pair(primary, standby, name)
    pair.synchronous()
    return pair


@pytest.fixture
def process(request, monkeypatch):
    """Build what one process of the service on the primary is: process()(method, path, body)."""
    monkeypatch.setattr(ServingConnection, "answer_seconds", 0.7)
    apps = []

    def build(**changes):
        if "DATABASE_URL" not in changes:
            pair = request.getfixturevalue("pair")
            changes["DATABASE_URL"] = pair.primary.url(pair.name)
        app = create_app(
            Settings.from_environ(
                {
                    "ENCRYPTION_SECRET": SECRET,
                    "JWT_SECRET": JWT_SECRET,
                    "ALLOW_KEY_EXPORT": "true",
                    "DB_POOL_TIMEOUT": "1",
                    "DB_POOL_MAX": "2",
                    **changes,
                }
            )
        )
        application(app).open()
        apps.append(app)
        client = app.test_client()

        def ask(method, path, body=None, fid=FID, **headers):
            token = application(app).user_tokens.issue(fid).reveal()
            headers = {"Authorization": f"Bearer {token}", **headers}
            return client.open(path, method=method, json=body, headers=headers)

        ask.services = application(app)
        return ask

    yield build
    for app in apps:
        application(app).close()


@pytest.fixture
def clients(database_url, tmp_path_factory):
    """Run `wallet-api clients …` as an operator does: clients("revoke", "engine")."""

    def command(*arguments, **changes):
        given = {"DATABASE_URL": database_url, "ENCRYPTION_SECRET": SECRET, **changes}
        environ = kept_environ(given)
        folder = tmp_path_factory.mktemp("command")
        done = Running(("clients", *arguments), environ, folder).finish()
        assert "Traceback" not in done.err + done.out, done.err
        return done

    return command
