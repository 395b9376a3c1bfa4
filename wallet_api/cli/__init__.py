"""The command line interface: `wallet-api …`, or `flask --app wsgi …`."""

import sys
from collections.abc import Sequence

import click

from wallet_api import __version__
from wallet_api.cli.audit import audit
from wallet_api.cli.clients import clients
from wallet_api.cli.command import Group, run
from wallet_api.cli.db import db
from wallet_api.cli.doctor import doctor
from wallet_api.cli.keys import keys
from wallet_api.cli.policies.policies import policies
from wallet_api.cli.serve import serve
from wallet_api.cli.token import token
from wallet_api.cli.wallet_files.commands import wallets

_DEVELOPMENT = ("bench", "dev")


class _Group(Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_DEVELOPMENT])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        # Production does not import development/: only these two calls do (setup.cfg).
        if cmd_name == "bench":
            from wallet_api.development.bench import bench  # noqa: PLC0415 (only when called)

            return bench
        if cmd_name == "dev":
            from wallet_api.development.dev import dev  # noqa: PLC0415 (only when called)

            return dev
        return super().get_command(ctx, cmd_name)


cli = _Group(
    "wallet-api",
    help="Keep one trading wallet per user in PostgreSQL.",
    # The subcommands inherit them.
    context_settings={"help_option_names": ["-h", "--help"]},
    commands=[audit, clients, db, doctor, keys, policies, serve, token, wallets],
)
click.version_option(__version__, prog_name="wallet-api")(cli)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command in `arguments` (or sys.argv) and exit with its status."""
    sys.exit(run(cli, arguments))
