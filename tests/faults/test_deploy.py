"""The Procfile, as honcho and a platform run it, on an empty database."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from honcho import environ as procfiles

from tests.commands import kept_environ, wait_until
from tests.database import new_database
from tests.factories import BASE_ACCOUNT, FID
from tests.leaks import LEAKS
from tests.running_service import ROOT, RunningService, free_port
from wallet_api.services.migrations import expected_versions

BIN = Path(sys.executable).parent


@pytest.fixture
def bare_url(server):
    """The URL of a plain database: no migrations, nothing."""
    with new_database(server, "bare") as url:
        yield url


@pytest.fixture
def honcho(environ, bare_url, tmp_path):
    """Start `honcho …` in the checkout on a plain database: honcho("start", NAME="value")."""
    started = []

    def start(*arguments, **changes):
        port = free_port()
        settings = {**environ, "DATABASE_URL": bare_url, "PORT": str(port), **changes}
        programs = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
        log = tmp_path / f"honcho-{len(started)}.log"
        LEAKS.logs.append(log)
        # A developer's own .env is not for tests.
        nothing = tmp_path / "nothing.env"
        nothing.touch()
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [BIN / "honcho", "--env", nothing, *arguments],
                cwd=ROOT,
                env={**kept_environ(settings), **programs},
                stdout=stream,
                stderr=stream,
            )
        started.append(process)
        return RunningService(process, port, settings), log

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.wait(40)


def is_ready(service):
    return service.get("/readyz").status == 200


def group_of(log, name):
    """Return the process group that honcho made for one line of the Procfile."""
    started = f"{name}.1 started (pid="
    wait_until(lambda: started in log.read_text())
    return int(log.read_text().partition(started)[2].partition(")")[0])


def is_there(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


# By itself: honcho kills what has not ended after 5 seconds.
@pytest.mark.faults
@pytest.mark.parametrize(("ending", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_honcho_start_brings_a_plain_database_up_to_date_and_serves_it(honcho, ending, status):
    service, log = honcho("start")
    wait_until(lambda: is_ready(service) or service.process.poll() is not None, seconds=60)
    assert service.process.poll() is None, log.read_text()
    groups = [group_of(log, name) for name in ("web", "release")]
    first, second = (service.call(service.deposit(FID, base=BASE_ACCOUNT)) for _ in range(2))
    assert (first.status, second.status) == (200, 200)
    assert first.body["depositAddress"] == second.body["depositAddress"]
    service.process.send_signal(ending)
    assert service.process.wait(40) == status
    said = log.read_text()
    assert "Shutting down: Master" in said
    assert "SIGKILL" not in said
    wait_until(lambda: not any(is_there(group) for group in groups))


@pytest.mark.slow
def test_the_release_phase_ends_with_a_database_that_is_up_to_date(bare_url):
    command = procfiles.parse_procfile((ROOT / "Procfile").read_text()).processes["release"]
    environ = kept_environ({"DATABASE_URL": bare_url})
    # As a platform does it, which is not honcho.
    release = subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        env={**environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert release.returncode == 0, release.stderr
    with psycopg.connect(bare_url) as connection:
        applied = connection.execute("select version from schema_migrations").fetchall()
    assert {version for (version,) in applied} == expected_versions()


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_failed_release_phase_has_a_nonzero_exit_status(shell):
    command = procfiles.parse_procfile((ROOT / "Procfile").read_text()).processes["release"]
    for named in ({}, {"HONCHO_PROCESS_NAME": "release.1"}):
        release = subprocess.run(
            [shell, "-c", command],
            cwd=ROOT,
            env={
                **kept_environ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}),
                **named,
                "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            },
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert release.returncode == 1


@pytest.mark.slow
def test_honcho_stops_when_the_database_cannot_be_brought_up_to_date(honcho):
    service, log = honcho("start", DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    began = time.monotonic()
    assert service.process.wait(40) == 1
    assert time.monotonic() - began < 30
    assert "the database cannot be reached" in log.read_text()


def test_the_first_process_of_the_procfile_gets_the_requested_port():
    """Honcho adds 100 to PORT for each line after the first."""
    assert (ROOT / "Procfile").read_text().startswith("web: ")
