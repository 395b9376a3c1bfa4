"""Signatures by eth-account, and the check of each."""

import subprocess
import sys

import pytest
import rlp as rlp_of_others
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.signing import ADDRESS, CHAIN_ID, KEY, TOKEN, document
from wallet_api.crypto.key_pairs import recover_address
from wallet_api.errors import SignatureMismatch
from wallet_api.ethereum import rlp_encoding, signatures
from wallet_api.ethereum.authorizations import Authorization
from wallet_api.ethereum.transactions import AccessListEntry, Transaction, read_transaction
from wallet_api.ethereum.typed_data import read_typed_data

eth_account = signatures.load()
OTHER = "0x" + "11" * 20
AUTHORIZATION = Authorization(chain_id=CHAIN_ID, delegate=OTHER, nonce=0)
TYPED_DATA = read_typed_data(document({}), chain_id=1)
TRANSFER = Transaction(
    type=2,
    chain_id=CHAIN_ID,
    nonce=0,
    gas=21000,
    to=TOKEN.lower(),
    value=1,
    data=b"",
    max_fee_per_gas=2,
    max_priority_fee_per_gas=1,
)


def sign_message(address=ADDRESS):
    digest = signatures.message_digest(b"m")
    return signatures.sign_digest(digest, private_key=KEY, address=address)


SIGN = {
    "a message": sign_message,
    "typed data": lambda address: signatures.sign_digest(
        TYPED_DATA.digest, private_key=KEY, address=address
    ),
    "a transaction": lambda address: signatures.sign_transaction(
        TRANSFER, private_key=KEY, address=address
    ),
    "an authorization": lambda address: signatures.sign_authorization(
        AUTHORIZATION, private_key=KEY, address=address
    ),
}
each_kind = pytest.mark.parametrize("kind", SIGN)


def python(code):
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


@each_kind
@pytest.mark.parametrize("address", [ADDRESS, ADDRESS.lower()])
def test_a_signature_recovers_to_the_address(kind, address):
    SIGN[kind](address)


@each_kind
def test_a_signature_of_another_address_is_never_returned(kind):
    with pytest.raises(SignatureMismatch) as caught:
        SIGN[kind](OTHER)
    assert KEY.hex() not in caught.value.reason


@pytest.mark.parametrize("kind", sorted(SIGN))
def test_a_signature_of_something_else_is_never_returned(kind, monkeypatch):
    account = eth_account.Account
    other = account.unsafe_sign_hash(bytes(32), KEY)
    monkeypatch.setattr(account, "unsafe_sign_hash", staticmethod(lambda *_: other))
    monkeypatch.setattr(Transaction, "digest", property(lambda _self: bytes(32)))
    monkeypatch.setattr(Authorization, "digest", property(lambda _self: bytes(32)))
    with pytest.raises(SignatureMismatch):
        SIGN[kind](ADDRESS)


def test_a_damaged_signature_recovers_to_no_account_or_another():
    signature = sign_message()
    digest, r, s = signature.digest, signature.r, signature.s
    parity = signature.y_parity
    assert recover_address(digest, r=r, s=s, y_parity=parity) == ADDRESS.lower()
    for changed in (
        recover_address(digest, r=r, s=s, y_parity=1 - parity),
        recover_address(digest, r=r + 1, s=s, y_parity=parity),
        recover_address(digest, r=r, s=s - 1, y_parity=parity),
        recover_address(bytes(32), r=r, s=s, y_parity=parity),
        recover_address(digest, r=0, s=s, y_parity=parity),
    ):
        assert changed != ADDRESS.lower()


def test_a_signature_has_65_bytes():
    signature = sign_message()
    assert len(signature.to_bytes()) == 65
    assert signature.to_bytes()[64] in (27, 28)
    signable = eth_account.messages.encode_defunct(b"m")
    assert eth_account.Account.recover_message(signable, signature=signature.to_bytes()) == ADDRESS


