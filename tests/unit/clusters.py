"""Clusters of the local PostgreSQL."""

import psycopg

from tests.commands import wait_until
from wallet_api.development import programs
from wallet_api.development.postgres import LocalPostgres

START_AND_STAY = """
import sys, time
from pathlib import Path
from wallet_api.development.postgres import LocalPostgres
server = LocalPostgres(Path(sys.argv[1]), durable=False)
server.start()
print(server.pid, server.url(), flush=True)
time.sleep(600)
"""


def query_value(server: LocalPostgres, question: str, database: str = "wallet_api") -> object:
    """Return the first value of the answer to `question`."""
    with psycopg.connect(server.url(database), autocommit=True) as connection:
        cursor = connection.execute(question.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def keep_a_note(server: LocalPostgres) -> None:
    query_value(server, "create table notes (note text)")
    query_value(server, "insert into notes values ('kept')")


def wait_until_gone(pid: int) -> None:
    wait_until(lambda: not programs.command_line(pid))
