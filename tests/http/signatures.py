"""Requests to the routes that sign."""

import pytest

from tests.factories import FID
from wallet_api.blueprints.schemas.signing import AUTHORIZATION, TRANSACTION, TYPED_DATA

TEXT = "Sign in to example.com"
BODIES = {
    "message": {"message": TEXT},
    "typed-data": {"chainId": 8453, "typedData": TYPED_DATA},
    "transaction": {"chainId": 8453, "transaction": TRANSACTION},
    "authorization": {"chainId": 8453, "authorization": AUTHORIZATION},
}
each_kind = pytest.mark.parametrize("kind", BODIES)


def sign(client, headers, kind="message", fid=FID, **changes):
    """Request a signature of a kind: sign(client, headers, "typed-data", chainId=1)."""
    path = f"/v1/users/{fid}/wallets/ethereum/sign/{kind}"
    return client.post(path, json=BODIES[kind] | changes, headers=headers)
