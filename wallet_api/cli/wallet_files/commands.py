"""`wallet-api wallets …`: import and export of wallet files."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from wallet_api.cli.command import Command, Group, WholeNumber, json_option
from wallet_api.cli.processes import batches, map_in_processes
from wallet_api.cli.progress import Progress
from wallet_api.cli.resources import (
    BATCH,
    WalletResources,
    collect_reports,
    count_files,
    folder,
    operator,
    processes_option,
    require_outside,
)
from wallet_api.cli.wallet_files.verification import verify
from wallet_api.crypto.encryption import DOES_NOT_DECRYPT
from wallet_api.models import MAX_FID
from wallet_api.services.row_verification import StoredWallets
from wallet_api.services.wallet_files.exporting import WalletExport
from wallet_api.services.wallet_files.importing import Outcome, WalletImport
from wallet_api.services.wallet_files.verifying import list_locations

wallets = Group("wallets", help="Import, export and verify wallet files.", commands=[verify])

_FILE = click.Path(dir_okay=False, path_type=Path)


@wallets.command("import", cls=Command)
@click.argument("path", required=False, type=folder)
@click.option("--dry-run", is_flag=True, help="Verify and compare, but write nothing.")
@click.option("--report", type=_FILE, help="Write one JSON line for each file to this file.")
@processes_option
@json_option
@click.pass_context
def import_(
    context: click.Context,
    path: Path | None,
    dry_run: bool,
    report: Path | None,
    processes: int,
    as_json: bool,
) -> None:
    """Import the wallet files in PATH (default WALLET_STORAGE_PATH) into PostgreSQL.

    Every key is decrypted and compared with its address before its row is written. Files are never
    changed and rows never overwritten. The command can be interrupted and repeated. Exit status 0
    only if every file is imported or present.

    \b
    Example:
      wallet-api wallets import ./storage/wallets --report import.jsonl
    """
    resources = WalletResources()
    database, files = resources.database(), resources.files(path)
    secret = resources.registration(database)
    work = WalletImport(database, files, resources.encryption, secret, operator(), dry_run=dry_run)
    new = Outcome.IMPORTABLE if dry_run else Outcome.IMPORTED
    progress = Progress(
        count_files(files),
        "files",
        expected=(new, Outcome.PRESENT),
        faults=(Outcome.CONFLICT, Outcome.INVALID, Outcome.FAILED),
        as_json=as_json,
    )
    names = batches(files.directory.names(), BATCH)
    require_outside(files, report)
    results = map_in_processes(names, work.run, processes=processes, database=database)
    reasons = collect_reports(results, progress, report)
    progress.print_result()
    none_valid = progress.counts[Outcome.INVALID] == progress.counts.total()
    if none_valid and [reason for reason, _ in reasons.most_common(1)] == [DOES_NOT_DECRYPT]:
        click.echo(
            "No file is valid. Check that ENCRYPTION_SECRET is the secret of the old service.",
            err=True,
        )
    context.exit(0 if progress.succeeded() else 1)


@wallets.command("export", cls=Command)
@click.argument("path", type=folder)
@click.option("--report", type=_FILE, help="Write one JSON line for each wallet to this file.")
@processes_option
@json_option
@click.pass_context
def export(
    context: click.Context, path: Path, report: Path | None, processes: int, as_json: bool
) -> None:
    """Export all wallets to PATH in the format of the old service, and verify the files.

    Use a separate directory (mode 0700; the files get 0600). A file with a key is never replaced.
    The audit log records whose keys were exported. The command can be interrupted and repeated.
    Exit status 0 only if every wallet has a verified file.

    \b
    Example:
      wallet-api wallets export ./exported --report export.jsonl
    """
    resources = WalletResources()
    database, files = resources.database(), resources.files(path)
    work = WalletExport(database, files, resources.encryption, operator())
    require_outside(files, report)
    files.directory.create()
    progress = Progress(
        resources.count_rows(),
        "wallets",
        expected=(Outcome.EXPORTED, Outcome.PRESENT),
        faults=(Outcome.CONFLICT, Outcome.INVALID, Outcome.FAILED),
        as_json=as_json,
    )
    with files.directory.locked():
        files.directory.remove_temporary_files()
        pages = StoredWallets(database).pages(BATCH)
        collect_reports(
            map_in_processes(pages, work.run, processes=processes, database=database),
            progress,
            report,
        )
    progress.print_result()
    if files.directory.is_handed_over():
        click.echo(
            f"{path} contains the file .migrating. Remove it before you start the service with"
            " WALLET_STORAGE=filesystem.",
            err=True,
        )
    context.exit(0 if progress.succeeded() else 1)


@wallets.command("show", cls=Command)
@click.argument("fid", type=WholeNumber(1, MAX_FID))
@click.argument("path", required=False, type=folder)
@json_option
@click.pass_context
def show(context: click.Context, fid: int, path: Path | None, as_json: bool) -> None:
    """Show the wallets of one user in PostgreSQL and in the files in PATH, without keys.

    Exit status 1 if a key cannot be decrypted, or if the user has no wallet.

    \b
    Example:
      wallet-api wallets show 1464243
    """
    resources = WalletResources()
    with resources.database() as database:
        found = list_locations(database, resources.encryption, resources.files(path), fid)
    if as_json:
        click.echo(json.dumps([asdict(location) for location in found], default=str))
    else:
        for location in found:
            state = location.fault or f"{location.address}, created {location.created_at}, decrypts"
            click.echo(f"{location.place}, {location.chain}: {state}")
        if not found:
            click.echo(f"FID {fid} has no wallets.")
    succeeded = found and not any(location.fault for location in found)
    context.exit(0 if succeeded else 1)
