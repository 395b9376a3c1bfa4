"""HTTP load generator: sustained load and concurrent bursts against a local server."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import NamedTuple

from benchmarks.timing import Burst, Timing

_ROOT = Path(__file__).resolve().parents[1]
_START_SECONDS = 60
_STOP_SECONDS = 30
_HOST = "127.0.0.1"


class Server(NamedTuple):
    """A running server on 127.0.0.1."""

    port: int
    pid: int


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The responses to a number of requests."""

    statuses: list[int]
    taken: list[float]
    seconds: float

    @property
    def per_second(self) -> float:
        """Requests per second."""
        return round(len(self.statuses) / self.seconds, 1)

    @property
    def failed(self) -> int:
        """The number of responses with another status than 2xx."""
        return sum(not 200 <= status < 300 for status in self.statuses)


def request_text(
    method: str, path: str, headers: dict[str, str] | None = None, body: str = ""
) -> bytes:
    """Return the bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {_HOST}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def load(port: int, make: Callable[[int], bytes], *, connections: int, requests: int) -> LoadResult:
    """Send requests over a number of connections, one at a time on each."""
    return asyncio.run(_load(port, make, connections, requests))


def all_at_once(port: int, make: Callable[[int], bytes], concurrency: int) -> Burst:
    """Open connections, then send one request on each at the same time."""
    done = asyncio.run(_load(port, make, concurrency, concurrency))
    return Burst(
        concurrency=concurrency,
        seconds=round(done.seconds, 3),
        per_second=done.per_second,
        p99_ms=Timing.of(done.taken).p99_ms,
        failed=done.failed,
        answers=len(done.statuses) - done.failed,
    )


@contextmanager
def running(environ: Mapping[str, str], *arguments: str) -> Iterator[Server]:
    """Run a gunicorn until the end of the block."""
    port = free_port()
    gunicorn = str(Path(sys.executable).with_name("gunicorn"))
    with started([gunicorn, "--bind", f"{_HOST}:{port}", *arguments], environ, port) as server:
        yield server


@contextmanager
def started(
    command: Sequence[str], environ: Mapping[str, str], port: int, folder: Path = _ROOT
) -> Iterator[Server]:
    """Run a server until the end of the block, which begins when it accepts connections."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            command, cwd=folder, env={**kept, **environ}, stdout=log, stderr=log
        )
        try:
            deadline = time.monotonic() + _START_SECONDS
            while not _answers(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise RuntimeError(f"{command[0]} does not start: {log.read()}")
                time.sleep(0.05)
            yield Server(port, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nobody listens."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


async def _load(
    port: int, make: Callable[[int], bytes], connections: int, requests: int
) -> LoadResult:
    numbers, statuses, taken = count(), [], []
    opened = await asyncio.gather(
        *(asyncio.open_connection(_HOST, port) for _ in range(connections))
    )
    all_began = time.perf_counter()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The first requests of all connections are timed from the same moment.
        began = all_began
        while (number := next(numbers)) < requests:
            writer.write(make(number))
            try:
                status = await _status(reader)
            except (OSError, EOFError):
                # The connection was closed: count a failure and stop.
                status = 0
            ended = time.perf_counter()
            taken.append(ended - began)
            began = ended
            statuses.append(status)
            if not status:
                break
        writer.close()

    await asyncio.gather(*(one(*streams) for streams in opened))
    return LoadResult(statuses, taken, time.perf_counter() - all_began)


async def _status(reader: asyncio.StreamReader) -> int:
    """Read a complete response and return its status."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    status, *lines = head.splitlines()
    headers = dict(line.split(": ", 1) for line in lines if line)
    if headers.get("transfer-encoding") == "chunked":
        while size := int(await reader.readuntil(b"\r\n"), 16):
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
    else:
        await reader.readexactly(int(headers["content-length"]))
    return int(status.split()[1])


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((_HOST, port), timeout=1):
            return True
    except OSError:
        return False
