"""A JSON-RPC client for an Ethereum node that may be slow, wrong or hostile.

The response of a node is passed on to the caller, and never used in a signature.
"""

import json
import re
import ssl
import time
import weakref
from collections import deque
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from io import BufferedReader, RawIOBase
from threading import BoundedSemaphore
from typing import Any, cast
from urllib.parse import urlsplit

from wallet_api.crypto.secret import Secret

MAX_ANSWER_BYTES = 1024 * 1024
"""The maximum size of a node's response."""
MAX_MESSAGE = 500
"""The maximum length of a node's error message that is passed on, in characters."""

_NOT_PRINTABLE = re.compile(r"[^ -~]+")
_CODES = range(-(2**31), 2**31)
_HEADERS = {"Content-Type": "application/json", "User-Agent": "wallet-api"}


@dataclass(frozen=True, slots=True)
class NodeResult:
    """The result of a call, as the node sent it."""

    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeError:
    """The error of a call: the node's own, or one of the three below. `data` is the node's."""

    code: int
    message: str
    data: object = None


UNANSWERED = NodeError(code=-32000, message="The node did not answer. Try again.")
TOO_LARGE = NodeError(
    code=-32000, message="The answer of the node is larger than 1 MiB. Ask for less."
)
TOO_MANY = NodeError(code=-32005, message="Too many requests wait for the node. Try again.")


class Node:
    """A node at a URL, which may contain a credential.

    A call runs in a thread of the node, so that the caller waits no longer than it wants, whatever
    is slow: also the resolver of names, which has no timeout that a program can set. The thread
    itself ends soon after, because no byte of the node extends the time. A thread keeps its
    connection for the next call.

    TLS certificates are verified. Redirects and proxies of the environment are not used.
    """

    def __init__(self, url: Secret[str], *, threads: int) -> None:
        """Run at most so many calls at a time. The first call starts a thread."""
        self._url = url
        self._threads = ThreadPoolExecutor(threads)
        self._free = BoundedSemaphore(threads)
        self._idle: deque[HTTPConnection] = deque()
        weakref.finalize(self, _close, self._idle)
        https = url.reveal().startswith("https:")
        self._tls = ssl.create_default_context() if https else None

    def call(self, method: str, params: list[object], *, until: float) -> NodeResult | NodeError:
        """Call a method that changes nothing, and wait until `until`, a time of time.monotonic().

        Raises ValueError or RecursionError if `params` cannot be encoded as JSON.
        """
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        body = json.dumps(call, allow_nan=False).encode()
        if not self._free.acquire(blocking=False):
            return TOO_MANY
        exchange = self._threads.submit(self._exchange, body, until)
        exchange.add_done_callback(lambda _: self._free.release())
        try:
            status, text = exchange.result(until - time.monotonic())
        except (OSError, HTTPException, ValueError):
            return UNANSWERED
        if status != 200:
            return UNANSWERED
        # Not in the other thread, which could encode deeper nesting than this one.
        return TOO_LARGE if len(text) > MAX_ANSWER_BYTES else _read(text)

    def _exchange(self, body: bytes, until: float) -> tuple[int, bytes]:
        """Return the status and the text of the answer, of which one byte too much is enough."""
        # The node may have closed an idle connection. Then the call is sent again, on a new one.
        with suppress(IndexError, ConnectionError, ssl.SSLError):
            return self._post_on(self._idle.pop(), body, until)
        return self._post_on(self._new_connection(), body, until)

    def _new_connection(self) -> HTTPConnection:
        url = urlsplit(self._url.reveal())
        if self._tls is None:
            return HTTPConnection(url.hostname or "", url.port or HTTPConnection.default_port)
        return HTTPSConnection(
            url.hostname or "", url.port or HTTPSConnection.default_port, context=self._tls
        )

    def _post_on(self, connection: HTTPConnection, body: bytes, until: float) -> tuple[int, bytes]:
        """Use a connection, and keep it for the next call if the answer was read completely."""
        target = urlsplit(self._url.reveal())._replace(scheme="", netloc="", fragment="").geturl()
        connection.response_class = cast("type[HTTPResponse]", partial(_Response, until=until))
        is_complete = False
        try:
            connection.timeout = _seconds_until(until)
            if connection.sock is not None:
                connection.sock.settimeout(connection.timeout)
            connection.request("POST", target or "/", body, _HEADERS)
            with connection.getresponse() as response:
                text = response.read(MAX_ANSWER_BYTES + 1)
                is_complete = response.isclosed()
            return response.status, text
        finally:
            if is_complete:
                self._idle.append(connection)
            else:
                connection.close()


class _Response(HTTPResponse):
    """A response that arrives until a moment, or raises TimeoutError."""

    def __init__(self, sock: Any, *, until: float, **options: Any) -> None:
        super().__init__(sock, **options)
        self.fp = BufferedReader(_TimedReader(self.fp.detach(), sock, until))


class _TimedReader(RawIOBase):
    """Reads a socket until a moment, and not without end.

    The timeout of a socket begins anew with each byte. http.client reads a chunk of a negative
    length until the end of the connection.
    """

    def __init__(self, raw: RawIOBase, sock: Any, until: float) -> None:
        self._raw, self._sock, self._until = raw, sock, until
        self._bytes_left = 2 * MAX_ANSWER_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(_seconds_until(self._until))
        count: int = self._raw.readinto(buffer)
        self._bytes_left -= count
        if self._bytes_left < 0:
            raise HTTPException
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


def _seconds_until(until: float) -> float:
    """Return the time left. Raises TimeoutError if there is none."""
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def _close(connections: Iterable[HTTPConnection]) -> None:
    for connection in connections:
        connection.close()


def _read(text: bytes) -> NodeResult | NodeError:
    """Read a response. One that is not JSON-RPC counts as none."""
    try:
        answer = json.loads(text.decode(), parse_constant=_no_constant)
        # A response that is nested too deeply to be encoded again is not passed on.
        json.dumps([[answer]], allow_nan=False)
    except (ValueError, RecursionError):
        return UNANSWERED
    if not isinstance(answer, dict):
        return UNANSWERED
    # Some nodes send both members, as JSON-RPC 1.0 does: one of them is null.
    result, error = answer.get("result"), answer.get("error")
    if error is None:
        return NodeResult(result) if "result" in answer else UNANSWERED
    if result is not None or not isinstance(error, dict):
        return UNANSWERED
    code, message = error.get("code"), error.get("message")
    if type(code) is not int or code not in _CODES or not isinstance(message, str):
        return UNANSWERED
    printable = _NOT_PRINTABLE.sub(" ", message)[:MAX_MESSAGE]
    # `data` has the reason of a revert, which libraries decode.
    return NodeError(code=code, message=printable, data=error.get("data"))


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
