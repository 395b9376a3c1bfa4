"""Which entries the database allows to be deleted."""

from contextlib import nullcontext

import pytest
from psycopg import errors

from wallet_api.models import AUDIT_ACTIONS, KEY_USES


@pytest.fixture
def archiving(sql):
    """Begin a transaction of the owner that may delete old key uses."""
    with sql.transaction(force_rollback=True):
        sql.execute("set local wallet_api.archiving = 'on'")
        yield sql


@pytest.mark.parametrize("action", AUDIT_ACTIONS)
def test_only_key_uses_may_be_deleted(append_old, archiving, action):
    append_old(1, action)
    expected = nullcontext() if action in KEY_USES else pytest.raises(errors.RestrictViolation)
    with expected:
        assert archiving.execute("delete from wallet_audit_log").rowcount == 1


@pytest.mark.parametrize("number", [1, 6, 10, 12])
def test_even_the_owner_cannot_delete_an_entry_that_must_be_kept(old_log, archiving, number):
    """A creation, a Base Account address, a rotation, and a recent use."""
    with pytest.raises(errors.RestrictViolation):
        archiving.execute(f"delete from wallet_audit_log where (fid, id) = (1, {number})")


def test_the_permission_covers_only_deletes_and_ends_with_the_transaction(old_log, sql):
    permit = "set local wallet_api.archiving = 'on'"
    with pytest.raises(errors.RestrictViolation), sql.transaction():
        sql.execute(f"{permit}; update wallet_audit_log set actor = 'nobody' where fid = 1")
    with sql.transaction():
        sql.execute(permit)
    with pytest.raises(errors.RestrictViolation):
        sql.execute("delete from wallet_audit_log where (fid, id) = (1, 2)")
