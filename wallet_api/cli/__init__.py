"""The commands: `wallet-api …`, or `flask --app wsgi …`."""

import sys
from collections.abc import Sequence

import click

from wallet_api.cli.audit import audit
from wallet_api.cli.bench import bench
from wallet_api.cli.clients import clients
from wallet_api.cli.command import run
from wallet_api.cli.db import db
from wallet_api.cli.dev import dev
from wallet_api.cli.doctor import doctor
from wallet_api.cli.keys import keys
from wallet_api.cli.serve import serve
from wallet_api.cli.token import token
from wallet_api.cli.wallets import wallets

cli = click.Group("wallet-api", help="Hold one trading wallet per user, on PostgreSQL.")
cli.add_command(audit)
cli.add_command(bench)
cli.add_command(clients)
cli.add_command(db)
cli.add_command(dev)
cli.add_command(doctor)
cli.add_command(keys)
cli.add_command(serve)
cli.add_command(token)
cli.add_command(wallets)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the command line names, and exit with its status."""
    sys.exit(run(cli, arguments))
