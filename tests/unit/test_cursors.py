"""Cursors: every position round-trips, and anything else is refused."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import JWT_SECRET
from wallet_api.blueprints.pagination import Cursors
from wallet_api.crypto.secret import Secret
from wallet_api.errors import InvalidCursor
from wallet_api.models import MAX_FID, Page

CURSORS = Cursors(Secret(JWT_SECRET))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# To the end of the year 8999.
moments = st.integers(0, 221_845_391_999_999_999).map(lambda us: EPOCH + timedelta(microseconds=us))
fids = st.integers(1, MAX_FID)
rests = st.integers(1, MAX_FID) | st.sampled_from(["ethereum", "base-account"])
queries = st.dictionaries(st.sampled_from(["type", "chain", "actor"]), st.text(max_size=5))


def cursor_of(position, query):
    """Return the cursor of the page after a position, as a caller gets it."""
    with Flask(__name__).test_request_context("/v1/wallets", query_string=query):
        return CURSORS.page_response(Page(items=[], next=position))[0]["next_cursor"]


def read_cursor(cursor, query, kind=str):
    with Flask(__name__).test_request_context("/v1/wallets", query_string=query):
        return CURSORS.page_request({"cursor": cursor, "limit": 50}, kind).after


@given(time=moments, fid=fids, rest=rests, query=queries)
def test_every_position_round_trips(time, fid, rest, query):
    position = (time, fid, rest)
    assert read_cursor(cursor_of(position, query), query, type(rest)) == position


@given(time=moments, fid=fids, query=queries, other=queries)
def test_a_cursor_is_valid_only_with_its_own_filters(time, fid, query, other):
    cursor = cursor_of((time, fid, "ethereum"), query)
    if query == other:
        assert read_cursor(cursor, other) is not None
    else:
        with pytest.raises(InvalidCursor):
            read_cursor(cursor, other)


@given(time=moments, fid=fids, at=st.integers(0, 1000), other=st.characters())
def test_a_changed_cursor_is_refused(time, fid, at, other):
    cursor = cursor_of((time, fid, "ethereum"), {})
    at %= len(cursor)
    changed = cursor[:at] + other + cursor[at + 1 :]
    if changed != cursor:
        with pytest.raises(InvalidCursor):
            read_cursor(changed, {})


@given(text=st.text())
def test_no_other_text_is_a_cursor(text):
    with pytest.raises(InvalidCursor):
        read_cursor(text, {})
