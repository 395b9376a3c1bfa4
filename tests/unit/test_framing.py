"""A request is complete at its last byte, not before and not later."""

from itertools import pairwise

import pytest
from gunicorn.config import Config
from gunicorn.http import RequestParser
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine
from hypothesis import given
from hypothesis import strategies as st

from wallet_api.blueprints.requests import MAX_BODY_BYTES, MAX_SIGNING_BODY_BYTES
from wallet_api.server.framing import MAX_HEAD_BYTES, arrival

POST = b"POST / HTTP/1.1\r\nHost: x\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def chunked(pieces):
    chunks = b"".join(b"%x;a=b\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece)
    return POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n"


def arrive(text, *cuts):
    """Let a request arrive in pieces; return how many bytes decided, and how; None if none did."""
    received = bytearray()
    arriving = arrival(received)
    for begin, end in pairwise((0, *sorted(cuts), len(text))):
        received += text[begin:end]
        try:
            next(arriving)
        except StopIteration as decided:
            return len(received), decided.value
    return None


bodies = st.binary(max_size=300)
requests = st.one_of(
    st.just(POST + b"\r\n"),
    bodies.map(lambda body: POST + b"content-length: %d\r\n\r\n%b" % (len(body), body)),
    st.lists(bodies, max_size=5).map(lambda pieces: chunked(pieces) + b"\r\n"),
    st.lists(bodies, max_size=5).map(lambda pieces: chunked(pieces) + b"X: y\r\n\r\n"),
)


@given(requests, st.lists(st.integers(0, 400)))
def test_a_request_is_complete_at_its_last_byte_however_it_is_split(text, cuts):
    assert arrive(text, *cuts, len(text) - 1) == (len(text), True)


@given(requests)
def test_gunicorn_finds_the_same_end(text):
    parser = RequestParser(Config(), [text], ("127.0.0.1", 1))
    next(parser).body.read()
    assert parser.unreader.take_buffered() == b""


@given(
    st.lists(st.sampled_from([b"\r\n", b"0", b"-5", b"_1", b";", b"x" * 50, b" ", b"f" * 20])).map(
        b"".join
    )
)
def test_no_chunks_cause_endless_parsing(body):
    arrive(POST + b"Transfer-Encoding: chunked\r\n\r\n" + body)


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1),
        b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n" + b"1;" + b"x" * 2 * MAX_BODY_BYTES,
    ],
    ids=["too long", "endless length", "other coding", "negative chunk", "endless chunk line"],
)
def test_no_more_bytes_are_awaited_for_a_request_that_will_be_refused(rest):
    text = POST + rest
    assert arrive(text) == (len(text), False)


def test_a_body_of_the_largest_size_is_awaited():
    head = POST + b"Content-Length: %d\r\n\r\n" % MAX_BODY_BYTES
    assert arrive(head) is None
    assert arrive(head + b"x" * MAX_BODY_BYTES)[1] is True


SIGNS = [
    "/v1/users/7/rpc/8453",
    "/v1/users/7/sign/preview",
    "/v1/users/7/wallets/ethereum/sign/transaction?x",
    "/v1/policies/dry-run",
    "/v1/policies",
]
OTHERS = [
    "/v1/users/7/wallets/ethereum/key",
    "/api/wallet/policy",
    "/v1/policies/1",
    "/x/v1/users/7/rpc/8453",
    "/v1/rpc/1",
]


@pytest.mark.parametrize("target", [*SIGNS, *OTHERS])
def test_only_routes_that_sign_or_take_policies_have_large_bodies(target):
    post = POST.replace(b" / ", f" {target} ".encode())
    longest = MAX_SIGNING_BODY_BYTES if target in SIGNS else MAX_BODY_BYTES
    head = post + b"Content-Length: %d\r\n\r\n" % longest
    assert arrive(head) is None
    assert arrive(head + b"x" * longest) == (len(head) + longest, True)
    too_long = post + b"Content-Length: %d\r\n\r\n" % (longest + 1)
    assert arrive(too_long) == (len(too_long), False)
    endless = post + b"Transfer-Encoding: chunked\r\n\r\n" + b"1;"
    assert arrive(endless + b"x" * longest) is None
    assert arrive(endless + b"x" * 2 * longest)[1] is False


def test_the_size_of_a_head_is_bounded():
    whole = POST + b"X: " + b"y" * (MAX_HEAD_BYTES - len(POST) - 7) + b"\r\n\r\n"
    assert len(whole) == MAX_HEAD_BYTES
    assert arrive(whole) == (MAX_HEAD_BYTES, True)
    for larger in (b"z" + whole, POST + b"X: " + b"y" * MAX_HEAD_BYTES):
        with pytest.raises(LimitRequestHeaders):
            arrive(larger)
    with pytest.raises(LimitRequestLine):
        arrive(b"GET /" + b"x" * MAX_HEAD_BYTES)


@pytest.mark.parametrize("framing", [b"Content-Length: 3", b"Transfer-Encoding: chunked"])
def test_a_client_that_expects_100_continue_gets_it_once(framing):
    received = bytearray(POST + b"expect: 100-Continue\r\n" + framing + b"\r\n\r\n")
    arriving = arrival(received)
    assert [next(arriving), next(arriving)] == [CONTINUE, b""]


@pytest.mark.parametrize(
    "text",
    [
        POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\na",
        b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
        POST + b"Content-Length: 3\r\n\r\n",
    ],
    ids=["has begun", "HTTP/1.0", "does not wait"],
)
def test_no_other_client_gets_100_continue(text):
    assert next(arrival(bytearray(text))) == b""
