"""Idempotency-Key on the deposit route: a repeated request returns the first response."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest

from tests.database import rows_of
from tests.factories import ACCESS, BASE_ACCOUNT, FID, signed_in
from tests.http.problems import refused
from tests.races import race

PATH = "/api/wallet/deposit"
BODY = {"asset": "USDC", "amount": "20", "baseAddress": BASE_ACCOUNT}
OTHER_ACCOUNT = "0x036cbd53842c5426634e7929541ec2318f3dcf7e"


def deposit(client, key="first", fid=FID, **changes):
    headers = signed_in(fid) | {"Idempotency-Key": key}
    return client.post(PATH, json=BODY | changes, headers=headers)


def keys_of(sql):
    return sql.execute("select fid, idempotency_key from deposits order by 1, 2").fetchall()


def is_replay(answer):
    assert answer.status_code == 200
    return answer.headers.get("Idempotent-Replayed") == "true"


def test_the_same_key_and_body_give_the_same_answer_and_one_row(client, sql):
    first = deposit(client)
    assert first.status_code == 200
    assert "Idempotent-Replayed" not in first.headers
    before = rows_of(sql)
    for _ in range(3):
        again = deposit(client)
        assert is_replay(again)
        assert again.get_json() == first.get_json()
    assert rows_of(sql) == before
    assert keys_of(sql) == [(FID, "first")]


def test_without_a_key_every_request_is_a_deposit_of_its_own(client, sql):
    answers = [client.post(PATH, json=BODY, headers=signed_in()) for _ in range(2)]
    assert not any(is_replay(answer) for answer in answers)
    assert len({answer.get_json()["depositId"] for answer in answers}) == 2
    assert keys_of(sql) == [(FID, None)] * 2


def test_another_key_is_another_deposit(client, sql):
    first, second = deposit(client, "first"), deposit(client, "second")
    assert first.get_json()["depositId"] != second.get_json()["depositId"]
    assert keys_of(sql) == [(FID, "first"), (FID, "second")]


def test_keys_are_compared_exactly(client, sql):
    for key in ("Key", "key"):
        assert not is_replay(deposit(client, key))
    assert len(keys_of(sql)) == 2


def test_the_same_key_with_another_body_is_422(client, sql):
    deposit(client)
    before = rows_of(sql)
    for changes in (
        {"amount": "21"},
        {"amount": "20.0"},
        {"asset": "ETH"},
        {"baseAddress": OTHER_ACCOUNT},
        {"baseAddress": None},
    ):
        answer = deposit(client, **changes)
        refused(answer, 422, "This Idempotency-Key was already used with a different request.")
    assert rows_of(sql) == before


def test_a_body_with_an_explicit_default_is_the_same_body(client):
    first = client.post(
        PATH,
        json={"amount": "20", "baseAddress": BASE_ACCOUNT},
        headers=signed_in() | {"Idempotency-Key": "first"},
    )
    again = deposit(client)
    assert is_replay(again)
    assert again.get_json() == first.get_json()


def test_the_order_of_members_and_the_spelling_of_json_do_not_matter(client):
    first = deposit(client).get_json()
    text = f'{{"baseAddress":\n"{BASE_ACCOUNT}", "amount": "\\u00320", "asset": "USDC"}}'
    headers = signed_in() | {"Idempotency-Key": "first", "Content-Type": "application/json"}
    again = client.post(PATH, data=text, headers=headers)
    assert is_replay(again)
    assert again.get_json() == first


def test_the_same_key_of_another_user_is_independent(client, sql):
    mine, theirs = deposit(client), deposit(client, fid=FID + 7, amount="21")
    assert not is_replay(theirs)
    assert mine.get_json()["depositId"] != theirs.get_json()["depositId"]
    assert mine.get_json()["depositAddress"] != theirs.get_json()["depositAddress"]
    assert keys_of(sql) == [(FID, "first"), (FID + 7, "first")]


def test_a_replay_repeats_the_first_response_after_later_deposits(client, services):
    first = deposit(client).get_json()
    services.wallets.store_base_account_address(FID, OTHER_ACCOUNT, access=ACCESS)
    again = deposit(client)
    assert is_replay(again)
    assert again.get_json() == first


def test_a_replay_after_a_change_of_network_names_the_first_network(client, make_app):
    first = deposit(client).get_json()
    again = deposit(make_app(NETWORK="base-testnet").test_client())
    assert is_replay(again)
    assert again.get_json() == first


def test_a_refused_request_does_not_use_its_key_up(client, sql):
    for wrong in ({"amount": "0"}, {"asset": "DAI"}, {"baseAddress": "0x12"}):
        refused(deposit(client, **wrong), 400)
    assert keys_of(sql) == []
    assert not is_replay(deposit(client))


def test_a_key_is_1_to_255_visible_ascii_characters(client, sql):
    visible = "".join(map(chr, range(0x21, 0x7F)))
    for key in ("x", "a" * 255, str(uuid4()), visible, "a,b", "0"):
        assert not is_replay(deposit(client, key))
        assert is_replay(deposit(client, key))
        assert (FID, key) in keys_of(sql)


@pytest.mark.parametrize(
    "key", ["", " ", "a b", " a", "a ", "a\tb", "a" * 256, "a" * 5000, "\u00e9", "\x7f", "a\x00b"]
)
def test_another_key_is_refused(refusing, key):
    environ = {"HTTP_IDEMPOTENCY_KEY": key}
    answer = refusing.post(PATH, json=BODY, headers=signed_in(), environ_overrides=environ)
    refused(answer, 400, "Idempotency-Key must be 1 to 255 visible ASCII characters.")


@pytest.fixture
def running(client, sql, database_url):
    """Hold the key "first" in a transaction that is still open, as a request under way does."""
    client.post("/api/trading/create-fallback-wallet", headers=signed_in())
    wallet = sql.execute("select address from wallets").fetchone()[0]
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "insert into deposits (fid, id, asset, amount, from_address, to_address, chain_id,"
            " idempotency_key, request_hash)"
            " values (%s, %s, 'USDC', 20000000, %s, %s, 8453, 'first', repeat('ab', 32))",
            [FID, uuid4(), BASE_ACCOUNT, wallet],
        )
        yield connection


def test_a_key_whose_first_request_is_still_running_is_409(client, running, sql):
    answer = deposit(client)
    refused(
        answer,
        409,
        "A request with this Idempotency-Key is still running. Try again in a moment.",
    )
    assert answer.headers["Retry-After"].isdigit()
    assert keys_of(sql) == []
    running.rollback()
    assert not is_replay(deposit(client))
    assert keys_of(sql) == [(FID, "first")]


def test_after_the_first_request_has_finished_its_key_is_taken(client, running):
    refused(deposit(client), 409)
    running.commit()
    refused(deposit(client), 422)


def test_a_running_request_blocks_no_other_user(client, running):
    assert not is_replay(deposit(client, "second"))
    assert not is_replay(deposit(client, fid=FID + 7))
    assert client.post(PATH, json=BODY, headers=signed_in()).status_code == 200


def test_a_short_wait_ends_with_the_response(client, running):
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(deposit, client)
        with pytest.raises(TimeoutError):
            waiting.result(0.3)
        running.rollback()
        assert not is_replay(waiting.result(10))


def test_eight_racing_requests_with_one_key_make_one_deposit(app, sql):
    answers = race(deposit, [app.test_client() for _ in range(8)])
    assert {answer.status_code for answer in answers} <= {200, 409}
    served = [answer for answer in answers if answer.status_code == 200]
    assert len({answer.text for answer in served}) == 1
    assert sum(not is_replay(answer) for answer in served) == 1
    assert keys_of(sql) == [(FID, "first")]
