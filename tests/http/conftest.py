"""Fixtures of the HTTP tests: Farcaster on a local port, and an app on which nothing is written."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.database import Clone, rows_of
from tests.factories import ACCESS, FID, JWT_SECRET, SECRET, calling
from tests.farcaster import Farcaster
from tests.http.node import FakeNode
from tests.http.rpc import send_rpc
from tests.http.searches import fill, model
from tests.http.user_wallets import put_file
from tests.policies import name_delegate
from tests.wallet_store import keyed
from wallet_api.app import create_app
from wallet_api.blueprints.application import application
from wallet_api.blueprints.schemas.signing import AUTHORIZATION
from wallet_api.config import Settings
from wallet_api.models import SCOPES


@pytest.fixture
def farcaster(farcaster_service: Farcaster) -> Farcaster:
    """Farcaster's sign-in service, in good health."""
    farcaster_service.reset()
    return farcaster_service


@dataclass
class Untouched:
    """One database for all tests of a file that must write nothing."""

    sql: psycopg.Connection[Any]
    environ: dict[str, str]
    made: list[Flask] = field(default_factory=list)

    def make_app(self, **changes: str) -> Flask:
        app = create_app(Settings.from_environ({**self.environ, **changes}))
        application(app).open()
        self.made.append(app)
        return app

    def close(self) -> None:
        for app in self.made:
            application(app).close()


@pytest.fixture(scope="module")
def untouched(
    clone: Clone, farcaster_service: Farcaster, request: pytest.FixtureRequest
) -> Iterator[Untouched]:
    """Yield the file's database in which nothing is written, and apps on it."""
    name = f"untouched_{request.module.__name__.rpartition('.')[2]}"
    with clone(name) as url, psycopg.connect(url, autocommit=True) as sql:
        environ = {"DATABASE_URL": url, "ENCRYPTION_SECRET": SECRET, "JWT_SECRET": JWT_SECRET}
        database = Untouched(sql, {**environ, **farcaster_service.settings()})
        yield database
        database.close()


@pytest.fixture(scope="module")
def refusing_app(untouched: Untouched) -> Flask:
    return untouched.make_app()


@pytest.fixture
def refusing(
    untouched: Untouched, refusing_app: Flask, farcaster: Farcaster
) -> Iterator[FlaskClient]:
    """Yield a client whose requests must all be refused: they leave every table as it was."""
    before = rows_of(untouched.sql)
    yield refusing_app.test_client()
    assert rows_of(untouched.sql) == before


@pytest.fixture
def sign_in_client(make_app: Callable[..., Flask], farcaster: Farcaster) -> FlaskClient:
    """Return a client of an app that trusts `farcaster`."""
    return make_app(**farcaster.settings()).test_client()


@pytest.fixture
def engine(app):
    """Return the header of a client that may do everything."""
    return calling(app, *SCOPES, name="engine")


@pytest.fixture(scope="module")
def trader(refusing_app):
    """Return the header of a client of the service in which only FID has a wallet."""
    application(refusing_app).wallets.ensure_trading_wallet(FID, access=ACCESS)
    return calling(refusing_app, *SCOPES, name="engine")


@pytest.fixture
def storing(make_app, folder):
    """Start a service that keeps wallets in one of the places: storing("migrating")."""

    def start(mode):
        if mode == "migrating" and not any(folder.iterdir()):
            # An empty folder might be a disk that is not mounted.
            put_file(folder, 99, "ethereum", keyed())
        app = make_app(WALLET_STORAGE=mode, WALLET_STORAGE_PATH=str(folder))
        return app, calling(app, *SCOPES, name="engine")

    return start


@pytest.fixture(scope="module")
def stored(untouched, refusing_app):
    """Fill the file's database and return the model of it."""
    fill(application(refusing_app), untouched.sql)
    return model(untouched.sql)


@pytest.fixture(scope="module")
def finder(refusing_app, stored):
    """Return the header of a client that may do everything with the file's database."""
    return calling(refusing_app, *SCOPES)


@pytest.fixture
def address(app):
    """Return the address of FID's trading wallet."""
    return application(app).wallets.ensure_trading_wallet(FID, access=ACCESS).address


@pytest.fixture
def ours(client, engine, address):
    """Send calls of JSON-RPC of a client that may sign: ours(call(…), …)."""
    return lambda *calls, **more: send_rpc(client, engine, *calls, **more)


@pytest.fixture
def node():
    """Yield a node on a local port, which answers "0x1"."""
    fake = FakeNode()
    fake.answers(result="0x1")
    yield fake
    fake.stop()


@pytest.fixture
def named_delegate(sql):
    """Let a policy allow everything for FID, also the delegation that tests sign."""
    name_delegate(sql, AUTHORIZATION["address"])
