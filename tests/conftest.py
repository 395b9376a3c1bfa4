"""Fixtures of all tests: one real PostgreSQL, a migrated template cloned per test, an app on it."""

import functools
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from apispec.core import Components
from flask import Flask
from flask.testing import FlaskClient
from flask_smorest import Blueprint
from pytest_postgresql import factories
from werkzeug.routing import Rule

from tests.cluster import folder_in_memory, make_logins_cheap
from tests.commands import Running, kept_environ
from tests.database import Clone, open_every_wallet
from tests.factories import FID, JWT_SECRET, SECRET
from tests.farcaster import Farcaster
from tests.leaks import LEAKS, secrets_in
from tests.reused_database import ReusedDatabase
from tests.service import RunningService, start_service
from tests.unit.issuer import KeyServer
from tests.wallet_store import SAMPLES
from wallet_api import logs
from wallet_api.app import create_app
from wallet_api.blueprints.application import Application, application
from wallet_api.config import Settings
from wallet_api.crypto import key_pairs as keys
from wallet_api.crypto.encryption import EncryptionService, _scrypt
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.development.postgres import LocalPostgres
from wallet_api.services import migrations


def pytest_configure(config: pytest.Config) -> None:
    """Do once what each app would do again: derive keys, compile the functions of url_for().

    scrypt takes 0.3 s, and test modules derive keys at their import. The compilation is half of
    what remains of create_app().
    """
    patch = pytest.MonkeyPatch()
    known = functools.cache(lambda text, salt, n: _scrypt(Secret(text), salt=salt, n=n))
    patch.setattr(
        "wallet_api.crypto.encryption._scrypt",
        lambda secret, salt, n: known(secret.reveal(), salt, n),
    )
    builders: dict[tuple[object, ...], Callable[..., Any]] = {}
    compile_builder = Rule._compile_builder

    def compiled(rule: Rule, append_unknown: bool = True) -> Callable[..., Any]:
        key = (tuple(rule._trace), str(rule.defaults), append_unknown)
        return builders.get(key) or builders.setdefault(key, compile_builder(rule, append_unknown))

    patch.setattr(Rule, "_compile_builder", compiled)
    config.add_cleanup(patch.undo)


def pytest_xdist_auto_num_workers() -> int:
    """Use more workers than cores: a third of the time, tests wait for clocks and processes."""
    return (os.cpu_count() or 1) * 3 // 2


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write", action="store_true", help="write schema.sql or snapshots anew")


def leave_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Blueprint, "register_views_in_doc", lambda *_, **__: None)
    patch.setattr(Components, "response", lambda components, *_, **__: components)


@pytest.fixture(scope="session", autouse=True)
def describe_nothing() -> Iterator[pytest.MonkeyPatch]:
    """Leave the OpenAPI document out of apps: it takes most of the time to build one."""
    with pytest.MonkeyPatch.context() as patch:
        leave_out(patch)
        yield patch


@pytest.fixture(scope="session")
def describing(
    describe_nothing: pytest.MonkeyPatch,
) -> Callable[[], AbstractContextManager[None]]:
    """Give the apps that are built in a block their OpenAPI document: `with describing():`."""

    @contextmanager
    def block() -> Iterator[None]:
        describe_nothing.undo()
        yield
        leave_out(describe_nothing)

    return block


