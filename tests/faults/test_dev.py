"""`wallet-api dev`, the command under `make run`: it starts, works as printed, and stops."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import ClassVar

import pytest

from tests.leaks import LEAKS
from tests.service import ROOT, free_port

pytestmark = pytest.mark.faults


# What a developer's shell may have for another server.
ELSEWHERE = {
    "PGHOSTADDR": "192.0.2.1",
    "PGSERVICE": "elsewhere",
    "PGOPTIONS": "-cdefault_transaction_read_only=on",
}


class Dev:
    """One run of `wallet-api dev`."""

    started: ClassVar[list["Dev"]] = []

    def __init__(self, directory: Path, port: int) -> None:
        self.directory = directory
        self.port = port
        self.output = directory.parent / f"{directory.name}-{time.monotonic_ns()}.log"
        kept = {
            name: value
            for name, value in os.environ.items()
            if name in ("PATH", "HOME", "PG_BINDIR")
        }
        with self.output.open("wb") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "wallet_api", "dev"],
                cwd=ROOT,
                env={**kept, **ELSEWHERE, "DATA_DIR": str(directory), "PORT": str(port)},
                stdout=stream,
                stderr=stream,
                start_new_session=True,
                # As a shell does for what it starts in the background.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),  # noqa: PLW1509
            )

        self.started.append(self)

    def text(self) -> str:
        return self.output.read_text()

    def wait_until_printed(self, sentence: str) -> "Dev":
        deadline = time.monotonic() + 60
        while sentence not in self.text():
            assert self.process.poll() is None, self.text()
            assert time.monotonic() < deadline, self.text()
            time.sleep(0.05)
        return self

    def curl(self, number: int = 0) -> str:
        """Run a printed curl as printed and return its answer: the deposit, or the signature."""
        printed = [*re.finditer(r"curl -sS .*?'\n\n", self.text(), re.DOTALL)][number]
        return subprocess.run(
            ["bash", "-c", printed[0]], capture_output=True, text=True, check=True
        ).stdout

    def create_client(self) -> str:
        """Run the printed command that creates an API client and return the client's token."""
        printed = re.search(r"\(set -a; .*?\)\n", self.text(), re.DOTALL)[0]
        path = {"PATH": os.environ["PATH"]}
        run = subprocess.run(
            ["sh", "-c", printed], env=path, cwd=ROOT, stdout=subprocess.PIPE, check=True
        )
        token = run.stdout.decode().strip()
        LEAKS.secrets.add(token)
        return token

    def console_token(self) -> str:
        """Return the token that is printed for the console."""
        found = re.search(
            r"/console\. This client token has all of its scopes:\n\n(\S+)\n", self.text()
        )
        LEAKS.secrets.add(found[1])
        return found[1]

    def status(self, path: str, token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.status

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(how)
        return self.process.wait(60)


@pytest.fixture
def data(tmp_path):
    directory = tmp_path / "data"
    yield directory
    while Dev.started:
        dev = Dev.started.pop()
        if dev.process.poll() is None:
            dev.stop(signal.SIGTERM)
    cluster = directory / "postgres" / "cluster"
    if cluster.is_symlink():
        shutil.rmtree(cluster.readlink())


def processes_of(directory: Path) -> list[str]:
    """The command lines of running processes that mention a directory or its cluster."""
    cluster = directory / "postgres" / "cluster"
    names = {str(directory), str(cluster.readlink()) if cluster.is_symlink() else str(directory)}
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_text().replace("\0", " ")
        except OSError:
            continue
        if any(name in line for name in names):
            found.append(line)
    return found


def test_the_printed_curl_deposits_and_the_state_survives_a_restart(data):
    port = free_port()
    first = Dev(data, port).wait_until_printed("Press Ctrl-C to stop.")
    LEAKS.secrets.update(json.loads((data / "secrets.json").read_text()).values())
    answer = json.loads(first.curl())
    assert answer["success"] is True
    assert answer["network"] == {"name": "Base Mainnet", "chainId": 8453}
    assert answer["transaction"]["data"].startswith("0xa9059cbb")
    signed = json.loads(first.curl(1))
    assert signed["address"] == answer["depositAddress"]
    assert re.fullmatch("0x[0-9a-f]{130}", signed["signature"])
    # What the page at / signs in with.
    demo = urllib.request.Request(f"http://127.0.0.1:{port}/demo/token", method="POST")
    with urllib.request.urlopen(demo, timeout=5) as response:
        given = json.load(response)
    LEAKS.secrets.add(given["token"])
    assert f"A session token for FID {given['fid']}:" in first.text()
    stored = json.loads((data / "secrets.json").read_text()).values()
    assert not [secret for secret in stored if secret in first.text()]
    assert first.create_client().startswith("wapi_")
    console_token = first.console_token()
    for path in ("/v1/stats", "/v1/storage", "/v1/users/1464243/wallets", "/v1/audit?fid=1464243"):
        assert first.status(path, console_token) == 200
    assert first.stop() == 0
    assert processes_of(data) == []

    second = Dev(data, port).wait_until_printed("Press Ctrl-C to stop.")
    assert json.loads(second.curl())["depositAddress"] == answer["depositAddress"]
    assert second.console_token() == console_token
    assert second.stop(signal.SIGTERM) == 0
    assert processes_of(data) == []


def test_it_starts_again_after_all_its_processes_were_killed(data):
    port = free_port()
    first = Dev(data, port).wait_until_printed("Press Ctrl-C to stop.")
    address = json.loads(first.curl())["depositAddress"]
    first.stop(signal.SIGKILL)
    second = Dev(data, port).wait_until_printed("Press Ctrl-C to stop.")
    assert json.loads(second.curl())["depositAddress"] == address
    assert second.stop() == 0


def test_a_taken_port_and_a_second_start_are_reported_in_one_sentence(data):
    port = free_port()
    first = Dev(data, port).wait_until_printed("Press Ctrl-C to stop.")
    second = Dev(data, free_port())
    assert second.process.wait(30) == 1
    assert "already running" in second.text()
    other = data.parent / "other"
    third = Dev(other, port)
    assert third.process.wait(30) == 1
    assert f"Port {port} is not available" in third.text()
    assert "Traceback" not in second.text() + third.text()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as response:
        assert response.status == 200
    assert first.stop() == 0
    if (other / "postgres" / "cluster").is_symlink():
        shutil.rmtree((other / "postgres" / "cluster").readlink())
