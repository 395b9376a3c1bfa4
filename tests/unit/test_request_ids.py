"""Request ids contain their time."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from wallet_api.request_ids import new_request_id, time_of


def test_a_new_id_is_a_uuid_of_version_7_with_its_time():
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    made = [new_request_id() for _ in range(1000)]
    after = datetime.now(UTC)
    assert len(set(made)) == 1000
    for one in made:
        assert re.fullmatch("[0-9a-f]{32}", one)
        assert (uuid.UUID(one).version, uuid.UUID(one).variant) == (7, uuid.RFC_4122)
        assert before <= time_of(one) <= after
    # The last 62 bits and the 12 before the variant are random.
    assert len({one[16:] for one in made}) == 1000
    assert len({one[13:16] for one in made}) > 500


@pytest.mark.parametrize(
    "other",
    [
        "",
        "a-test",
        # Of Heroku, and of nginx.
        "8e27ac97-b3e1-4c1f-8f0a-c1b1de0a9a53",
        "8e27ac97b3e14c1f8f0ac1b1de0a9a53",
        # With a version and a variant like ours, and another time.
        "000000000000700080000000000000ff",
        "ffffffffffff7fffbfffffffffffffff",
        "0193aF7c5a007a3b8c1d2e3f40516273",
        "019aa8f3c5a07a3b8c1d2e3f405162730",
        "019aa8f3c5a07a3b8c1d2e3f40516273\n",
    ],
)
def test_an_id_that_is_not_ours_has_no_time(other):
    assert time_of(other) is None
