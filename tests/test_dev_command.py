"""`wallet-api dev`: the token of the operator's console. tests/faults/test_dev.py runs it whole."""

import re
import stat

import pytest

from tests.factories import new_client, revoke_client
from tests.leaks import LEAKS
from tests.running_service import ROOT
from wallet_api.config import Settings
from wallet_api.development.dev import _CONSOLE_SCOPES, _client_token
from wallet_api.models import SCOPES


@pytest.fixture
def settings(environ):
    return Settings.from_environ(environ)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "console_token"


def console_token(settings, path):
    token = _client_token(settings, path, "console", _CONSOLE_SCOPES)
    LEAKS.secrets.add(token.reveal())
    return token


def test_the_console_asks_for_no_scope_that_the_printed_token_lacks():
    scripts = "".join(
        path.read_text()
        for path in (ROOT / "wallet_api" / "assets").glob("*.js")
        if path.name != "labels.js"
    )
    asked = set(re.findall(r'"([a-z]+:[a-z]+)"', scripts))
    # No view needs it, only buttons do.
    assert asked & set(SCOPES) | {"clients:write"} == set(_CONSOLE_SCOPES)


def test_the_token_belongs_to_a_client_with_the_scopes_of_the_console(settings, path, services):
    client = services.api_clients.identify(console_token(settings, path))
    assert set(client.scopes) == set(_CONSOLE_SCOPES)
    assert client.allowed_networks is None
    assert client.expires_at is None


def test_a_second_start_has_the_same_token_and_creates_no_client(settings, path, services):
    first = console_token(settings, path).reveal()
    assert console_token(settings, path).reveal() == first
    assert len(services.api_clients.list_clients()) == 1


def test_only_the_owner_can_read_the_file_with_the_token(settings, path):
    console_token(settings, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [*path.parent.iterdir()] == [path]


@pytest.mark.parametrize("spoil", ["revoked", "garbage", "empty", "missing", "scope"])
def test_an_unusable_token_is_replaced(settings, path, services, spoil):
    first = console_token(settings, path)
    (client,) = services.api_clients.list_clients()
    match spoil:
        case "revoked":
            revoke_client(services.api_clients, client.name)
        case "garbage":
            path.write_text("wapi_nonsense")
        case "empty":
            path.write_text("")
        case "missing":
            path.unlink()
        case "scope":
            few = ("stats:read",)
            narrow = new_client(services.api_clients, *few, name="narrow")
            path.write_text(narrow.reveal())
    second = console_token(settings, path)
    assert second.reveal() != first.reveal()
    assert set(services.api_clients.identify(second).scopes) == set(_CONSOLE_SCOPES)
    assert path.read_text() == second.reveal()


def test_a_token_of_another_database_is_replaced(settings, path, environ, clone, services):
    with clone("another") as url:
        first = console_token(Settings.from_environ({**environ, "DATABASE_URL": url}), path)
    second = console_token(settings, path)
    assert second.reveal() != first.reveal()
    assert set(services.api_clients.identify(second).scopes) == set(_CONSOLE_SCOPES)
