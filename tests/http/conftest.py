"""What HTTP tests share: Farcaster on a local port, a service to annoy, the shape of a refusal."""

import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.conftest import FID, JWT_SECRET, LEAKS, SECRET, Clone
from wallet_api.app import create_app
from wallet_api.blueprints.application import Application, application
from wallet_api.config import Settings

MEMBERS = {"type", "title", "status", "detail", "code", "request_id", "error"}
BETRAYALS = ("traceback", 'file "', "psycopg", "select ", "insert ", "eyj", "0x0", "error:", "{")
DEAD_PORT = 1


def refused(
    answer: TestResponse, status: int, error: str | None = None, *, longest: int = 200
) -> dict[str, Any]:
    """Check that an answer is a problem that a person can read, and return its members."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    problem: dict[str, Any] = json.loads(answer.data)
    assert problem.keys() - {"fid"} == MEMBERS
    assert problem.pop("fid", None) is None
    assert problem.pop("status") == status
    assert all(isinstance(text, str) and text for text in problem.values()), problem
    assert problem["type"].endswith(f":{problem['code']}")
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    for text in (problem["error"], problem["title"], problem["detail"]):
        assert text.isprintable()
        assert len(text) <= longest
        assert not any(word in text.lower() for word in BETRAYALS), text
    assert " " in problem["error"]
    assert error is None or problem["error"] == error
    return problem


def path_of(rule: Rule) -> str:
    """Return a path that a rule serves."""
    examples = {"fid": str(FID), "chain": "ethereum", "name": "docs.js"}
    return re.sub("<([a-z]+)>", lambda variable: examples[variable[1]], rule.rule)


def routes(app: Flask) -> list[tuple[str, str]]:
    """Return every (method, path) that `app` serves, whoever added it."""
    return sorted(
        (method, path_of(rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )


def token_of(fid: object = FID, *, secret: str = JWT_SECRET, **changes: Any) -> str:
    """Sign claims as our own tokens carry them, with changes; a claim that is ... is left out."""
    now = int(time.time())
    claims = {
        "userId": f"fid_{fid}",
        "fid": fid,
        "iat": now,
        "exp": now + 600,
        "iss": "wallet-api",
        "aud": "wallet-api-users",
        **changes,
    }
    algorithm = claims.pop("algorithm", "HS256")
    kept = {name: value for name, value in claims.items() if value is not ...}
    token = jwt.encode(kept, secret, algorithm=algorithm)
    LEAKS.secrets.add(token)
    return token


def signed_in(fid: object = FID, **changes: Any) -> dict[str, str]:
    """Return the header of a user of ours, for any app of the tests."""
    return {"Authorization": f"Bearer {token_of(fid, **changes)}"}


def calling(app: Flask, *scopes: str, name: str | None = None) -> dict[str, str]:
    """Make an API client with these rights, and return the header that it sends."""
    token = application(app).clients.create(
        name or f"client-{uuid.uuid4().hex}", scopes=scopes, allowed_networks=(), expires_at=None
    )
    LEAKS.secrets.add(token.reveal())
    return {"Authorization": f"Bearer {token.reveal()}"}


def rows_of(sql: psycopg.Connection[Any]) -> dict[str, list[Any]]:
    """Return everything that a request can write."""
    tables = ("wallets", "deposits", "wallet_audit_log", "wallet_audit_heads", "encryption_keys")
    return {
        table: sql.execute(f"select * from {table} order by 1, 2, 3".encode()).fetchall()
        for table in tables
    }


def scans(table: str, sql: psycopg.Connection[Any], services: Application) -> tuple[int, int]:
    """Count how often a table was read from end to end, and the rows that indexes led to."""
    # The one connection of the pool tells what it did so far.
    for statement in ("select pg_stat_force_next_flush()", "select 1"):
        services.database.run(lambda connection, statement=statement: connection.execute(statement))
    sql.execute("select pg_stat_clear_snapshot()")
    return sql.execute(
        "select seq_scan, idx_tup_fetch from pg_stat_user_tables where relname = %s", [table]
    ).fetchone()


class Farcaster:
    """Farcaster's sign-in service: a key set on a local port, and tokens signed with its key."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        self.foreign_key = rsa.generate_private_key(65537, 2048)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.reset()

    def reset(self) -> None:
        self.status, self.body = 200, self.key_set(kid="first")
        self.asked: list[str] = []

    def key_set(self, kid: str) -> bytes:
        """Return the key set as Farcaster publishes it: no `alg`, no `use`."""
        jwk = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        public = {name: jwk[name] for name in ("kty", "n", "e")}
        return json.dumps({"keys": [{**public, "kid": kid}]}).encode()

    def settings(self, **changes: str) -> dict[str, str]:
        return {
            "QUICK_AUTH_ISSUER": self.issuer,
            "QUICK_AUTH_AUDIENCE": "app.example.com",
            **changes,
        }

    def token(self, **changes: Any) -> str:
        """Sign a token as Farcaster does, with changes; a claim or header that is ... is absent."""
        now = int(time.time())
        signing: dict[str, Any] = {"algorithm": "RS256", "key": self.key, "kid": "first"}
        signing |= {name: changes.pop(name) for name in list(changes) if name in signing}
        claims = {
            "iss": self.issuer,
            "aud": "app.example.com",
            "sub": FID,
            "iat": now,
            "exp": now + 3600,
            **changes,
        }
        token = jwt.api_jws.PyJWS().encode(
            json.dumps({n: v for n, v in claims.items() if v is not ...}).encode(),
            signing["key"],
            algorithm=signing["algorithm"],
            headers={} if signing["kid"] is ... else {"kid": signing["kid"]},
        )
        LEAKS.secrets.add(token)
        return token

    def bearer(self, **changes: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(**changes)}"}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        farcaster = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                farcaster.asked.append(self.path)
                self.send_response(farcaster.status)
                self.end_headers()
                self.wfile.write(farcaster.body)

            def log_message(self, *_: Any) -> None:
                """Keep quiet."""

        return Handler


@pytest.fixture(scope="session")
def farcaster_service() -> Iterator[Farcaster]:
    service = Farcaster()
    thread = threading.Thread(target=service.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield service
    service.server.shutdown()
    service.server.server_close()
    thread.join()


@pytest.fixture
def farcaster(farcaster_service: Farcaster) -> Farcaster:
    """Farcaster's sign-in service, in good health."""
    farcaster_service.reset()
    return farcaster_service


@dataclass
class Untouched:
    """One database for all tests of a file in which nothing may ever be written."""

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
