"""`wallet-api serve`: the service, under gunicorn."""

import os
import sys

import click

from wallet_api.cli.command import Command
from wallet_api.config import Settings


@click.command(cls=Command, context_settings={"ignore_unknown_options": True})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def serve(options: tuple[str, ...]) -> None:
    """Serve, until SIGTERM, with the settings in the environment.

    OPTIONS are gunicorn's, as in GUNICORN_CMD_ARGS: where it listens (--bind), its --workers and
    --threads, --timeout, --graceful-timeout and --keep-alive, and a few more. Those that change
    what a request means are not taken.

    \b
    Example:
      wallet-api serve --bind 127.0.0.1:8000
    """
    settings = Settings.from_environ(os.environ)
    # gunicorn cannot even be imported with a WEB_CONCURRENCY that is empty, quoted, or no number.
    environ = {**os.environ, "WEB_CONCURRENCY": str(settings.web_concurrency)}
    # In this process's place, so that signals reach gunicorn, which imports no commands.
    command = [sys.executable, "-m", "wallet_api.server", *options]
    os.execve(sys.executable, command, environ)  # noqa: S606 (from a list, as all programs are)
