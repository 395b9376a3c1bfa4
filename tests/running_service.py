"""A real service, in processes of its own or in this one, and concurrent clients with sockets."""

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.serving import make_server

from tests.forked_gunicorn import ForkedGunicorn
from wallet_api.auth.user_tokens import UserTokens
from wallet_api.config import read_token_settings

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Answer:
    """A response; status 0 if there was none."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Call:
    """One HTTP request to make."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any = None


class RunningService:
    """A gunicorn master, its workers, and how to talk to them."""

    def __init__(
        self,
        process: "subprocess.Popen[bytes] | ForkedGunicorn",
        port: int,
        environ: dict[str, str],
    ) -> None:
        self.process = process
        self.port = port
        self._tokens = UserTokens(read_token_settings(environ))

    def bearer(self, fid: int) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._tokens.issue(fid).reveal()}"}

    def deposit(self, fid: int, *, base: str, amount: str = "20", **headers: str) -> Call:
        body = {"asset": "USDC", "amount": amount, "baseAddress": base}
        return Call("POST", "/api/wallet/deposit", {**self.bearer(fid), **headers}, body)

    def call(self, call: Call) -> Answer:
        """Make one request."""
        return self.crowd([call])[0]

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        return self.call(Call("GET", path, headers or {}))

    def crowd(self, calls: Iterable[Call]) -> list[Answer]:
        """Make all requests at once, each on a socket of its own, all sockets open first."""
        return asyncio.run(_crowd("127.0.0.1", self.port, list(calls)))

    def workers(self) -> list[int]:
        """The process ids of the workers."""
        return children(self.process.pid)

    def stop(self) -> int:
        """Stop it gracefully, and return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)


def children(pid: int) -> list[int]:
    """The process ids of the children of a process."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def free_port() -> int:
    """Return a port for a server that starts later, or that goes down and comes back.

    The kernel gives it to no other socket meanwhile, and no process of a test run returns it again.
    """
    for port in random.sample(range(20_000, 30_000), 100):
        with ExitStack() as stack, suppress(OSError):
            stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            reservation = stack.enter_context(socket.socket(socket.AF_UNIX))
            reservation.bind(f"\0wallet-api-tests-{port}")
            # It stays open until this process ends.
            reservation.detach()
            return port
    raise AssertionError("no port is free")


def start_service(
    environ: dict[str, str], log: Path, program: Sequence[str] = ("gunicorn", "wsgi:app")
) -> RunningService:
    """Start gunicorn in the checkout, and wait until it answers /healthz.

    It is forked from a process that has imported the libraries (tests/forked_gunicorn.py). Another
    `program` of the virtual environment must take gunicorn's options.
    """
    port = int(environ.get("PORT") or free_port())
    # Not `python -m gunicorn`, which cannot start its own successor (USR2).
    name, *arguments = program
    path = Path(sys.executable).with_name(name)
    command = [str(path), *arguments, "--bind", f"127.0.0.1:{port}"]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process: subprocess.Popen[bytes] | ForkedGunicorn
    if name == "gunicorn":
        process = ForkedGunicorn(command, {**kept, **environ}, log)
    else:
        with log.open("ab") as stream:
            process = subprocess.Popen(
                command, cwd=ROOT, env={**kept, **environ}, stdout=stream, stderr=stream
            )
    service = RunningService(process, port, environ)
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return service
        except OSError:
            time.sleep(0.05)
    service.stop()
    raise AssertionError(f"the service does not start:\n{log.read_text()}")


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve an app over HTTP in this process, and yield its URL."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def seconds_of(call: Callable[[], Answer]) -> float:
    """Return the seconds that a successful request takes."""
    began = time.monotonic()
    assert call().status == 200
    return time.monotonic() - began


def send_raw(port: int, text: str) -> bytes:
    """Send bytes, close the sending side, and return everything that is received."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(text.encode("latin-1"))
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while more := connection.recv(65536):
            received += more
    return received


async def _crowd(host: str, port: int, calls: list[Call]) -> list[Answer]:
    all_connected = asyncio.Barrier(len(calls))
    return await asyncio.gather(*(send(host, port, call, all_connected) for call in calls))


async def send(
    host: str, port: int, call: Call, barrier: asyncio.Barrier, *, timeout: float = 100
) -> Answer:
    """Make one request on a socket of its own, after all sockets are connected."""
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        await barrier.wait()
        return Answer(0, {}, None)
    await barrier.wait()
    body = b"" if call.body is None else json.dumps(call.body).encode()
    headers = {"Host": host, "Connection": "close", "Content-Length": str(len(body))}
    if body:
        headers["Content-Type"] = "application/json"
    lines = [f"{call.method} {call.path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in {**headers, **call.headers}.items()]
    try:
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        raw = await asyncio.wait_for(reader.read(), timeout)
    except (OSError, TimeoutError):
        raw = b""
    finally:
        writer.close()
    return _parse(raw)


def _parse(raw: bytes) -> Answer:
    head, found, body = raw.partition(b"\r\n\r\n")
    if not found:
        return Answer(0, {}, None)
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    length = int(headers.get("Content-Length", -1))
    if len(body) != length:
        # Cut off in the middle: no client could have used it.
        return Answer(0, headers, None)
    text = body.decode() if body else None
    told = json.loads(text) if text and "json" in headers.get("Content-Type", "") else text
    return Answer(int(first.split()[1]), headers, told)
