"""Sustained HTTP load by wrk (https://github.com/wg/wrk), or by our own generator without it."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.http_load import load
from benchmarks.timing import Timing

WRK = shutil.which("wrk")
_SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True, slots=True)
class Sustained:
    """The responses to load over a time: how many, how many of them are not 2xx, and p99."""

    answered: int
    failed: int
    seconds: float
    p99_ms: float

    @property
    def per_second(self) -> float:
        """Requests per second."""
        return self.answered / self.seconds


def sustained(port: int, requests: Sequence[bytes], *, connections: int, seconds: int) -> Sustained:
    """Send requests for some seconds with wrk, and begin again after the last one."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"\0".join(requests))
        file.flush()
        asked = subprocess.run(
            [
                str(WRK), "--threads=1", f"--connections={connections}", f"--duration={seconds}s",
                "--timeout=30s", f"--script={_SCRIPT}", f"http://127.0.0.1:{port}", "--", file.name,
            ],
            capture_output=True,
            text=True,
            check=True,
            timeout=seconds + 60,
        )  # fmt: skip
    return Sustained(**json.loads(asked.stdout.splitlines()[-1]))


def counted(port: int, requests: Sequence[bytes], *, connections: int) -> Sustained:
    """Send each request once, with our own generator."""
    done = load(port, requests.__getitem__, connections=connections, requests=len(requests))
    return Sustained(
        answered=len(done.statuses),
        failed=done.failed,
        seconds=done.seconds,
        p99_ms=Timing.of(done.taken).p99_ms,
    )
