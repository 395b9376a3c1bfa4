"""The cached key set of a token issuer (JWKS, RFC 7517)."""

import json
import threading
import time
from concurrent.futures import Future

import jwt
from jwt import PyJWKClient

from wallet_api.auth.key_set import fetch
from wallet_api.errors import SignInUnavailable

_CACHE_SECONDS = 300
# How long a request waits for the issuer. It occupies a thread meanwhile.
_WAIT_SECONDS = 2.0

Keys = list[jwt.PyJWK]


class IssuerKeys:
    """The issuer's key set, cached for five minutes and fetched by one background thread at a time.

    A silent issuer delays each request that needs a key by at most two seconds, and no other
    request. The response is limited in time and size, and a failed fetch is retried after some
    seconds. An unknown key id causes at most one fetch per cool-down. Cached keys remain valid
    until they expire, even while the issuer fails.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout_seconds: float = 5,
        cooldown_seconds: float = 30,
        retry_seconds: float = 5,
    ) -> None:
        """`timeout_seconds` limits a response, `retry_seconds` is the pause after a failure."""
        self._client = _BoundedJWKClient(url, cache_jwk_set=False, timeout=timeout_seconds)
        self._cooldown_seconds = cooldown_seconds
        self._retry_seconds = retry_seconds
        self._lock = threading.Lock()
        self._cached: tuple[Keys, float] = ([], float("-inf"))
        self._latest: Future[Keys] = Future()
        self._latest.set_result([])
        self._started_at = self._ended_at = float("-inf")

    def find(self, kid: str) -> jwt.PyJWK | None:
        """Return the key with this id, or None if the issuer has none.

        Raises SignInUnavailable when the issuer's keys are not available.
        """
        keys, until = self._cached
        if time.monotonic() >= until:
            keys = []
        if (key := self._client.match_kid(keys, kid)) is not None:
            return key
        try:
            future, timeout, started = self._refresh(
                self._cooldown_seconds if keys else self._retry_seconds
            )
            if keys and not started:
                return None
            return self._client.match_kid(future.result(timeout), kid)
        except Exception as error:
            raise SignInUnavailable(f"{self._client.uri} gave no key set") from error

    def _refresh(self, pause: float) -> tuple[Future[Keys], float, bool]:
        """Start a fetch if due. Return the latest one, its timeout, and whether it is new."""
        with self._lock:
            now = time.monotonic()
            started = self._latest.done() and now - self._ended_at >= pause
            if started:
                future: Future[Keys] = Future()
                # If no thread can be started, this raises and the previous fetch stays the latest.
                threading.Thread(
                    target=self._fetch, args=[future], name="issuer-keys", daemon=True
                ).start()
                self._started_at, self._latest = now, future
            return self._latest, max(0.0, self._started_at + _WAIT_SECONDS - now), started

    def _fetch(self, future: Future[Keys]) -> None:
        try:
            keys = self._client.get_signing_keys()
        except Exception as error:  # noqa: BLE001 (raised again in find())
            self._ended_at = time.monotonic()
            future.set_exception(error)
        else:
            self._ended_at = time.monotonic()
            self._cached = (keys, self._ended_at + _CACHE_SECONDS)
            future.set_result(keys)


class _BoundedJWKClient(PyJWKClient):
    """PyJWT's client with limits. Its own has no limit on the size and duration of a response."""

    def fetch_data(self) -> object:
        """Return the key set as JSON. Raises the exceptions of fetch(), and ValueError."""
        return json.loads(fetch(self.uri, seconds=self.timeout))
