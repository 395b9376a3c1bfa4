"""Services that change policies, and signatures that policies decide about."""

import pytest

from tests.factories import FID
from tests.policies import (
    CLIENT,
    permit,
    policies_of,
    transfer,
)
from tests.signing import CHAIN_ID
from wallet_api.ethereum.typed_data import read_typed_data


@pytest.fixture
def policies(database):
    return policies_of(database)


@pytest.fixture
def pay(signing, address):
    """Sign a transfer of USDC: pay(5)."""

    def pay(amount, access=CLIENT, fid=FID, **options):
        return signing.sign_transaction(
            fid,
            transfer(amount, **options),
            chain_id=CHAIN_ID,
            method="eth_signTransaction",
            access=access,
        )

    return pay


@pytest.fixture
def allow(signing, address):
    """Sign a Permit: allow(5, deadline)."""

    def allow(amount, deadline, access=CLIENT):
        read = read_typed_data(permit(address, amount, deadline), chain_id=CHAIN_ID)
        return signing.sign_typed_data(
            FID,
            read,
            chain_id=CHAIN_ID,
            address=None,
            method="eth_signTypedData_v4",
            access=access,
        )

    return allow
