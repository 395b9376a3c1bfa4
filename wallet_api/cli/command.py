"""Exit statuses and error messages of all commands."""

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
from wallet_api.process import protect_memory
from wallet_api.services.migrations import MigrationError

INTERRUPTED = 130
"""The exit status after Ctrl-C: 128 + SIGINT, as in a shell. click's own is 1."""

_TRANSACTION_TIMEOUT = "25P04"

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def require_database(database_url: Secret[str]) -> None:
    """Raise ClickException with libpq's error message unless the database can be reached.

    The pool would retry until its timeout and then report only the timeout.
    """
    error = connection_error(database_url)
    if error is not None:
        raise click.ClickException(f"{error.fault[0].upper()}{error.fault[1:]}")


class Command(click.Command):
    """A command that reports errors as one line on stderr and exit status 1."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        protect_memory()
        try:
            return super().invoke(context)
        except ServiceUnavailable as error:
            raise click.ClickException(error.reason) from error
        except WorkerKilled as error:
            message = "a worker process was killed, and its batch undone. Run the command again"
            raise click.ClickException(message) from error
        except psycopg.Error as error:
            raise click.ClickException(_describe_database_error(error)) from error
        except OSError as error:
            if error.errno == errno.EPIPE:
                # The reader closed the pipe. click exits quietly.
                raise
            raise click.ClickException(_describe_os_error(error)) from error
        except ConfigurationError as error:
            faults = "; ".join(map(str, error.faults))
            message = f"{faults}. Run `wallet-api doctor` for how to fix it."
            raise click.ClickException(message) from error
        except MigrationError as error:
            raise click.ClickException(" ".join(str(error).split())) from error


def run(group: click.Group, arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status.

    0: success. 1: an error, in one line on stderr, or the reader closed the output. 2: wrong usage,
    in one line on stderr. 130: Ctrl-C.
    """
    if sys.stdout is None and (arguments or sys.argv[1:])[:1] != ["serve"]:
        # A token that is shown only once would be lost. `serve` prints nothing.
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
        # From click itself, for example while it writes a help text.
        click.echo(f"Error: {_describe_os_error(error)}", err=True)
        status = 1
    try:
        sys.stdout.flush()
    except OSError:
        # Discard the buffered output, or Python would write it again at exit and fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = status or 1
    return status or 0


def _show_error(error: click.ClickException) -> None:
    """Print an error in one line. click prints four for a usage error."""
    if not isinstance(error, click.UsageError) or error.ctx is None:
        error.show()
    elif isinstance(error, click.exceptions.NoArgsIsHelpError):
        # No command was given: print the help.
        error.show()
    else:
        message = " ".join(error.format_message().split())
        click.echo(f"Error: {message} See `{error.ctx.command_path} --help`.", err=True)


def _describe_database_error(error: psycopg.Error) -> str:
    """Describe a database error without its message, which quotes rows."""
    if error.sqlstate == _TRANSACTION_TIMEOUT:
        return (
            "transaction_timeout ended the transaction. Reset it for the role, the database or the "
            "server"
        )
    unavailable = to_domain_error(error)
    if unavailable is not None:
        return unavailable.reason
    return f"unexpected database error ({type(error).__name__} {error.sqlstate}). This is a bug"


def _describe_os_error(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason
