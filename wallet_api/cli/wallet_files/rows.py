"""What `wallets verify` and `keys verify` have in common: every row is opened."""

from contextlib import closing
from itertools import chain

import click

from wallet_api.cli.processes import map_in_processes
from wallet_api.cli.progress import Progress, status_line
from wallet_api.cli.wallet_files.resources import BATCH, WalletResources
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository
from wallet_api.services.wallet_files.verifying import RowCheck, RowOutcome, StoredWallets


class RowVerification:
    """Opens every wallet in PostgreSQL, and tells what is wrong as it comes."""

    def __init__(self, resources: WalletResources, processes: int, *, quiet_stdout: bool) -> None:
        self.resources = resources
        self.processes = processes
        self.quiet_stdout = quiet_stdout

    def rows(
        self, files: FilesystemWalletRepository | None, *, expected: list[RowOutcome]
    ) -> Progress:
        """Open every row, and name those that have no file, if there are files to compare with.

        `expected` are the outcomes that can come, beside the one that is a fault.
        """
        database = self.resources.database()
        check = RowCheck(self.resources.encryption, files)
        progress = Progress(
            self.resources.count_rows(),
            "wallets",
            expected=expected,
            faults=(RowOutcome.UNREADABLE,),
            quiet_stdout=self.quiet_stdout,
        )
        pages = StoredWallets(database).pages(BATCH)
        results = map_in_processes(pages, check.run, processes=self.processes, database=database)
        with progress, closing(results):
            for row in chain.from_iterable(results):
                if row.outcome is not RowOutcome.OPENED:
                    reason = f": {row.reason}" if row.reason else ""
                    progress.print_line(f"FID {row.fid}, {row.chain}: {row.outcome}{reason}")
                progress.add(row.outcome)
        return progress

    def shared_addresses(self) -> int:
        """Name the trading addresses that more than one user has; return how many there are."""
        with self.resources.opened() as database, status_line("Looking for shared addresses"):
            shared = StoredWallets(database).shared_addresses()
        for address, fids in shared.items():
            line = f"{address}: one address of several users: FIDs {', '.join(map(str, fids))}"
            click.echo(line, err=self.quiet_stdout)
        return len(shared)
