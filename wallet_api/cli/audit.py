"""`wallet-api audit …`: verification of the audit log."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import click

from wallet_api.cli.command import Command, json_option
from wallet_api.cli.progress import Progress, ReportFile
from wallet_api.cli.wallet_files.resources import WalletResources
from wallet_api.models import MAX_FID
from wallet_api.services.audit.chains import EntryOutcome, EntryReport
from wallet_api.services.audit.checkpoints import Checkpoint
from wallet_api.services.audit.verify import AuditVerification

audit = click.Group("audit", help="Verify the audit log.")


@audit.command("verify", cls=Command)
@click.option("--fid", type=click.IntRange(1, MAX_FID), help="Verify only the chain of this user.")
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Compare with the checkpoint in this file.",
)
@click.option(
    "--checkpoint",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a checkpoint to this file if the log is intact.",
)
@click.option(
    "--unchained-before",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    help="When the chains began (UTC). Older entries and wallets may have no MAC.",
)
@json_option
@click.pass_context
def verify(
    context: click.Context,
    fid: int | None,
    against: Path | None,
    checkpoint: Path | None,
    unchained_before: datetime | None,
    as_json: bool,
) -> None:
    """Verify every chain of the audit log, and report changed, removed, inserted and moved entries.

    Store checkpoints where nobody who can write to this database can change them. Comparing with a
    checkpoint also detects that the whole log was restored to an earlier state. Exit status 0 only
    if the log is intact.

    \b
    Example:
      wallet-api audit verify --against 2026-10.json --checkpoint 2026-11.json
    """
    if fid is not None and (against or checkpoint):
        raise click.UsageError("A checkpoint covers the whole log. Leave out --fid.")
    earlier = None if against is None else _read(against)
    if checkpoint is not None and not os.access(checkpoint.parent, os.W_OK):
        raise click.ClickException(f"{checkpoint.parent} is not writable.")
    resources = WalletResources()
    since = unchained_before and unchained_before.replace(tzinfo=UTC)
    with resources.database() as database:
        verification = AuditVerification(
            database,
            resources.encryption,
            unchained_before=since,
            wallet_storage=resources.wallet_storage,
        )
        progress = Progress(
            0 if fid is not None else verification.count(),
            "entries",
            expected=(EntryOutcome.INTACT, EntryOutcome.OLDER),
            faults=(EntryOutcome.FAULTY,),
            quiet_stdout=as_json,
        )

        def report_entry(report: EntryReport) -> None:
            if report.fault is not None:
                user = "" if report.fid is None else f"FID {report.fid}: "
                entry = "" if report.id is None else f"entry {report.id}: "
                progress.print_line(f"{user}{entry}{report.fault}")
            progress.add(report.outcome)

        with progress:
            if fid is not None:
                verification.verify_user(fid, report_entry)
            elif checkpoint is None:
                verification.verify(report_entry, against=earlier)
            else:
                taken = verification.take_checkpoint(report_entry, against=earlier)
    click.echo(json.dumps(progress.as_dict()) if as_json else progress.summary())
    if checkpoint is not None and progress.succeeded():
        with ReportFile(checkpoint) as file:
            file.write_text(f"{taken.to_json()}\n")
    context.exit(0 if progress.succeeded() else 1)


def _read(path: Path) -> Checkpoint:
    try:
        return Checkpoint.from_json(path.read_text())
    except ValueError as error:
        message = f"{path} is not a checkpoint of `wallet-api audit verify --checkpoint`."
        raise click.ClickException(message) from error
