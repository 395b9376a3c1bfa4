"""Amounts are exact, and everything else is refused with the right error."""

import decimal
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wallet_api.errors import AmountNotPositive, InvalidAmount, UnsupportedAsset
from wallet_api.ethereum.amounts import ASSETS, MAX_UINT256, Asset, parse_amount, parse_asset

USDC, ETH = ASSETS["USDC"], ASSETS["ETH"]
both = pytest.mark.parametrize("asset", [USDC, ETH], ids=lambda asset: asset.symbol)
# 2^256 - 1 in either asset.
MOST = "115792089237316195423570985008687907853269984665640564039457584007913129639935"


def test_the_assets_are_those_of_the_contract():
    assert {symbol: asset.decimals for symbol, asset in ASSETS.items()} == {"USDC": 6, "ETH": 18}


@pytest.mark.parametrize(
    ("text", "millionths"),
    [
        ("20", 20_000_000),
        ("0.5", 500_000),
        (".5", 500_000),
        ("5.", 5_000_000),
        ("0.000001", 1),
        (".000001", 1),
        ("1.000000", 1_000_000),
        ("007", 7_000_000),
        ("00.10", 100_000),
        ("123456789.123456", 123_456_789_123_456),
        ("9007199254740993", 9_007_199_254_740_993_000_000),
    ],
)
def test_a_usdc_amount_is_read_in_millionths(text, millionths):
    assert parse_amount(text, USDC) == millionths


@pytest.mark.parametrize(
    ("text", "wei"),
    [
        ("1", 10**18),
        ("0.1", 10**17),
        ("0.000000000000000001", 1),
        # None of these survives a float.
        ("0.300000000000000004", 300_000_000_000_000_004),
        ("0.100000000000000005", 100_000_000_000_000_005),
        ("4.350000000000000001", 4_350_000_000_000_000_001),
        ("1.005", 1_005_000_000_000_000_000),
        ("0.7", 700_000_000_000_000_000),
        ("1000000.000000000000000001", 10**24 + 1),
        ("123456789012345678.876543210987654321", 123456789012345678876543210987654321),
    ],
)
def test_an_eth_amount_is_exact_to_the_wei(text, wei):
    assert parse_amount(text, ETH) == wei


@settings(deadline=None)
@given(units=st.integers(1, MAX_UINT256), asset=st.sampled_from([USDC, ETH]))
def test_every_amount_round_trips(units, asset):
    with decimal.localcontext(prec=100):
        text = f"{Decimal(units).scaleb(-asset.decimals):f}"
    assert parse_amount(text, asset) == units


@settings(deadline=None)
@given(text=st.from_regex(r"[0-9]{0,40}\.?[0-9]{0,18}", fullmatch=True))
def test_every_plain_number_is_what_decimal_says_it_is(text):
    with decimal.localcontext(prec=100):
        units = Decimal(text).scaleb(18) if text.strip(".") else None
    if text == "" or units == 0:
        with pytest.raises(AmountNotPositive):
            parse_amount(text, ETH)
    elif units is None:
        with pytest.raises(InvalidAmount):
            parse_amount(text, ETH)
    else:
        assert parse_amount(text, ETH) == units


@settings(deadline=None)
@given(text=st.text(alphabet="0123456789.-+eExX_, \n٣", max_size=12), asset=st.sampled_from([USDC]))
def test_every_text_gives_a_positive_integer_or_an_error(text, asset):
    try:
        units = parse_amount(text, asset)
    except (AmountNotPositive, InvalidAmount):
        return
    assert type(units) is int
    assert 0 < units <= MAX_UINT256
    assert set(text) <= set("0123456789.")


@pytest.mark.parametrize(
    ("asset", "most", "too_much"),
    [
        (USDC, f"{MOST[:-6]}.{MOST[-6:]}", f"{MOST[:-6]}.639936"),
        (ETH, f"{MOST[:-18]}.{MOST[-18:]}", f"{MOST[:-18]}.584007913129639936"),
        (Asset("ATOM", 0), MOST, f"{MOST[:-1]}6"),
    ],
)
def test_the_largest_amount_is_what_a_uint256_holds(asset, most, too_much):
    assert parse_amount(most, asset) == MAX_UINT256 == int(MOST) == 2**256 - 1
    with pytest.raises(InvalidAmount) as refusal:
        parse_amount(too_much, asset)
    assert refusal.value.hint == "The amount is larger than any token can hold."


