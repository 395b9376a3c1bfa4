"""Wallet files with any content: reading gives the wallet that was written, or none."""

import json
import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import FID, new_wallet
from tests.wallet_store import keyed
from wallet_api.errors import KeyUnreadable
from wallet_api.models import Wallet
from wallet_api.repositories.wallet_files import file as wallet_file

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# To the end of the year 8999.
moments = st.integers(0, 221_845_391_999_999_999).map(lambda us: EPOCH + timedelta(microseconds=us))
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
# Fixtures that are made once.
once = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def members():
    return keyed()


def read_or_none(read, content, **options):
    try:
        return read(content, **options).wallet
    except KeyUnreadable:
        return None


@once
@given(created=moments, updated=moments, fid=st.integers(1, 2**63 - 1))
def test_every_wallet_is_read_as_it_was_written(encryption, created, updated, fid):
    new = new_wallet(encryption, fid)
    wallet = Wallet(
        fid=fid,
        chain="ethereum",
        wallet_type="trading",
        address=new.address,
        encrypted_key=new.encrypted_key,
        created_at=created,
        updated_at=updated,
    )
    content = wallet_file.render(wallet_file.members_of(wallet, encryption))
    found = wallet_file.read(
        content, fid=fid, spelling="ethereum", modified_at=updated, encryption=encryption
    ).wallet
    assert (found.address, found.created_at, found.updated_at) == (new.address, created, updated)
    row = {"fid": fid, "chain": "ethereum", "address": new.address}
    opened = [encryption.decrypt(wallet.encrypted_key, **row).reveal() for wallet in (new, found)]
    assert opened[0] == opened[1]


@once
@given(at=st.integers(0, 1000), byte=st.integers(0, 255))
def test_a_changed_byte_never_gives_another_wallet(read, members, at, byte):
    content = bytearray(json.dumps(members, indent=2).encode())
    content[at % len(content)] = byte
    found = read_or_none(read, bytes(content))
    assert found is None or (found.address, found.chain) == (members["address"], "ethereum")


@once
@given(content=st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_no_other_content_is_read_as_a_wallet(read, content):
    assert read_or_none(read, content) is None


@once
@given(
    name=st.sampled_from(["address", "encryptedPrivateKey", "iv"]),
    value=json_values | st.text(string.hexdigits, max_size=200),
)
def test_another_value_in_any_member_never_yields_another_key(read, members, name, value):
    found = read_or_none(read, {**members, name: value})
    assert found is None or found.address == members["address"]


@once
@given(name=st.sampled_from(["chain", "createdAt", "updatedAt", "more"]), value=json_values)
def test_other_members_of_any_content_lose_no_wallet(read, members, name, value):
    found = read_or_none(read, json.dumps({**members, name: value}).encode())
    assert found is not None
    assert found.address == members["address"]
    assert found.fid == FID
