"""Promise 5, over the whole run: this test comes last and reads every log that the others wrote."""

import json
import uuid

from tests.conftest import LEAKS


def test_no_secret_is_in_any_log_line_of_the_whole_run():
    """Private keys, tokens and secrets that any test made, saw or used."""
    lines = 0
    for path in LEAKS.logs:
        if path.exists():
            text = path.read_text(errors="replace")
            lines += text.count("\n")
            found = [number for number, secret in enumerate(LEAKS.secrets) if secret in text]
            assert found == [], f"{path} holds {len(found)} secrets"
    assert lines


def test_the_log_of_the_tests_themselves_is_searched(client, bearer):
    """The search below would find nothing in a log that holds nothing."""
    request_id = uuid.uuid4().hex
    headers = {**bearer(), "X-Request-Id": request_id}
    client.get("/api/wallet/user-wallets", headers=headers)
    line = next(ln for ln in LEAKS.logs[0].read_text().splitlines() if request_id in ln)
    assert json.loads(line)["route"] == "/api/wallet/user-wallets"
