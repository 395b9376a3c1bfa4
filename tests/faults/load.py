"""Users that call during a fault, and the responses that they got."""

import asyncio
import random
import threading
import time
import uuid
from collections import defaultdict

import psycopg

from tests.database import REQUEST_ID, open_every_wallet
from tests.factories import BASE_ACCOUNT
from tests.leaks import LEAKS
from tests.running_service import Call, send
from tests.unit import issuer
from wallet_api.crypto import key_pairs as keys
from wallet_api.crypto.secret import Secret

CALLERS = 12
PAUSE_SECONDS = 0.1
LONGEST_RUN_SECONDS = 240
# So many good answers in a row, and the fault is over.
ENOUGH_SUCCESSES = 40
# No user waits longer in any fault (docs/operations.md).
LONGEST_RESPONSE_SECONDS = 10
# Users of whom only a Base Account is known.
SIGNED_IN = 1_000_000


class Load:
    """Many users who call a service until the block ends."""

    def __init__(self, service):
        self._service = service
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._going = True
        self._calls = 0
        self._successes = 0
        self.sent = self.acknowledged = self.refused = self.cut = 0
        self.slowest = self.recovery = 0.0
        self.wrong = []
        # What must hold: returned addresses by FID, ids of deposits, keys that
        # were returned by request id, and Base Accounts.
        self.addresses = defaultdict(set)
        self.deposits = set()
        self.key_reads = {}
        self.base_accounts = {}

    def __enter__(self):
        self._thread.start()
        try:
            self._await_health(30)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *raised):
        self._going = False
        self._thread.join()

    def wait_for_errors(self, within=15):
        """Wait until the fault has an effect: a request is refused or cut off."""
        before, deadline = self.refused + self.cut, time.monotonic() + within
        while self.refused + self.cut == before:
            assert time.monotonic() < deadline, "the fault had no effect"
            time.sleep(0.02)

    def wait_for_recovery(self, within=20):
        """Wait until requests succeed again, and record how long that took."""
        began = time.monotonic()
        self._await_health(within)
        self.recovery = max(self.recovery, time.monotonic() - began)

    def _await_health(self, within):
        self._successes = 0
        deadline = time.monotonic() + within
        while self._successes < ENOUGH_SUCCESSES:
            assert time.monotonic() < deadline, f"no recovery after {within} s: {self.figures()}"
            time.sleep(0.02)

    def check(self, url, encryption, *, cuts):
        """Compare the responses with the database."""
        assert self.wrong == []
        assert self.acknowledged
        assert cuts or self.cut == 0, "a request got no response"
        assert self.slowest < LONGEST_RESPONSE_SECONDS
        with psycopg.connect(url) as sql:
            stored = {fid: {address} for fid, address in open_every_wallet(sql, encryption).items()}
            deposits = sql.execute("select id::text from deposits").fetchall()
            reads = sql.execute(
                f"select {REQUEST_ID}, fid from wallet_audit_log where action = 'key.read'"
            ).fetchall()
            accounts = sql.execute(
                "select fid, address from wallets where wallet_type = 'base-account'"
            ).fetchall()
        # One address for each user, and the stored one.
        lost = {fid for fid, told in self.addresses.items() if told != stored.get(fid)}
        assert lost == set(), f"{len(lost)} users got an address that is not theirs"
        assert self.deposits <= {row[0] for row in deposits}
        assert self.key_reads.items() <= set(reads)
        assert len(reads) == len(set(reads)), "the log has reads that did not happen"
        assert self.base_accounts.items() <= set(accounts)

    def figures(self):
        return (
            f"{self.sent} sent, {self.acknowledged} acknowledged, {self.refused} refused,"
            f" {self.cut} cut, slowest {self.slowest:.1f} s, recovered after {self.recovery:.1f} s"
        )

    async def _run(self):
        deadline = time.monotonic() + LONGEST_RUN_SECONDS
        await asyncio.gather(*(self._call_until(deadline) for _ in range(CALLERS)))

    async def _call_until(self, deadline):
        while self._going and time.monotonic() < deadline:
            fid, call = self._next()
            self.sent += 1
            began = time.monotonic()
            answer = await send("127.0.0.1", self._service.port, call, asyncio.Barrier(1))
            self.slowest = max(self.slowest, time.monotonic() - began)
            self._note(fid, call, answer)
            await asyncio.sleep(random.uniform(0, 2 * PAUSE_SECONDS))

    def _next(self):
        """Choose the next user and request."""
        self._calls += 1
        number = self._calls
        request_id = uuid.uuid4().hex
        # Two in a row are for one new user: they race.
        newcomer = number // 2 + 1
        known = list(self.addresses) or [newcomer]
        fid = random.choice(known) if number % 8 > 3 else newcomer
        headers = {**self._service.bearer(fid), "X-Request-Id": request_id}
        match number % 8:
            case 0 | 1 | 2 | 3 | 4:
                call = self._service.deposit(fid, base=BASE_ACCOUNT, **{"X-Request-Id": request_id})
            case 5:
                call = Call("GET", "/api/wallet/user-wallets", headers)
            case 6 if fid in self.addresses:
                call = Call("GET", "/api/wallet/primary-with-key", headers)
            case _:
                fid = SIGNED_IN + number
                token = issuer.sign(sub=fid).reveal()
                path = f"/api/auth/base-account?address=0x{fid:040x}"
                call = Call("POST", path, {**headers, "Authorization": f"Bearer {token}"})
        return fid, call

    def _note(self, fid, call, answer):
        """Record what a response promises."""
        good = answer.status in range(200, 300)
        self._successes = self._successes + 1 if good else 0
        body = answer.body
        if answer.status == 0:
            self.cut += 1
        elif answer.status == 503 and "Retry-After" in answer.headers and body.get("error"):
            self.refused += 1
        elif not good:
            self.wrong.append((call.method, call.path, answer))
        else:
            self.acknowledged += 1
            if "depositAddress" in body:
                self.addresses[fid].add(body["depositAddress"])
                self.deposits.add(body["depositId"])
            elif "wallets" in body:
                told = {wallet["address"] for wallet in body["wallets"]}
                if told:
                    self.addresses[fid] |= told
            elif "wallet" in body:
                self._note_key(fid, call, body["wallet"])
            else:
                LEAKS.secrets.add(body["token"])
                self.base_accounts[fid] = body["address"]

    def _note_key(self, fid, call, wallet):
        LEAKS.secrets.add(wallet["privateKey"].removeprefix("0x"))
        key = Secret(bytes.fromhex(wallet["privateKey"].removeprefix("0x")))
        assert keys.address_of(key) == wallet["address"]
        self.addresses[fid].add(wallet["address"])
        self.key_reads[call.headers["X-Request-Id"]] = fid
