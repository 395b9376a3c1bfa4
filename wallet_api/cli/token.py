"""`wallet-api token`: a session token for trying out the API."""

import json
import os

import click

from wallet_api.auth.user_tokens import UserTokens
from wallet_api.cli.command import Command, WholeNumber, json_option
from wallet_api.config import read_token_settings
from wallet_api.models import MAX_FID


@click.command(cls=Command)
@click.option("--fid", required=True, type=WholeNumber(1, MAX_FID), help="The user's FID.")
@json_option
def token(fid: int, as_json: bool) -> None:
    """Print a session token for a user. It gives access to their wallets: treat it as a password.

    \b
    Example:
      JWT_SECRET=… wallet-api token --fid 1464243
    """
    issued = UserTokens(read_token_settings(os.environ)).issue(fid)
    click.echo(json.dumps({"fid": fid, "token": issued.reveal()}) if as_json else issued.reveal())
