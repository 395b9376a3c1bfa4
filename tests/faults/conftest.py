"""What the tests of real faults share: a server to hurt, a service on it, and a load of users."""

import itertools
import shutil

import pytest

from tests.conftest import LEAKS
from tests.faults.load import Load
from tests.faults.servers import Server
from tests.unit.issuer import HOST, KeyServer
from wallet_api import migrations
from wallet_api.crypto.secret import Secret

_numbers = itertools.count(1)


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
def url(postgres, migrated):
    return postgres.url(migrated(postgres))


@pytest.fixture
def key_server():
    server = KeyServer()
    yield server
    server.stop()


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
def suffer(serve_on, sealing, capsys, request):
    """Have users call a service on `url` while `fault(load, service)` happens, and judge it."""

    def go(url, fault, *, cuts=False, through=None, restarts=False):
        service = serve_on(through or url)
        with Load(service) as load:
            workers = service.workers()
            fault(load, service)
            load.recovers()
        assert restarts or service.workers() == workers, "a worker did not live through it"
        load.check(url, sealing, cuts=cuts)
        with capsys.disabled():
            print(f"\n  {request.node.name}: {load.figures()}, 0 lost")

    return go
