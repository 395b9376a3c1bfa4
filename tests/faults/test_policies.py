"""Four processes that sign against one window, one of them killed: the limit holds."""

import os
import random
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.factories import ACCESS, FID, new_client
from tests.faults.callers import JsonCaller
from tests.policies import FEES, USDC, payments, policies_of, transfer
from tests.signing import CHAIN_ID

pytestmark = pytest.mark.faults

CLIENTS = 24
REQUESTS = 1200
LARGEST = 1000
LIMIT = 150_000


def test_four_processes_of_which_one_is_killed_stay_within_the_window(serve, services, sql, capsys):
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)
    token = new_client(services.api_clients, "wallets:sign", unrestricted=False)
    policies_of(services.database).put_wallet(payments((86_400, LIMIT)), FEES)
    service = serve(WEB_CONCURRENCY="4", RATELIMIT_ENABLED="false")
    caller = JsonCaller(service.port, token.reveal())
    signed, lost = [], []
    killed = threading.Event()

    def sign(number):
        amount = random.Random(number).randint(1, LARGEST)
        body = {"chainId": CHAIN_ID, "transaction": transfer(amount)}
        answer = caller.post(f"/v1/users/{FID}/wallets/ethereum/sign/transaction", body)
        if number == REQUESTS // 10 and (workers := service.workers()):
            os.kill(workers[0], signal.SIGKILL)
            killed.set()
        if answer is None:
            lost.append(amount)
        elif answer.status == 200:
            signed.append(amount)
        else:
            assert answer.status in (403, 503), answer
            if answer.status == 403:
                assert answer.body["reason"] == "window"

    with ThreadPoolExecutor(CLIENTS) as crowd:
        list(crowd.map(sign, range(REQUESTS)))
    assert killed.is_set()
    (spent, count) = sql.execute(
        "select sum(amount)::bigint, count(*)::int from wallet_spends where asset = %s", [USDC]
    ).fetchone()
    # What was answered was counted. What was counted and not answered was lost with the process.
    assert sum(signed) <= spent <= sum(signed) + sum(lost)
    assert LIMIT - LARGEST < spent <= LIMIT
    entries = sql.execute(
        "select count(*)::int from wallet_audit_log where action = 'transaction.signed'"
    ).fetchone()
    assert entries == (count,)
    with capsys.disabled():
        print(
            f"\n  {REQUESTS} requests, {len(lost)} lost with a process: {len(signed)} signed,"
            f" {spent} of {LIMIT} units"
        )
