"""`wallet-api policies …`: what wallets may sign."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO
from uuid import UUID

import click

from wallet_api.cli.command import Command, Group, json_option
from wallet_api.cli.policies.documents import echo_rules, members, origin, read_policy_file
from wallet_api.cli.policies.targets import Target, policy_option, read_target, target_options
from wallet_api.cli.resources import WalletResources, operator
from wallet_api.models import PageRequest, PolicyRow
from wallet_api.policies.explanation import explain
from wallet_api.policies.rules import Policy
from wallet_api.policies.warnings import warnings
from wallet_api.services.api_clients import ApiClientService
from wallet_api.services.policies.assignments import PolicyAssignments
from wallet_api.services.policies.decisions import read_stored_rules
from wallet_api.services.policies.versions import PolicyVersions, stored_rules

_PAGE = 1000

policies = Group("policies", help="Check and set what wallets may sign.")


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
    policy = read_policy_file(file)
    found = warnings(policy.rules)
    if as_json:
        rules = [{"id": rule.id, "explanation": explain(rule)} for rule in policy.rules]
        click.echo(json.dumps({"name": policy.name, "rules": rules, "warnings": found}))
        return
    click.echo(policy.name)
    echo_rules(policy)
    for sentence in found:
        click.echo(f"warning: {sentence}")


@policies.command("set", cls=Command)
@click.argument("file", type=click.File("rb", lazy=True))
@target_options
@policy_option
@json_option
def set_(
    file: BinaryIO,
    service: bool,
    client: str | None,
    fid: int | None,
    policy_id: UUID | None,
    as_json: bool,
) -> None:
    """Apply the policy in FILE at once to the service, an API client or a wallet.

    If the policy that applies there has the same name, FILE becomes its next version, which applies
    wherever that policy is assigned. Otherwise FILE becomes a new policy. With --policy, FILE
    becomes the next version of that policy. Nothing changes if the rules are the same.

    Within a policy of the service or of a wallet, every API client with the scope wallets:sign may
    sign. A warning names those that no policy of their own limits.

    \b
    Example:
      wallet-api policies set docs/policies/x402.json --client engine
    """
    target = read_target(service, client, fid, policy_id)
    policy = read_policy_file(file)
    found = warnings(policy.rules)
    for sentence in found:
        click.echo(f"warning: {sentence}", err=True)
    with _services() as (versions, assignments, clients):
        if target is not None:
            current = target.current(assignments)
            if current is not None and current.name == policy.name:
                policy_id = current.id
        access = operator()
        if policy_id is None:
            row = versions.create(policy, access=access)
        else:
            row = versions.add_version(policy_id, policy, expected=None, access=access)
        if target is not None:
            target.assign(assignments, row.id)
            _warn_of_clients(target, clients)
    if as_json:
        told = {"policy": str(row.id), "version": row.version, "warnings": found}
        click.echo(json.dumps(told))
        return
    where = "wherever it is assigned" if target is None else f"to {target.name}"
    click.echo(f"Version {row.version} of the policy {row.id} applies {where}.")


def _warn_of_clients(target: Target, clients: ApiClientService) -> None:
    """Warn about the clients without a policy of their own, which may sign within this one."""
    if target.client is not None:
        return
    names = [
        client.name
        for client in clients.list_clients()
        if "wallets:sign" in client.scopes
        and client.policy_id is None
        and client.revoked_at is None
        and not client.expired
    ]
    if names:
        wallets = "every wallet" if target.fid is None else "this wallet"
        click.echo(
            "warning: This policy lets API clients without a policy of their own sign with "
            f"{wallets}: {', '.join(names)}.",
            err=True,
        )


@policies.command("remove", cls=Command)
@target_options
@json_option
def remove(service: bool, client: str | None, fid: int | None, as_json: bool) -> None:
    """Remove the policy of the service, an API client or a wallet. The policy itself is kept.

    A request that no other policy applies to is then refused, unless its client is unrestricted.

    \b
    Example:
      wallet-api policies remove --fid 1464243
    """
    target = read_target(service, client, fid, None)
    if target is None:
        raise AssertionError("unreachable: no policy is named")
    with _services() as (_, assignments, _):
        target.assign(assignments, None)
    if as_json:
        click.echo(json.dumps({"policy": None}))
        return
    click.echo(f"No policy is assigned to {target.name}.")


@policies.command("show", cls=Command)
@target_options
@policy_option
@json_option
def show(
    service: bool, client: str | None, fid: int | None, policy_id: UUID | None, as_json: bool
) -> None:
    """Show the policy of the service, an API client or a wallet, with each rule in a sentence.

    \b
    Example:
      wallet-api policies show --client engine
    """
    target = read_target(service, client, fid, policy_id)
    with _services() as (versions, assignments, _):
        row = _find(versions, assignments, target, policy_id)
    if as_json:
        click.echo(json.dumps(members(row), indent=2))
        return
    policy = Policy(name=row.name, rules=read_stored_rules(row.rules))
    click.echo(f"{row.name}: version {row.version} of {row.id}, {origin(row)}")
    echo_rules(policy)


@policies.command("history", cls=Command)
@target_options
@policy_option
@json_option
def history(
    service: bool, client: str | None, fid: int | None, policy_id: UUID | None, as_json: bool
) -> None:
    """List the versions of the policy of the service, an API client or a wallet, newest first.

    The audit log records every change of policies and assignments: GET
    /v1/audit?action=policy.changed.

    \b
    Example:
      wallet-api policies history --service
    """
    target = read_target(service, client, fid, policy_id)
    with _services() as (versions, assignments, _):
        found = _find(versions, assignments, target, policy_id)
        rows, after = [], None
        while True:
            page = versions.list_versions(found.id, PageRequest(after=after, limit=_PAGE))
            rows += page.items
            after = page.next
            if after is None:
                break
    if as_json:
        click.echo(json.dumps([members(row) for row in rows], indent=2))
        return
    for row in rows:
        click.echo(
            f"{row.version}  {row.name}: {len(stored_rules(row.rules))} rules, {origin(row)}"
        )


def _find(
    versions: PolicyVersions,
    assignments: PolicyAssignments,
    target: Target | None,
    policy_id: UUID | None,
) -> PolicyRow:
    if policy_id is not None:
        return versions.get(policy_id)
    if target is None:
        raise AssertionError("unreachable: no policy is named")
    row = target.current(assignments)
    if row is None:
        raise click.ClickException(
            f"No policy is assigned to {target.name}. Assign one with `wallet-api policies set`."
        )
    return row


@contextmanager
def _services() -> Iterator[tuple[PolicyVersions, PolicyAssignments, ApiClientService]]:
    resources = WalletResources()
    with resources.database() as database:
        changes = resources.changes(database)
        yield (
            PolicyVersions(database, changes),
            PolicyAssignments(database, changes),
            ApiClientService(database),
        )
