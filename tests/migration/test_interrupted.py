"""Imports and exports that are killed at any moment are completed by a second run."""

import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest

from benchmarks import wallet_store as generator
from tests.commands import SHELL, assert_they_end, is_one_line, kept_environ, wait_until
from tests.database import empty, key_ids, table
from tests.running_service import ROOT, children
from tests.wallet_store import old_decrypt
from wallet_api.cli import processes as workers
from wallet_api.crypto.secret import Secret
from wallet_api.development import postgres as local_postgres
from wallet_api.development.postgres import LocalPostgres
from wallet_api.services import migrations

pytestmark = pytest.mark.slow

FILES = 1200
_SESSIONS = (
    "select count(*) from pg_stat_activity"
    " where datname = current_database() and application_name like 'wallet-api%'"
)


@pytest.fixture
def made(generate, monkeypatch):
    """Fill the folder, and have it worked on in small steps, so that a kill falls between them."""
    for module in ("commands", "verification"):
        monkeypatch.setattr(sys.modules[f"wallet_api.cli.wallet_files.{module}"], "BATCH", 50)
    return generate(FILES)


@pytest.fixture
def expected(made):
    """Return the key of each user with one, in hex."""
    return {fid: generator.private_key(fid).hex() for fid, chain in made if chain == "ethereum"}


def kill_at(sql, one, seconds):
    """Kill a command so many seconds after its workers are there; return its status and theirs."""
    wait_until(lambda: len(one.workers()) == 2 or not one.is_running())
    members = one.workers()
    time.sleep(seconds)
    one.send(signal.SIGKILL)
    status = one.finish().status
    assert_they_end(members)
    # A commit that was under way when its client was killed comes about all the same.
    wait_until(lambda: sql.execute(_SESSIONS).fetchone() == (0,))
    return status, members


@pytest.mark.parametrize(
    "kills", [pytest.param(3, marks=pytest.mark.faults), pytest.param(30, marks=pytest.mark.long)]
)
def test_an_import_that_is_killed_at_random_moments_ends_with_the_same_rows(
    start, command, folder, made, expected, sql, stored_keys, kills
):
    began = time.monotonic()
    assert command("import", folder).status == 0
    whole = time.monotonic() - began
    undisturbed, ids = table(sql), key_ids(sql)
    assert len(undisturbed) == FILES
    moments = random.Random(3)
    found = []
    for _ in range(kills):
        empty(sql)
        one = start("import", folder, "--processes", "2")
        status, members = kill_at(sql, one, moments.uniform(0, whole))
        found.append(len(table(sql)))
        assert status in (-signal.SIGKILL, 0)
        assert members
        assert set(table(sql)) <= set(undisturbed)
        done = command("import", folder, "--json")
        assert done.status == 0
        assert done.figures["imported"] + done.figures["present"] == FILES
        assert done.figures["present"] == found[-1]
        assert (table(sql), key_ids(sql)) == (undisturbed, ids)
        assert stored_keys() == expected
    print(f"\nrows at the kill: {sorted(found)}")
    assert any(0 < rows < FILES for rows in found), "no kill hit an import that was half done"


def test_the_report_of_a_killed_import_does_not_appear(start_slowly, folder, made, sql, tmp_path):
    report = tmp_path / "report.jsonl"
    one = start_slowly("import", folder, "--report", report, "--processes", "2")
    status, _ = kill_at(sql, one, 0.05)
    assert status == -signal.SIGKILL
    assert not report.exists()


def test_a_worker_that_is_killed_ends_the_import_with_one_line(
    start_slowly, command, folder, made, sql, tmp_path
):
    report = tmp_path / "report.jsonl"
    report.write_text("an older report\n")
    one = start_slowly("import", folder, "--processes", "2", "--report", report)
    wait_until(lambda: table(sql))
    members = one.workers()
    os.kill(members[0], signal.SIGKILL)
    done = one.finish()
    assert is_one_line(done), done
    assert "a worker process was killed" in done.err
    assert_they_end(members)
    assert 0 < len(table(sql)) < FILES
    assert report.read_text() == "an older report\n"
    assert list(tmp_path.glob(".report*")) == []
    assert command("import", folder).status == 0
    assert len(table(sql)) == FILES


@pytest.mark.parametrize("arguments", [("import",), ("export",), ("verify",)])
def test_ctrl_c_ends_a_command_cleanly(
    start_slowly, command, folder, made, sql, tmp_path, arguments
):
    path = folder
    if arguments != ("import",):
        assert command("import", folder).status == 0
    if arguments == ("export",):
        path = tmp_path / "exported"
    one = start_slowly(*arguments, path, "--processes", "2")
    wait_until(lambda: len(one.workers()) == 2)
    members = one.workers()
    time.sleep(0.1)
    one.interrupt()
    done = one.finish(20)
    assert done.status == 130
    assert done.err.strip() == "Stopped."
    assert_they_end(members)
    assert command(*arguments, path).status == 0