def test_no_signature_has_the_key_in_its_repr():
    for sign in SIGN.values():
        assert KEY.hex() not in repr(sign(ADDRESS))


def test_the_key_that_eth_account_gets_is_never_shown():
    key = signatures._key_class()(KEY)
    assert signatures.load().Account._parse_private_key(key) is key
    for show in (repr, str, "{}".format):
        # eth-keys shows a key in hex, which is its attribute in its own class.
        with pytest.raises(TypeError):
            show(key)


@pytest.mark.slow
def test_the_import_and_signing_keep_the_recursion_limit():
    before, after_import, after_signing = python(
        "import sys; print(sys.getrecursionlimit())\n"
        "from wallet_api.ethereum import signatures; signatures.load()\n"
        "print(sys.getrecursionlimit())\n"
        "from wallet_api.crypto import key_pairs\n"
        "pair = key_pairs.generate()\n"
        "key = pair.private_key.reveal()\n"
        "signatures.sign_digest(bytes(32), private_key=key, address=pair.address)\n"
        "print(sys.getrecursionlimit())"
    )
    assert before == after_import == after_signing == "1000"


@pytest.mark.slow
def test_threads_that_sign_for_the_first_time_at_once_keep_the_limit():
    assert python(
        "import sys, threading\n"
        "from wallet_api.ethereum import signatures\n"
        "threads = [threading.Thread(target=signatures.load) for _ in range(8)]\n"
        "for thread in threads: thread.start()\n"
        "for thread in threads: thread.join()\n"
        "print(sys.getrecursionlimit())"
    ) == ["1000"]


@pytest.mark.slow
def test_the_library_raises_the_limit_by_itself():
    assert int(python("import eth_account, sys; print(sys.getrecursionlimit())")[0]) == 100_000


@pytest.mark.slow
def test_nothing_imports_the_library_before_the_first_signature():
    assert python(
        "import sys, wallet_api.app, wallet_api.cli, wallet_api.ethereum.effects\n"
        "import wallet_api.ethereum.signatures\n"
        "print('eth_account' in sys.modules)"
    ) == ["False"]


def test_gunicorn_s_master_imports_the_library_before_it_forks(monkeypatch):
    from wallet_api.server import hooks  # noqa: PLC0415 (it needs the settings of the service)

    loaded = []
    monkeypatch.setattr(hooks.signatures, "load", lambda: loaded.append(True))
    monkeypatch.setattr(hooks.gunicorn_settings, "forbidden_options", lambda _cfg: [])
    monkeypatch.setattr(hooks.gunicorn_settings, "invalid_options", lambda _cfg: [])

    class Server:
        cfg = None

    hooks.on_starting(Server())
    assert loaded == [True]


ITEMS = st.recursive(st.binary(max_size=80), lambda items: st.lists(items, max_size=60))


@settings(deadline=None)
@given(ITEMS)
def test_rlp_is_that_of_the_rlp_library(item):
    assert rlp_encoding.encode(item) == rlp_of_others.encode(item)


@settings(deadline=None)
@given(st.integers(0, 2**256))
def test_an_integer_has_no_leading_zeros(number):
    assert rlp_encoding.encode(number) == rlp_of_others.encode(number)


uint = st.integers(0, 2**256 - 1)
addresses = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
entries = st.builds(
    AccessListEntry,
    addresses,
    st.lists(st.binary(min_size=32, max_size=32), max_size=3).map(tuple),
)


@st.composite
def transactions(draw):
    """Draw a transaction of any type."""
    type_ = draw(st.sampled_from((0, 1, 2, 4)))
    tip, highest = sorted((draw(uint), draw(uint)))
    fees = (
        {"max_fee_per_gas": highest, "max_priority_fee_per_gas": tip}
        if type_ in (2, 4)
        else {"gas_price": highest}
    )
    signed = signatures.sign_authorization(AUTHORIZATION, private_key=KEY, address=ADDRESS)
    return Transaction(
        type=type_,
        chain_id=draw(st.integers(1, 2**53 - 1)),
        nonce=draw(st.integers(0, 2**64 - 2)),
        gas=draw(st.integers(0, 2**64 - 1)),
        to=draw(addresses if type_ == 4 else st.none() | addresses),
        value=draw(uint),
        data=draw(st.binary(max_size=200)),
        access_list=tuple(draw(st.lists(entries, max_size=3))) if type_ else (),
        authorizations=(signed,) * draw(st.integers(1, 2)) if type_ == 4 else (),
        **fees,
    )


