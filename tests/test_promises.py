"""Promise 5, over the whole run: tests/fixtures/leaks.py searches every log at its end."""

import json
import uuid

from tests.factories import OTHER_SECRET
from tests.leaks import LEAKS, secrets_in


def test_the_search_finds_a_secret_in_a_log_line():
    assert secrets_in(json.dumps({"event": "request", "note": f"it is {OTHER_SECRET}"})) == 1
    assert secrets_in(json.dumps({"event": "request"})) == 0


def test_the_log_of_the_tests_themselves_is_searched(client, bearer):
    """The search would find nothing in a log that holds nothing."""
    request_id = uuid.uuid4().hex
    headers = {**bearer(), "X-Request-Id": request_id}
    client.get("/api/wallet/user-wallets", headers=headers)
    line = next(ln for ln in LEAKS.logs[0].read_text().splitlines() if request_id in ln)
    assert json.loads(line)["route"] == "/api/wallet/user-wallets"
