"""`wallet-api wallets verify`: comparison of rows, files and the report of an import."""

import json
from contextlib import closing
from functools import partial
from itertools import chain
from pathlib import Path

import click

from wallet_api.cli.command import Command, json_option
from wallet_api.cli.processes import batches, map_in_processes
from wallet_api.cli.progress import Progress
from wallet_api.cli.resources import (
    BATCH,
    WalletResources,
    count_files,
    folder,
    operator,
    processes_option,
)
from wallet_api.cli.row_verification import RowVerification
from wallet_api.services.row_verification import RowOutcome
from wallet_api.services.wallet_files.importing import Outcome, WalletImport
from wallet_api.services.wallet_files.verifying import LineOutcome, check_lines

_MISSING = "missing in PostgreSQL"


@click.command(cls=Command)
@click.argument("path", required=False, type=folder)
@click.option(
    "--report",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Compare the files with the checksums in this report.",
)
@processes_option
@json_option
@click.pass_context
def verify(
    context: click.Context,
    path: Path | None,
    report: Path | None,
    processes: int,
    as_json: bool,
) -> None:
    """Decrypt every key in PostgreSQL, and compare with the files in PATH if given.

    Exit status 0 only if every key decrypts and derives its address, no two users share an
    address, every file is in PostgreSQL with the same address and key, and no file has changed
    since the report. Wallets without a file are reported, but are not faults.

    \b
    Example:
      wallet-api wallets verify ./storage/wallets --report import.jsonl
    """
    if report is not None and path is None:
        raise click.UsageError("--report requires PATH.")
    resources = WalletResources()
    verification = _Verification(resources, processes, as_json=as_json)
    files = None if path is None else resources.files(path)
    expected = [RowOutcome.DECRYPTED, RowOutcome.WITHOUT_FILE]
    parts = {"rows": verification.rows(files, expected=expected)}
    if path is not None:
        parts["files"] = verification.files(path)
    if path is not None and report is not None:
        parts["report"] = verification.report(path, report)
    shared = verification.shared_addresses()
    if as_json:
        figures = {part: progress.as_dict() for part, progress in parts.items()}
        click.echo(json.dumps({**figures, "shared_addresses": shared}))
    else:
        for progress in parts.values():
            click.echo(progress.summary())
        if path is None:
            click.echo("No files were compared: no PATH was given.")
    succeeded = not shared and all(progress.succeeded() for progress in parts.values())
    context.exit(0 if succeeded else 1)


class _Verification(RowVerification):
    def files(self, path: Path) -> Progress:
        """Compare every file with its row."""
        database, files = self.resources.database(), self.resources.files(path)
        secret = self.resources.registration(database)
        work = WalletImport(
            database, files, self.resources.encryption, secret, operator(), dry_run=True
        )
        progress = Progress(
            count_files(files),
            "files",
            expected=(Outcome.PRESENT,),
            faults=(_MISSING, Outcome.CONFLICT, Outcome.INVALID),
            as_json=self.as_json,
        )
        names = batches(files.directory.names(), BATCH)
        results = map_in_processes(names, work.run, processes=self.processes, database=database)
        with progress, closing(results):
            for file in chain.from_iterable(results):
                kind = _MISSING if file.outcome is Outcome.IMPORTABLE else file.outcome
                if kind is not Outcome.PRESENT:
                    reason = f": {file.reason}" if file.reason else ""
                    progress.print_line(f"{file.file}: {kind}{reason}")
                progress.add(kind)
        return progress

    def report(self, path: Path, report: Path) -> Progress:
        """Compare every file in the report with its checksum."""
        database = self.resources.database()
        check = partial(check_lines, self.resources.files(path))
        progress = Progress(
            _count_lines(report),
            "lines",
            expected=(LineOutcome.UNCHANGED,),
            faults=(LineOutcome.CHANGED, LineOutcome.GONE, LineOutcome.UNREADABLE),
            as_json=self.as_json,
        )
        with report.open(errors="replace") as lines:
            parts = batches(enumerate(lines, start=1), BATCH)
            results = map_in_processes(parts, check, processes=self.processes, database=database)
            with progress, closing(results):
                for line in chain.from_iterable(results):
                    if line.outcome is not LineOutcome.UNCHANGED:
                        unreadable = line.outcome is LineOutcome.UNREADABLE
                        since = "" if unreadable else " since the report"
                        progress.print_line(f"{line.file}: {line.outcome}{since}")
                    progress.add(line.outcome)
        return progress


def _count_lines(path: Path) -> int:
    with path.open(errors="replace") as lines:
        return sum(1 for _ in lines)
