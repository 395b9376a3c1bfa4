"""`wallet-api db …`: the database's schema."""

import json
import os

import click
from flask.cli import AppGroup

from wallet_api import migrations
from wallet_api.cli.command import Command
from wallet_api.config import read_database_url

db = AppGroup("db", help="Bring the database up to date, and see whether it is.")


@db.command("upgrade", cls=Command, with_appcontext=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def upgrade(as_json: bool) -> None:
    """Apply the migrations that DATABASE_URL's database lacks. Safe to run twice, or at once.

    \b
    Example:
      DATABASE_URL=postgresql://… wallet-api db upgrade
    """
    applied = sorted(migrations.upgrade(read_database_url(os.environ)))
    if as_json:
        click.echo(json.dumps({"applied": applied}))
    elif applied:
        click.echo(f"Applied {', '.join(applied)}.")
    else:
        click.echo("Nothing to do: every migration is applied.")


@db.command("status", cls=Command, with_appcontext=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """List the migrations; exit status 1 if the database lacks one.

    \b
    Example:
      DATABASE_URL=postgresql://… wallet-api db status
    """
    known = migrations.expected_versions()
    applied = migrations.applied_versions(read_database_url(os.environ))
    missing = sorted(known - applied)
    if as_json:
        click.echo(json.dumps({"applied": sorted(applied), "missing": missing}))
    else:
        for version in sorted(known | applied):
            click.echo(f"{version}  {'applied' if version in applied else 'MISSING'}")
    context.exit(1 if missing else 0)
