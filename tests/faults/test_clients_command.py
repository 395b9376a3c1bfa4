"""`wallet-api clients …`, for people and programs."""

import hashlib
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from tests.factories import SECRET, new_client
from tests.faults.clients import made
from tests.leaks import LEAKS
from tests.policies import EVERYTHING, policies_of
from tests.running_service import ROOT
from wallet_api.models import SCOPES
from wallet_api.services.api_clients import ApiClientService

pytestmark = pytest.mark.slow


def test_a_token_is_printed_once_and_by_itself(clients, sql):
    done = clients("create", "--name", "engine", "--scope", "wallets:read")
    token = done.out.removesuffix("\n")
    LEAKS.secrets.add(token)
    assert done.status == 0
    assert re.fullmatch(r"wapi_[0-9a-f]{16}_[A-Za-z0-9_-]{43}", token)
    # Who redirects stdout gets the token alone, and still sees the warning.
    assert len(done.err.splitlines()) == 1
    assert token not in done.err
    assert "shown only once" in done.err
    token_hash = hashlib.sha256(token.encode()).hexdigest()
    assert sql.execute("select token_hash from api_clients").fetchall() == [(token_hash,)]
    for again in (clients("list"), clients("list", "--json"), clients("revoke", "engine")):
        assert again.status == 0
        for secret in (token.split("_", 2)[2], token_hash):
            assert secret not in again.out + again.err


def test_json_output_has_every_field(clients):
    done = clients(
        *("create", "--name", "engine", "--scope", "keys:read", "--scope", "wallets:read"),
        *("--allow-ip", "10.1.0.0/16", "--allow-ip", "2001:db8::/32", "--allow-ip", "192.0.2.7"),
        *("--expires", "2999-01-31", "--json"),
    )
    answer = json.loads(done.out)
    LEAKS.secrets.add(answer["token"])
    assert (done.status, done.err) == (0, "")
    assert answer.keys() == {"name", "token"}
    assert answer["name"] == "engine"
    revoked = json.loads(clients("revoke", "engine", "--json").out)
    assert revoked.keys() == {"name", "revoked_at"}
    (listed,) = json.loads(clients("list", "--json").out)
    created_at = datetime.fromisoformat(listed.pop("created_at"))
    assert datetime.now(UTC) - created_at < timedelta(minutes=1)
    assert listed == {
        "name": "engine",
        "id": answer["token"].split("_")[1],
        "state": "revoked",
        "scopes": ["wallets:read", "keys:read"],
        "unrestricted": False,
        "policy": None,
        "allowed_networks": ["10.1.0.0/16", "192.0.2.7/32", "2001:db8::/32"],
        "expires_at": "2999-01-31T00:00:00+00:00",
        "revoked_at": revoked["revoked_at"],
        "last_used_at": None,
    }


def test_the_list_shows_scopes_and_expiry_of_each_client(clients):
    made(clients, "engine", "--allow-ip", "10.1.0.0/16", "--expires", "90d", scopes=["keys:read"])
    made(clients, "backend", scopes=["stats:read", "wallets:read"])
    done = clients("list")
    assert done.status == 0
    backend, engine = done.out.split("engine: active")
    assert backend.startswith("backend: active\n")
    for line in ("scopes     wallets:read, stats:read", "from       anywhere", "expires    never"):
        assert line in backend
    assert "from       10.1.0.0/16" in engine
    assert f"{datetime.now(UTC) + timedelta(days=90):%Y-%m-%d}" in engine
    assert "last used  never" in engine


def test_an_unrestricted_client_signs_and_is_shown_as_such(clients):
    refused = clients("create", "--name", "engine", "--scope", "keys:read", "--unrestricted")
    assert refused.status == 2
    assert "--unrestricted needs --scope wallets:sign." in refused.err
    made(clients, "engine", "--unrestricted", scopes=["wallets:sign"])
    made(clients, "policed", scopes=["wallets:sign"])
    shown = clients("list").out
    assert shown.count("signs      no policy of its own, unrestricted: it needs none\n") == 1
    assert shown.count("signs      no policy of its own\n") == 1
    listed = json.loads(clients("list", "--json").out)
    assert [client["unrestricted"] for client in listed] == [True, False]


