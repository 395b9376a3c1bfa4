"""A JSON-RPC client for an Ethereum node that may be slow, wrong or hostile.

The response of a node is passed on to the caller, and never used in a signature.
"""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import urllib3

from wallet_api.crypto.secret import Secret

MAX_ANSWER_BYTES = 1024 * 1024
"""The maximum size of a node's response."""
MAX_MESSAGE = 500
"""The maximum length of a node's error message that is passed on, in characters."""

_PIECE_BYTES = 64 * 1024
_NOT_PRINTABLE = re.compile(r"[^ -~]+")
_CODES = range(-(2**31), 2**31)
_HEADERS = {"Content-Type": "application/json", "User-Agent": "wallet-api"}


@dataclass(frozen=True, slots=True)
class NodeResult:
    """The result of a call, as the node sent it."""

    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeError:
    """The error of a call: the node's own, or UNANSWERED or TOO_LARGE. `data` is the node's."""

    code: int
    message: str
    data: object = None


UNANSWERED = NodeError(code=-32000, message="The node did not answer. Try again.")
TOO_LARGE = NodeError(
    code=-32000, message="The answer of the node is larger than 1 MiB. Ask for less."
)


class Node:
    """A node at a URL, which may contain a credential.

    TLS certificates are verified. Redirects, proxies of the environment and retries are not used.
    """

    def __init__(self, url: Secret[str], *, connections: int) -> None:
        """Keep at most `connections` connections open. The first call opens one."""
        self._url = url
        # `retries=False` also returns a redirect as it is.
        self._pool = urllib3.PoolManager(maxsize=connections, retries=False, headers=_HEADERS)

    def call(self, method: str, params: list[object], *, seconds: float) -> NodeResult | NodeError:
        """Call a method of the node, for at most `seconds`.

        Raises ValueError or RecursionError if `params` cannot be encoded as JSON.
        """
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        body = json.dumps(call, allow_nan=False).encode()
        until = time.monotonic() + seconds
        try:
            with self._pool.request(
                "POST",
                self._url.reveal(),
                body=body,
                preload_content=False,
                # A compressed answer could be many times as long.
                decode_content=False,
                timeout=urllib3.Timeout(total=seconds),
            ) as response:
                text = b"".join(_pieces_of(response, until))
                if response.status != 200:
                    return UNANSWERED
        except (urllib3.exceptions.HTTPError, OSError):
            return UNANSWERED
        if len(text) > MAX_ANSWER_BYTES:
            return TOO_LARGE
        return _read(text)


def _pieces_of(response: urllib3.BaseHTTPResponse, until: float) -> Iterator[bytes]:
    """Yield an answer until it is too long. Raises TimeoutError at `until`."""
    length = 0
    while length <= MAX_ANSWER_BYTES:
        # read() would wait for all of the piece, however slowly it arrives.
        piece = response.read1(_PIECE_BYTES)
        if not piece:
            return
        if time.monotonic() > until:
            raise TimeoutError
        length += len(piece)
        yield piece


def _read(text: bytes) -> NodeResult | NodeError:
    """Read a response. One that is not JSON-RPC counts as none."""
    try:
        answer = json.loads(text.decode(), parse_constant=_no_constant)
        # A response that is nested too deeply to be encoded again is not passed on.
        json.dumps([[answer]], allow_nan=False)
    except (ValueError, RecursionError):
        return UNANSWERED
    if not isinstance(answer, dict) or ("result" in answer) == ("error" in answer):
        return UNANSWERED
    if "result" in answer:
        return NodeResult(answer["result"])
    error = answer["error"]
    if not isinstance(error, dict):
        return UNANSWERED
    code, message = error.get("code"), error.get("message")
    if type(code) is not int or code not in _CODES or not isinstance(message, str):
        return UNANSWERED
    printable = _NOT_PRINTABLE.sub(" ", message)[:MAX_MESSAGE]
    # `data` has the reason of a revert, which libraries decode.
    return NodeError(code=code, message=printable, data=error.get("data"))


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
