"""Batches of users in which one blocked user does not block the others."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from wallet_api.errors import AuditLogBlocked, LockTimeout, ServiceUnavailable

# After this many lock timeouts in a row, the lock is probably on the table.
_MAX_TIMEOUTS = 3

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
    at most twice. After several lock timeouts in a row, the others fail at once.
    """
    try:
        reports, left = run(items)
    except (AuditLogBlocked, LockTimeout) as error:
        if len(items) == 1:
            return [failed(items[0], error)]
        reports, left = [], list(items)
    timeouts = 0
    for item in left:
        if timeouts == _MAX_TIMEOUTS:
            reports.append(
                failed(item, LockTimeout("the items before it timed out waiting for a lock"))
            )
            continue
        try:
            reports += run([item])[0]
            timeouts = 0
        except LockTimeout as error:
            timeouts += 1
            reports.append(failed(item, error))
        except AuditLogBlocked as error:
            reports.append(failed(item, error))
    return reports
