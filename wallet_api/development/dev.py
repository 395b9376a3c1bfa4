"""`wallet-api dev`: the service with a local PostgreSQL, for development."""

import json
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

import click

from wallet_api.auth.user_tokens import UserTokens
from wallet_api.cli.command import Command
from wallet_api.cli.resources import operator
from wallet_api.config import Settings
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.development.postgres import LocalPostgres
from wallet_api.development.programs import command_line
from wallet_api.environment import trim
from wallet_api.errors import Unauthenticated
from wallet_api.models import ClientRights
from wallet_api.services import migrations
from wallet_api.services.api_client_changes import ApiClientChanges
from wallet_api.services.api_clients import ApiClientService
from wallet_api.services.audit.changes import AuditedChanges
from wallet_api.services.encryption_keys.registration import SecretRegistration

_HOST = "127.0.0.1"
_FID = 1464243
_CONSOLE_SCOPES = (
    *("stats:read", "wallets:read", "audit:read", "policies:read"),
    *("clients:read", "clients:write"),
)
_ENGINE_SCOPES = ("wallets:read", "wallets:write", "wallets:sign")
_BASE_ACCOUNT = "0x78547fc07fdc8aac05e53b034e510b276a5ba384"
_START_SECONDS = 60
_STOP_SECONDS = 30


@click.command(cls=Command)
def dev() -> None:
    """Run the service with a local PostgreSQL until Ctrl-C.

    State and secrets are stored in DATA_DIR (default .data). The service listens on PORT (default
    8000). Other settings come from the environment. Do not use it in production: the secrets are
    stored next to the data.

    \b
    Example:
      PORT=8080 wallet-api dev
    """
    # libpq's variables in a developer's shell refer to another server.
    for name in [name for name in os.environ if name.startswith("PG") and name != "PG_BINDIR"]:
        del os.environ[name]
    directory = Path(trim(os.environ.get("DATA_DIR", "")) or ".data").resolve()
    # Mode 0711: under root the PostgreSQL user must be able to pass through, but not to list.
    directory.mkdir(mode=0o711, parents=True, exist_ok=True)
    # Set SIGINT as well, because a shell makes background processes ignore it.
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        # nohup ignores SIGHUP on purpose.
        signal.signal(signal.SIGHUP, _interrupt)
    click.echo(f"Starting PostgreSQL in {directory / 'postgres'}, then the service.", err=True)
    try:
        with LocalPostgres(directory / "postgres", durable=True) as postgres:
            environ = {
                **os.environ,
                **_secrets(directory),
                "DATABASE_URL": postgres.url(),
                "DEMO_FID": str(_FID),
                "ALLOW_KEY_READ": os.environ.get("ALLOW_KEY_READ") or "false",
                "LOG_FORMAT": os.environ.get("LOG_FORMAT") or "console",
            }
            settings = Settings.from_environ(environ)
            pid_file = directory / "gunicorn.pid"
            _stop_orphan(pid_file)
            _require_free_port(settings.port)
            migrations.upgrade(settings.wallets.database_url)
            tokens = [
                _client_token(settings, directory / f"{name}_token", name, scopes)
                for name, scopes in (("console", _CONSOLE_SCOPES), ("engine", _ENGINE_SCOPES))
            ]
            environment = directory / "environment"
            _write_private(environment, _for_a_shell(environ))
            _serve(settings, environ, pid_file, environment, tokens)
    except KeyboardInterrupt:
        click.echo("Stopped.")


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _secrets(directory: Path) -> dict[str, str]:
    """Return the secrets from the environment, or else those generated at the first start."""
    path = directory / "secrets.json"
    names = ("ENCRYPTION_SECRET", "JWT_SECRET")
    if not path.exists():
        _write_private(path, json.dumps({name: secrets.token_urlsafe(32) for name in names}))
    stored: dict[str, str] = json.loads(path.read_text())
    return {name: os.environ.get(name) or stored[name] for name in names}


def _for_a_shell(environ: Mapping[str, str]) -> str:
    """Return what other commands need to use this database, as assignments of a shell."""
    names = ("DATABASE_URL", "ENCRYPTION_SECRET", "JWT_SECRET")
    return "".join(f"{name}={shlex.quote(environ[name])}\n" for name in names)


