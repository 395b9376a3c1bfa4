"""`wallet-api audit …`: verification and archiving of the audit log."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from wallet_api.cli.command import Command, Group, Moment, WholeNumber, json_option
from wallet_api.cli.progress import Progress, ReportFile, escaped
from wallet_api.cli.resources import WalletResources, operator
from wallet_api.models import MAX_FID
from wallet_api.repositories.audit.archive_files import ArchiveDamaged, ArchiveFolder
from wallet_api.services.audit.archive import ArchiveOutcome, AuditArchive
from wallet_api.services.audit.chains import EntryOutcome, EntryReport
from wallet_api.services.audit.checkpoints import Checkpoint
from wallet_api.services.audit.verify import AuditVerification

audit = Group("audit", help="Verify and archive the audit log.")
_archive_folder = click.Path(exists=True, file_okay=False, path_type=Path)


@audit.command("verify", cls=Command)
@click.option("--fid", type=WholeNumber(1, MAX_FID), help="Verify only the chain of this user.")
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
    type=Moment(),
    help="When the chains began (UTC). Older entries and wallets may have no MAC.",
)
@click.option(
    "--archive",
    "archive_folder",
    type=_archive_folder,
    help="Verify the archived entries in this directory too.",
)
@click.option(
    "--known-client",
    "known_clients",
    metavar="NAME",
    multiple=True,
    help="An API client of 1.0.0, whose creation has no entry. Repeatable.",
)
@json_option
@click.pass_context
def verify(
    context: click.Context,
    fid: int | None,
    against: Path | None,
    checkpoint: Path | None,
    unchained_before: datetime | None,
    archive_folder: Path | None,
    known_clients: tuple[str, ...],
    as_json: bool,
) -> None:
    """Verify every chain of the audit log, and report changed, removed, inserted and moved entries.

    Store checkpoints where nobody who can write to this database can change them. Comparing with a
    checkpoint also detects that the whole log was restored to an earlier state. A checkpoint covers
    archived entries too, and needs --archive if there are any. Exit status 0 only if the log is
    intact.

    \b
    Example:
      wallet-api audit verify --against 2026-10.json --checkpoint 2026-11.json
    """
    if fid is not None and (against or checkpoint):
        raise click.UsageError("A checkpoint covers the whole log. Remove --fid.")
    earlier = None if against is None else _read(against)
    if checkpoint is not None and not os.access(checkpoint.parent, os.W_OK):
        raise click.ClickException(f"{checkpoint.parent} is not writable.")
    resources = WalletResources()
    with resources.database() as database:
        verification = AuditVerification(
            database,
            resources.encryption,
            unchained_before=unchained_before,
            storage=resources.storage,
            archive=None if archive_folder is None else ArchiveFolder(archive_folder),
            known_clients=known_clients,
        )
        if (against or checkpoint) and verification.needs_archive():
            raise click.ClickException(
                "Entries of the log were archived, and a checkpoint covers them too. Add --archive."
            )
        progress = Progress(
            0 if fid is not None else verification.count(),
            "entries",
            expected=(EntryOutcome.INTACT, EntryOutcome.OLDER, EntryOutcome.ARCHIVED),
            faults=(EntryOutcome.FAULTY,),
            as_json=as_json,
        )

        def report_entry(report: EntryReport) -> None:
            if report.fault is not None:
                user = "" if report.fid is None else f"FID {report.fid}: "
                entry = "" if report.id is None else f"entry {report.id}: "
                progress.print_line(f"{user}{entry}{report.fault}")
            progress.add(report.outcome)

        with progress, _archive_errors():
            if fid is not None:
                verification.verify_user(fid, report_entry)
            elif checkpoint is None:
                verification.verify(report_entry, against=earlier)
            else:
                taken = verification.take_checkpoint(report_entry, against=earlier)
    progress.print_result()
    if checkpoint is not None and progress.succeeded():
        with ReportFile(checkpoint) as file:
            file.write_text(f"{taken.to_json()}\n")
    context.exit(0 if progress.succeeded() else 1)


@audit.command("archive", cls=Command)
@click.option(
    "--before",
    type=Moment(),
    required=True,
    help="Archive key uses from before this time (UTC), at least a day ago.",
)
@click.option("--to", type=_archive_folder, required=True, help="The directory of the archive.")
@json_option
@click.pass_context
def archive(context: click.Context, before: datetime, to: Path, as_json: bool) -> None:
    """Move old key uses from the audit log into compressed files, while the service runs.

    Entries about wallets and addresses stay in the log. Each key use is verified, written, flushed
    to the disk and read back before it is deleted, and an entry of its user's chain records it. Use
    the same directory each time, as the owner of the tables, and keep a copy of it: the log cannot
    be verified completely without it. The command can be interrupted and repeated. Exit status 0
    only if every key use from before that time was archived, except single ones.

    \b
    Example:
      wallet-api audit archive --before 2026-01-01 --to /srv/audit-archive
    """
    resources = WalletResources()
    with resources.database() as database:
        archiving = AuditArchive(
            database, resources.encryption, operator(), ArchiveFolder(to.absolute())
        )
        if before > archiving.latest():
            raise click.UsageError("--before must be at least a day ago.")
        progress = Progress(
            0,
            "entries",
            expected=(ArchiveOutcome.ARCHIVED, ArchiveOutcome.KEPT),
            faults=(ArchiveOutcome.FAILED,),
            as_json=as_json,
        )
        with progress, _archive_errors():
            for report in archiving.run(before):
                if report.reason is not None:
                    progress.print_line(f"FID {report.fid}: {report.reason}")
                for _ in range(report.count):
                    progress.add(report.outcome)
    progress.print_result()
    context.exit(0 if progress.succeeded() else 1)


@contextmanager
def _archive_errors() -> Iterator[None]:
    try:
        yield
    except ArchiveDamaged as error:
        raise click.ClickException(escaped(str(error))) from error


def _read(path: Path) -> Checkpoint:
    try:
        return Checkpoint.from_json(path.read_text())
    except ValueError as error:
        message = f"{path} is not a checkpoint of `wallet-api audit verify --checkpoint`."
        raise click.ClickException(message) from error
