"""JSON-RPC 2.0: strict reading of requests, answers, and the codes of errors (EIP-1474)."""

from dataclasses import dataclass
from typing import Any

from flask import g

from wallet_api.blueprints.requests import MAX_BODY_BYTES, parse_json
from wallet_api.errors import (
    IdempotencyKeyReused,
    InvalidRequest,
    NotSignable,
    PolicyRefused,
    ServiceUnavailable,
    Unauthenticated,
    WalletApiError,
    WalletNotFound,
)

MAX_BATCH = 20
"""The maximum number of requests in a batch."""

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
RESOURCE_NOT_FOUND = -32001
RESOURCE_UNAVAILABLE = -32002
UNAUTHORIZED = 4100
"""EIP-1193."""

CODE_OF: dict[type[WalletApiError], int] = {
    PolicyRefused: UNAUTHORIZED,
    Unauthenticated: UNAUTHORIZED,
    WalletNotFound: RESOURCE_NOT_FOUND,
    IdempotencyKeyReused: INVALID_REQUEST,
    InvalidRequest: INVALID_PARAMS,
    ServiceUnavailable: RESOURCE_UNAVAILABLE,
}
"""The codes of errors and of their subclasses. Any other error is an HTTP response."""

_MEMBERS = {"jsonrpc", "id", "method", "params"}

CallId = str | int | None
Answer = dict[str, Any]
"""A response object of JSON-RPC."""


class RpcError(Exception):
    """A call failed. `data` is sent unchanged; if it is None, the request id is sent."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of a method. A notification gets no response."""

    method: str
    params: list[object]
    id: CallId
    is_notification: bool


def read_calls(raw: bytes) -> tuple[list["Call | Answer"], bool]:
    """Return the calls of a request body, and whether it is a batch.

    An element that is not a valid call is replaced by its error response. Raises RpcError.
    """
    try:
        body = parse_json(raw)
    except ValueError:
        # `from None`: the message of the parser quotes the body.
        reason = "The request body is not valid JSON, or an object has a member twice."
        raise RpcError(PARSE_ERROR, reason) from None
    if not isinstance(body, list):
        return [_read_call(body)], False
    if not 1 <= len(body) <= MAX_BATCH:
        raise RpcError(INVALID_REQUEST, f"A batch has 1 to {MAX_BATCH} requests.")
    # The limits of one call bound the CPU that it takes. Twenty large ones would take seconds.
    if len(raw) > MAX_BODY_BYTES:
        reason = f"A batch has at most {MAX_BODY_BYTES} bytes. Send its calls one by one."
        raise RpcError(INVALID_REQUEST, reason)
    return [_read_call(member) for member in body], True


def _read_call(member: object) -> "Call | Answer":
    if not isinstance(member, dict):
        return failure(None, RpcError(INVALID_REQUEST, "A request must be a JSON object."))
    call_id = member.get("id") if _is_id(member.get("id")) else None
    method, params = member.get("method"), member.get("params", [])
    if fault := _fault_of(member):
        return failure(call_id, RpcError(INVALID_REQUEST, fault))
    if not isinstance(params, list):
        return failure(call_id, RpcError(INVALID_PARAMS, "params must be an array."))
    return Call(method=str(method), params=params, id=call_id, is_notification="id" not in member)


def _fault_of(member: dict[str, Any]) -> str | None:
    """Return why an object is not a JSON-RPC 2.0 request, or None."""
    if not member.keys() <= _MEMBERS:
        return "A request may have only jsonrpc, id, method and params."
    if member.get("jsonrpc") != "2.0":
        return 'jsonrpc must be "2.0".'
    if not _is_id(member.get("id")):
        return "id must be a string, an integer or null."
    if not isinstance(member.get("method"), str):
        return "method must be a string."
    return None


def _is_id(given: object) -> bool:
    # bool is a subclass of int.
    return given is None or type(given) in (str, int)


def require_count(params: list[object], names: tuple[str, ...]) -> None:
    """Raise RpcError unless there is one parameter for each name."""
    if len(params) != len(names):
        raise RpcError(INVALID_PARAMS, f"params must be [{', '.join(names)}].")


def result(call_id: CallId, value: object) -> Answer:
    """Return the answer to a call."""
    return {"jsonrpc": "2.0", "id": call_id, "result": value}


def failure(call_id: CallId, error: RpcError) -> Answer:
    """Return the answer to a call that failed."""
    # A node's data is not changed: libraries find the reason of a revert in it.
    data = {"request_id": g.request_id} if error.data is None else error.data
    members = {"code": error.code, "message": error.message, "data": data}
    return {"jsonrpc": "2.0", "id": call_id, "error": members}


def to_rpc_error(error: WalletApiError) -> RpcError:
    """Return a domain error as an error of JSON-RPC. Raises the error if CODE_OF has none."""
    for kind, code in CODE_OF.items():
        if isinstance(error, kind):
            data: dict[str, object] = {"code": error.code}
            if isinstance(error, NotSignable):
                data["field"] = error.field
            if isinstance(error, PolicyRefused):
                data |= error.as_json()
            return RpcError(code, str(error), data | {"request_id": g.request_id})
    raise error