def test_a_client_gets_a_policy_that_exists(clients, database):
    nobody = ("--policy", str(UUID(int=7)))
    for scope, options, sentence in (
        ("keys:read", nobody, "--policy needs --scope wallets:sign."),
        ("wallets:sign", nobody, "There is no such policy."),
        ("wallets:sign", ("--policy", "seven"), "'seven' is not a valid UUID."),
    ):
        refused = clients("create", "--name", "engine", "--scope", scope, *options)
        assert refused.status != 0
        assert sentence in refused.err
    policy = policies_of(database).create(EVERYTHING)
    made(clients, "engine", "--policy", str(policy), scopes=["wallets:sign"])
    assert f"signs      by the policy {policy}\n" in clients("list").out
    (listed,) = json.loads(clients("list", "--json").out)
    assert listed["policy"] == str(policy)


@pytest.fixture
def engine(database):
    """Create an API client before the command runs."""
    return new_client(ApiClientService(database), *SCOPES)


CREATE = ("create", "--name", "another", "--scope", "keys:read")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("create", "--name", "engine", "--scope", "keys:read"),
            "Error: The name engine is or was in use. Choose another one.",
        ),
        (("revoke", "nobody"), "Error: There is no client nobody."),
    ],
    ids=["a taken name", "an unknown client"],
)
def test_a_rejected_command_prints_one_line_and_changes_nothing(
    clients, engine, sql, arguments, sentence
):
    before = sql.execute("select * from api_clients").fetchall()
    done = clients(*arguments)
    assert (done.status, done.out, done.err) == (1, "", f"{sentence}\n")
    assert sql.execute("select * from api_clients").fetchall() == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("create", "--name", "Engine\n", "--scope", "keys:read"), "lower-case letters"),
        (("create", "--name", "another", "--scope", "keys:write"), "'keys:write' is not one of"),
        ((*CREATE, "--allow-ip", "10.0.0.0/33"), "'10.0.0.0/33' does not appear to be"),
        ((*CREATE, "--allow-ip", "10.1.2.3/16"), "10.1.2.3/16 has host bits set"),
        ((*CREATE, "--expires", "2020-01-01"), "that is in the past"),
        ((*CREATE, "--expires", "soon"), "a number of days such as 90d"),
    ],
    ids=["name", "scope", "network", "host bits", "past", "no date"],
)
def test_a_mistake_in_a_command_is_explained_in_one_sentence(clients, sql, arguments, sentence):
    done = clients(*arguments)
    # Two lines of usage come first, and the status is the one of usage, as for every command.
    assert (done.status, done.out) == (2, "")
    said = done.err.splitlines()[-1]
    assert said.startswith("Error: ")
    assert sentence in said
    assert sql.execute("select count(*) from api_clients").fetchone() == (0,)


def test_a_token_that_cannot_be_printed_is_not_usable(database_url, sql):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "wallet_api", "clients", *CREATE],
            check=False,
            env={
                "PATH": os.environ["PATH"],
                "DATABASE_URL": database_url,
                "ENCRYPTION_SECRET": SECRET,
            },
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("Error: The token could not be printed")
    assert sql.execute("select revoked_at is not null from api_clients").fetchone() == (True,)


def test_an_unreachable_database_is_reported_in_one_sentence(clients):
    url = "postgresql://nobody:a-password-to-hide@127.0.0.1:1/none"
    commands = [("list",), ("revoke", "engine"), CREATE]
    with ThreadPoolExecutor(len(commands)) as operators:
        for done in operators.map(lambda given: clients(*given, DATABASE_URL=url), commands):
            assert (done.status, done.out) == (1, "")
            (said,) = done.err.splitlines()
            assert said.startswith("Error: the database cannot be reached: ")
            assert "refused" in said
            assert "a-password-to-hide" not in done.err
