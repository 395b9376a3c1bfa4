"""`wallet-api doctor`: what is wrong with the configuration, on one screen."""

import json
import os
from collections import Counter
from dataclasses import asdict

import click

from wallet_api import logs
from wallet_api.cli.command import Command, json_option
from wallet_api.cli.progress import colored, status_line
from wallet_api.services.diagnosis.environment import examine, is_fit
from wallet_api.services.diagnosis.settings import Diagnosis, State


@click.command(cls=Command)
@json_option
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Say what is wrong with the configuration, and how to mend it.

    Run it with the environment of the web processes: it reads it as they do, and tries the
    database, its migrations and its secret, the replica, the wallet files, Farcaster's keys and
    Redis. It writes nothing and shows no secret. Exit status 1 if the service would not serve;
    advice does not count. What is inside of the database (triggers, rights, rows) is the
    business of `wallet-api db doctor`.

    \b
    Example:
      wallet-api doctor
    """
    logs.configure("ERROR", "command")
    with status_line("Trying what the environment names"):
        found = examine(os.environ)
    if as_json:
        click.echo(json.dumps([asdict(diagnosis) for diagnosis in found], indent=2))
    else:
        for diagnosis in found:
            _show(diagnosis)
        click.echo(_summary(found))
    context.exit(0 if is_fit(found) else 1)


def _show(diagnosis: Diagnosis) -> None:
    word = "FAULT" if diagnosis.state is State.FAULT else diagnosis.state.value
    click.echo(f"{colored(f'{word:7}', word)} {diagnosis.what}")
    if diagnosis.remedy is not None:
        click.echo(f"        {diagnosis.remedy}")


def _summary(found: list[Diagnosis]) -> str:
    counts = Counter(diagnosis.state for diagnosis in found)
    verdict = "The service would serve" if is_fit(found) else "The service would not serve"
    return f"{verdict}. Faults: {counts[State.FAULT]}, advice: {counts[State.ADVICE]}."
