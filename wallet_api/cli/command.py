"""What our commands have in common."""

from typing import Any

import click
import psycopg
from psycopg.conninfo import conninfo_to_dict

from wallet_api.cli.workers import WorkerKilled
from wallet_api.config import ConfigurationError
from wallet_api.crypto.secret import Secret
from wallet_api.errors import ServiceUnavailable
from wallet_api.local_postgres import LocalPostgresError
from wallet_api.migrations import MigrationError
from wallet_api.process import keep_memory_private

_CONNECT_SECONDS = 5


def reach(database_url: Secret[str]) -> None:
    """Make sure that a database can be reached; if not, say libpq's own reason, which is exact.

    The pool would try until its time is over, and then say no more than that.
    """
    url = database_url.reveal()
    seconds = conninfo_to_dict(url).get("connect_timeout", _CONNECT_SECONDS)
    try:
        psycopg.connect(url, connect_timeout=seconds).close()
    except psycopg.OperationalError as error:
        reason = " ".join(str(error).split())
        raise click.ClickException(f"The database cannot be reached: {reason}") from error


class Command(click.Command):
    """A command whose faults are one message on stderr and exit status 1, never a traceback."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        keep_memory_private()
        try:
            return super().invoke(context)
        except ServiceUnavailable as error:
            raise click.ClickException(error.reason) from error
        except WorkerKilled as error:
            message = "a worker process was killed. Nothing is half done: run the command again"
            raise click.ClickException(message) from error
        except psycopg.Error as error:
            # Its text quotes the row.
            message = f"the database refused ({type(error).__name__} {error.sqlstate}): our bug"
            raise click.ClickException(message) from error
        except OSError as error:
            raise click.ClickException(str(error)) from error
        except (ConfigurationError, MigrationError, LocalPostgresError) as error:
            raise click.ClickException(str(error)) from error
