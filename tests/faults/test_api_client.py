"""Another service that uses ours over HTTP, in a process of its own."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.commands import Running, kept_environ
from tests.factories import BASE_ACCOUNT, FID
from tests.faults.engine import ENGINE, OTHERS, run
from tests.leaks import LEAKS
from tests.service import ROOT, Call
from wallet_api.models import SCOPES
from wallet_api.services.api_clients import ApiClientService

pytestmark = pytest.mark.slow


@pytest.fixture
def clients(database_url, tmp_path_factory):
    """Run `wallet-api clients …` as an operator does: clients("revoke", "engine")."""

    def command(*arguments, **changes):
        environ = kept_environ({"DATABASE_URL": database_url, **changes})
        folder = tmp_path_factory.mktemp("command")
        done = Running(("clients", *arguments), environ, folder).finish()
        assert "Traceback" not in done.err + done.out, done.err
        return done

    return command


def made(clients, name, *options, scopes=SCOPES):
    """Make a client on the command line, and return its token."""
    given = [option for scope in scopes for option in ("--scope", scope)]
    done = clients("create", "--name", name, *given, *options)
    assert done.status == 0, done.err
    LEAKS.secrets.add(done.out.strip())
    return done.out.strip()


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def test_another_service_does_all_its_work_over_http(serve, clients, opened):
    service = serve(WEB_CONCURRENCY="2")
    # A user who was here before.
    service.call(service.deposit(OTHERS[0], base=BASE_ACCOUNT, amount="20"))
    environ = {
        "WALLETS_URL": f"http://127.0.0.1:{service.port}",
        "WALLETS_TOKEN": made(clients, "engine", "--allow-ip", "127.0.0.0/8", "--expires", "1d"),
        "FID": str(FID),
        "OTHERS": ",".join(map(str, OTHERS)),
    }
    done = run([sys.executable, "-I", "-c", ENGINE], environ)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    LEAKS.secrets.add(told["opened"])
    addresses = opened()
    address = addresses[FID]
    assert set(addresses) == {FID, *OTHERS}

    assert [answer["status"] for answer in told["ensured"]] == [201, 200, 200]
    wallet = told["ensured"][0]["body"]
    assert [answer["body"] for answer in told["ensured"]] == [wallet] * 3
    times = [wallet.pop(name) for name in ("createdAt", "updatedAt")]
    assert datetime.now(UTC) - datetime.fromisoformat(times[0]) < timedelta(minutes=1)
    assert wallet == {
        "id": f"fid_{FID}_ethereum",
        "fid": FID,
        "chain": "ethereum",
        "type": "trading",
        "address": address,
    }
    wallet |= {"createdAt": times[0], "updatedAt": times[1]}
    assert (told["listed"]["status"], told["listed"]["body"]) == (200, {"data": [wallet]})
    assert (told["got"]["status"], told["got"]["body"]) == (200, wallet)

    private_key = f"0x{told['opened']}"
    assert told["open"]["body"] == {"wallet": wallet, "privateKey": private_key}
    assert told["derived from open"] == told["derived from sealed"] == address
    for answer in (told["open"], told["sealed"]):
        assert (answer["status"], answer["headers"]["Cache-Control"]) == (200, "no-store")
    sealed = told["sealed"]["body"]
    assert sealed.keys() == {"wallet", "sealedPrivateKey"}
    assert sealed["sealedPrivateKey"]["info"] == f"wallet-api/key/v1|{FID}|ethereum|{address}"
    assert told["opened"] not in json.dumps(told["sealed"])

    assert len(told["found"]) == 4
    for answer in told["found"]:
        assert answer["status"] == 200
        assert answer["body"] == {
            "data": [wallet | {"opened": True}],
            "next_cursor": None,
            "has_more": False,
        }
    assert [answer["status"] for answer in told["pages"]] == [200] * 3
    assert [len(answer["body"]["data"]) for answer in told["pages"]] == [1] * 3
    found = [answer["body"]["data"][0] for answer in told["pages"]]
    assert {one["fid"]: one["address"] for one in found} == addresses
    assert [one["createdAt"] for one in found] == sorted(
        (one["createdAt"] for one in found), reverse=True
    )

    figures = told["figures"]["body"]
    assert (told["figures"]["status"], figures["users"]) == (200, 3)
    assert {one["type"]: one["count"] for one in figures["wallets"]} == {
        "base-account": 0,
        "trading": 3,
    }
    assert [(one["count"], one["total"]) for one in figures["deposits"]] == [(1, "20")]
    assert (told["figures again"]["status"], told["figures again"]["body"]) == (304, None)

    assert told["audit"]["status"] == 200
    reads = told["audit"]["body"]["data"]
    assert all(re.fullmatch("[0-9]+", one.pop("id")) for one in reads)
    when = [datetime.fromisoformat(one.pop("createdAt")) for one in reads]
    assert when == sorted(when, reverse=True)
    read = {
        "fid": FID,
        "chain": "ethereum",
        "action": "key.read",
        "actor": "client:engine",
        "ip": "127.0.0.1",
    }
    assert reads == [
        read
        | {
            "reason": "sign swap 8c20",
            "recipientPublicKey": told["recipient"],
            "address": None,
            "requestId": "engine-2",
        },
        read
        | {
            "reason": "sign swap 8c1f",
            "recipientPublicKey": None,
            "address": None,
            "requestId": "engine-1",
        },
        read
        | {
            "action": "wallet.created",
            "reason": None,
            "recipientPublicKey": None,
            "address": told["got"]["body"]["address"],
            "requestId": reads[-1]["requestId"],
        },
    ]


@contextmanager
def alone(service, pid):
    """Have one worker answer everything: the others stand still."""
    others = [other for other in service.workers() if other != pid]
    for other in others:
        os.kill(other, signal.SIGSTOP)
    try:
        yield
    finally:
        for other in others:
            os.kill(other, signal.SIGCONT)


def of_each_worker(service, call):
    """Return what each worker answers."""
    statuses = []
    for pid in service.workers():
        with alone(service, pid):
            statuses += [answer.status for answer in service.crowd([call] * 5)]
    return statuses


def test_a_client_that_is_revoked_is_refused_by_every_worker_at_once(serve, clients, database):
    service = serve(WEB_CONCURRENCY="2")
    revoked, kept = made(clients, "engine"), made(clients, "backend")
    calls = [
        Call("GET", "/v1/wallets", bearer(revoked)),
        Call("GET", f"/v1/users/{FID}/wallets", bearer(revoked)),
        Call("PUT", f"/v1/users/{FID}/wallets/ethereum", bearer(revoked)),
        Call(
            "POST", f"/v1/users/{FID}/wallets/ethereum/key", bearer(revoked), {"reason": "to sign"}
        ),
        Call("GET", "/v1/stats", bearer(revoked)),
        Call("GET", "/v1/audit", bearer(revoked)),
    ]
    assert len(service.workers()) == 2
    # From now on, each worker has in memory all that it could keep of the client.
    assert of_each_worker(service, calls[0]) == [200] * 10

    done = clients("revoke", "engine")
    assert done.status == 0, done.err
    assert re.fullmatch(r"engine was revoked at \S+\.\n", done.out)
    answers = service.crowd(calls * 25)
    assert [answer.status for answer in answers] == [401] * len(answers)
    assert {answer.body["code"] for answer in answers} == {"unauthenticated"}
    assert of_each_worker(service, calls[0]) == [401] * 10
    audit = service.get("/v1/audit", bearer(kept))
    assert (audit.status, audit.body["data"]) == (200, [])

    # Once more without a command's second in between: not even a moment may pass.
    call = Call("GET", "/v1/wallets", bearer(kept))
    assert of_each_worker(service, call) == [200] * 10
    ApiClientService(database).revoke("backend")
    assert [answer.status for answer in service.crowd([call] * 20)] == [401] * 20
    assert of_each_worker(service, call) == [401] * 10


def test_a_token_is_printed_once_and_alone(clients, sql):
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


def test_json_is_for_programs(clients):
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
        "allowed_networks": ["10.1.0.0/16", "192.0.2.7/32", "2001:db8::/32"],
        "expires_at": "2999-01-31T00:00:00+00:00",
        "revoked_at": revoked["revoked_at"],
        "last_used_at": None,
    }


def test_the_list_tells_people_what_each_client_may_do_until_when(clients):
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


@pytest.fixture
def engine(database):
    """A client that is there already."""
    token = ApiClientService(database).create(
        "engine", scopes=SCOPES, allowed_networks=[], expires_at=None
    )
    LEAKS.secrets.add(token.reveal())
    return token


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
def test_a_refusal_is_one_line_and_changes_nothing(clients, engine, sql, arguments, sentence):
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
def test_a_mistake_in_a_command_is_said_in_one_sentence(clients, sql, arguments, sentence):
    done = clients(*arguments)
    # Two lines of usage come first, and the status is the one of usage, as for every command.
    assert (done.status, done.out) == (2, "")
    said = done.err.splitlines()[-1]
    assert said.startswith("Error: ")
    assert sentence in said
    assert sql.execute("select count(*) from api_clients").fetchone() == (0,)


def test_a_token_that_cannot_be_shown_is_of_no_use(database_url, sql):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "wallet_api", "clients", *CREATE],
            check=False,
            env={"PATH": os.environ["PATH"], "DATABASE_URL": database_url},
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("Error: The token could not be printed")
    assert sql.execute("select revoked_at is not null from api_clients").fetchone() == (True,)


def test_a_database_that_cannot_be_reached_is_said_in_one_sentence(clients):
    url = "postgresql://nobody:a-password-to-hide@127.0.0.1:1/none"
    commands = [("list",), ("revoke", "engine"), CREATE]
    with ThreadPoolExecutor(len(commands)) as operators:
        for done in operators.map(lambda given: clients(*given, DATABASE_URL=url), commands):
            assert (done.status, done.out) == (1, "")
            (said,) = done.err.splitlines()
            assert said.startswith("Error: The database cannot be reached: ")
            assert "refused" in said
            assert "a-password-to-hide" not in done.err
