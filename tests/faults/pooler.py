"""A PgBouncer in transaction mode, in front of one database of a test server."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress

from tests.running_service import ROOT, free_port
from wallet_api.development import postgres as local_postgres
from wallet_api.development import programs

# Debian puts it where only root's PATH leads.
PROGRAM = os.environ.get("PGBOUNCER") or shutil.which("pgbouncer", path=f"{os.defpath}:/usr/sbin")
REMEMBERS_SINCE = (1, 21)
"""The first version that knows prepared statements in transaction mode."""

PAGE = (ROOT / "docs" / "scaling.md").read_text()
# What is another one here than on the page: places, logins, and what a test is about.
_OURS = {
    "auth_type": "any",
    "auth_file": None,
    "listen_port": "{port}",
    "max_prepared_statements": "{remembers}",
    "default_pool_size": "{pool_size}",
}


def version():
    """Return the first two numbers of the installed version."""
    shown = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True)
    return tuple(int(part) for part in re.search(r"(\d+)\.(\d+)", shown.stdout).groups())


def _settings_of_the_page():
    (block,) = re.findall(r"\[pgbouncer\]\n(.*?)```", PAGE, re.DOTALL)
    return dict(line.strip().split(" = ") for line in block.strip().splitlines())


class Pooler:
    """Up to `pool_size` sessions of a database, lent to any number of clients."""

    def __init__(self, server, name, *, pool_size, remembers):
        """Let it remember up to `remembers` prepared statements; 0 for none."""
        self.port = free_port()
        self._folder = server.home / f"pgbouncer-{self.port}"
        self._folder.mkdir()
        ours = {"port": self.port, "pool_size": pool_size, "remembers": remembers}
        text = (
            f"[databases]\n{name} = host={server.host} port={server.port} user={server.user}"
            f" password={server.password}\n[pgbouncer]\nunix_socket_dir =\n"
        )
        for setting, value in _settings_of_the_page().items():
            changed = _OURS.get(setting, value)
            known = setting != "max_prepared_statements" or version() >= REMEMBERS_SINCE
            if changed is not None and known:
                text += f"{setting} = {changed.format(**ours)}\n"
        settings = self._folder / "pgbouncer.ini"
        settings.touch(mode=0o600)
        settings.write_text(text)
        self.log = self._folder / "pgbouncer.log"
        self.url = f"postgresql://{server.user}:any@127.0.0.1:{self.port}/{name}"
        # It refuses root, as PostgreSQL does.
        _, account = local_postgres._find_home(server.directory)
        shutil.chown(settings, account.uid, account.gid)
        with self.log.open("wb") as log:
            how = {**programs.run_as(account), "stdout": log}
            self._process = subprocess.Popen([PROGRAM, settings], **how)

    def __enter__(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return self
            time.sleep(0.05)
        self.__exit__()
        raise AssertionError(f"PgBouncer does not start:\n{self.log.read_text()}")

    def pause(self):
        """Hold every query back, as PAUSE does, once those that run are answered."""
        self._process.send_signal(signal.SIGUSR1)

    def resume(self):
        self._process.send_signal(signal.SIGUSR2)

    def __exit__(self, *raised):
        self._process.kill()
        self._process.wait(10)
