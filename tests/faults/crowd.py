"""Clients that call a service during an outage, and the response times that they see."""

import asyncio
import random
import time
from collections import Counter, defaultdict
from statistics import median

from tests.factories import BASE_ACCOUNT
from tests.running_service import Call, send
from tests.unit import issuer

LOAD_SECONDS = 12
# A client that was answered calls again after up to this long.
PAUSE_SECONDS = 0.5
KNOWN_USERS = range(1, 41)
HOT_USER = 41
PROBES = ("/healthz", "/readyz", "/metrics")
ACTS = ("deposit", "read", "key read", "sign-in", "search")
METRICS_TOKEN = "the token of a Prometheus that is on call"


class Crowd:
    """Clients that call one service until the load ends, and the duration of each call."""

    def __init__(self, service, clients, token, *, hot=False, searches=False):
        self._service = service
        self._clients = clients
        self._hot = hot
        self._searches = searches
        self._client = {"Authorization": f"Bearer {token}"}
        self._scraper = {"Authorization": f"Bearer {METRICS_TOKEN}"}
        self._newcomer = 1000
        self.seconds = defaultdict(list)
        self.statuses = defaultdict(Counter)
        self.unfriendly = []

    def run(self):
        """Let every client call for LOAD_SECONDS, and wait for all responses."""
        asyncio.run(self._run())

    async def _run(self):
        until = time.monotonic() + LOAD_SECONDS
        acts = [self._act(number) for number in range(self._clients)]
        await asyncio.gather(
            *(self._repeat(act, until, PAUSE_SECONDS) for act in acts),
            *(self._repeat(path, until, 0.2) for path in PROBES),
        )

    def _act(self, number):
        if self._hot and number % 2:
            return "hot user"
        # A replica serves searches only: the others must not notice.
        if self._searches and number % 5 == 4:
            return "search"
        return ACTS[number % 4]

    async def _repeat(self, act, until, pause):
        while time.monotonic() < until:
            began = time.monotonic()
            answer = await send(
                "127.0.0.1", self._service.port, self._call(act), asyncio.Barrier(1), timeout=150
            )
            self.seconds[act].append(time.monotonic() - began)
            self.statuses[act][answer.status] += 1
            refused = answer.status == 503
            if answer.status != 200 and not (refused and "Retry-After" in answer.headers):
                self.unfriendly.append((act, answer))
            await asyncio.sleep(random.uniform(0, pause))

    def _call(self, act):
        fid = HOT_USER if act == "hot user" else random.choice(KNOWN_USERS)
        path, headers = act, {}
        match act:
            case "deposit":
                self._newcomer += 1
                return self._service.deposit(self._newcomer, base=BASE_ACCOUNT)
            case "sign-in":
                token = issuer.sign(sub=2_000_000 + fid).reveal()
                path = f"/api/auth/base-account?address=0x{fid:040x}"
                return Call("POST", path, {"Authorization": f"Bearer {token}"})
            case "read":
                path, headers = "/api/wallet/user-wallets", self._service.bearer(fid)
            case "key read" | "hot user":
                path, headers = "/api/wallet/primary-with-key", self._service.bearer(fid)
            case "search":
                path, headers = "/v1/wallets", self._client
            case "/metrics":
                headers = self._scraper
        return Call("GET", path, headers)

    def slowest(self, *acts):
        """Return the longest response time of some acts, or of all except the probes."""
        chosen = acts or self.seconds.keys() - set(PROBES)
        return max(max(self.seconds[act]) for act in chosen)

    def row(self):
        """Return the median and the longest response time of each act, in seconds."""
        cells = {}
        for act, seconds in self.seconds.items():
            told = " ".join(f"{status}:{count}" for status, count in self.statuses[act].items())
            cells[act] = f"{median(seconds):.1f} / {max(seconds):.1f} ({told})"
        return cells

    def recovery(self, within=60):
        """Return the seconds until every call succeeds again."""
        began = last_failure = time.monotonic()
        good = 0
        acts = sorted(self.seconds.keys() - set(PROBES))
        while good < 40:
            answer = self._service.call(self._call(acts[good % len(acts)]))
            good = good + 1 if answer.status == 200 else 0
            if not good:
                last_failure = time.monotonic()
            assert time.monotonic() < began + within, "the service does not recover"
            time.sleep(0.05)
        return last_failure - began
