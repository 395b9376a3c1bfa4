"""Verification of the wallets in PostgreSQL, for `wallets verify` and `keys verify`."""

from contextlib import closing
from functools import partial
from itertools import chain

import click

from wallet_api.cli.processes import map_in_processes
from wallet_api.cli.progress import Progress, status_line
from wallet_api.cli.resources import BATCH, WalletResources
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository
from wallet_api.services.row_verification import RowOutcome, StoredWallets, check_rows


class RowVerification:
    """Decrypt every key in PostgreSQL, and report faults as they are found."""

    def __init__(self, resources: WalletResources, processes: int, *, as_json: bool) -> None:
        self.resources = resources
        self.processes = processes
        self.as_json = as_json

    def rows(
        self, files: FilesystemWalletRepository | None, *, expected: list[RowOutcome]
    ) -> Progress:
        """Decrypt every row. If `files` is given, report the rows that have no file.

        `expected` are the possible outcomes that are not faults.
        """
        database = self.resources.database()
        check = partial(check_rows, self.resources.encryption, files)
        progress = Progress(
            self.resources.count_rows(),
            "wallets",
            expected=expected,
            faults=(RowOutcome.UNREADABLE,),
            as_json=self.as_json,
        )
        pages = StoredWallets(database).pages(BATCH)
        results = map_in_processes(pages, check, processes=self.processes, database=database)
        with progress, closing(results):
            for row in chain.from_iterable(results):
                if row.outcome is not RowOutcome.DECRYPTED:
                    reason = f": {row.reason}" if row.reason else ""
                    progress.print_line(f"FID {row.fid}, {row.chain}: {row.outcome}{reason}")
                progress.add(row.outcome)
        return progress

    def shared_addresses(self) -> int:
        """Report the trading addresses that several users share, and return their number."""
        with (
            self.resources.database() as database,
            status_line("Searching for shared addresses"),
        ):
            shared = StoredWallets(database).shared_addresses()
        for address, fids in shared.items():
            line = f"{address}: shared by several users: FIDs {', '.join(map(str, fids))}"
            click.echo(line, err=self.as_json)
        return len(shared)
