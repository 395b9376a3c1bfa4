"""`wallet-api bench`: what this service costs on this machine, beside the one that it replaces."""

import subprocess
import sys
from pathlib import Path

import click

from wallet_api.cli.command import Command

_ROOT = Path(__file__).resolve().parents[2]


@click.command(cls=Command)
@click.option("--quick", is_flag=True, help="Small sizes: about a minute.")
@click.option(
    "--check", is_flag=True, help="Compare the ratios with the committed ones; keep none."
)
def bench(*, quick: bool, check: bool) -> None:
    """Measure files against PostgreSQL, with a PostgreSQL of its own.

    Prints the tables, and keeps the figures in benchmarks/results. Needs a checkout with the
    requirements of developers. The whole of it takes long, and gigabytes of disk.

    \b
    Example:
      wallet-api bench --quick
    """
    if not (_ROOT / "benchmarks").is_dir():
        raise click.ClickException("The benchmarks are in a checkout only.")
    options = ["--quick"] * quick + ["--check"] * check
    command = [sys.executable, "-m", "benchmarks.bench", *options]
    sys.exit(subprocess.run(command, cwd=_ROOT, check=False).returncode)
