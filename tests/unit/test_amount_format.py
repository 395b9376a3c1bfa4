"""Amounts as figures show them: exact, and read back as they were written."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wallet_api.ethereum.amounts import ASSETS, MAX_UINT256, Asset, format_amount, parse_amount

USDC, ETH = ASSETS["USDC"], ASSETS["ETH"]


@pytest.mark.parametrize(
    ("units", "asset", "text"),
    [
        (0, USDC, "0"),
        (1, USDC, "0.000001"),
        (10, USDC, "0.00001"),
        (999_999, USDC, "0.999999"),
        (1_000_000, USDC, "1"),
        (1_500_000, USDC, "1.5"),
        (10_000_000, USDC, "10"),
        (100 * 10**6, USDC, "100"),
        (1, ETH, "0.000000000000000001"),
        (10**18, ETH, "1"),
        (10**30 + 1, ETH, "1000000000000.000000000000000001"),
        (3 * MAX_UINT256, USDC, f"{3 * MAX_UINT256 // 10**6}.919805"),
    ],
)
def test_an_amount_is_written_exactly_and_without_trailing_zeros(units, asset, text):
    assert format_amount(units, asset) == text


@settings(deadline=None, max_examples=500)
@given(
    units=st.one_of(
        st.integers(1, MAX_UINT256),
        st.builds(
            lambda digits, zeros: digits * 10**zeros, st.integers(1, 999), st.integers(0, 70)
        ),
    ),
    asset=st.sampled_from([USDC, ETH]),
)
def test_every_amount_is_read_back_as_it_was_written(units, asset):
    text = format_amount(units, asset)
    assert parse_amount(text, asset) == units
    assert re.fullmatch(r"(0|[1-9][0-9]*)(\.[0-9]*[1-9])?", text)


@given(units=st.integers(0, 10**12))
def test_an_asset_without_decimals_is_written_as_a_whole_number(units):
    assert format_amount(units, Asset("POINT", 0)) == str(units)
