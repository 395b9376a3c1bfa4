"""The commands: `wallet-api …`, or `flask --app wsgi …`."""

import sys

import click
from flask.cli import AppGroup

from wallet_api.cli.db import db
from wallet_api.cli.dev import dev
from wallet_api.cli.token import token
from wallet_api.config import ConfigurationError
from wallet_api.local_postgres import LocalPostgresError
from wallet_api.migrations import MigrationError

cli = AppGroup("wallet-api", help="Hold one trading wallet per user, on PostgreSQL.")
cli.add_command(db)
cli.add_command(dev)
cli.add_command(token)


def main() -> None:
    """Run a command; a fault is one message on stderr and exit status 1."""
    try:
        cli(prog_name="wallet-api")
    except (ConfigurationError, MigrationError, LocalPostgresError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
