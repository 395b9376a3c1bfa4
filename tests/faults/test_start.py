"""A process that is not fit to serve says everything that is wrong, once, and stops."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import BASE_ACCOUNT, FID, SECRET
from tests.service import ROOT

pytestmark = pytest.mark.slow


ENTRIES = [["-m", "gunicorn", "wsgi:app"], ["-c", "import wsgi"]]


def run(entry, environ):
    return subprocess.run(
        [sys.executable, *entry],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("entry", ENTRIES)
def test_all_faults_of_the_configuration_are_reported_together_before_serving(entry):
    environ = {
        "ENCRYPTION_SECRET": SECRET[:20],
        "NETWORK": "base-moon",
        "PORT": "0x50",
    }
    finished = run(entry, environ)
    assert finished.returncode == 1
    for fault in (
        "DATABASE_URL is not set",
        "ENCRYPTION_SECRET has 20 characters",
        "JWT_SECRET is not set",
        "NETWORK must be one of",
        "PORT must be a whole number",
    ):
        assert finished.stderr.count(fault) == 1
    assert "Traceback" not in finished.stderr
    assert SECRET[:20] not in finished.stderr


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_forgotten_setting_beside_wallet_files_is_said_before_serving(environ, folder, entry):
    (folder / f"wallet_{FID}_ethereum.json").touch()
    finished = run(entry, {**environ, "WALLET_STORAGE_PATH": str(folder)})
    assert finished.returncode == 1
    assert finished.stderr.count("WALLET_STORAGE is not set, and there are wallet files") == 1
    assert "Traceback" not in finished.stderr


def test_a_service_starts_with_what_secrets_and_files_put_around_values(serve, environ):
    framed = {name: f"{text}\r\n" for name, text in environ.items() if name != "ENCRYPTION_SECRET"}
    framed |= {"WEB_CONCURRENCY": "1\n", "WEB_THREADS": " 2 ", "NETWORK": "'Base-Testnet'"}
    service = serve(**framed)
    answer = service.call(service.deposit(FID, base=BASE_ACCOUNT))
    assert (answer.status, answer.body["network"]["chainId"]) == (200, 84532)
    assert len(service.workers()) == 1


def test_neither_the_master_nor_a_worker_leaves_a_core_dump_in_which_keys_could_be_found(serve):
    service = serve(WEB_CONCURRENCY="2")
    for pid in (service.process.pid, *service.workers()):
        limits = Path(f"/proc/{pid}/limits").read_text()
        assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE)
        # The kernel gives root what may not be dumped. (A test run by root would see root anyhow.)
        assert Path(f"/proc/{pid}/environ").stat().st_uid == 0
