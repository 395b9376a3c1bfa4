"""Messages of personal_sign and eth_sign."""

import pytest

from wallet_api.errors import NotSignable
from wallet_api.ethereum.messages import read_message, read_text_message


@pytest.mark.parametrize(
    ("given", "message"),
    [("0x", b""), ("0x00", b"\0"), ("0xABcd", b"\xab\xcd"), ("0x" + "11" * 33, b"\x11" * 33)],
)
def test_a_message_is_hex(given, message):
    assert read_message(given, "params[0]") == message


@pytest.mark.parametrize(
    "given",
    [
        *("hello", "", "0X12", "0x1", "12", "0x1g", " 0x12", "0x12\n", "0x\uff11\uff12"),
        *(None, 1, True, ["0x12"], {}, b"0x12"),
    ],
)
def test_anything_else_is_refused(given):
    with pytest.raises(NotSignable, match=r"^params\[0\]: ") as caught:
        read_message(given, "params[0]")
    assert caught.value.field == "params[0]"


def test_a_text_is_its_utf_8_form():
    assert read_text_message("0x12", "text") == b"0x12"
    assert read_text_message("é", "text") == b"\xc3\xa9"


@pytest.mark.parametrize("given", [None, 1, b"text", "\ud800"])
def test_a_value_that_is_not_text_is_refused(given):
    with pytest.raises(NotSignable, match=r"^text: "):
        read_text_message(given, "text")


@pytest.mark.parametrize(
    ("read", "given"), [(read_message, "0x" + "ab" * 32), (read_text_message, "a" * 32)]
)
def test_32_bytes_are_refused_unless_the_caller_allows_them(read, given):
    with pytest.raises(NotSignable, match="may be a hash"):
        read(given, "data")
    assert len(read(given, "data", allow_hash=True)) == 32