@both
def test_one_decimal_more_than_the_asset_has_is_refused(asset):
    fits = "0." + "1" * asset.decimals
    assert parse_amount(fits, asset) == int("1" * asset.decimals)
    for last in "10":
        with pytest.raises(InvalidAmount) as refusal:
            parse_amount(fits + last, asset)
        assert refusal.value.hint == f"{asset.symbol} has at most {asset.decimals} decimals."


@both
@pytest.mark.parametrize("missing", [None, ""])
def test_a_missing_amount_is_not_greater_than_zero(asset, missing):
    with pytest.raises(AmountNotPositive, match=r"^Amount must be greater than zero$"):
        parse_amount(missing, asset)


@both
@pytest.mark.parametrize("text", ["0", "00", "0.0", ".0", "0.", "0.000000", "0" * 100])
def test_zero_is_not_greater_than_zero(asset, text):
    with pytest.raises(AmountNotPositive):
        parse_amount(text, asset)


@both
@pytest.mark.parametrize("text", ["-1", "-0", "-0.5", "-.5", "-5.", "-0.0000000000000000001"])
def test_a_negative_amount_is_not_greater_than_zero(asset, text):
    with pytest.raises(AmountNotPositive):
        parse_amount(text, asset)


MALFORMED = {
    "signs": ["+5", "--5", "-+5", "+-5", "5-", "5+", "-", "+", "\u22125", "\u20135"],
    "points": [".", "..", "1..2", "1.2.3", ".1.", "-.", "1\u00b75", "1\u066b5"],
    "exponents": ["1e3", "1E3", "1e-3", "2e0", "e5", "1e"],
    "bases": ["0x10", "0X10", "0b1", "0o7", "ff", "10n", "10h"],
    "separators": ["1,5", "1,000", "1_000", "1 000", "1'000", "1\u00a0000", "1\u2009000"],
    "spaces": [" 5", "5 ", "\t5", "5\n", "5\r\n", "5\0", "\ufeff5", "5\u200b", " ", "\n"],
    "words": ["NaN", "nan", "inf", "Infinity", "-inf", "-NaN", "null", "five", "$5", "5 USDC"],
    "digits": ["\u0665", "\uff15", "\u0967", "\u00bd", "\u00b2", "\u2460", "1\u0660", "\U0001d7d3"],
    "expressions": ["1/2", "5%", "1+1", "(5)", "5;", '"5"', "5'--", "{}"],
}


@both
@pytest.mark.parametrize(
    "text",
    [pytest.param(text, id=f"{kind}-{text!a}") for kind in MALFORMED for text in MALFORMED[kind]],
)
def test_a_malformed_amount_is_refused(asset, text):
    with pytest.raises(InvalidAmount, match=r"^Invalid amount format\. Please check your input\.$"):
        parse_amount(text, asset)


@both
@pytest.mark.parametrize(
    "value",
    [5, 0, -5, 20.0, 0.1, float("nan"), float("inf"), True, False, [], ["5"], {}, {"amount": "5"},
     b"5", Decimal(5), 10**400],
    ids=lambda value: f"{value!r:.20}",
)  # fmt: skip
def test_an_amount_that_is_no_string_is_refused(asset, value):
    with pytest.raises(InvalidAmount) as refusal:
        parse_amount(value, asset)
    assert refusal.value.hint == 'An amount is a JSON string, such as "20".'


@both
@pytest.mark.parametrize("text", ["9" * 10**6, "0" * 10**6, "." + "0" * 10**6, "-" * 10**6])
def test_a_very_long_amount_is_refused_at_once(asset, text):
    with pytest.raises(InvalidAmount):
        parse_amount(text, asset)


def test_leading_zeros_are_accepted():
    assert parse_amount("0" * 100 + MOST[:70], USDC) == int(MOST[:70]) * 10**6


@pytest.mark.parametrize(
    "symbol",
    ["usdc", "Usdc", "eth", "WETH", "USDbC", "USDT", "BTC", "", " ETH", "ETH ", "ETH\n",
     "\u0415\u0422\u041d", None, 1, True, 1.5, [], ["ETH"], {}, {"ETH": 1}, b"ETH"],
    ids=ascii,
)  # fmt: skip
def test_another_asset_is_refused(symbol):
    with pytest.raises(UnsupportedAsset) as refusal:
        parse_asset(symbol)
    assert str(refusal.value) == "Unsupported asset. Only ETH and USDC are supported."


@pytest.mark.parametrize("symbol", ["USDC", "ETH"])
def test_an_asset_is_known_by_its_symbol(symbol):
    assert parse_asset(symbol) is ASSETS[symbol]