def test_ctrl_c_before_the_work_ends_a_command_cleanly(start_slowly, folder, made):
    for after in (0.02, 0.05, 0.08):
        one = start_slowly("import", folder)
        time.sleep(after)
        one.interrupt()
        done = one.finish(20)
        assert done.status in (130, -signal.SIGINT)
        assert "Traceback" not in done.err


@pytest.mark.faults
def test_an_export_that_is_killed_at_random_moments_ends_with_a_whole_store(
    start, command, folder, made, expected, sql, tmp_path
):
    assert command("import", folder).status == 0
    began = time.monotonic()
    assert command("export", tmp_path / "undisturbed").status == 0
    whole = time.monotonic() - began
    moments = random.Random(4)
    halves = 0
    for number in range(4):
        path = tmp_path / f"exported-{number}"
        one = start("export", path, "--processes", "2")
        status, members = kill_at(sql, one, moments.uniform(0, whole))
        assert status in (-signal.SIGKILL, 0)
        assert members
        halves += 0 < len(list(path.glob("wallet_*"))) < FILES
        assert command("export", path).status == 0
        assert len(list(path.glob("wallet_*"))) == FILES
        assert [file.name for file in path.glob(".*")] == [".lock"]
    assert halves, "no kill hit an export that was half done"
    for fid, chain in made[::25]:
        members = json.loads((path / f"wallet_{fid}_{chain}.json").read_text())
        assert old_decrypt(members) == ("0x" + expected[fid] if chain == "ethereum" else "")


@pytest.fixture
def own_server(tmp_path_factory, monkeypatch):
    """Return a server of this test's own, which restarts on the same port."""
    server = LocalPostgres(tmp_path_factory.mktemp("own"), durable=False)
    server.start()
    monkeypatch.setattr(local_postgres, "_free_port", lambda: server.port)
    migrations.upgrade(Secret(server.url()))
    yield server
    server.stop()
    shutil.rmtree(server.home)


@pytest.mark.faults
def test_a_restart_of_postgresql_during_an_import_loses_nothing(
    own_server, command, folder, generate, environ
):
    """By a process that inherits nothing of the server that is stopped."""
    files = 6000
    generate(files)
    url = own_server.url()

    def rows():
        with psycopg.connect(url, autocommit=True) as connection:
            return connection.execute("select count(*) from wallets").fetchone()[0]

    one = subprocess.Popen(
        [*SHELL, "import", folder, "--processes", "2"],
        cwd=ROOT,
        env=kept_environ({**environ, "DATABASE_URL": url}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(rows)
    own_server.stop()
    time.sleep(0.5)
    own_server.start()
    assert rows() < files, "the import was over before the restart"
    _, err = one.communicate(timeout=60)
    assert "Traceback" not in err
    said = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert one.returncode == len(said), err
    print(f"\nexit status {one.returncode}: {said}")
    again = command("import", folder, "--json", DATABASE_URL=url)
    assert again.status == 0
    assert again.figures["imported"] + again.figures["present"] == files == rows()


class Nowhere:
    """In place of a database, for work that needs none."""

    def open(self):
        pass

    def close(self):
        pass


def answer_at_length(item):
    """Be killed in the middle of an answer, which is not read while the parent is suspended."""
    if item == 3:
        os.kill(os.getppid(), signal.SIGSTOP)
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGKILL)).start()
    return bytes(10_000_000 if item == 3 else 10)


def take_all():
    try:
        for _ in workers.map_in_processes(
            range(20), answer_at_length, processes=2, database=Nowhere()
        ):
            pass
    except Exception:  # noqa: BLE001 (any of them reports it)
        os._exit(3)


def state_of(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_worker_that_is_killed_while_it_returns_results_is_detected():
    """The rest of its answer never comes."""
    caller = multiprocessing.get_context("fork").Process(target=take_all)
    caller.start()
    wait_until(lambda: state_of(caller.pid) == "T")
    # The worker is dead, and stays a zombie while its parent is suspended.
    wait_until(lambda: any(state_of(pid) == "Z" for pid in children(caller.pid)))
    os.kill(caller.pid, signal.SIGCONT)
    caller.join(30)
    hangs = caller.is_alive()
    caller.kill()
    caller.join()
    assert not hangs
    assert caller.exitcode == 3
