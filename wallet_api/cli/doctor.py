"""`wallet-api doctor`: a check of the configuration."""

import json
import os
from collections import Counter
from dataclasses import asdict

import click

from wallet_api import logs
from wallet_api.cli.command import Command, json_option
from wallet_api.cli.progress import print_check, status_line
from wallet_api.services.diagnosis.environment import can_serve, examine_environment
from wallet_api.services.diagnosis.settings import Diagnosis, State


@click.command(cls=Command)
@json_option
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Check the configuration, and report how to fix it.

    Run it with the environment of the web processes. It checks every setting, the database with
    its migrations and secret, the replica, the wallet files, Farcaster's keys and Redis. It writes
    nothing and prints no secret. Exit status 1 if the service would not start; advice does not
    count. `wallet-api db doctor` checks the contents of the database (triggers, privileges, rows).

    \b
    Example:
      wallet-api doctor
    """
    logs.configure("ERROR", "command")
    with status_line("Checking the configuration"):
        found = examine_environment(os.environ)
    if as_json:
        click.echo(json.dumps([asdict(diagnosis) for diagnosis in found], indent=2))
    else:
        for diagnosis in found:
            state = "FAULT" if diagnosis.state is State.FAULT else diagnosis.state.value
            print_check(state, diagnosis.what, filter(None, [diagnosis.remedy]))
        click.echo(_summary(found))
    context.exit(0 if can_serve(found) else 1)


def _summary(found: list[Diagnosis]) -> str:
    counts = Counter(diagnosis.state for diagnosis in found)
    verdict = "The service would serve" if can_serve(found) else "The service would not serve"
    return f"{verdict}. Faults: {counts[State.FAULT]}, advice: {counts[State.ADVICE]}."
