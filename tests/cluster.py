"""How the PostgreSQL of the tests is made quick: in memory, with cheap logins."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from wallet_api.development.postgres import LocalPostgres

_ROOM_BYTES = 2 * 1024**3


def make_logins_cheap(server: LocalPostgres) -> None:
    """Hash the password once, and not 4096 times for each of ten thousand logins."""
    rules = server.home / "data" / "pg_hba.conf"
    rules.write_text(rules.read_text().replace("scram-sha-256", "md5"))
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("set password_encryption = md5")
        password = psycopg.sql.Literal(server.password)
        connection.execute(psycopg.sql.SQL("alter role current_user password {}").format(password))
        connection.execute("select pg_reload_conf()")


@contextmanager
def folder_in_memory() -> Iterator[Path | None]:
    """Yield a folder in memory if there is room: each test's database has three hundred files.

    Some disks take twenty times as long. Yield None if there is no such folder.
    """
    memory = Path("/dev/shm")  # noqa: S108
    if not os.access(memory, os.W_OK) or shutil.disk_usage(memory).free < _ROOM_BYTES:
        yield None
        return
    for left in memory.glob("wallet-api-tests-*"):
        # Of a run that was killed: nothing else would free the memory.
        if not Path(f"/proc/{left.name.rpartition('-')[2]}").exists():
            shutil.rmtree(left, ignore_errors=True)
    folder = memory / f"wallet-api-tests-{os.getpid()}"
    folder.mkdir(mode=0o700)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
