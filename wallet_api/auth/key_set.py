"""An HTTP GET for a key set (JWKS) with limits on the time and size of the response."""

import http.client
import socket
import threading
import urllib.error
import urllib.request
from contextlib import suppress
from typing import Any, Self

MAX_BYTES = 128 * 1024
"""100 times the size of Farcaster's key set."""


def fetch(url: str, *, seconds: float) -> bytes:
    """Return the body of a 200 response that is complete within `seconds`.

    Name resolution and connecting may take longer: they are limited by the system's timeouts, and
    by `seconds` per address. Redirects are not followed. Raises OSError,
    http.client.HTTPException, and ValueError for a response that is too large.
    """
    deadline = _Deadline(seconds)
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        _Handler(deadline),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    try:
        with deadline, opener.open(url, timeout=seconds) as response:
            body: bytes = response.read(MAX_BYTES + 1)
            status = response.status
    except urllib.error.HTTPError as error:
        error.close()
        raise
    if deadline.expired:
        raise TimeoutError("the response took too long")
    if len(body) > MAX_BYTES or status != http.HTTPStatus.OK:
        raise ValueError("the response is not a key set")
    return body


class _Deadline:
    """Shut sockets down after some seconds. A socket timeout applies only to each read."""

    def __init__(self, seconds: float) -> None:
        self.expired = False
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.name = "issuer-keys-deadline"
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._timer.cancel()

    def watch(self, connected: socket.socket) -> None:
        with self._lock:
            self._sockets.append(connected)
        if self.expired:
            self._expire()

    def _expire(self) -> None:
        self.expired = True
        with self._lock, suppress(OSError):
            for connected in self._sockets:
                # SSLSocket.shutdown() would change state that the reading thread is using.
                socket.socket.shutdown(connected, socket.SHUT_RDWR)


class _Handler(urllib.request.HTTPSHandler):
    """A handler of http and https whose connections end at the deadline."""

    def __init__(self, deadline: _Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    http_request = urllib.request.HTTPSHandler.https_request

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._watched(http.client.HTTPConnection), req)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._watched(http.client.HTTPSConnection), req)

    def _watched(self, kind: Any) -> Any:
        deadline = self._deadline

        class Watched(kind):  # type: ignore[misc]
            def connect(self) -> None:
                super().connect()
                deadline.watch(self.sock)

        return Watched
