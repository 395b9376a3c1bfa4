"""Key pairs: published test vectors, and invalid keys."""

import subprocess
import sys
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.running_service import ROOT
from wallet_api.crypto.key_pairs import KeyPair, address_of, generate, is_key_of
from wallet_api.crypto.secret import Secret
from wallet_api.errors import KeyUnreadable

# The number of points on secp256k1 (SEC 2, section 2.4.1).
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

PUBLISHED = [
    pytest.param(1, "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf", id="one"),
    pytest.param(2, "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF", id="two"),
    pytest.param(3, "0x6813Eb9362372EEF6200f3b1dbC3f819671cBA69", id="three"),
    pytest.param(ORDER - 1, "0x80C0dbf239224071c59dD8970ab9d542E3414aB2", id="the largest"),
    pytest.param(
        0xAC0974BEC39A17E36BA4A6B4D238FF944BACB478CBED5EFCAE784D7BF4F2FF80,
        "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        id="Hardhat and Anvil, first account",
    ),
    pytest.param(
        0x59C6995E998F97A5A0044966F0945389DC9E86DAE88C7A8412F4603B6B78690D,
        "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
        id="Hardhat and Anvil, second account",
    ),
    pytest.param(
        0x4646464646464646464646464646464646464646464646464646464646464646,
        "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F",
        id="the example of EIP-155",
    ),
]


@pytest.mark.parametrize(("number", "address"), PUBLISHED)
def test_a_published_key_gives_its_published_address(number, address):
    assert address_of(Secret(number.to_bytes(32))) == address


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(bytes(32), id="zero"),
        pytest.param(ORDER.to_bytes(32), id="the order"),
        pytest.param((ORDER + 1).to_bytes(32), id="one above the order"),
        pytest.param(b"\xff" * 32, id="the largest number"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"k" * 31, id="short"),
        pytest.param(b"k" * 33, id="long"),
        pytest.param(b"0x" + b"ab" * 32, id="hex"),
    ],
)
def test_an_invalid_key_is_refused_and_never_shown(key):
    with pytest.raises(KeyUnreadable) as refusal:
        address_of(Secret(key))
    shown = traceback.TracebackException.from_exception(refusal.value, capture_locals=False)
    said = "".join(shown.format()) + refusal.value.reason
    if key:
        for form in (key.hex(), repr(key), str(int.from_bytes(key))):
            # "0" itself is in every line number.
            assert len(form) < 2 or form not in said


def test_an_error_has_no_cause():
    """The library's own message may quote the key."""
    with pytest.raises(KeyUnreadable) as refusal:
        address_of(Secret(bytes(32)))
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__


def test_a_generated_key_derives_its_address():
    pair = generate()
    assert len(pair.private_key.reveal()) == 32
    assert address_of(pair.private_key) == pair.address
    assert is_key_of(pair.private_key, pair.address)
    assert is_key_of(pair.private_key, pair.address.lower())
    assert not is_key_of(pair.private_key, generate().address)


def test_a_thousand_generated_keys_are_distinct():
    pairs = [generate() for _ in range(1000)]
    assert len({pair.private_key.reveal() for pair in pairs}) == 1000
    assert len({pair.address for pair in pairs}) == 1000


def test_a_pair_does_not_show_its_key():
    pair = KeyPair(private_key=Secret(b"\xab" * 32), address="0x")
    assert "ab" * 32 not in repr(pair)
    assert repr(b"\xab" * 32) not in repr(pair)


def test_no_library_raises_the_recursion_limit():
    """Without it, deep nesting would kill the process where RecursionError should stop it."""
    asked = [sys.executable, "-c", "import sys, wallet_api; print(sys.getrecursionlimit())"]
    assert int(subprocess.check_output(asked, cwd=ROOT)) == 1000


@pytest.fixture(scope="module")
def reference():
    # The import takes a second: only the process that runs the test pays for it.
    from eth_account import Account  # noqa: PLC0415

    return Account


@given(number=st.integers(1, ORDER - 1))
def test_the_address_is_the_one_that_the_reference_library_derives(reference, number):
    """eth-account: what those who read a key sign with."""
    key = number.to_bytes(32)
    assert address_of(Secret(key)) == reference.from_key(key).address
