"""Benchmark of signatures, compared with the key reads that `wallet-api bench` measures too.

    python -m benchmarks.signing

It writes the results to benchmarks/results/signing.json, and prints a table.
"""

import json
import sys
from contextlib import ExitStack
from pathlib import Path

from benchmarks import report
from benchmarks.bench import about, scratch
from benchmarks.signing_bench import measure_signing
from benchmarks.stores import Rows

RESULTS = Path(__file__).parent / "results" / "signing.json"

_USERS, _ROUNDS, _REQUESTS = 10_000, 1_000, 2_000


def main() -> None:
    """Measure, write the results, and print the table."""
    with scratch() as (_, postgres), ExitStack() as opened:
        rows = Rows(postgres, _USERS)
        opened.callback(rows.close)
        found = {"about": about(postgres), **measure_signing(rows, _ROUNDS, _REQUESTS)}
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    sys.stdout.write("\n".join(report.signing(found)) + "\n")


if __name__ == "__main__":
    main()
