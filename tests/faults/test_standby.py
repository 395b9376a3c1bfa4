"""What is not on the synchronous standby yet is not handed out, whatever made it visible."""

import threading
import time

import pytest

from tests.conftest import BASE_ACCOUNT, FID, LEAKS
from tests.faults.conftest import WAITING

pytestmark = pytest.mark.faults

DEPOSIT = {"asset": "USDC", "amount": "20", "baseAddress": BASE_ACCOUNT}
# Every route that shows an address or a key to a user who has a wallet.
SHOWN = [
    ("GET", "/api/wallet/user-wallets", None),
    ("GET", "/api/wallet/payment-qr?amount=20", None),
    ("GET", "/api/trading/create-fallback-wallet", None),
    ("POST", "/api/trading/create-fallback-wallet", {}),
    ("POST", "/api/wallet/user-wallets", {}),
    ("POST", "/api/wallet/deposit", DEPOSIT),
    ("GET", "/api/wallet/primary-with-key", None),
]


SHOWN_TO_SERVICES = [f"/v1/users/{FID}/wallets", f"/v1/users/{FID}/wallets/ethereum", "/v1/wallets"]


@pytest.fixture
def engine(pair, process):
    """The header of an API client that was made while there was a standby."""
    token = process().services.clients.create(
        "engine", scopes=["wallets:read"], allowed_networks=[], expires_at=None
    )
    LEAKS.secrets.add(token.reveal())
    return {"Authorization": f"Bearer {token.reveal()}"}


def statuses(ask):
    return {(method, path): ask(method, path, body).status_code for method, path, body in SHOWN}


def statuses_for_services(ask, engine):
    return {ask("GET", path, **engine).status_code for path in SHOWN_TO_SERVICES}


def all_of(status):
    return {(method, path): status for method, path, _ in SHOWN}


def shown_address(ask):
    return ask("GET", "/api/wallet/user-wallets").json["wallets"][-1]["address"]


def test_a_wallet_that_a_restart_made_visible_is_not_shown_until_the_standby_has_it(
    pair, process, engine
):
    ask, other = process(), process()
    assert ask("POST", "/api/wallet/deposit", DEPOSIT, fid=FID + 1).status_code == 200
    assert other("GET", "/api/wallet/user-wallets", fid=FID + 1).status_code == 200
    pair.standby.crash()
    assert ask("POST", "/api/wallet/deposit", DEPOSIT).status_code == 503
    pair.primary.crash()
    pair.primary.start()
    found = f"select count(*) from wallets where fid = {FID}"
    assert pair.primary.query(pair.name, found) == [(1,)]
    assert statuses(ask) == all_of(503)
    assert other("GET", "/api/wallet/user-wallets").status_code == 503
    assert process()("GET", "/api/wallet/user-wallets").status_code == 503
    assert statuses_for_services(ask, engine) == {503}
    pair.standby.start()
    pair.synchronous()
    assert statuses(ask) == all_of(200)
    assert statuses_for_services(ask, engine) == {200}
    address = shown_address(ask)
    # And the standby gives the same one.
    pair.primary.crash()
    pair.standby.administer("select pg_promote()")
    promoted = process(DATABASE_URL=pair.standby.url(pair.name))
    assert shown_address(promoted) == address


def test_a_deposit_that_no_standby_has_is_not_repeated_by_its_key(pair, process):
    ask = process()
    assert ask("POST", "/api/wallet/deposit", DEPOSIT).status_code == 200
    pair.primary.query(
        pair.name, "update wallets set updated_at = now() - interval '1 hour' returning fid"
    )
    assert ask("GET", "/api/wallet/user-wallets").status_code == 200
    once = {"Idempotency-Key": "once"}
    pair.standby.crash()
    assert ask("POST", "/api/wallet/deposit", DEPOSIT, **once).status_code == 503
    time.sleep(1)
    # Its wait was cancelled, so that it can be seen.
    assert pair.primary.query(pair.name, "select count(*) from deposits") == [(2,)]
    assert ask("POST", "/api/wallet/deposit", DEPOSIT, **once).status_code == 503
    pair.standby.start()
    pair.synchronous()
    answer = ask("POST", "/api/wallet/deposit", DEPOSIT, **once)
    assert (answer.status_code, answer.headers["Idempotent-Replayed"]) == (200, "true")


@pytest.mark.parametrize("end", ["pg_cancel_backend", "pg_terminate_backend"])
@pytest.mark.parametrize(("method", "path", "body"), [SHOWN[-2], SHOWN[-1]])
def test_a_commit_whose_wait_for_the_standby_was_ended_is_not_acknowledged(
    pair, process, method, path, body, end
):
    ask, other = process(), process()
    for one in (ask, other):
        assert one("POST", "/api/wallet/deposit", DEPOSIT, fid=FID + 1).status_code == 200
    if path.endswith("key"):
        ask("POST", "/api/wallet/deposit", DEPOSIT)
    pair.standby.crash()
    answers = []
    asking = threading.Thread(target=lambda: answers.append(ask(method, path, body).status_code))
    asking.start()
    pair.primary.administer(f"select {end}({pair.waiting()})")
    asking.join()
    assert answers == [503]
    # The rows are visible by now, and nobody shows them: neither this process nor another.
    assert statuses(ask) == all_of(503)
    assert other("GET", "/api/wallet/user-wallets").status_code == 503
    pair.standby.start()
    pair.synchronous()
    assert statuses(other) == all_of(200)


def test_a_wallet_that_the_standby_has_for_long_is_shown_without_it(pair, process):
    ask = process()
    assert ask("POST", "/api/wallet/deposit", DEPOSIT).status_code == 200
    pair.primary.query(
        pair.name, "update wallets set updated_at = now() - interval '1 hour' returning fid"
    )
    assert ask("GET", "/api/wallet/user-wallets").status_code == 200
    pair.standby.crash()
    assert ask("GET", "/api/wallet/user-wallets").status_code == 200


def test_commits_that_wait_for_a_lost_standby_do_not_use_up_the_server(pair, process):
    """PostgreSQL keeps a process for each, which waits without a limit, whoever has gone."""
    ask = process()
    assert ask("POST", "/api/wallet/deposit", DEPOSIT).status_code == 200
    pair.standby.crash()
    for fid in range(1, 13):
        assert ask("POST", "/api/wallet/deposit", DEPOSIT, fid=fid).status_code == 503
    time.sleep(1)
    waiting = pair.primary.administer(f"select count(*) from ({WAITING}) as waiting")
    assert waiting[0][0] <= 4
    pair.standby.start()
    pair.synchronous()
    for fid in range(1, 13):
        assert ask("POST", "/api/wallet/deposit", DEPOSIT, fid=fid).status_code == 200
