"""`wallet-api clients …`: API clients of /v1."""

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import click

from wallet_api import logs
from wallet_api.auth.client_grants import NAME, NAME_RULE, fault_of_expiry, read_network
from wallet_api.cli.command import Command, Group, json_option, read_moment, require_database
from wallet_api.cli.resources import WalletResources, operator
from wallet_api.config import read_database_url
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.models import SCOPES, ApiClient, ClientRights, IPNetwork
from wallet_api.services.api_client_changes import ApiClientChanges
from wallet_api.services.api_clients import ApiClientService
from wallet_api.services.readiness import check_database

clients = Group("clients", help="Manage the API clients that may call /v1.")

_DAYS = re.compile(r"([1-9][0-9]{0,4})d", re.ASCII)
_POOL_SECONDS = 10


def _read_name(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not NAME.fullmatch(value):
        raise click.BadParameter(NAME_RULE)
    return value


def _read_networks(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> list[IPNetwork]:
    try:
        return [read_network(value) for value in values]
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from error


def _read_expiry(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> datetime | None:
    if value is None:
        return None
    if days := _DAYS.fullmatch(value):
        return datetime.now(UTC) + timedelta(days=int(days[1]))
    try:
        moment = read_moment(value)
    except ValueError as error:
        raise click.BadParameter("use a number of days such as 90d, or a date.") from error
    if fault := fault_of_expiry(moment):
        raise click.BadParameter(fault)
    return moment


@clients.command("create", cls=Command)
@click.option(
    "--name", required=True, callback=_read_name, help="Its name in logs and in the audit log."
)
@click.option(
    "--scope",
    "scopes",
    required=True,
    multiple=True,
    type=click.Choice(SCOPES),
    help="A scope to grant. May be repeated.",
)
@click.option(
    "--unrestricted",
    is_flag=True,
    help="Let it sign without a policy. Existing policies apply. Needs --scope wallets:sign.",
)
@click.option(
    "--policy",
    "policy_id",
    type=click.UUID,
    help="The id of its policy, which limits what it may sign. Needs --scope wallets:sign.",
)
@click.option("--expires", callback=_read_expiry, help="When the token expires: 90d, or a date.")
@click.option(
    "--allow-ip",
    "networks",
    multiple=True,
    callback=_read_networks,
    help="An address or network (CIDR) from which it may call. May be repeated. Default: any.",
)
@json_option
def create(
    name: str,
    scopes: tuple[str, ...],
    unrestricted: bool,
    policy_id: UUID | None,
    expires: datetime | None,
    networks: list[IPNetwork],
    as_json: bool,
) -> None:
    """Create an API client and print its token once. The database stores only its hash.

    Needs ENCRYPTION_SECRET, because the audit log records it. A client with clients:write can also
    create clients, with rights of its own (POST /v1/clients).

    `wallet-api policies set` changes the policy of a client. Its name and scopes cannot be changed:
    create another client, and revoke this one.

    \b
    Example:
      wallet-api clients create --name engine --scope wallets:sign --unrestricted \\
        --expires 90d --allow-ip 10.1.0.0/16
    """
    if unrestricted and "wallets:sign" not in scopes:
        raise click.UsageError("--unrestricted needs --scope wallets:sign.")
    if policy_id is not None and "wallets:sign" not in scopes:
        raise click.UsageError("--policy needs --scope wallets:sign.")
    rights = ClientRights(
        scopes=frozenset(scopes),
        unrestricted=unrestricted,
        policy_id=policy_id,
        allowed_networks=tuple(networks) or None,
        expires_at=expires,
    )
    with _changes() as changes:
        access = operator()
        created = changes.create(name, rights, creator=None, access=access)
        try:
            _show(name, created.token, as_json=as_json)
        except OSError as error:
            changes.revoke(name, access=access)
            # Discard the buffered output, or Python would write it again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            message = f"The token could not be printed ({error.strerror}), so {name} was revoked."
            raise click.ClickException(message) from error


def _show(name: str, token: Secret[str], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"name": name, "token": token.reveal()}))
        return
    click.echo("This token is shown only once. It grants the scopes of this client:", err=True)
    click.echo(token.reveal())


@clients.command("list", cls=Command)
@json_option
def list_(as_json: bool) -> None:
    """List all clients, including revoked ones, with scopes and time of last use.

    \b
    Example:
      wallet-api clients list
    """
    with _service() as service:
        found = service.list_clients()
    if as_json:
        click.echo(json.dumps([_members(client) for client in found], indent=2))
        return
    if not found:
        click.echo("There are no API clients.")
    for client in found:
        members = _members(client)
        click.echo(f"{client.name}: {members['state']}")
        click.echo(f"  token      wapi_{client.id}_…")
        click.echo(f"  scopes     {', '.join(members['scopes'])}")
        if "wallets:sign" in client.scopes:
            click.echo(f"  signs      {_signs(client)}")
        click.echo(f"  from       {', '.join(members['allowed_networks'] or ['anywhere'])}")
        click.echo(f"  created    {members['created_at']}")
        click.echo(f"  expires    {members['expires_at'] or 'never'}")
        click.echo(f"  last used  {members['last_used_at'] or 'never'}")


@clients.command("revoke", cls=Command)
@click.argument("name", callback=_read_name)
@json_option
def revoke(name: str, as_json: bool) -> None:
    """Revoke a client immediately and permanently. Needs ENCRYPTION_SECRET, for the audit log.

    \b
    Example:
      wallet-api clients revoke engine
    """
    with _changes() as changes:
        since = _time(changes.revoke(name, access=operator()).revoked_at)
    if as_json:
        click.echo(json.dumps({"name": name, "revoked_at": since}))
    else:
        click.echo(f"{name} was revoked at {since}.")


@contextmanager
def _service() -> Iterator[ApiClientService]:
    # The pool's warnings would repeat the error that this command reports in one line.
    logs.configure("ERROR", "command")
    url = read_database_url(os.environ)
    require_database(url)
    with Database(url, min_size=0, max_size=1, timeout_seconds=_POOL_SECONDS) as database:
        check_database(database, writable=False)
        yield ApiClientService(database)


@contextmanager
def _changes() -> Iterator[ApiClientChanges]:
    resources = WalletResources()
    with resources.database() as database:
        yield ApiClientChanges(resources.changes(database))


def _members(client: ApiClient) -> dict[str, Any]:
    state = "revoked" if client.revoked_at else "expired" if client.expired else "active"
    networks = client.allowed_networks
    return {
        "name": client.name,
        "id": client.id,
        "state": state,
        "scopes": [scope for scope in SCOPES if scope in client.scopes],
        "unrestricted": client.unrestricted,
        "policy": None if client.policy_id is None else str(client.policy_id),
        "allowed_networks": None if networks is None else [str(network) for network in networks],
        "created_at": _time(client.created_at),
        "expires_at": _time(client.expires_at),
        "revoked_at": _time(client.revoked_at),
        "last_used_at": _time(client.last_used_at),
    }


def _signs(client: ApiClient) -> str:
    own = (
        "no policy of its own" if client.policy_id is None else f"by the policy {client.policy_id}"
    )
    return f"{own}, unrestricted: it needs none" if client.unrestricted else own


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")
