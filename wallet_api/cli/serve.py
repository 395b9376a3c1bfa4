"""`wallet-api serve`: the service under gunicorn."""

import os
import sys

import click

from wallet_api.cli.command import Command
from wallet_api.config import Settings


@click.command(cls=Command, context_settings={"ignore_unknown_options": True})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def serve(options: tuple[str, ...]) -> None:
    """Serve HTTP until SIGTERM, with the settings in the environment.

    OPTIONS are gunicorn's, as in GUNICORN_CMD_ARGS: --bind, --workers, --threads, --timeout,
    --graceful-timeout, --keep-alive and some more. Options that change how a request is
    interpreted are rejected.

    \b
    Example:
      wallet-api serve --bind 127.0.0.1:8000
    """
    settings = Settings.from_environ(os.environ)
    # gunicorn fails on import if WEB_CONCURRENCY is empty, quoted, or not a number.
    environ = {**os.environ, "WEB_CONCURRENCY": str(settings.web_concurrency)}
    # Replace this process, so that signals reach gunicorn.
    command = [sys.executable, "-m", "wallet_api.server", *options]
    os.execve(sys.executable, command, environ)  # noqa: S606 (from a list, as all programs are)
