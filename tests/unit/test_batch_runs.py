"""Batches in which one blocked user does not block the others."""

from wallet_api.errors import AuditLogBlocked, LockTimeout
from wallet_api.services.batch_runs import run_batch


def outcomes(items, stuck, fault):
    """Run a batch in which the items in `stuck` fail; return the reports and what was tried."""
    tried = []

    def run(some):
        tried.append(list(some))
        if stuck.intersection(some):
            raise fault
        return [(one, "done") for one in some], []

    return run_batch(items, run, lambda one, error: (one, error.reason)), tried


def test_a_batch_without_faults_runs_once():
    reports, tried = outcomes([1, 2, 3], set(), None)
    assert reports == [(1, "done"), (2, "done"), (3, "done")]
    assert tried == [[1, 2, 3]]


def test_one_locked_user_fails_alone():
    reports, _ = outcomes([1, 2, 3], {2}, LockTimeout("locked"))
    assert reports == [(1, "done"), (2, "locked"), (3, "done")]


def test_locked_users_between_others_are_each_tried():
    items = list(range(20))
    reports, tried = outcomes(items, {1, 2, 4, 5, 7, 8}, LockTimeout("locked"))
    assert [one for one, outcome in reports if outcome == "done"] == [0, 3, 6, *range(9, 20)]
    assert len(tried) == 21


def test_a_locked_table_costs_a_few_waits_and_not_one_for_each_item():
    items = list(range(100))
    reports, tried = outcomes(items, set(items), LockTimeout("locked"))
    assert len(tried) == 4
    assert [one for one, _ in reports] == items
    reasons = {outcome for _, outcome in reports[3:]}
    assert reasons == {"the items before it timed out waiting for a lock"}


def test_a_blocked_audit_chain_does_not_wait_and_is_always_tried():
    items = list(range(10))
    reports, tried = outcomes(items, set(range(5)), AuditLogBlocked("blocked"))
    assert [outcome for _, outcome in reports] == ["blocked"] * 5 + ["done"] * 5
    assert len(tried) == 11
