"""Policies as files, and as the commands print them."""

from typing import Any, BinaryIO

import click

from wallet_api.errors import InvalidPolicy
from wallet_api.models import PolicyRow
from wallet_api.policies.explanation import explain
from wallet_api.policies.reading import parse_policy
from wallet_api.policies.rules import Policy
from wallet_api.services.policies.versions import stored_rules

# A policy of the largest size has about 1 MB.
_LONGEST = 4 * 1024 * 1024


def read_policy_file(file: BinaryIO) -> Policy:
    """Read a policy from a file. Raises ClickException."""
    text = file.read(_LONGEST + 1)
    if len(text) > _LONGEST:
        raise click.ClickException(f"{file.name}: it is too long for a policy.")
    try:
        return parse_policy(text.decode())
    except UnicodeDecodeError:
        raise click.ClickException(f"{file.name}: it is not UTF-8.") from None
    except InvalidPolicy as error:
        raise click.ClickException(f"{file.name}: {error}") from error


def echo_rules(policy: Policy) -> None:
    """Print each rule in a sentence."""
    width = max(len(rule.id) for rule in policy.rules)
    for rule in policy.rules:
        click.echo(f"{rule.id:<{width}}  {explain(rule)}")


def origin(row: PolicyRow) -> str:
    """Return when and by whom a version was stored."""
    return f"{row.created_at.isoformat(timespec='seconds')} by {row.created_by}"


def members(row: PolicyRow) -> dict[str, Any]:
    """Return a version as JSON."""
    return {
        "id": str(row.id),
        "version": row.version,
        "name": row.name,
        "rules": stored_rules(row.rules),
        "created_at": row.created_at.isoformat(timespec="seconds"),
        "created_by": row.created_by,
    }