def _write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 atomically."""
    temporary = path.with_suffix(".new")
    temporary.touch(mode=0o600)
    temporary.write_text(text)
    temporary.replace(path)


def _client_token(
    settings: Settings, path: Path, name: str, scopes: Collection[str]
) -> Secret[str]:
    """Return the token of an API client with these scopes, stored in `path`."""
    with Database(
        settings.wallets.database_url, min_size=0, max_size=1, timeout_seconds=10
    ) as database:
        if path.exists():
            token = Secret(path.read_text())
            # The client may have been revoked, or the database replaced.
            with suppress(Unauthenticated):
                if set(scopes) <= set(ApiClientService(database).identify(token).scopes):
                    return token
        encryption = EncryptionService(
            settings.wallets.encryption_secret, settings.wallets.encryption_secret_previous
        )
        registration = SecretRegistration(database, encryption)
        changes = ApiClientChanges(AuditedChanges(database, encryption, registration))
        rights = ClientRights(scopes=frozenset(scopes), unrestricted="wallets:sign" in scopes)
        # The name of a revoked client cannot be reused.
        name = f"{name}-{secrets.token_hex(4)}"
        token = changes.create(name, rights, creator=None, access=operator()).token
    _write_private(path, token.reveal())
    return token


def _stop_orphan(pid_file: Path) -> None:
    """Stop a gunicorn that outlived the `wallet-api dev` that started it. We hold its lock."""
    try:
        pid = int(pid_file.read_text())
    except (FileNotFoundError, ValueError):
        return
    # The process id may have been reused.
    deadline = time.monotonic() + _STOP_SECONDS
    while str(pid_file) in command_line(pid) and time.monotonic() < deadline:
        os.kill(pid, signal.SIGTERM)
        time.sleep(0.2)


def _require_free_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            message = (
                f"Port {port} is not available ({error.strerror}). Use another one: PORT=8080 …"
            )
            raise click.ClickException(message) from error


def _serve(
    settings: Settings,
    environ: Mapping[str, str],
    pid_file: Path,
    environment: Path,
    client_tokens: Sequence[Secret[str]],
) -> None:
    """Run gunicorn until it exits or this process is interrupted."""
    options = ["--bind", f"{_HOST}:{settings.port}", "--pid", str(pid_file)]
    command = [sys.executable, "-m", "wallet_api", "serve", *options]
    # A new session, so that Ctrl-C reaches only this process, which then stops gunicorn.
    gunicorn = subprocess.Popen(command, env=environ, start_new_session=True)
    try:
        url = f"http://{_HOST}:{settings.port}"
        _wait_until_ready(gunicorn, f"{url}/readyz")
        _print_banner(settings, url, environment, *client_tokens)
        gunicorn.wait()
        raise click.ClickException(f"gunicorn exited with status {gunicorn.returncode}.")
    finally:
        gunicorn.terminate()
        try:
            gunicorn.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            gunicorn.kill()
            gunicorn.wait()


def _wait_until_ready(gunicorn: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    reason = "no answer"
    while time.monotonic() < deadline and gunicorn.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError as error:
            reason = json.load(error)["error"]
        except OSError:
            pass
        time.sleep(0.1)
    raise click.ClickException(f"The service did not become ready: {reason}")


def _print_banner(
    settings: Settings,
    url: str,
    environment: Path,
    console_token: Secret[str],
    engine_token: Secret[str],
) -> None:
    issued = UserTokens(settings.tokens).issue(_FID)
    deposit = {"asset": "USDC", "amount": "20", "baseAddress": _BASE_ACCOUNT}
    message = {"message": "Sign in to example.com", "reason": "try it"}
    sign = f"{url}/v1/users/{_FID}/wallets/ethereum/sign/message"
    click.echo(
        f"\nwallet-api is running at {url}. Open it in a browser.\n\n"
        f"The operator console is at {url}/console. This client token has all of its scopes:\n\n"
        f"{console_token.reveal()}\n\n"
        f"A session token for FID {_FID}:\n\n{issued.reveal()}\n\n"
        f"Prepare a deposit of 20 USDC:\n\n"
        f"{_curl(f'{url}/api/wallet/deposit', issued, deposit)}\n\n"
        "Then sign a message with the trading wallet, as a trading engine does. Its private key "
        f"never leaves the service:\n\n{_curl(sign, engine_token, message)}\n\n"
        f"Create a client for /v1 (documented at {url}/docs):\n\n{_create_client(environment)}\n\n"
        "Press Ctrl-C to stop."
    )


def _create_client(environment: Path) -> str:
    return (
        f"(set -a; . {shlex.quote(str(environment))};"
        f" {shlex.quote(sys.executable)} -m wallet_api clients create \\\n"
        "  --name bot --scope wallets:write --scope wallets:sign --unrestricted)"
    )


def _curl(url: str, token: Secret[str], body: Mapping[str, str]) -> str:
    return " \\\n  ".join(
        (
            f"curl -sS {url}",
            f"-H {shlex.quote(f'Authorization: Bearer {token.reveal()}')}",
            "-H 'Content-Type: application/json'",
            f"-d {shlex.quote(json.dumps(body))}",
        )
    )
