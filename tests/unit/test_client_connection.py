"""A thread waits neither for a client to send nor for it to receive."""

import socket

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import NoMoreData

from wallet_api.server.client_connection import Connection


@pytest.fixture
def pair():
    """A connection of ours, and the client's end."""
    ours, theirs = socket.socketpair()
    connection = Connection(Config(), ours, "", "")
    yield connection, theirs
    connection.sock.close()
    theirs.close()


def test_a_parser_that_needs_more_bytes_does_not_wait(pair):
    """Not an end: what comes late must not be taken for the next request."""
    connection, theirs = pair
    theirs.sendall(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc")
    assert connection.receive()
    assert not connection.is_complete()
    connection.feed_parser()
    request = next(connection.parser)
    with pytest.raises(NoMoreData):
        request.body.read()
    assert not connection.parser.finish_body()


def test_a_response_is_accepted_at_once_and_sent_in_parts(pair):
    connection, theirs = pair
    answer = bytes(range(256)) * 40_000
    connection.sock.sendall(answer)
    connection.sock.flush()
    assert 0 < len(connection.sock.unsent) < len(answer)
    received = bytearray()
    while len(received) < len(answer):
        received += theirs.recv(1 << 20)
        connection.sock.flush()
    assert received == answer


def test_the_head_of_a_response_is_sent_with_its_body(pair):
    connection, theirs = pair
    theirs.setblocking(False)
    connection.sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    connection.sock.sendall(b"body")
    with pytest.raises(BlockingIOError):
        theirs.recv(100)
    connection.sock.flush()
    assert theirs.recv(100) == b"HTTP/1.1 200 OK\r\n\r\nbody"
