"""`wallet-api policies …`: what wallets may sign."""

import json
from typing import BinaryIO

import click

from wallet_api.cli.command import Command, json_option
from wallet_api.errors import InvalidPolicy
from wallet_api.policies.explanation import explain
from wallet_api.policies.reading import parse_policy
from wallet_api.policies.warnings import warnings

# A policy of the largest size has about 1 MB.
_LONGEST = 4 * 1024 * 1024

policies = click.Group("policies", help="Check what wallets may sign.")


@policies.command("check", cls=Command)
@click.argument("file", type=click.File("rb", lazy=True))
@json_option
def check(file: BinaryIO, as_json: bool) -> None:
    """Check a policy, and explain each rule in a sentence. FILE may be - for standard input.

    Needs no database. The status is 1 if the policy is not valid. Warnings, which are probable
    mistakes, do not count.

    \b
    Example:
      wallet-api policies check docs/policies/x402.json
    """
    text = file.read(_LONGEST + 1)
    if len(text) > _LONGEST:
        raise click.ClickException(f"{file.name}: it is too long for a policy.")
    try:
        policy = parse_policy(text.decode())
    except UnicodeDecodeError:
        raise click.ClickException(f"{file.name}: it is not UTF-8.") from None
    except InvalidPolicy as error:
        raise click.ClickException(f"{file.name}: {error}") from error
    found = warnings(policy.rules)
    if as_json:
        rules = [{"id": rule.id, "explanation": explain(rule)} for rule in policy.rules]
        click.echo(json.dumps({"name": policy.name, "rules": rules, "warnings": found}))
        return
    click.echo(policy.name)
    width = max(len(rule.id) for rule in policy.rules)
    for rule in policy.rules:
        click.echo(f"{rule.id:<{width}}  {explain(rule)}")
    for sentence in found:
        click.echo(f"warning: {sentence}")