@pytest.fixture
def described(describing: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
    """Give the apps of this test their OpenAPI document. Request this fixture before the app."""
    with describing():
        yield


@pytest.fixture(scope="session", autouse=True)
def remember_what_must_not_leak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Record every private key that is generated and every log record of this process."""
    path = tmp_path_factory.mktemp("logs") / "tests.log"
    LEAKS.logs.append(path)
    generate = keys.generate

    def noted() -> keys.KeyPair:
        pair = generate()
        LEAKS.secrets.add(pair.private_key.reveal().hex())
        return pair

    # As in production, at the lowest level; also to a file.
    logs.configure("DEBUG", "json")
    root = logging.getLogger()
    handler = logging.FileHandler(path)
    handler.setFormatter(root.handlers[0].formatter)
    root.addHandler(handler)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "generate", noted)
        # create_app() would configure logging again and remove the file.
        patch.setattr(logs, "configure", lambda level, log_format: None)
        yield
    root.removeHandler(handler)
    handler.close()
    leaky = [
        path
        for path in LEAKS.logs
        if path.exists() and secrets_in(path.read_text(errors="replace"))
    ]
    assert leaky == [], "private keys, tokens or secrets that a test made, saw or used were logged"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPostgres]:
    """One PostgreSQL for the whole run."""
    directory = tmp_path_factory.mktemp("postgres")
    with folder_in_memory() as memory:
        settings = {"max_connections": "300", "max_wal_size": "128MB"}
        postgres = LocalPostgres(memory or directory, durable=False, settings=settings)
        with postgres:
            make_logins_cheap(postgres)
            yield postgres
            # The log is searched after the server is removed.
            LEAKS.logs.append(shutil.copy(postgres.log, directory / "searched.log"))
        # Under root the cluster may lie outside of pytest's folder.
        shutil.rmtree(postgres.home)


@pytest.fixture(scope="session")
def local_postgres(server: LocalPostgres) -> SimpleNamespace:
    """The server in the form that pytest-postgresql builds on."""
    return SimpleNamespace(
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        options="",
        maintenance_dbname="postgres",
        template_dbname=None,
    )


def _migrate(*, host: str, port: int, user: str, password: str, dbname: str, **_: Any) -> None:
    migrations.upgrade(Secret(f"postgresql://{user}:{password}@{host}:{port}/{dbname}"))


postgresql_noproc = factories.postgresql_noproc(
    depends_on="local_postgres", dbname="migrated", load=[_migrate]
)


@pytest.fixture(scope="session")
def clone(server: LocalPostgres, postgresql_noproc: Any) -> Iterator[Clone]:
    """Copy the migrated database: `with clone("mine") as url:`."""
    identifier = psycopg.sql.Identifier
    template = identifier(postgresql_noproc.template_dbname)
    # pytest-postgresql logs in three times for each copy, and cannot copy its files as they are,
    # which takes half the time.
    drop = psycopg.sql.SQL("drop database {} with (force)")
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        # PostgreSQL 14 always copies files, and has no option for it.
        by_files = "strategy file_copy" if connection.info.server_version >= 150000 else ""
        create = psycopg.sql.SQL("create database {} template {} " + by_files)

        @contextmanager
        def cloned(name: str) -> Iterator[str]:
            connection.execute(create.format(identifier(name), template))
            try:
                yield server.url(name)
            finally:
                connection.execute(drop.format(identifier(name)))

        yield cloned


@pytest.fixture(scope="session")
def reused_database(clone: Clone) -> Iterator[ReusedDatabase]:
    database = ReusedDatabase(clone, name="tests")
    yield database
    database.close()


@pytest.fixture
def database_url(reused_database: ReusedDatabase) -> Iterator[str]:
    """The URL of a database with every migration and no rows, which only this test uses."""
    yield reused_database.take()
    reused_database.give_back()


@pytest.fixture
def sql(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to this test's database, in autocommit, as the owner."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def environ(database_url: str) -> dict[str, str]:
    """The environment of a service on this test's database."""
    return {
        "DATABASE_URL": database_url,
        "ENCRYPTION_SECRET": SECRET,
        "JWT_SECRET": JWT_SECRET,
        "DB_POOL_TIMEOUT": "2",
    }


@pytest.fixture
def make_app(environ: dict[str, str]) -> Iterator[Callable[..., Flask]]:
    """Build apps with changed settings: make_app(ALLOW_KEY_EXPORT="true")."""
    made: list[Flask] = []

    def make(**changes: str) -> Flask:
        app = create_app(Settings.from_environ({**environ, **changes}))
        application(app).open()
        made.append(app)
        return app

    yield make
    for app in made:
        application(app).close()


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


@pytest.fixture
def services(app: Flask) -> Application:
    """The services of `app`, to call without HTTP."""
    return application(app)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def bearer(services: Application) -> Callable[..., dict[str, str]]:
    """The header that signs a user in: client.get(…, headers=bearer(FID))."""

    def header(fid: int = FID) -> dict[str, str]:
        token = services.user_tokens.issue(fid).reveal()
        LEAKS.secrets.add(token)
        return {"Authorization": f"Bearer {token}"}

    return header


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A pool on this test's database, open."""
    pool = Database(Secret(database_url), min_size=1, max_size=8, timeout_seconds=5)
    pool.open()
    yield pool
    pool.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty folder for wallet files."""
    path = tmp_path / "wallets"
    path.mkdir()
    return path


@pytest.fixture
def samples(folder: Path) -> Path:
    """Fill the folder of wallet files with every sample of the old service."""
    return shutil.copytree(SAMPLES, folder, dirs_exist_ok=True)


@pytest.fixture(scope="session")
def encryption() -> EncryptionService:
    """Encrypt and decrypt under the secret of the tests."""
    return EncryptionService(Secret(SECRET))


@pytest.fixture
def serve(environ: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., RunningService]]:
    """Start real gunicorn processes: serve(WEB_CONCURRENCY="2")."""
    running: list[RunningService] = []

    def start(**changes: str) -> RunningService:
        log = tmp_path / f"gunicorn-{len(running)}.log"
        LEAKS.logs.append(log)
        service = start_service({**environ, **changes}, log)
        running.append(service)
        return service

    yield start
    for service in running:
        service.stop()


@pytest.fixture
def opened(
    sql: psycopg.Connection[Any], encryption: EncryptionService
) -> Callable[[], dict[int, str]]:
    """Open every trading wallet in the table and return its address by FID; all must open."""

    return lambda: open_every_wallet(sql, encryption)


@pytest.fixture
def start(environ, tmp_path_factory):
    """Start `wallet-api wallets …` and return it Running: start("import", folder, NAME="value")."""
    started = []

    def command(*arguments, group="wallets", **changes):
        folder = tmp_path_factory.mktemp("command")
        one = Running((group, *arguments), kept_environ({**environ, **changes}), folder)
        started.append(one)
        return one

    yield command
    for one in started:
        one.stop()


@pytest.fixture
def command(start):
    """Run `wallet-api wallets …` to its end: command("import", folder, NAME="value")."""
    return lambda *arguments, **changes: start(*arguments, **changes).finish()


@pytest.fixture
def key_server() -> Iterator[KeyServer]:
    """A server with the public keys of Farcaster's sign-in."""
    server = KeyServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def farcaster_service() -> Iterator[Farcaster]:
    service = Farcaster()
    thread = threading.Thread(target=service.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield service
    service.server.shutdown()
    service.server.server_close()
    thread.join()
