"""Farcaster's published keys: fetched when needed, kept while the issuer is unavailable."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from tests.unit.issuer import BOMB, FID, KEY, STRANGER, published, quick_auth, sign
from wallet_api.crypto.secret import Secret
from wallet_api.errors import SignInUnavailable, Unauthenticated

FAILURES = [
    pytest.param(500, "", id="500"),
    pytest.param(404, "", id="404"),
    pytest.param(302, "", id="a redirect"),
    pytest.param(200, "", id="nothing"),
    pytest.param(200, "<html>", id="HTML"),
    pytest.param(200, "\xff", id="not UTF-8"),
    pytest.param(200, BOMB, id="a bomb"),
    pytest.param(200, "[]", id="a list"),
    pytest.param(200, "null", id="null"),
    pytest.param(200, "{}", id="no keys"),
    pytest.param(200, '{"keys":[]}', id="an empty list"),
    pytest.param(200, '{"keys":{}}', id="keys that are no list"),
    pytest.param(200, '{"keys":[{"kty":"new"}]}', id="an unknown kind of key"),
]
failures = pytest.mark.parametrize(("status", "body"), FAILURES)


@failures
def test_a_failing_issuer_is_a_503_and_not_a_401(issuer, status, body):
    issuer.says(status, body)
    auth = quick_auth(issuer, retry_seconds=0)
    with pytest.raises(SignInUnavailable):
        auth.verify(sign())
    issuer.says(200, json.dumps(published(first=KEY)))
    assert auth.verify(sign()) == FID


@failures
def test_a_failing_issuer_does_not_remove_known_keys(issuer, status, body):
    auth = quick_auth(issuer, cooldown_seconds=0)
    assert auth.verify(sign()) == FID
    issuer.says(status, body)
    assert auth.verify(sign()) == FID
    with pytest.raises(SignInUnavailable):
        auth.verify(sign(kid="unknown"))
    assert auth.verify(sign()) == FID


def test_an_issuer_that_is_down_is_a_503(issuer):
    issuer.stop()
    with pytest.raises(SignInUnavailable):
        quick_auth(issuer).verify(sign())


def test_an_issuer_that_goes_down_does_not_remove_known_keys(issuer):
    auth = quick_auth(issuer, cooldown_seconds=0)
    assert auth.verify(sign()) == FID
    issuer.stop()
    with pytest.raises(SignInUnavailable):
        auth.verify(sign(kid="unknown"))
    assert auth.verify(sign()) == FID


def test_an_issuer_that_does_not_answer_times_out(issuer):
    issuer.go.clear()
    began = time.monotonic()
    with pytest.raises(SignInUnavailable):
        quick_auth(issuer, timeout_seconds=0.2).verify(sign())
    assert time.monotonic() - began < 2


def test_a_silent_issuer_delays_no_token_with_a_known_key(issuer):
    auth = quick_auth(issuer, timeout_seconds=3, cooldown_seconds=0)
    assert auth.verify(sign()) == FID
    issuer.go.clear()

    def wait():
        with suppress(SignInUnavailable, Unauthenticated):
            auth.verify(sign(kid="unknown"))

    waiting = threading.Thread(target=wait)
    waiting.start()
    while issuer.requests < 2 and waiting.is_alive():
        time.sleep(0.001)
    began = time.monotonic()
    assert auth.verify(sign()) == FID
    assert time.monotonic() - began < 1.5
    issuer.go.set()
    waiting.join()


def in_a_crowd(auth, *tokens):
    """Verify all tokens at once, and return how long it took until all were refused."""

    def refused(token):
        with pytest.raises(SignInUnavailable):
            auth.verify(token)

    began = time.monotonic()
    with ThreadPoolExecutor(len(tokens)) as crowd:
        list(crowd.map(refused, tokens))
    return time.monotonic() - began


@pytest.mark.slow
def test_a_flood_while_the_issuer_is_silent_delays_no_request_for_long(issuer):
    """Its answer may as well never end: the timeout is one for each packet."""
    auth = quick_auth(issuer, timeout_seconds=60)
    issuer.go.clear()
    garbage = [sign(kid=f"garbage {number}") for number in range(24)]
    assert in_a_crowd(auth, *garbage) < 4
    for _ in range(3):
        assert in_a_crowd(auth, *garbage, sign()) < 1
    assert issuer.requests == 1
    # No thread is lost, and no request has to wait for the issuer's next response.
    issuer.go.set()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(SignInUnavailable):
            assert auth.verify(sign()) == FID
            break
        time.sleep(0.01)
    assert auth.verify(sign()) == FID
    assert issuer.requests == 1


@pytest.mark.parametrize("status", [500, 404])
def test_a_failing_issuer_is_asked_again_after_a_pause_only(issuer, status):
    auth = quick_auth(issuer, retry_seconds=60)
    issuer.says(status, "")
    for _ in range(3):
        in_a_crowd(auth, *[sign()] * 8)
    assert issuer.requests == 1


def test_concurrent_first_sign_ins_cost_one_request_and_all_succeed(issuer):
    auth = quick_auth(issuer)
    with ThreadPoolExecutor(16) as crowd:
        assert set(crowd.map(auth.verify, [sign()] * 16)) == {FID}
    assert issuer.requests == 1


def test_many_tokens_cost_one_request(issuer):
    auth = quick_auth(issuer)
    assert {auth.verify(sign(sub=fid)) for fid in range(1, 21)} == set(range(1, 21))
    assert issuer.requests == 1


@pytest.mark.parametrize("status", [200, 500])
def test_unknown_keys_cost_one_more_request_within_the_cool_down(issuer, status):
    auth = quick_auth(issuer, cooldown_seconds=0.5)
    assert auth.verify(sign()) == FID
    issuer.status = status
    time.sleep(0.55)
    began = time.monotonic()
    for kid in "abcdefgh":
        with pytest.raises((Unauthenticated, SignInUnavailable)):
            auth.verify(sign(kid=kid))
    # On a busy machine the loop may outlast a cool-down.
    assert 2 <= issuer.requests <= 2 + (time.monotonic() - began) // 0.5


def test_an_unknown_key_is_a_401(issuer):
    auth = quick_auth(issuer)
    for kid in ("unknown", "", "FIRST", "first "):
        with pytest.raises(Unauthenticated):
            auth.verify(sign(kid=kid))
    assert issuer.requests <= 2


def test_a_new_key_is_fetched_and_a_withdrawn_one_is_forgotten(issuer):
    auth = quick_auth(issuer, cooldown_seconds=0)
    assert auth.verify(sign()) == FID
    issuer.says(200, json.dumps(published(second=STRANGER)))
    assert auth.verify(sign(STRANGER, kid="second")) == FID
    with pytest.raises(Unauthenticated):
        auth.verify(sign())


@pytest.mark.parametrize("token", [sign(), sign(aud="other.example"), Secret("garbage")])
def test_without_an_audience_no_user_signs_in(issuer, token):
    with pytest.raises(SignInUnavailable) as refusal:
        quick_auth(issuer, ()).verify(token)
    assert refusal.value.reason == "QUICK_AUTH_AUDIENCE is not set"
    assert issuer.requests == 0


def test_an_error_does_not_quote_the_token(issuer):
    token = sign(exp=1)
    with pytest.raises(Unauthenticated) as refusal:
        quick_auth(issuer).verify(token)
    assert token.reveal() not in f"{refusal.value} {refusal.value.__cause__}"
