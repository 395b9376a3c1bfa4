"""Batches of users in which one blocked user does not block the others."""

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
    """Run a batch in one transaction, then each item of a busy (locked) user separately.

    `run` processes what it can in one transaction and returns the reports and the items of busy
    users. Given one item, it waits for that user. If one user makes the batch fail, every item is
    retried separately; an item that fails separately is reported by `failed`. Each item is tried
    at most twice.
    """
    try:
        reports, busy = run(items)
    except (AuditLogBlocked, LockTimeout) as error:
        if len(items) == 1:
            return [failed(items[0], error)]
        reports, busy = [], list(items)
    return reports + [report for item in busy for report in run_batch([item], run, failed)]
