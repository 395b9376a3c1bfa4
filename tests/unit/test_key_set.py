"""Key sets that are too slow, too large or endless, and the next request after one."""

import json
import socket
import threading
import time
from contextlib import suppress

import pytest

from tests.commands import wait_until
from tests.unit.issuer import BOMB, FID, KEY, published, quick_auth, sign
from wallet_api.auth.key_set import MAX_BYTES
from wallet_api.errors import SignInUnavailable

OK = b"HTTP/1.1 200 OK\r\n"
GOOD = json.dumps(published(first=KEY)).encode()
DEADLINE_SECONDS = 1.0
# After the deadline; on a busy machine a thread is woken late.
SLACK_SECONDS = 1.4


class Misbehaving:
    """A key server that answers each connection by a function; it is whole again with `good`."""

    def __init__(self):
        self.answer = good
        self.requests = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/keys"
        self._stopped = threading.Event()
        self._threads = []
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    def _accept(self):
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self.requests += 1
                thread = threading.Thread(target=self._serve, args=[connection, self.answer])
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection, answer):
        with connection, suppress(OSError):
            connection.settimeout(5)
            if not self.url.startswith("https"):
                connection.recv(65536)
            for piece in answer():
                if self._stopped.is_set():
                    return
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)

    def stop(self):
        self._stopped.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._accepting.join()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def issuer():
    server = Misbehaving()
    yield server
    server.stop()


def good():
    yield OK + b"Content-Length: %d\r\n\r\n" % len(GOOD) + GOOD


def forever(head, piece, *, pause=0.0):
    def answer():
        yield head
        while True:
            time.sleep(pause)
            yield piece

    return answer


def whole(body, head=OK):
    def answer():
        yield head + b"Content-Length: %d\r\n\r\n" % len(body)
        yield body

    return answer


