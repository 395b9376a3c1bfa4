"""`wallet-api bench`: benchmarks of this service and of the file-based one it replaces."""

import subprocess
import sys
from pathlib import Path

import click

from wallet_api.cli.command import Command

_ROOT = Path(__file__).resolve().parents[2]


@click.command(cls=Command)
@click.option("--quick", is_flag=True, help="Use small sizes (about a minute).")
@click.option(
    "--check", is_flag=True, help="Compare the ratios with the committed ones. Writes no results."
)
def bench(*, quick: bool, check: bool) -> None:
    """Benchmark wallet files against a local PostgreSQL.

    Prints tables and writes the results to benchmarks/results. Requires a checkout with the
    development requirements. The full benchmark is long and uses gigabytes of disk.

    \b
    Example:
      wallet-api bench --quick
    """
    if not (_ROOT / "benchmarks").is_dir():
        raise click.ClickException("The benchmarks are available only in a checkout.")
    options = ["--quick"] * quick + ["--check"] * check
    command = [sys.executable, "-m", "benchmarks.bench", *options]
    sys.exit(subprocess.run(command, cwd=_ROOT, check=False).returncode)
