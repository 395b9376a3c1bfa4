"""`wallet-api db …`: migrations, and a check of the database."""

import json
import os
from dataclasses import asdict
from functools import partial

import click

from wallet_api import logs
from wallet_api.cli.command import Command, Group, json_option, require_database
from wallet_api.cli.progress import print_check, status_line
from wallet_api.config import read_database_url
from wallet_api.database import Database
from wallet_api.services import migrations
from wallet_api.services.diagnosis.database import examine_database

_POOL_SECONDS = 10

db = Group("db", help="Migrate and check the database.")


@db.command("upgrade", cls=Command)
@json_option
def upgrade(as_json: bool) -> None:
    """Apply the missing migrations. Safe to repeat and to run concurrently.

    \b
    Example:
      DATABASE_URL=postgresql://… wallet-api db upgrade
    """
    report = partial(click.echo, err=True)
    applied = sorted(migrations.upgrade(read_database_url(os.environ), report))
    if as_json:
        click.echo(json.dumps({"applied": applied}))
    elif applied:
        click.echo(f"Applied {', '.join(applied)}.")
    else:
        click.echo("Nothing to do: every migration is applied.")


@db.command("status", cls=Command)
@json_option
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """List the migrations. Exit status 1 if one is missing.

    \b
    Example:
      DATABASE_URL=postgresql://… wallet-api db status
    """
    names = migrations.migration_names()
    applied = migrations.applied_versions(read_database_url(os.environ))
    missing = sorted(names.keys() - applied)
    if as_json:
        click.echo(json.dumps({"applied": sorted(applied), "missing": missing}))
    else:
        for version in sorted(names.keys() | applied):
            name = names.get(version, "(not a migration of this version of wallet-api)")
            click.echo(f"{version}  {'applied' if version in applied else 'MISSING'}  {name}")
    context.exit(1 if missing else 0)


@db.command("doctor", cls=Command)
@json_option
@click.option(
    "--trust",
    "trusted",
    multiple=True,
    metavar="ROLE",
    help="Do not report the privileges of this role, such as a backup role. May be repeated.",
)
@click.pass_context
def doctor(context: click.Context, as_json: bool, trusted: tuple[str, ...]) -> None:
    """Check the database: settings, privileges, triggers, and the consistency of its tables.

    Run it with the DATABASE_URL of the web processes, to check their privileges. It also reports
    the privileges of other roles, including SELECT; name the roles that you trust. Exit status 1 if
    a fault can lose wallets, or if another role can read them; advice does not count.
    `wallet-api doctor` checks the environment.

    \b
    Example:
      DATABASE_URL=postgresql://… wallet-api db doctor --trust backup
    """
    logs.configure("ERROR", "command")
    url = read_database_url(os.environ)
    require_database(url)
    database = Database(
        url, min_size=0, max_size=1, timeout_seconds=_POOL_SECONDS, accept_unsafe=True
    )
    with database, status_line("Checking the database"):
        findings = examine_database(database, trusted)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            state = "FAULT" if finding.serious else "advice"
            print_check(state if finding.faults else "fine", finding.subject, finding.faults)
    context.exit(1 if any(found.serious and found.faults for found in findings) else 0)
