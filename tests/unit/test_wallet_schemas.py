"""Response bodies that are built without marshmallow, because their routes are the busiest."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from marshmallow import Schema

from tests.factories import BASE_ACCOUNT, FID
from wallet_api.blueprints.schemas.wallets import WalletListAnswer
from wallet_api.models import Wallet


def wallet(chain, created_at):
    return Wallet(
        fid=FID,
        chain=chain,
        wallet_type="base-account" if chain == "base-account" else "trading",
        address=BASE_ACCOUNT,
        encrypted_key=None,
        created_at=created_at,
        updated_at=created_at + timedelta(days=1),
    )


@pytest.mark.parametrize(
    "chains", [[], ["ethereum"], ["base-account"], ["base-account", "ethereum"]]
)
@pytest.mark.parametrize(
    "created_at",
    [
        datetime(2026, 11, 22, 10, 42, 23, tzinfo=UTC),
        datetime(2026, 11, 22, 10, 42, 23, 489_999, tzinfo=UTC),
        datetime(2026, 11, 22, 1, 0, 0, 1, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    ],
)
def test_the_list_of_wallets_is_what_its_fields_declare(chains, created_at):
    answer = WalletListAnswer()
    listed = {"wallets": [wallet(chain, created_at) for chain in chains]}
    assert answer.dump(listed) == Schema.dump(answer, listed)
