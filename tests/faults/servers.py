"""PostgreSQL servers that tests can damage, and a proxy that cuts their connections."""

import asyncio
import os
import random
import shutil
import signal
import socket
import subprocess
import threading
from contextlib import ExitStack, contextmanager, suppress

import psycopg
import pytest

from tests.running_service import children, free_port
from wallet_api.development import postgres as local_postgres
from wallet_api.development import programs
from wallet_api.development.postgres import LocalPostgres

WAITING = "select pid from pg_stat_activity where wait_event = 'SyncRep'"


class Server(LocalPostgres):
    """A durable server that comes back on the same port."""

    def __init__(self, directory, **settings):
        super().__init__(directory, durable=True, settings=settings, port=free_port())

    def crash(self):
        """Kill every process of the server at once; the next start recovers."""
        self._signal(signal.SIGSTOP)
        self._signal(signal.SIGKILL)
        self.kill()

    def pause(self):
        """Suspend every process; the kernel still accepts what is sent to them."""
        self._signal(signal.SIGSTOP)

    def resume(self):
        self._signal(signal.SIGCONT)

    def has_exited(self):
        return self._process.poll() is not None

    def run(self, program, *arguments):
        """Run a program of PostgreSQL's as the owner of the cluster."""
        _, account = local_postgres._find_home(self.directory)
        programs.run([self.bindir / program, *arguments], account)

    def administer(self, statement):
        """Run one statement and return its rows."""
        return self.query("postgres", statement)

    def query(self, name, statement):
        """Run one statement in a database and return its rows."""
        with psycopg.connect(self.url(name), autocommit=True) as admin:
            cursor = admin.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _signal(self, number):
        for pid in [self.pid, *children(self.pid)]:
            # One may have ended meanwhile.
            with suppress(ProcessLookupError):
                os.kill(pid, number)


class Standby(Server):
    """A streaming copy of another server, which can take its place."""

    def __init__(self, directory, primary):
        super().__init__(directory)
        self._primary = primary

    def _initialize(self, account):
        data = self.home / "data"
        if data.exists():
            return
        copy = [f"--pgdata={data}", f"--dbname={self._primary.url('postgres')}"]
        self.run("pg_basebackup", *copy, "--write-recovery-conf", "--checkpoint=fast")
        shutil.copy2(self._primary.home / "password", self.home / "password")

    def cut_off(self):
        """Take what leads to the primary from a stopped standby: it gets nothing more."""
        with (self.home / "data" / "postgresql.auto.conf").open("a") as settings:
            settings.write("primary_conninfo = 'host=127.0.0.1 port=1'\n")


class SmallDisk:
    """A file system of its own for the write-ahead log of a stopped server.

    Raises OSError where nothing can be mounted.
    """

    def __init__(self, server, megabytes):
        self._wal = server.home / "data" / "pg_wal"
        self._ballast = self._wal / "ballast"
        # Segments of 16 MB would hide a full disk for long.
        server.run("pg_resetwal", "--wal-segsize=1", f"--pgdata={self._wal.parent}")
        with (self._wal.parent / "postgresql.auto.conf").open("a") as settings:
            settings.write("min_wal_size = '2MB'\nmax_wal_size = '4MB'\n")
        owner = self._wal.stat()
        aside = self._wal.rename(self._wal.with_name("pg_wal_before"))
        self._wal.mkdir()
        options = f"size={megabytes}m,mode=0700,uid={owner.st_uid},gid={owner.st_gid}"
        mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self._wal)]
        mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
        if mounted.returncode != 0:
            raise OSError(mounted.stderr.strip())
        shutil.copytree(aside, self._wal, dirs_exist_ok=True)
        for path in self._wal.rglob("*"):
            os.chown(path, owner.st_uid, owner.st_gid)

    def fill(self):
        """Leave no room for another segment."""
        with self._ballast.open("wb", buffering=0) as file, suppress(OSError):
            while file.write(bytes(65536)):
                pass

    def free(self):
        self._ballast.unlink()

    def unmount(self):
        subprocess.run(["umount", str(self._wal)], check=True)


class Proxy:
    """Carries bytes between a service and its PostgreSQL, and cuts or swallows them on demand.

    `rule(to_server, data)` says how many bytes are carried before the connection is cut, or None.
    """

    def __init__(self, upstream_port):
        self.upstream_port = upstream_port
        self.port = free_port()
        self.rule = carry_all
        self.swallowing = False
        self.delay = 0.0
        self.cuts = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._tasks = set()

    def __enter__(self):
        self._thread.start()
        serve = asyncio.start_server(self._link, "127.0.0.1", self.port)
        self._server = asyncio.run_coroutine_threadsafe(serve, self._loop).result(10)
        return self

    def __exit__(self, *raised):
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self):
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @contextmanager
    def refusing(self):
        """Cut every connection, and refuse new ones."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        yield
        listen = asyncio.start_server(self._link, "127.0.0.1", self.port)
        self._server = asyncio.run_coroutine_threadsafe(listen, self._loop).result(10)

    @contextmanager
    def deaf(self):
        """Cut every connection, and let new ones hang: the kernel drops their first packet."""
        with self.refusing(), ExitStack() as full, socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", self.port))
            listener.listen(0)
            for _ in range(2):
                # Nobody accepts them, and there is no room for more.
                waiting = full.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(("127.0.0.1", self.port))
            yield

    async def _link(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        ends = [writer]
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.upstream_port)
            ends.append(up_writer)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._carry(reader, up_writer, to_server=True))
                both.create_task(self._carry(up_reader, writer, to_server=False))
        except* OSError:
            pass
        finally:
            for end in ends:
                end.transport.abort()
            self._tasks.discard(asyncio.current_task())

    async def _carry(self, reader, writer, *, to_server):
        """Carry one direction, and end both by raising OSError."""
        ready = False
        while data := await reader.read(65536):
            if self.swallowing:
                continue
            if self.delay and not to_server and ready:
                await asyncio.sleep(self.delay)
            # Not while a connection logs in, which takes several answers.
            ready = ready or data.endswith(_READY)
            carried = self.rule(to_server, data)
            writer.write(data[:carried])
            await writer.drain()
            if carried is not None:
                self.cuts += 1
                raise ConnectionAbortedError
        raise ConnectionResetError


# ReadyForQuery, outside of a transaction.
_READY = b"Z\0\0\0\x05I"


def carry_all(to_server, data):
    return None


def cut_at_random(to_server, data):
    """Cut one message in fifty, anywhere, in both directions."""
    return random.randrange(len(data) + 1) if random.random() < 0.02 else None


def swallow_the_answer_to_commit(to_server, data):
    """Cut one in ten connections when PostgreSQL has committed and is about to say so."""
    said = -1 if to_server else data.find(b"C\0\0\0\x0bCOMMIT\0")
    return said if said >= 0 and random.random() < 0.1 else None


def server_on_a_small_disk(directory, migrated):
    """Return a stopped server whose write-ahead log has 24 MB, its database, and the disk."""
    server = Server(directory)
    with server:
        name = migrated(server)
    try:
        return server, name, SmallDisk(server, megabytes=24)
    except OSError as error:
        shutil.rmtree(server.home)
        pytest.skip(f"A FULL DISK WAS NOT TRIED: no file system can be mounted here ({error}).")
