"""What signatures leave, and how they are refused."""

from dataclasses import replace

import pytest

from tests.factories import FID
from tests.policies import (
    CLIENT,
)
from tests.signing import CHAIN_ID
from wallet_api.errors import PolicyRefused

DAY = 86_400
UNRESTRICTED = replace(CLIENT, unrestricted=True)


def sign_message(signing, message=b"Sign in", access=CLIENT):
    return signing.sign_message(
        FID, message, chain_id=CHAIN_ID, address=None, method="personal_sign", access=access
    )


def refusal(act):
    """Return the error of an act that a policy refuses."""
    with pytest.raises(PolicyRefused) as caught:
        act()
    return caught.value


def spends(sql, columns="asset, kind, counterparty, amount"):
    return sql.execute(f"select {columns} from wallet_spends order by audit_id, kind").fetchall()


def details(sql, action):
    found = sql.execute(
        "select details from wallet_audit_log where action = %s order by id", [action]
    ).fetchall()
    return [one for (one,) in found]
