"""What our commands have in common: how they end, and what they say then."""

import errno
import os
import sys
from collections.abc import Sequence
from typing import Any

import click
import psycopg

from wallet_api.cli.processes import WorkerKilled
from wallet_api.config import ConfigurationError
from wallet_api.crypto.secret import Secret
from wallet_api.database import connection_error
from wallet_api.database.faults import to_domain_error
from wallet_api.errors import ServiceUnavailable
from wallet_api.migrations import MigrationError
from wallet_api.process import protect_memory

INTERRUPTED = 130
"""The exit status after Ctrl-C: a shell's own for a program that SIGINT ended.

click's is 1, which a script would take for a fault.
"""

_TRANSACTION_TIMEOUT = "25P04"

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def require_database(database_url: Secret[str]) -> None:
    """Make sure that a database can be reached; if not, say libpq's own reason, which is exact.

    The pool would try until its time is over, and then say no more than that.
    """
    reason = connection_error(database_url)
    if reason is not None:
        raise click.ClickException(f"The database cannot be reached: {reason}")


class Command(click.Command):
    """A command whose faults are one line on stderr and exit status 1, never a traceback."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        protect_memory()
        try:
            return super().invoke(context)
        except ServiceUnavailable as error:
            raise click.ClickException(error.reason) from error
        except WorkerKilled as error:
            message = "a worker process was killed. Nothing is half done: run the command again"
            raise click.ClickException(message) from error
        except psycopg.Error as error:
            raise click.ClickException(_describe_database_error(error)) from error
        except OSError as error:
            if error.errno == errno.EPIPE:
                # Whoever read has enough, which click ends quietly.
                raise
            raise click.ClickException(_describe_os_error(error)) from error
        except ConfigurationError as error:
            faults = "; ".join(error.faults)
            message = f"{faults}. `wallet-api doctor` says how to mend it."
            raise click.ClickException(message) from error
        except MigrationError as error:
            raise click.ClickException(" ".join(str(error).split())) from error


def run(group: click.Group, arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name, and return its exit status.

    0: everything that was asked for was done. 1: a fault, in one line on stderr; or whoever read
    the output has enough of it. 2: wrong usage, in one line. 130: Ctrl-C.
    """
    if sys.stdout is None and (arguments or sys.argv[1:])[:1] != ["serve"]:
        # What a command shows once would be lost. The service shows nothing.
        click.echo("Error: standard output is closed.", err=True)
        return 1
    try:
        status = group.main(arguments, prog_name="wallet-api", standalone_mode=False)
    except click.ClickException as error:
        _show_error(error)
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        status = INTERRUPTED
    except OSError as error:
        # Of click itself: a help text that cannot be written, say.
        click.echo(f"Error: {_describe_os_error(error)}", err=True)
        status = 1
    try:
        sys.stdout.flush()
    except OSError:
        # What is left of the output must not be tried again at the exit, which would be loud.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = status or 1
    return status or 0


def _show_error(error: click.ClickException) -> None:
    """Say what is wrong in one line: click takes four for a usage error."""
    if not isinstance(error, click.UsageError) or error.ctx is None:
        error.show()
    elif isinstance(error, click.exceptions.NoArgsIsHelpError):
        # No command at all: the help says which there are.
        error.show()
    else:
        message = " ".join(error.format_message().split())
        click.echo(f"Error: {message} See `{error.ctx.command_path} --help`.", err=True)


def _describe_database_error(error: psycopg.Error) -> str:
    """Say what a database's error means, without its text, which quotes the row."""
    if error.sqlstate == _TRANSACTION_TIMEOUT:
        return (
            "transaction_timeout ended the transaction: reset it in the role, the database or the "
            "server"
        )
    unavailable = to_domain_error(error)
    if unavailable is not None:
        return unavailable.reason
    return f"the database refused ({type(error).__name__} {error.sqlstate}): our bug"


def _describe_os_error(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason
