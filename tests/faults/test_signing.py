"""Workers that are killed while they sign: no signature without an entry."""

import http.client
import json
import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

from tests.factories import ACCESS, FID, POSTGRES
from tests.leaks import LEAKS
from tests.signing import to_bytes
from wallet_api.services.audit.chains import EntryOutcome
from wallet_api.services.audit.verify import AuditVerification

pytestmark = pytest.mark.faults

REQUESTS = 1000
CLIENTS = 32
USERS = range(FID, FID + 40)


class Engine:
    """A trading engine that signs one message for each number, and retries until it has it."""

    def __init__(self, port, token):
        self._port = port
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        }
        self.signed = {}
        self.lost = 0

    def sign(self, number):
        # Half of the requests are for one wallet.
        fid = FID if number % 2 else USERS[number // 2 % len(USERS)]
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
            try:
                connection.request(
                    "POST",
                    f"/v1/users/{fid}/wallets/ethereum/sign/message",
                    json.dumps({"message": f"message {number}"}),
                    self._headers,
                )
                response = connection.getresponse()
                answer = json.loads(response.read())
            except (OSError, http.client.HTTPException, ValueError):
                self.lost += 1
                time.sleep(0.05)
                continue
            finally:
                connection.close()
            if response.status == 200:
                self.signed[number] = (fid, answer)
                return
            assert response.status == 503, answer
            time.sleep(0.1)
        pytest.fail(f"request {number} was never answered")


def test_workers_that_are_killed_while_they_sign_give_no_signature_without_an_entry(
    serve, services, encryption, sql, capsys
):
    addresses = {
        fid: services.wallets.ensure_trading_wallet(fid, access=ACCESS).address for fid in USERS
    }
    token = services.clients.create(
        "engine", scopes=["wallets:sign"], unrestricted=True, allowed_networks=[], expires_at=None
    )
    LEAKS.secrets.add(token.reveal())
    service = serve(WEB_CONCURRENCY="2", RATELIMIT_ENABLED="false")
    engine, done = Engine(service.port, token.reveal()), threading.Event()
    kills = 0

    def kill():
        nonlocal kills
        while not done.wait(random.uniform(0.2, 0.6)):
            if workers := service.workers():
                os.kill(random.choice(workers), signal.SIGKILL)
                kills += 1

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        with ThreadPoolExecutor(CLIENTS) as crowd:
            list(crowd.map(engine.sign, range(REQUESTS)))
    finally:
        done.set()
        killer.join()
    assert len(engine.signed) == REQUESTS
    found = sql.execute(
        "select fid, details ->> 'digest' from wallet_audit_log where action = 'message.signed'"
    ).fetchall()
    entries = set(found)
    for number, (fid, answer) in engine.signed.items():
        message = encode_defunct(text=f"message {number}")
        signer = Account.recover_message(message, signature=to_bytes(answer["signature"]))
        assert signer == answer["address"] == addresses[fid]
        assert (fid, answer["digest"]) in entries
    verification = AuditVerification(
        services.database, encryption, unchained_before=None, storage=POSTGRES
    )
    reports = []
    verification.verify(reports.append)
    assert {report.outcome for report in reports} == {EntryOutcome.INTACT}
    assert kills > 0
    with capsys.disabled():
        print(
            f"\n  {REQUESTS} signatures, {kills} workers killed, {engine.lost} requests lost,"
            f" {len(found)} entries"
        )
