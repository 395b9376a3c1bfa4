"""A client connection with buffered input and output."""

import re
import socket
import struct
import time
from contextlib import suppress
from typing import Any

from gunicorn.config import Config
from gunicorn.http import RequestParser
from gunicorn.http.errors import NoMoreData
from gunicorn.http.unreader import Unreader

from wallet_api.server.framing import arrival

_RECV_BYTES = 16 * 1024
_RESET = struct.pack("ii", 1, 0)
# Requests that are answered by this process without the database.
_PROBE = re.compile(rb"(?:GET|HEAD) /(?:healthz|metrics)[ ?]")


class ResponseSocket(socket.socket):
    """A socket that buffers the response until flush().

    gunicorn writes head and body of a response separately. Sent together they are one system call
    and one packet.
    """

    def __init__(self, accepted: socket.socket) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, accepted.detach())
        self.setblocking(False)
        self.unsent = bytearray()

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Append to the buffer."""
        self.unsent += data

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Append the content of a file to the buffer. The assets of the pages are small."""
        file.seek(offset)
        content = file.read(-1 if count is None else count)
        self.sendall(content)
        return len(content)

    def flush(self) -> None:
        """Send as much of the buffer as the kernel accepts."""
        with suppress(BlockingIOError):
            while self.unsent:
                del self.unsent[: self.send(self.unsent)]

    def close(self) -> None:
        """Close the socket. With unsent data, reset it: the kernel would retry for minutes."""
        if self.unsent:
            with suppress(OSError):
                self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        super().close()


class _ReceivedBytes(Unreader):
    """The received bytes, as a source for the parser that never blocks."""

    def chunk(self, size_hint: int | None = None) -> bytes:
        raise NoMoreData


class Connection:
    """The state of one client connection.

    `sock`, `client`, `server` and `parser` are the attributes of gunicorn's TConn that its
    ThreadWorker uses.
    """

    def __init__(self, cfg: Config, accepted: socket.socket, client: Any, server: Any) -> None:
        self.sock = ResponseSocket(accepted)
        self.client = client
        self.server = server
        self.parser = RequestParser(cfg, (), client)
        self.parser.unreader = _ReceivedBytes()
        self.deadline = 0.0
        self.arrived_at = 0.0
        self.started_at: float | None = None
        # Whether the request needs neither the database nor another wait.
        self.is_probe = False
        self.overdue = False
        self.drained = 0
        self.keep = True
        self.expect_request()

    def expect_request(self) -> None:
        """Start the next request with the bytes that followed the previous one."""
        self.received = bytearray(self.parser.unreader.take_buffered())
        self.arrival = arrival(self.received)
        self.complete = False

    def receive(self) -> bool:
        """Receive available bytes. Return False at the end of the input."""
        data = self.sock.recv(_RECV_BYTES)
        self.received += data
        return bool(data)

    def is_complete(self) -> bool:
        """Return whether the request can be dispatched. See arrival()."""
        try:
            self.sock.sendall(next(self.arrival))
            self.sock.flush()
        except StopIteration as end:
            self.complete = end.value
            return True
        return False

    def feed_parser(self) -> None:
        """Pass the received bytes to the parser."""
        self.arrived_at = time.monotonic()
        self.started_at = None
        self.is_probe = bool(_PROBE.match(self.received))
        self.parser.unreader.unread(bytes(self.received))
        self.received.clear()
