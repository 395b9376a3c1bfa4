"""A client's connection, on which nobody ever waits but the poller."""

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
# What is asked about this process, and waits for nothing outside of it.
_PROBE = re.compile(rb"(?:GET|HEAD) /(?:healthz|metrics)[ ?]")


class ResponseSocket(socket.socket):
    """A socket that takes every answer at once, and keeps it for flush().

    gunicorn writes the head of an answer and its body one after the other: sent together, they are
    one call of the kernel, and one packet.
    """

    def __init__(self, accepted: socket.socket) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, accepted.detach())
        self.setblocking(False)
        self.unsent = bytearray()

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Keep what is to be sent."""
        self.unsent += data

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Send a file as any other bytes: the page's assets are small."""
        file.seek(offset)
        content = file.read(-1 if count is None else count)
        self.sendall(content)
        return len(content)

    def flush(self) -> None:
        """Send what the kernel takes of what is kept."""
        with suppress(BlockingIOError):
            while self.unsent:
                del self.unsent[: self.send(self.unsent)]

    def close(self) -> None:
        """Close; what was not taken is dropped, by the kernel too, which would try for minutes."""
        if self.unsent:
            with suppress(OSError):
                self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        super().close()


class _ReceivedBytes(Unreader):
    """What the poller has received for the parser; there is never more to wait for."""

    def chunk(self, size_hint: int | None = None) -> bytes:
        raise NoMoreData


class Connection:
    """What is under way with one client.

    `sock`, `client`, `server` and `parser` are what gunicorn's ThreadWorker uses of its own TConn.
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
        # Whether a thread can answer at once, without waiting for anything.
        self.is_probe = False
        self.overdue = False
        self.drained = 0
        self.keep = True
        self.expect_request()

    def expect_request(self) -> None:
        """Begin a request with what came behind the one before it."""
        self.received = bytearray(self.parser.unreader.take_buffered())
        self.arrival = arrival(self.received)
        self.whole = False

    def receive(self) -> bool:
        """Take what has come; False says that no more will come."""
        data = self.sock.recv(_RECV_BYTES)
        self.received += data
        return bool(data)

    def is_complete(self) -> bool:
        """Tell whether a thread can have the request; see arrival()."""
        try:
            self.sock.sendall(next(self.arrival))
            self.sock.flush()
        except StopIteration as end:
            self.whole = end.value
            return True
        return False

    def feed_parser(self) -> None:
        """Give what has come to the parser."""
        self.arrived_at = time.monotonic()
        self.started_at = None
        self.is_probe = bool(_PROBE.match(self.received))
        self.parser.unreader.unread(bytes(self.received))
        self.received.clear()
