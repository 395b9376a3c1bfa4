"""Exit statuses and error messages of all commands."""

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click
import psycopg

from wallet_api import logs
from wallet_api.cli.processes import WorkerKilled
from wallet_api.config import ConfigurationError
from wallet_api.crypto.secret import Secret
from wallet_api.database import connection_error
from wallet_api.database.faults import to_domain_error
from wallet_api.errors import ServiceUnavailable, WalletApiError
from wallet_api.process_protection import protect_memory
from wallet_api.services.migrations import MigrationError

INTERRUPTED = 130
"""The exit status after Ctrl-C: 128 + SIGINT, as in a shell. click's own is 1."""

_TRANSACTION_TIMEOUT = "25P04"

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
debug_option = click.Option(
    ["--debug"],
    is_flag=True,
    expose_value=False,
    help="Print the traceback of an unexpected error.",
)
"""Accepted by every command. run() reads it, because parsing may fail too."""


class WholeNumber(click.IntRange):
    """A whole number in a range, with an error message that names the range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        try:
            number: int = super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is not a whole number from {self.min} to {self.max}.", param, ctx)
        return number


def read_moment(text: str) -> datetime:
    """Return a date or a time of ISO 8601, in UTC unless it has an offset. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError from error


class Moment(click.ParamType[datetime]):
    """A date or a time, as read_moment() reads it."""

    name = "date"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the time."""
        try:
            return read_moment(value)
        except ValueError:
            message = f"{value!r} is neither a date (2026-01-31) nor a time (2026-01-31T18:00:00)."
            self.fail(message, param, ctx)


def require_database(database_url: Secret[str]) -> None:
    """Raise DatabaseUnavailable with libpq's reason unless the database can be reached.

    The pool would retry until its timeout and then report only the timeout.
    """
    error = connection_error(database_url)
    if error is not None:
        raise error


class Group(click.Group):
    """A group of commands."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the parameters of the group and those of all commands."""
        return [*super().get_params(ctx), debug_option]


class Command(click.Command):
    """A command that reports errors as one line on stderr and exit status 1."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the parameters of the command and those of all commands."""
        return [*super().get_params(ctx), debug_option]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the command line. An error names the command whose help to read."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        protect_memory()
        try:
            return super().invoke(context)
        except ServiceUnavailable as error:
            raise click.ClickException(error.reason) from error
        except WalletApiError as error:
            raise click.ClickException(str(error)) from error
        except WorkerKilled as error:
            message = "a worker process was killed, and its batch undone. Run the command again"
            raise click.ClickException(message) from error
        except psycopg.Error as error:
            reason = _describe_database_error(error)
            if reason is None:
                raise
            raise click.ClickException(reason) from error
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

    0: success. 1: an error, or the reader closed the output. 2: wrong usage. 70 (EX_SOFTWARE): an
    unexpected error. 130: Ctrl-C. Errors are one line on stderr; --debug adds the traceback of an
    unexpected one.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if sys.stdout is None and arguments[:1] != ["serve"]:
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
    except Exception as error:  # noqa: BLE001 (reported here, as the last resort)
        _report_unexpected(error, with_traceback="--debug" in arguments)
        status = os.EX_SOFTWARE
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
        if isinstance(error, click.BadParameter) and isinstance(error.param, click.Argument):
            # click writes an optional argument as '[PATH]'.
            error.param_hint = (error.param.name or "").upper()
        message = " ".join(error.format_message().split())
        message += "" if message.endswith((".", "?")) else "."
        click.echo(f"Error: {message} See `{error.ctx.command_path} --help`.", err=True)


def _report_unexpected(error: Exception, *, with_traceback: bool) -> None:
    """Report a bug without the error's message, which may quote anything."""
    if with_traceback:
        click.echo(logs.redact("".join(traceback.format_exception(error))), err=True)
    hint = "Report it" if with_traceback else "Run the command with --debug for the traceback"
    name = " ".join([type(error).__qualname__, *filter(None, [getattr(error, "sqlstate", None)])])
    click.echo(f"Error: unexpected {name}. This is a bug in wallet-api. {hint}.", err=True)


def _describe_database_error(error: psycopg.Error) -> str | None:
    """Describe a database error without its message, which quotes rows. None: it is unexpected."""
    if error.sqlstate == _TRANSACTION_TIMEOUT:
        return (
            "transaction_timeout ended the transaction. Reset it for the role, the database or the "
            "server"
        )
    unavailable = to_domain_error(error)
    return None if unavailable is None else unavailable.reason


def _describe_os_error(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason
