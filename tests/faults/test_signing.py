"""A thousand signatures at once, and workers that are killed: no signature without an entry."""

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
from eth_account.messages import encode_defunct, encode_typed_data

from tests.factories import ACCESS, FID, POSTGRES, new_client
from tests.signing import CHAIN_ID, to_bytes
from wallet_api.blueprints.schemas.signing import TRANSACTION, TYPED_DATA
from wallet_api.services.audit.chains import EntryOutcome
from wallet_api.services.audit.verify import AuditVerification

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

REQUESTS = 1000


KINDS = ("message", "typed-data", "transaction")


# By kind: the action of its entry, and how many spends are recorded with it.
RECORDS = {
    "message": ("message.signed", 0),
    "typed-data": ("typed_data.signed", 1),
    # The amount and the fee.
    "transaction": ("transaction.signed", 2),
}


def permit(number, owner):
    return {**TYPED_DATA, "message": {**TYPED_DATA["message"], "owner": owner, "nonce": number}}


def body_of(number, owner):
    return {
        "message": {"message": f"message {number}"},
        "typed-data": {"chainId": CHAIN_ID, "typedData": permit(number, owner)},
        "transaction": {
            "chainId": CHAIN_ID,
            "transaction": {**TRANSACTION, "nonce": hex(number)},
        },
    }[KINDS[number % 3]]


def signer_of(number, answer):
    """Return the account that signed what was requested for a number, by eth-account."""
    kind = KINDS[number % 3]
    if kind == "transaction":
        assert int(answer["transaction"]["nonce"], 16) == number
        return Account.recover_transaction(answer["rawTransaction"])
    message = (
        encode_defunct(text=f"message {number}")
        if kind == "message"
        else encode_typed_data(full_message=permit(number, answer["address"]))
    )
    return Account.recover_message(message, signature=to_bytes(answer["signature"]))


class Engine:
    """A trading engine that signs once for each number, and retries until it has the signature.

    In turn, it signs messages, typed data and transactions.
    """

    def __init__(self, port, token, addresses):
        self._port = port
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        }
        self._wallets = list(addresses.items())
        self._together = threading.Barrier(REQUESTS, timeout=60)
        self.signed = {}
        self.lost = self.replayed = self.unavailable = 0

    def sign(self, number):
        fid, address = self._wallets[number % len(self._wallets)]
        self._together.wait()
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                status, headers, answer = self._ask(fid, address, number)
            except (OSError, http.client.HTTPException, ValueError):
                self.lost += 1
                time.sleep(random.uniform(0.05, 0.5))
                continue
            if status == 200:
                self.replayed += "Idempotent-Replayed" in headers
                self.signed[number] = (fid, answer)
                return
            assert status == 503, answer
            self.unavailable += 1
            time.sleep(random.uniform(0.1, 1))
        pytest.fail(f"request {number} was never answered")

    def _ask(self, fid, address, number):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=40)
        try:
            connection.request(
                "POST",
                f"/v1/users/{fid}/wallets/ethereum/sign/{KINDS[number % 3]}",
                json.dumps(body_of(number, address)),
                {**self._headers, "Idempotency-Key": f"signature-{number}"},
            )
            response = connection.getresponse()
            return response.status, response.headers, json.loads(response.read())
        finally:
            connection.close()


@pytest.mark.parametrize("kills", [False, True], ids=["quiet", "with kill -9"])
@pytest.mark.parametrize("wallets", [1, 200])
def test_a_thousand_signatures_at_once_have_one_entry_each(
    serve, services, encryption, sql, capsys, wallets, kills
):
    addresses = {
        fid: services.wallets.ensure_trading_wallet(fid, access=ACCESS).address
        for fid in range(FID, FID + wallets)
    }
    token = new_client(services.clients, "wallets:sign")
    service = serve(WEB_CONCURRENCY="2", RATELIMIT_ENABLED="false")
    engine, done = Engine(service.port, token.reveal(), addresses), threading.Event()
    killed = 0

    def kill():
        nonlocal killed
        while not done.wait(random.uniform(0.3, 0.8)):
            if workers := service.workers():
                os.kill(random.choice(workers), signal.SIGKILL)
                killed += 1

    killer = threading.Thread(target=kill)
    if kills:
        killer.start()
    began = time.monotonic()
    try:
        with ThreadPoolExecutor(REQUESTS) as crowd:
            list(crowd.map(engine.sign, range(REQUESTS)))
    finally:
        done.set()
        if kills:
            killer.join()
    seconds = time.monotonic() - began
    assert len(engine.signed) == REQUESTS
    found = sql.execute(
        "select entry.fid, entry.action, entry.details ->> 'digest', count(spend.id)"
        " from wallet_audit_log as entry"
        " left join wallet_spends as spend on (spend.fid, spend.audit_id) = (entry.fid, entry.id)"
        " where entry.action like '%.signed' group by entry.fid, entry.id"
    ).fetchall()
    for number, (fid, answer) in engine.signed.items():
        assert signer_of(number, answer) == answer["address"] == addresses[fid]
    # A request whose answer was lost was repeated with its Idempotency-Key.
    records = {number: RECORDS[KINDS[number % 3]] for number in engine.signed}
    assert sorted(found) == sorted(
        (fid, records[number][0], answer["digest"], records[number][1])
        for number, (fid, answer) in engine.signed.items()
    )
    verification = AuditVerification(
        services.database,
        encryption,
        unchained_before=None,
        storage=POSTGRES,
        known_clients=("engine",),
    )
    reports = []
    verification.verify(reports.append)
    assert {report.outcome for report in reports} == {EntryOutcome.INTACT}
    assert bool(killed) == kills
    with capsys.disabled():
        print(
            f"\n  {REQUESTS} signatures of {wallets} wallets in {seconds:.1f} s,"
            f" {killed} workers killed, {engine.lost} requests lost,"
            f" {engine.unavailable} times 503, {engine.replayed} repeated, {len(found)} entries"
        )
