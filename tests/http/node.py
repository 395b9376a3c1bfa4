"""A small node with the responses and delays that a test chooses."""

import json
import socket
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATH = "/v2/a-key-in-the-path-of-the-node"


class FakeNode:
    """A node on a local port. `body` is its answer, `asked` what it received."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body: bytes = b""
        self.asked: list[dict[str, Any]] = []
        self.received: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.pause = 0.0
        # Clear it to hold all answers back.
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.drip = 0.0
        # Whether it closes connections after an answer, without saying so.
        self.hangs_up = False
        self.connections = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}{PATH}"

    def answers(self, **members: Any) -> None:
        """Answer with JSON-RPC: answers(result=…) or answers(error=…)."""
        self.body = json.dumps({"jsonrpc": "2.0", "id": 1, **members}).encode()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def _handler(node) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                node.connections += 1

            def do_POST(self) -> None:
                node.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                node.received.append(dict(self.headers))
                node.paths.append(self.path)
                time.sleep(node.pause)
                node.may_answer.wait(20)
                try:
                    self.send_response(node.status)
                    for name, value in node.headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(node.body)))
                    self.end_headers()
                    if not node.drip:
                        self.wfile.write(node.body)
                    for byte in node.body if node.drip else b"":
                        self.wfile.write(bytes([byte]))
                        time.sleep(node.drip)
                    self.close_connection = node.hangs_up
                except OSError:
                    # The service has closed the connection.
                    self.close_connection = True

            def log_message(self, *_: object) -> None: ...

        return Handler


class DrippingServer:
    """A server that sends `begin`, and then one piece repeatedly without end, by default a byte."""

    def __init__(self, begin: bytes = b"", piece: bytes = b"a", pause: float = 0.02) -> None:
        self.begin = begin
        self.piece, self.pause = piece, pause
        self.sent = 0
        # The connections that the service has not closed.
        self.open = 0
        self.accepted = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        # A close alone would not wake accept().
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self.accepted += 1
                self.open += 1
                threading.Thread(target=self._drip, args=(client,), daemon=True).start()

    def _drip(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            client.sendall(self.begin)
            while True:
                client.sendall(self.piece)
                self.sent += len(self.piece)
                time.sleep(self.pause)
        self.open -= 1
