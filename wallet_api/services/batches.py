"""Work on many users at a time, in which no user stands in the way of the others."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from wallet_api.errors import AuditLogBlocked, LockTimeout, ServiceUnavailable

T = TypeVar("T")
R = TypeVar("R")


def run_batch(
    items: Sequence[T],
    run: Callable[[Sequence[T]], tuple[list[R], list[T]]],
    failed: Callable[[T, ServiceUnavailable], R],
) -> list[R]:
    """Run a batch as one, and alone each item whose user is busy, such as one whose key is read.

    `run` does what it can in one transaction; it returns the reports, and the items of busy users.
    Given one item, it waits for that user. What one user prevents is tried again for each alone,
    and what fails alone is reported as `failed`: each item is tried twice at most.
    """
    try:
        reports, busy = run(items)
    except (AuditLogBlocked, LockTimeout) as error:
        if len(items) == 1:
            return [failed(items[0], error)]
        reports, busy = [], list(items)
    return reports + [report for item in busy for report in run_batch([item], run, failed)]
