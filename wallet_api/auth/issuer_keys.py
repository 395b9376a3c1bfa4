"""The keys that a token issuer publishes (JWKS, RFC 7517)."""

import json
import threading
import time
from concurrent.futures import Future

import jwt
from jwt import PyJWKClient

from wallet_api.auth.key_set import fetch
from wallet_api.errors import SignInUnavailable

_CACHE_SECONDS = 300
# A good issuer answers in a fraction of that. Whoever waits has a thread that others need.
_WAIT_SECONDS = 2.0

Keys = list[jwt.PyJWK]


class IssuerKeys:
    """The issuer's key set, kept for five minutes, and asked for by one thread at a time.

    That thread is none of the requests': an issuer that is silent costs those who need it now two
    seconds each, and nobody else anything. Its answer is bounded in time and in size, so that it is
    asked again some seconds after it failed, whatever it sends. For a token with a key id that we
    do not know it is asked at most once in each cool-down. The keys at hand outlive a failing
    issuer until they expire.
    """

    def __init__(
        self, url: str, *, timeout_seconds: float, cooldown_seconds: float, retry_seconds: float
    ) -> None:
        """`timeout_seconds` is for the whole answer, `retry_seconds` the pause after a failure."""
        self._client = _BoundedJWKClient(url, cache_jwk_set=False, timeout=timeout_seconds)
        self._cooldown_seconds = cooldown_seconds
        self._retry_seconds = retry_seconds
        self._lock = threading.Lock()
        self._cached: tuple[Keys, float] = ([], float("-inf"))
        self._answer: Future[Keys] = Future()
        self._answer.set_result([])
        self._asked_at = self._answered_at = float("-inf")

    def find(self, kid: str) -> jwt.PyJWK | None:
        """Return the key of this id, or None if the issuer has none as far as we know.

        Raises SignInUnavailable when the issuer's keys are not available.
        """
        keys, until = self._cached
        if time.monotonic() >= until:
            keys = []
        if (key := self._client.match_kid(keys, kid)) is not None:
            return key
        try:
            answer, timeout, started = self._refresh(
                self._cooldown_seconds if keys else self._retry_seconds
            )
            if keys and not started:
                return None
            return self._client.match_kid(answer.result(timeout), kid)
        except Exception as error:
            raise SignInUnavailable(f"{self._client.uri} gave no key set") from error

    def _refresh(self, pause: float) -> tuple[Future[Keys], float, bool]:
        """Return the last question's answer, for how long to wait for it, and whether it is new."""
        with self._lock:
            now = time.monotonic()
            started = self._answer.done() and now - self._answered_at >= pause
            if started:
                answer: Future[Keys] = Future()
                # Where no thread can be started, the last question stays the one that is answered.
                threading.Thread(
                    target=self._fetch, args=[answer], name="issuer-keys", daemon=True
                ).start()
                self._asked_at, self._answer = now, answer
            return self._answer, max(0.0, self._asked_at + _WAIT_SECONDS - now), started

    def _fetch(self, answer: Future[Keys]) -> None:
        try:
            keys = self._client.get_signing_keys()
        except Exception as error:  # noqa: BLE001 it is raised where the answer is waited for
            self._answered_at = time.monotonic()
            answer.set_exception(error)
        else:
            self._answered_at = time.monotonic()
            self._cached = (keys, self._answered_at + _CACHE_SECONDS)
            answer.set_result(keys)


class _BoundedJWKClient(PyJWKClient):
    """PyJWT's client, with bounds: its own takes an answer without end, or a byte a second."""

    def fetch_data(self) -> object:
        """Return the key set as JSON. Raises what fetch() raises, and ValueError."""
        return json.loads(fetch(self.uri, seconds=self.timeout))
