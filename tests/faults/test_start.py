"""A process that cannot serve reports every fault once, and stops."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from honcho import environ as procfiles

from tests.commands import wait_until
from tests.factories import BASE_ACCOUNT, FID, SECRET
from tests.faults.starts import (
    BIN,
    COMMAND,
    ENTRIES,
    GUNICORN,
    OTHER_SERVERS,
    SERVE,
    WITHOUT_SETTINGS,
    run_python,
    served,
    started,
)
from tests.namespaces import nameless, readonly
from tests.running_service import ROOT, RunningService, children, free_port
from wallet_api.development.programs import command_line

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("entry", ENTRIES)
def test_all_faults_of_the_configuration_are_reported_together_before_serving(entry):
    environ = {
        "ENCRYPTION_SECRET": SECRET[:20],
        "NETWORK": "base-moon",
        "PORT": "0x50",
    }
    finished = run_python(entry, environ)
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
def test_a_missing_wallet_storage_setting_is_reported_before_serving(environ, folder, entry):
    (folder / f"wallet_{FID}_ethereum.json").touch()
    finished = run_python(entry, {**environ, "WALLET_STORAGE_PATH": str(folder)})
    assert finished.returncode == 1
    assert finished.stderr.count("WALLET_STORAGE is not set, and there are wallet files") == 1
    assert "Traceback" not in finished.stderr


def test_a_service_starts_with_values_that_have_surrounding_characters(serve, environ):
    framed = {name: f"{text}\r\n" for name, text in environ.items() if name != "ENCRYPTION_SECRET"}
    framed |= {"WEB_CONCURRENCY": "1\n", "WEB_THREADS": " 2 ", "NETWORK": "'Base-Testnet'"}
    service = serve(**framed)
    answer = service.call(service.deposit(FID, base=BASE_ACCOUNT))
    assert (answer.status, answer.body["network"]["chainId"]) == (200, 84532)
    assert len(service.workers()) == 1


def test_neither_the_master_nor_a_worker_can_dump_core(serve):
    service = serve(WEB_CONCURRENCY="2")
    for pid in (service.process.pid, *service.workers()):
        limits = Path(f"/proc/{pid}/limits").read_text()
        assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE)
        # The kernel gives root what may not be dumped. (A test run by root would see root anyhow.)
        assert Path(f"/proc/{pid}/environ").stat().st_uid == 0


@pytest.mark.parametrize("line", [GUNICORN, SERVE, COMMAND, f"{sys.executable} -c 'import wsgi'"])
def test_without_docstrings_nothing_starts_and_one_line_explains_it(environ, line):
    with started(line, {**environ, "PYTHONOPTIMIZE": "2", "PORT": "0"}) as process:
        [said] = process.communicate(timeout=100)[1].splitlines()
    assert process.returncode == 1
    assert "PYTHONOPTIMIZE" in said


@pytest.mark.parametrize(("concurrency", "port"), [("two", "8000"), ("2", "http")])
def test_a_setting_that_gunicorn_also_reads_is_refused_by_name(environ, concurrency, port):
    with started(SERVE, {**environ, "WEB_CONCURRENCY": concurrency, "PORT": port}) as process:
        [said] = process.communicate(timeout=100)[1].splitlines()
    assert process.returncode == 1
    assert ("WEB_CONCURRENCY must be" in said) == (concurrency == "two")
    assert ("PORT must be" in said) == (port == "http")


def test_an_empty_variable_counts_as_unset(environ, tmp_path):
    empty = dict.fromkeys(("WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS", "GUNICORN_CMD_ARGS"), "")
    with served(SERVE, {**environ, **empty}, tmp_path / "log"):
        pass


@pytest.mark.parametrize("line", [GUNICORN, SERVE])
def test_the_service_runs_without_assertions(environ, tmp_path, line):
    with served(line, {**environ, "PYTHONOPTIMIZE": "1"}, tmp_path / "log"):
        pass


@pytest.mark.parametrize("line", [GUNICORN, SERVE])
@pytest.mark.parametrize("closed", ["2>&-", "1>&- 2>&-", "0<&-", "0<&- 1>&- 2>&-"])
def test_the_service_runs_with_closed_standard_streams(environ, tmp_path, line, closed):
    with served(f"{line} {closed}", environ, tmp_path / "log") as service:
        for pid in (service.process.pid, *service.workers()):
            for number in (0, 1, 2):
                opened = Path(f"/proc/{pid}/fd/{number}").readlink()
                assert not str(opened).startswith("socket:"), (pid, number)


@pytest.mark.parametrize("line", [GUNICORN, SERVE])
def test_the_service_runs_when_its_log_cannot_be_written(environ, tmp_path, line):
    with served(f"{line} 2>/dev/full", environ, tmp_path / "log"):
        pass


def test_a_command_works_with_closed_standard_streams(environ):
    for closed in ("0<&-", "2>&-", "0<&- 2>&-"):
        with started(f"{COMMAND} {closed}", environ, stdout=subprocess.PIPE) as process:
            said, _ = process.communicate(timeout=100)
        assert (process.returncode, said.partition(":")[0]) == (0, "Nothing to do")


@pytest.mark.parametrize("line", [GUNICORN, SERVE])
def test_the_service_runs_as_a_user_without_a_name_or_a_home(environ, tmp_path, line):
    with served(f"{nameless()} {line}", environ, tmp_path / "log"):
        pass


def test_an_upgrade_runs_as_a_user_without_a_name_or_a_home(environ, sql):
    sql.execute("drop schema public cascade; create schema public")
    with started(f"{nameless()} {COMMAND}", environ, stdout=subprocess.PIPE) as process:
        said, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors
    assert said.startswith("Applied 0001")


PROCFILE = procfiles.parse_procfile((ROOT / "Procfile").read_text()).processes["web"]
WEB = f"{BIN}/{PROCFILE} --bind 127.0.0.1:$PORT"


@pytest.mark.parametrize("line", [WEB, SERVE])
@pytest.mark.parametrize("value", ["", "'1'"])
def test_web_concurrency_is_read_like_every_other_setting(environ, tmp_path, line, value):
    """tests/unit/test_environment.py has every form of white space and quotes."""
    with served(line, {**environ, "WEB_CONCURRENCY": value}, tmp_path / "log") as service:
        expected = 1 if "1" in value else 2
        # The first of them answers before the second one is there.
        wait_until(lambda: len(service.workers()) == expected)
        time.sleep(0.3)
        assert len(service.workers()) == expected


@pytest.mark.parametrize("line", [WEB, SERVE])
@pytest.mark.parametrize("value", ["x", "0", "257", "1.5"])
def test_a_wrong_web_concurrency_is_explained_in_one_sentence(environ, line, value):
    environ = {**environ, "WEB_CONCURRENCY": value, "PORT": str(free_port())}
    with started(line, environ) as process:
        said = process.communicate(timeout=100)[1]
    assert process.returncode == 1
    assert "WEB_CONCURRENCY must be a whole number from 1 to 256" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("line", [GUNICORN, SERVE])
@pytest.mark.parametrize("option", ["--threads 0", "--workers 0", "--worker-connections 0"])
def test_an_option_that_prevents_serving_is_refused(environ, line, option):
    environ = {**environ, "GUNICORN_CMD_ARGS": option, "PORT": str(free_port())}
    with started(line, environ) as process:
        *_, said = process.communicate(timeout=100)[1].splitlines()
    assert process.returncode == 1
    assert said.startswith(f"{option.split()[0]} must be a whole number from 1 to ")


def test_the_web_command_takes_systemd_s_socket_and_notifies_when_ready(environ, tmp_path):
    """As systemd starts it: the listener is file 3, and LISTEN_PID is the process itself."""
    listener = socket.create_server(("127.0.0.1", 0))
    notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notified.bind(str(tmp_path / "notify"))
    notified.settimeout(90)
    port = listener.getsockname()[1]
    command = f'exec 3<&{listener.fileno()}; export LISTEN_PID="$$"; exec {BIN}/{PROCFILE}'
    announced = {"LISTEN_FDS": "1", "NOTIFY_SOCKET": str(tmp_path / "notify"), "PORT": "1"}
    with listener, notified, (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            ["bash", "-c", command],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **environ, **announced},
            pass_fds=[listener.fileno()],
            stderr=log,
        )
        service = RunningService(process, port, environ)
        try:
            assert b"READY=1" in notified.recv(4096)
            assert service.get("/healthz").status == 200
        finally:
            service.stop()


def test_the_master_of_the_web_command_starts_its_successor(environ, tmp_path):
    with served(WEB, environ, tmp_path / "log") as service:
        before = {*service.workers(), *children(service.process.pid)}
        service.process.send_signal(signal.SIGUSR2)
        wait_until(lambda: set(children(service.process.pid)) - before, seconds=90)
        [new] = set(children(service.process.pid)) - before
        try:
            wait_until(lambda: children(new), seconds=90)
            service.process.terminate()
            assert service.process.wait(40) == 0
            assert service.get("/healthz").status == 200
        finally:
            os.kill(new, signal.SIGTERM)
        wait_until(lambda: not command_line(new), seconds=90)


TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108
SHARED_MEMORY = "/dev/shm"  # noqa: S108


@pytest.mark.parametrize("line", [GUNICORN, SERVE])
def test_the_service_runs_with_a_read_only_tmp_and_folder(environ, tmp_path, line):
    start = f"{readonly(*TEMPORARY, ROOT)} {shlex.quote(f'exec {line}')}"
    with served(start, environ, tmp_path / "log"):
        pass


@pytest.mark.parametrize("line", [GUNICORN, SERVE])
def test_one_line_reports_a_system_without_a_writable_folder(environ, line):
    start = f"{readonly(*TEMPORARY, SHARED_MEMORY, ROOT)} {shlex.quote(line)}"
    with started(start, {**environ, "PORT": str(free_port())}) as process:
        [said] = process.communicate(timeout=100)[1].splitlines()
    assert process.returncode == 1
    assert said.endswith("no directory for temporary files is writable. Set TMPDIR.")


@pytest.mark.parametrize("name", OTHER_SERVERS)
def test_another_server_opens_the_pool_at_its_first_use(environ, tmp_path, name):
    with served(OTHER_SERVERS[name], environ, tmp_path / "log") as service:
        # What our settings of gunicorn refuse is refused here too.
        for header in ({}, {"SCRIPT_NAME": "/x"}):
            assert service.get("/x/v1/stats", header).status == 404
        for pid in service.workers() or [service.process.pid]:
            limits = Path(f"/proc/{pid}/limits").read_text()
            assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE)


@pytest.mark.parametrize("name", WITHOUT_SETTINGS)
@pytest.mark.parametrize("given", ["command line", "GUNICORN_CMD_ARGS"])
def test_gunicorn_without_our_settings_does_not_serve(environ, tmp_path, name, given):
    folder, [*options, app] = WITHOUT_SETTINGS[name]
    environ = {**environ, "WEB_CONCURRENCY": "1"}
    if given == "GUNICORN_CMD_ARGS":
        options, environ["GUNICORN_CMD_ARGS"] = [], shlex.join(options)
    finished = subprocess.run(
        [f"{BIN}/gunicorn", *options, "--bind", f"127.0.0.1:{free_port()}", app],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert finished.returncode == 4, finished.stderr
    sentence = "wallet-api does not serve under gunicorn without its own settings for it. "
    assert sentence in finished.stderr
    assert "Traceback" not in finished.stderr


def test_an_import_without_a_server_opens_the_pool_at_its_first_use(environ):
    """As a function on a serverless platform does, which is stopped without a signal."""
    program = """
from wsgi import app

client = app.test_client()
print(client.get("/readyz").status_code, client.get("/healthz").status_code)
"""
    finished = run_python(["-c", program], {**environ, "LOG_LEVEL": "ERROR"})
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "200 200\n", "")
