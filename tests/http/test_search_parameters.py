"""GET /v1/wallets: addresses, times and unclear parameters."""

from datetime import UTC, datetime, timedelta

import pytest
from eth_utils.address import to_checksum_address

from tests.http.problems import refused
from tests.http.searches import FIRST, WALLETS, told


def test_an_address_is_found_in_any_case(refusing, finder, stored):
    rows = [row for row in stored if row[:2] in ((5, "ethereum"), (23, "base-account"))]
    address = to_checksum_address(rows[0][3])
    digits = address[2:]
    wrong = address[:2] + digits.swapcase()
    assert wrong != address
    for spelling in (address, address.lower(), f"0x{digits.upper()}", f"0X{digits.upper()}", wrong):
        answer = refusing.get(f"{WALLETS}?address={spelling}", headers=finder)
        assert answer.get_json()["data"] == [told(row) for row in rows], spelling


@pytest.mark.parametrize(
    "address",
    ["", "x", "1" * 40, "0x" + "1" * 39, "0x" + "1" * 41, "0x" + "g" * 40, "%E2%84%AA"],
)
def test_a_malformed_address_is_refused(refusing, finder, address):
    answer = refusing.get(f"{WALLETS}?address={address}", headers=finder)
    problem = refused(answer, 400, "Invalid address format. Please check your input.")
    assert problem["code"] == "invalid_address"


TIMES = {
    "2025-03-02": FIRST + timedelta(hours=12),
    "2025-03-02T12:00Z": FIRST + timedelta(days=1),
    "2025-03-02T12:00:00Z": FIRST + timedelta(days=1),
    "2025-03-02T12:00:00.000001Z": FIRST + timedelta(days=1, microseconds=1),
    "2025-03-02T17:45:00.000002%2B05:45": FIRST + timedelta(days=1, microseconds=2),
    "2025-03-02T04:00:00.000003-08:00": FIRST + timedelta(days=1, microseconds=3),
    "1970-01-01": datetime(1970, 1, 1, tzinfo=UTC),
    "8999-12-31T23:59:59.999999-23:59": datetime.max.replace(tzinfo=UTC),
}


@pytest.mark.parametrize("text", TIMES)
def test_a_time_counts_to_the_microsecond_in_any_offset(refusing, finder, stored, text):
    moment = TIMES[text]
    for name, wanted in (
        ("createdAfter", [told(row) for row in stored if row[4] >= moment]),
        ("createdBefore", [told(row) for row in stored if row[4] < moment]),
    ):
        answer = refusing.get(f"{WALLETS}?limit=100&{name}={text}", headers=finder)
        assert answer.get_json()["data"] == wanted


BAD_TIMES = [
    *("", "now", "2025", "2025-03", "20250302", "2025-3-2", "02.03.2025", "1772366400", "infinity"),
    *("2025-03-02T12:00:00", "2025-03-02 12:00:00Z", "2025-03-02T12Z", "2025-03-02T12:00:00z"),
    *("2025-13-01", "2025-02-29", "2025-03-02T25:00Z", "2025-03-02T12:60Z", "2025-03-02T12:00:60Z"),
    *("0001-01-01", "0000-01-01", "1969-12-31", "9000-01-01", "9999-12-31", "10000-01-01"),
    *("2025-03-02T12:00:00.1234567Z", "2025-03-02 12:00:00Z", "2025-03-02T12:00%2B24:00"),
    *("2025-03-02T12:00%2B0100", "2025-W10-1", "%D9%A2025-03-02", "-2025-03-02", "2025-03-02%00"),
]


@pytest.mark.parametrize("text", BAD_TIMES)
def test_an_ambiguous_time_is_refused(refusing, finder, text):
    for name in ("createdAfter", "createdBefore"):
        answer = refusing.get(f"{WALLETS}?{name}={text}", headers=finder)
        problem = refused(answer, 400)
        assert problem["code"] == "invalid_request"
        assert name in problem["error"]
        assert "offset" in problem["error"]


@pytest.mark.parametrize("end", ["2025-03-01", "2025-03-02", "2025-03-02T00:30%2B01:00"])
def test_a_range_that_contains_no_time_is_refused(refusing, finder, end):
    path = f"{WALLETS}?createdAfter=2025-03-02&createdBefore={end}"
    sentence = '"createdAfter": must be earlier than "createdBefore".'
    assert refused(refusing.get(path, headers=finder), 400, sentence)["code"] == "invalid_request"


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=-1", "limit=101", "limit=x", "limit=", "limit=1.5", "limit=1e1"),
        *("limit=9" + "9" * 400, "limit=5&limit=5", "cursor=x&cursor=x", "fid=1&fid=2"),
        *("fid=", "fid=0", "fid=-1", "fid=abc", "fid=9223372036854775808", "fid=%D9%A1", "fid=1.0"),
        *("type=", "type=Trading", "type=ethereum", "chain=", "chain=base", "chain=solana"),
        *(
            "type=trading&type=trading",
            "unknown=1",
            "created_after=2025-03-01",
            "Limit=5",
            "=",
            "x",
        ),
        *("createdafter=2025-03-01", "address[]=0x", "mnemonic=x", "createdAfter=2025-03-01&" * 2),
    ],
    ids=lambda query: query[:30],
)
def test_an_ambiguous_parameter_is_refused(refusing, finder, query):
    assert refused(refusing.get(f"{WALLETS}?{query}", headers=finder), 400)["code"] == (
        "invalid_request"
    )