SPACES = b" " * 65536
ENDLESS = {
    "silence": forever(b"", b"", pause=0.05),
    "a body": forever(OK + b"\r\n", SPACES),
    "a good body and then spaces": forever(OK + b"\r\n" + GOOD, SPACES),
    "a trickle of a body": forever(OK + b"\r\n", b" ", pause=0.05),
    "a trickle after a good body": forever(OK + b"\r\n" + GOOD, b" ", pause=0.05),
    "a trickle of a head": forever(OK + b"X: ", b"x", pause=0.05),
    "a trickle of a first line": forever(b"HTTP/1.1 200 ", b"x", pause=0.05),
    "a trickle of heads": forever(OK, b"X: y\r\n", pause=0.05),
    "100 Continue": forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.001),
    "chunks": forever(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", pause=0.01),
    "an empty chunk's extension": forever(
        OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x", pause=0.01
    ),
    "less than was announced": forever(
        OK + b"Content-Length: 999\r\n\r\n" + GOOD[:9], b"", pause=0.05
    ),
    "a redirect with a body": forever(b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", SPACES),
    "an error with a body": forever(b"HTTP/1.1 500 Error\r\n\r\n", SPACES),
}
LARGE = {
    "one byte more": whole(GOOD + b" " * (MAX_BYTES - len(GOOD) + 1)),
    "a gigabyte": forever(OK + b"Content-Length: 1000000000\r\n\r\n", SPACES),
    "an empty gigabyte": whole(b"", OK + b"Content-Length: 1000000000\r\n"),
}
BROKEN = {
    "nothing": lambda: iter(()),
    "no HTTP": whole(b"", b"nonsense\r\n"),
    "a body cut off": whole(b"", OK + b"Content-Length: 7\r\n"),
    "a chunk that is none": whole(b"zz", OK + b"Transfer-Encoding: chunked\r\n"),
    "a long line": whole(b"", OK + b"X: " + b"x" * 70_000 + b"\r\n"),
    "many lines": whole(b"", OK + b"X: y\r\n" * 200),
    "a redirect elsewhere": whole(b"", b"HTTP/1.1 301 Moved\r\nLocation: file:///etc/passwd\r\n"),
    "a redirect to itself": whole(b"", b"HTTP/1.1 307 Moved\r\nLocation: /keys\r\n"),
    "no content": whole(b"", b"HTTP/1.1 204 No Content\r\n"),
    "not JSON": whole(b"<html>"),
    "not text": whole(b"\xff\xfe\xff"),
    "nested deeply": whole(BOMB.encode()),
    "nested objects": whole(b'{"a":' * 20_000),
    "a long number": whole(b'{"keys":' + b"9" * 20_000 + b"}"),
    "NaN": whole(b'{"keys":NaN}'),
    "keys that are none": whole(b'{"keys":[1,null,"x",[]]}'),
    "a key of wrong types": whole(b'{"keys":[{"kty":"RSA","kid":"first","n":5,"e":[]}]}'),
    "a key that is no number": whole(b'{"keys":[{"kty":"RSA","kid":"first","n":"!","e":"AQAB"}]}'),
    "a key of nothing": whole(b'{"keys":[{"kty":"RSA","kid":"first","n":"","e":""}]}'),
    "a kid that is no text": whole(b'{"keys":[{"kty":"oct","kid":{},"k":"AAAA"}]}'),
    "a kind that is no text": whole(b'{"keys":[{"kty":["RSA"],"kid":"first"}]}'),
}


def fetching():
    """Return the threads that ask an issuer."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("issuer-keys")]


ANSWERS = {**ENDLESS, **LARGE, **BROKEN}


@pytest.mark.slow
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_every_response_ends_and_the_next_one_is_used(issuer, answer):
    auth = quick_auth(issuer, timeout_seconds=DEADLINE_SECONDS, retry_seconds=0)
    issuer.answer = answer
    began = time.monotonic()
    with pytest.raises(SignInUnavailable):
        auth.verify(sign())
    assert time.monotonic() - began < DEADLINE_SECONDS + SLACK_SECONDS
    wait_until(lambda: not fetching(), seconds=SLACK_SECONDS)
    issuer.answer = good
    assert auth.verify(sign()) == FID
    assert issuer.requests == 2


@pytest.mark.slow
def test_an_issuer_that_is_silent_before_tls_times_out_too(issuer):
    issuer.url = issuer.url.replace("http:", "https:")
    issuer.answer = ENDLESS["silence"]
    auth = quick_auth(issuer, timeout_seconds=DEADLINE_SECONDS, retry_seconds=0)
    for _ in range(2):
        with pytest.raises(SignInUnavailable):
            auth.verify(sign())
    assert issuer.requests == 2


def test_the_largest_key_set_is_read(issuer):
    issuer.answer = whole(GOOD + b" " * (MAX_BYTES - len(GOOD)))
    assert quick_auth(issuer).verify(sign()) == FID


def test_a_process_that_cannot_start_a_thread_asks_again_later(issuer, monkeypatch):
    auth = quick_auth(issuer, retry_seconds=0)

    def start(thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as scarce:
        scarce.setattr(threading.Thread, "start", start)
        with pytest.raises(SignInUnavailable):
            auth.verify(sign())
    assert auth.verify(sign()) == FID


@pytest.mark.slow
def test_callers_that_wait_longer_than_two_seconds_get_an_error_and_the_thread_ends(issuer):
    auth = quick_auth(issuer, timeout_seconds=3, retry_seconds=0)
    issuer.answer = ENDLESS["a trickle of a body"]
    began = time.monotonic()
    with pytest.raises(SignInUnavailable):
        auth.verify(sign())
    assert 1.9 < time.monotonic() - began < 3
    assert len(fetching()) >= 1
    wait_until(lambda: not fetching(), seconds=1 + SLACK_SECONDS)
    issuer.answer = good
    assert auth.verify(sign()) == FID
