"""A client of the service over HTTP, in a process of its own."""

import json
import os
import re
import signal
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import BASE_ACCOUNT, FID, authorization, revoke_client
from tests.faults.clients import made
from tests.faults.engine import ENGINE, OTHERS, run_engine
from tests.leaks import LEAKS
from tests.running_service import Call
from wallet_api.services.api_clients import ApiClientService

pytestmark = pytest.mark.slow


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
    done = run_engine([sys.executable, "-I", "-c", ENGINE], environ)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    LEAKS.secrets.add(told["decrypted"])
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

    private_key = f"0x{told['decrypted']}"
    assert told["plaintext"]["body"] == {"wallet": wallet, "privateKey": private_key}
    assert told["derived from plaintext"] == told["derived from encrypted"] == address
    for answer in (told["plaintext"], told["encrypted"]):
        assert (answer["status"], answer["headers"]["Cache-Control"]) == (200, "no-store")
    encrypted = told["encrypted"]["body"]
    assert encrypted.keys() == {"wallet", "sealedPrivateKey"}
    assert encrypted["sealedPrivateKey"]["info"] == f"wallet-api/key/v1|{FID}|ethereum|{address}"
    assert told["decrypted"] not in json.dumps(told["encrypted"])

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
        "details": None,
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


def test_a_revoked_client_is_refused_by_every_worker_at_once(serve, clients, database):
    service = serve(WEB_CONCURRENCY="2")
    revoked, kept = made(clients, "engine"), made(clients, "backend")
    calls = [
        Call("GET", "/v1/wallets", authorization(revoked)),
        Call("GET", f"/v1/users/{FID}/wallets", authorization(revoked)),
        Call("PUT", f"/v1/users/{FID}/wallets/ethereum", authorization(revoked)),
        Call(
            "POST",
            f"/v1/users/{FID}/wallets/ethereum/key",
            authorization(revoked),
            {"reason": "to sign"},
        ),
        Call("GET", "/v1/stats", authorization(revoked)),
        Call("GET", "/v1/audit", authorization(revoked)),
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
    audit = service.get("/v1/audit", authorization(kept))
    assert audit.status == 200
    # The revoked client did nothing.
    actions = [entry["action"] for entry in audit.body["data"]]
    assert actions == ["client.revoked", *["client.created"] * 2]

    # Once more without a command's second in between: not even a moment may pass.
    call = Call("GET", "/v1/wallets", authorization(kept))
    assert of_each_worker(service, call) == [200] * 10
    revoke_client(ApiClientService(database), "backend")
    assert [answer.status for answer in service.crowd([call] * 20)] == [401] * 20
    assert of_each_worker(service, call) == [401] * 10
