"""What every error response looks like."""

import json
from typing import Any

from werkzeug.test import TestResponse

# Only of a refusal by a policy.
REFUSAL = ("reason", "layer", "policy", "version", "rule")
MEMBERS = {"type", "title", "status", "detail", "code", "request_id", "error"}
BETRAYALS = ("traceback", 'file "', "psycopg", "select ", "insert ", "eyj", "0x0", "error:", "{")


def refused(
    answer: TestResponse, status: int, error: str | None = None, *, longest: int = 200
) -> dict[str, Any]:
    """Check that an answer is a problem that a person can read, and return its members."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    problem: dict[str, Any] = json.loads(answer.data)
    refusal = {name: problem.pop(name) for name in REFUSAL if name in problem}
    assert tuple(refusal) == (REFUSAL if problem["code"] == "policy_refused" else ())
    assert problem.keys() - {"fid"} == MEMBERS
    assert problem.pop("fid", None) is None
    assert problem.pop("status") == status
    assert all(isinstance(text, str) and text for text in problem.values()), problem
    assert problem["type"].endswith(f":{problem['code']}")
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    for text in (problem["error"], problem["title"], problem["detail"]):
        assert text.isprintable()
        assert len(text) <= longest
        assert not any(word in text.lower() for word in BETRAYALS), text
    assert " " in problem["error"]
    assert error is None or problem["error"] == error
    return problem | refusal
