"""Calls of the JSON-RPC route."""

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.factories import FID

CHAIN_ID = 8453
RPC = f"/v1/users/{FID}/rpc/{CHAIN_ID}"
TEXT = "0x" + b"Sign in to example.com".hex()
OTHER = "0x" + "22" * 20


def call(method: str, *params: Any, id: Any = 1) -> dict[str, Any]:  # noqa: A002
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": list(params)}


def send_rpc(
    client: FlaskClient, headers: dict[str, str], *calls: Any, path: str = RPC, **more: str
) -> TestResponse:
    """Send one call, or several as a batch."""
    body = calls[0] if len(calls) == 1 else list(calls)
    return client.post(path, json=body, headers=headers | more)


def result_of(answer: TestResponse) -> Any:
    assert answer.status_code == 200, answer.text
    members = answer.get_json()
    assert members.keys() == {"jsonrpc", "id", "result"}, members
    assert members["jsonrpc"] == "2.0"
    return members["result"]


def error_of(answer: TestResponse, code: int, *, longest: int = 200) -> dict[str, Any]:
    """Check that an answer is one error of our own with this code, and return the error."""
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/json"
    return is_error(answer.get_json(), code, answer.headers["X-Request-Id"], longest=longest)


def is_error(members: Any, code: int, request_id: str, *, longest: int = 200) -> dict[str, Any]:
    assert members.keys() == {"jsonrpc", "id", "error"}, members
    error: dict[str, Any] = members["error"]
    assert error.keys() == {"code", "message", "data"}
    assert error["code"] == code, error
    assert error["data"]["request_id"] == request_id
    assert error["message"].isprintable()
    assert len(error["message"]) <= longest
    return error
