"""`wallet-api keys …`: verification of private keys, and the secrets that encrypt them."""

import click

from wallet_api.cli.command import Command, Group, json_option
from wallet_api.cli.key_rotation import register, retire, rotate, status
from wallet_api.cli.resources import WalletResources, processes_option
from wallet_api.cli.row_verification import RowVerification
from wallet_api.services.row_verification import RowOutcome

keys = Group(
    "keys",
    help="Verify the encrypted keys, and rotate their secret.",
    commands=[register, rotate, status, retire],
)


@keys.command("verify", cls=Command)
@processes_option
@json_option
@click.pass_context
def verify(context: click.Context, processes: int, as_json: bool) -> None:
    """Decrypt every key in PostgreSQL and compare it with its address. Writes nothing.

    Use it after a restore, or to check a copy of the secret. It also works on a standby and on a
    server in recovery. Exit status 0 only if every key decrypts and derives its address, and no
    two users share an address.

    \b
    Example:
      wallet-api keys verify
    """
    verification = RowVerification(WalletResources(), processes, as_json=as_json)
    progress = verification.rows(None, expected=[RowOutcome.DECRYPTED])
    shared = verification.shared_addresses()
    progress.print_result(shared_addresses=shared)
    context.exit(0 if progress.succeeded() and not shared else 1)