@settings(deadline=None)
@given(transactions())
def test_eth_account_signs_and_reads_back_the_transaction_that_we_hashed(transaction):
    signed = signatures.sign_transaction(transaction, private_key=KEY, address=ADDRESS)
    assert eth_account.Account.recover_transaction(signed.raw) == ADDRESS
    assert signed.signature.digest == transaction.digest


def test_a_parsed_transaction_is_signed_completely():
    given = {
        "type": "0x2",
        "nonce": "0x1",
        "gas": "0x5208",
        "to": TOKEN,
        "value": "0x2",
        "maxFeePerGas": "0x10",
        "maxPriorityFeePerGas": "0x1",
        "data": "0xabcd",
        "accessList": [{"address": TOKEN, "storageKeys": ["0x" + "00" * 31 + "01"]}],
    }
    read = read_transaction(given, chain_id=CHAIN_ID)
    raw = signatures.sign_transaction(read, private_key=KEY, address=ADDRESS).raw
    chain_id, nonce, tip, highest, gas, to, value, data, access_list, *_ = rlp_of_others.decode(
        raw[1:]
    )
    assert raw[0] == 2
    assert int.from_bytes(chain_id) == CHAIN_ID
    assert (nonce, tip, highest, gas) == (b"\1", b"\1", b"\x10", b"\x52\x08")
    assert (to, value, data) == (bytes.fromhex(TOKEN[2:]), b"\2", b"\xab\xcd")
    assert access_list == [[bytes.fromhex(TOKEN[2:]), [b"\0" * 31 + b"\1"]]]


@pytest.mark.parametrize(
    ("given", "others"),
    [
        ({"gasPrice": "0x7", "type": "0x0"}, {"v", "gasPrice"}),
        ({"gasPrice": "0x7", "type": "0x1", "accessList": []}, {"v", "yParity", "gasPrice"}),
        (
            {
                "maxFeePerGas": "0x7",
                "maxPriorityFeePerGas": "0x1",
                "type": "0x2",
                "accessList": [{"address": TOKEN.lower(), "storageKeys": ["0x" + "01" * 32]}],
            },
            {"v", "yParity"},
        ),
        (
            {
                "maxFeePerGas": "0x7",
                "maxPriorityFeePerGas": "0x1",
                "type": "0x4",
                "accessList": [],
                "authorizationList": [
                    signatures.sign_authorization(
                        AUTHORIZATION, private_key=KEY, address=ADDRESS
                    ).as_json()
                ],
            },
            {"v", "yParity"},
        ),
    ],
    ids=["0", "1", "2", "4"],
)
def test_a_signed_transaction_is_described_as_it_was_given(given, others):
    given = given | {
        "chainId": hex(CHAIN_ID),
        "nonce": "0x1",
        "gas": "0x5208",
        "value": "0x2",
        "to": TOKEN.lower(),
        "input": "0xabcd",
    }
    read = read_transaction(given, chain_id=CHAIN_ID)
    signed = signatures.sign_transaction(read, private_key=KEY, address=ADDRESS)
    described = signed.as_json()
    assert {name: described[name] for name in given} == given
    assert described.keys() - given.keys() == (others | {"r", "s", "hash"}) - given.keys()
    *_, v, r, s = rlp_of_others.decode(signed.raw[1:] if given["type"] != "0x0" else signed.raw)
    for name, raw in (("v", v), ("r", r), ("s", s)):
        assert int(described[name], 16) == int.from_bytes(raw)
    assert described["hash"] == "0x" + signed.hash.hex()
