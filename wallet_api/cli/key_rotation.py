"""`wallet-api keys register|rotate|status|retire`: rotation of ENCRYPTION_SECRET."""

import json
from contextlib import closing
from dataclasses import asdict
from itertools import chain

import click

from wallet_api.cli.command import Command, json_option
from wallet_api.cli.processes import map_in_processes
from wallet_api.cli.progress import Progress, status_line
from wallet_api.cli.resources import WalletResources, operator, processes_option
from wallet_api.services.encryption_keys.registry import SecretStillInUse
from wallet_api.services.encryption_keys.rotation import KeyRotation, RotationOutcome

PAGE = 100
"""Wallets that one transaction re-encrypts. Writes of their users wait until it ends."""

_REMOVE_HINT = "remove its secret from ENCRYPTION_SECRET_PREVIOUS"
_KEEP_HINT = (
    "keep its secret in ENCRYPTION_SECRET_PREVIOUS: the audit log cannot be verified without it"
)


@click.command(cls=Command)
@json_option
def register(as_json: bool) -> None:
    """Register ENCRYPTION_SECRET in the database, so that keys can be encrypted with it.

    The service registers its secret itself if its role has the privilege. The role of
    queries/operations/roles.sql does not: run this command as the owner of the tables before the
    first start with a new secret. It is safe to repeat.

    \b
    Example:
      wallet-api keys register
    """
    resources = WalletResources()
    with resources.database() as database:
        resources.register(database)
    key_id = resources.encryption.key_id
    click.echo(json.dumps({"registered": key_id}) if as_json else f"{key_id} is registered.")


@click.command(cls=Command)
@processes_option
@json_option
@click.pass_context
def rotate(context: click.Context, processes: int, as_json: bool) -> None:
    """Encrypt every key again with ENCRYPTION_SECRET while the service runs.

    Put the older secrets into ENCRYPTION_SECRET_PREVIOUS. Each key is decrypted and compared with
    its address before it is written, and again before the commit. Keys that do not decrypt are
    reported and left unchanged. The command can be interrupted and repeated. Exit status 0 only if
    no wallet is left under another secret.

    \b
    Example:
      ENCRYPTION_SECRET=… ENCRYPTION_SECRET_PREVIOUS='["…"]' wallet-api keys rotate
    """
    resources = WalletResources()
    database = resources.database()
    rotation = KeyRotation(database, resources.encryption, operator())
    with resources.database() as opened:
        resources.register(opened)
    progress = Progress(
        _count(resources),
        "wallets",
        expected=(RotationOutcome.REENCRYPTED, RotationOutcome.PRESENT),
        faults=(RotationOutcome.FAILED,),
        as_json=as_json,
    )
    results = map_in_processes(
        rotation.pages(PAGE), rotation.run, processes=processes, database=database
    )
    with progress, closing(results):
        for report in chain.from_iterable(results):
            if report.reason is not None:
                progress.print_line(f"FID {report.fid}: {report.reason}")
            progress.add(report.outcome)
    left = _count(resources)
    if as_json:
        counts = progress.as_dict()
        # The member has the name of the audit action.
        counts["resealed"] = counts.pop(RotationOutcome.REENCRYPTED)
        click.echo(json.dumps({**counts, "left": left}))
    else:
        click.echo(progress.summary())
        if left:
            click.echo(f"{left} wallets are still encrypted with other secrets.")
    context.exit(0 if progress.succeeded() and not left else 1)


def _count(resources: WalletResources) -> int:
    """Return the number of wallets that are encrypted with other secrets."""
    with resources.database() as database:
        return KeyRotation(database, resources.encryption, operator()).count()


@click.command(cls=Command)
@json_option
def status(as_json: bool) -> None:
    """List the secrets in the database and the number of keys that are encrypted with each.

    Secrets are identified by their key ids, which do not reveal them.

    \b
    Example:
      wallet-api keys status
    """
    resources = WalletResources(check_secret=False)
    with (
        resources.database() as database,
        status_line("Counting the wallets of each secret"),
    ):
        found = resources.known_secrets(database).status()
    if as_json:
        click.echo(json.dumps([asdict(secret) for secret in found], default=str))
        return
    for secret in found:
        state = f"{secret.state:8}  {secret.wallets} wallets  since {secret.created_at}"
        click.echo(f"{secret.key_id}  {state}")
    if not found:
        click.echo("No key has been encrypted in this database.")


@click.command(cls=Command)
@click.argument("key_id")
@json_option
def retire(key_id: str, as_json: bool) -> None:
    """Retire an older secret, so that no key can be encrypted with it any more.

    PostgreSQL rejects this while a key is encrypted with it. Processes that still have it as
    ENCRYPTION_SECRET cannot create wallets afterwards.

    \b
    Example:
      wallet-api keys retire 3f1c0d9a7b5e2648
    """
    # Do not check our own secret: it may be the one to retire.
    resources = WalletResources(check_secret=False)
    with resources.database() as database, status_line("Checking whether a wallet needs it"):
        try:
            secrets = resources.known_secrets(database)
            retired, needed = secrets.retire(key_id), secrets.audit_log_needs(key_id)
        except SecretStillInUse as error:
            raise click.ClickException(str(error)) from error
    if not retired:
        raise click.ClickException(f"No active secret has the key id {key_id}.")
    if as_json:
        click.echo(json.dumps({"retired": key_id, "keep": needed}))
    else:
        click.echo(f"{key_id} is retired: {_KEEP_HINT if needed else _REMOVE_HINT}.")
