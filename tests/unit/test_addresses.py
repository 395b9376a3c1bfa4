"""Addresses: 0x and 40 hex digits, and a checksum that is right where there is one."""

import pytest
from eth_utils.address import to_checksum_address as independent
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from wallet_api.crypto.checksum import to_checksum_address
from wallet_api.errors import InvalidAddress
from wallet_api.ethereum.addresses import parse_address

# The test cases that EIP-55 itself gives.
ALL_UPPER = [
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
]
ALL_LOWER = [
    "0xde709f2102306220921060314715629080e2fb77",
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
]
MIXED = [
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]
ADDRESS = MIXED[0]


@pytest.mark.parametrize("address", ALL_UPPER + ALL_LOWER + MIXED)
def test_the_addresses_of_eip_55_are_read_in_lower_case(address):
    assert parse_address(address) == address.lower()


@pytest.mark.parametrize("address", ALL_UPPER + ALL_LOWER + MIXED)
def test_the_addresses_of_eip_55_are_written_as_it_writes_them(address):
    assert to_checksum_address(address) == address
    assert to_checksum_address(address.lower()) == address
    assert to_checksum_address("0x" + address[2:].upper()) == address


@settings(deadline=None)
@given(st.binary(min_size=20, max_size=20))
def test_a_checksum_is_what_another_library_makes_it(raw):
    assert to_checksum_address("0x" + raw.hex()) == independent(raw)


@pytest.mark.parametrize("address", MIXED)
def test_a_checksum_is_not_needed(address):
    assert parse_address(address.lower()) == address.lower()
    assert parse_address("0x" + address[2:].upper()) == address.lower()


@pytest.mark.parametrize("address", MIXED)
def test_a_letter_in_the_other_case_breaks_the_checksum(address):
    for at, character in enumerate(address[2:], start=2):
        if character.isalpha():
            changed = address[:at] + character.swapcase() + address[at + 1 :]
            with pytest.raises(InvalidAddress) as refusal:
                parse_address(changed)
            assert refusal.value.hint == "The address does not pass its EIP-55 checksum."


@pytest.mark.parametrize("address", MIXED)
def test_another_digit_breaks_the_checksum(address):
    for at, character in enumerate(address[2:], start=2):
        if character.isdigit():
            changed = address[:at] + str((int(character) + 1) % 10) + address[at + 1 :]
            with pytest.raises(InvalidAddress):
                parse_address(changed)


def test_a_single_letter_has_no_mixed_case():
    assert parse_address("0x" + "1" * 39 + "A") == "0x" + "1" * 39 + "a"
    assert parse_address("0x" + "0" * 40) == "0x" + "0" * 40


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("0x", id="no digits"),
        pytest.param("0x12", id="two digits"),
        pytest.param(ADDRESS[:-1], id="a digit short"),
        pytest.param(ADDRESS + "0", id="a digit long"),
        pytest.param(ADDRESS[2:], id="no 0x"),
        pytest.param("0X" + ADDRESS[2:], id="0X"),
        pytest.param("0X" + ADDRESS[2:].upper(), id="all upper"),
        pytest.param("0x0x" + ADDRESS[4:], id="0x twice"),
        pytest.param("x" + ADDRESS[1:], id="x at the front"),
        pytest.param(ADDRESS.lower().replace("a", "g"), id="not hex"),
        pytest.param(ADDRESS + "\n", id="line break at the end"),
        pytest.param("\n" + ADDRESS, id="line break at the front"),
        pytest.param(ADDRESS + "\r\n", id="carriage return"),
        pytest.param(ADDRESS[:-1] + "\n", id="line break for a digit"),
        pytest.param(" " + ADDRESS, id="space at the front"),
        pytest.param(ADDRESS + " ", id="space at the end"),
        pytest.param(ADDRESS + "\0", id="null character"),
        pytest.param(ADDRESS[:-1] + "\u0661", id="Arabic digit"),
        pytest.param(ADDRESS[:-1] + "\uff41", id="full-width letter"),
        pytest.param("0x" + "\u0430" * 40, id="Cyrillic a"),
        pytest.param("\uff10x" + ADDRESS[2:], id="full-width zero"),
        pytest.param("vitalik.eth", id="a name"),
        pytest.param("ethereum:" + ADDRESS, id="a URI"),
        pytest.param(ADDRESS + "," + ADDRESS, id="two"),
        pytest.param("0x" + "a" * 10**6, id="a million digits"),
        pytest.param("0x" + "ab" * 32, id="a private key"),
    ],
)
def test_a_malformed_address_is_refused(text):
    with pytest.raises(InvalidAddress) as refusal:
        parse_address(text)
    assert str(refusal.value) == "Invalid address format. Please check your input."
    assert refusal.value.hint == "An address is 0x and 40 hex digits."


@pytest.mark.parametrize(
    "value", [None, 0, 1.5, True, int(ADDRESS, 16), ADDRESS.encode(), [ADDRESS], {ADDRESS: 1}]
)
def test_an_address_that_is_no_string_is_refused(value):
    with pytest.raises(InvalidAddress):
        parse_address(value)


@settings(deadline=None)
@given(st.binary(min_size=20, max_size=20))
def test_every_twenty_bytes_are_an_address(raw):
    assert parse_address("0x" + raw.hex()) == "0x" + raw.hex()


@settings(deadline=None)
@given(st.text(max_size=45))
def test_no_other_text_is_an_address(text):
    """A text of this kind is an address about never."""
    with pytest.raises(InvalidAddress):
        parse_address(text)


@settings(deadline=None)
@given(raw=st.binary(min_size=20, max_size=20), upper=st.integers(0, 2**40 - 1))
def test_an_address_is_read_in_one_case_or_with_its_checksum_and_in_no_other_way(raw, upper):
    """The checksum is worked out by hand: a letter is upper case where its hash has 8 or more."""
    digits = raw.hex()
    hashed = keccak(digits.encode()).hex()
    checksum = "".join(
        digit.upper() if hashed[at] > "7" else digit for at, digit in enumerate(digits)
    )
    assert parse_address("0x" + checksum) == "0x" + digits
    mixed = "".join(digit.upper() if upper >> at & 1 else digit for at, digit in enumerate(digits))
    if mixed in (digits, digits.upper(), checksum):
        assert parse_address("0x" + mixed) == "0x" + digits
    else:
        with pytest.raises(InvalidAddress):
            parse_address("0x" + mixed)
