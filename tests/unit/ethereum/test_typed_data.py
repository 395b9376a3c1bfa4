"""Typed data: accepted only if every library signs the same bytes."""

import json
import sys
import time

import hypothesis
import pytest
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from tests.signing import ADDRESS, document, documents, readings
from wallet_api.errors import NotSignable
from wallet_api.ethereum import struct_types, typed_data
from wallet_api.ethereum.typed_data import read_typed_data

ROWS = readings()
LIBRARIES = ("eth-account", "viem", "ethers")
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row["case"])


def refusal_of(given, chain_id=1):
    with pytest.raises(NotSignable) as caught:
        read_typed_data(given, chain_id=chain_id)
    return caught.value


def of_type(type_, value, **others):
    """Return a document whose message has one member x of this type."""
    types = {"T": [{"name": "x", "type": type_}], **others}
    return {"types": types, "primaryType": "T", "domain": {"chainId": 1}, "message": {"x": value}}


def sign_with_eth_account(text):
    """Return the digest that eth-account makes of a text, or None if it refuses it."""
    try:
        signable = encode_typed_data(full_message=json.loads(text))
    except Exception:  # noqa: BLE001 (it has no class of its own for a refusal)
        return None
    digest = keccak(b"\x19" + signable.version + signable.header + signable.body)
    return "0x" + digest.hex()


def test_the_table_has_enough_inputs_on_which_libraries_disagree():
    disagreements = [row for row in ROWS if len({row[name] for name in LIBRARIES}) > 1]
    assert len(disagreements) >= 90
    assert len({row["case"] for row in ROWS}) == len(ROWS)


@each_row
def test_what_libraries_read_in_two_ways_is_refused_and_the_rest_has_their_digest(row):
    signed = {row[name] for name in LIBRARIES}
    text = document(row)
    if row["refused_at"] is None:
        digest = "0x" + read_typed_data(text, chain_id=1).digest.hex()
        assert signed == {digest[:10]}
    else:
        error = refusal_of(text)
        assert error.field == row["refused_at"]
        assert str(error).startswith(f"{error.field}: ")


@each_row
def test_the_table_matches_what_eth_account_does(row):
    digest = sign_with_eth_account(document(row))
    # The table has the first four bytes.
    assert (digest and digest[:10]) == row["eth-account"]


def test_a_text_and_its_parsed_object_are_read_alike():
    for row in ROWS:
        if row["refused_at"] is None:
            text = document(row)
            assert read_typed_data(text, chain_id=1) == read_typed_data(
                json.loads(text), chain_id=1
            )


def test_values_are_normalized():
    types = {
        "T": [
            {"name": "a", "type": "address"},
            {"name": "b", "type": "bytes2"},
            {"name": "c", "type": "int16[]"},
            {"name": "d", "type": "S"},
        ],
        "S": [{"name": "e", "type": "bool"}, {"name": "f", "type": "string"}],
    }
    read = read_typed_data(
        {
            "types": types,
            "primaryType": "T",
            "domain": {"chainId": "0x1", "verifyingContract": ADDRESS},
            "message": {
                "d": {"f": "é", "e": True},
                "c": ["-0x1"[1:], "-2", 3],
                "b": "0xAB01",
                "a": ADDRESS,
            },
        },
        chain_id=1,
    )
    assert read.primary_type == "T"
    assert read.domain == {"chainId": 1, "verifyingContract": ADDRESS.lower()}
    assert read.message == {
        "a": ADDRESS.lower(),
        "b": b"\xab\x01",
        "c": [1, -2, 3],
        "d": {"e": True, "f": "é"},
    }
    assert {name: [m.name for m in members] for name, members in read.types.items()} == {
        "T": ["a", "b", "c", "d"],
        "S": ["e", "f"],
    }


@pytest.mark.parametrize(
    ("bits", "kind"), [(b, k) for b in range(8, 257, 8) for k in ("int", "uint")]
)
def test_an_integer_is_in_the_range_of_its_type(bits, kind):
    low, high = (0, 2**bits - 1) if kind == "uint" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    for value in (low, high):
        given = of_type(f"{kind}{bits}", str(value))
        assert read_typed_data(given, chain_id=1).message == {"x": value}
    for value in (low - 1, high + 1):
        assert refusal_of(of_type(f"{kind}{bits}", str(value))).field == "message.x"


@pytest.mark.parametrize("length", range(1, 33))
def test_bytes_have_exactly_the_length_of_their_type(length):
    for given in (length - 1, length, length + 1):
        text = "0x" + "ab" * given
        if given == length:
            read = read_typed_data(of_type(f"bytes{length}", text), chain_id=1)
            assert read.message == {"x": b"\xab" * length}
        else:
            assert refusal_of(of_type(f"bytes{length}", text)).field == "message.x"


def test_the_field_is_the_whole_path():
    given = of_type("S[][2]", [[], [{"y": 1}, {"y": "1.5"}]], S=[{"name": "y", "type": "uint8"}])
    assert refusal_of(given).field == "message.x[1][1].y"


def test_a_domain_without_a_chain_id_is_for_every_chain():
    given = of_type("uint8", 1) | {"domain": {"name": "d"}}
    assert read_typed_data(given, chain_id=1) == read_typed_data(given, chain_id=2)


def test_a_name_that_may_be_a_key_is_not_echoed():
    secret = "ab" * 32
    for given in (
        of_type("uint8", 1) | {secret: 1},
        of_type("uint8", 1) | {"message": {"x": 1, f"0x{secret}": 1}},
        of_type("uint8", 1, **{secret: "x"}),
        f'{{"{secret}": 1, "{secret}": 2}}',
    ):
        assert secret not in str(refusal_of(given))
    assert secret not in str(refusal_of(json.dumps(secret)))
    assert secret not in str(refusal_of(secret))


def test_a_key_that_is_an_identifier_is_not_echoed_either():
    key = "a" + "b1" * 31 + "c"
    member = {"name": key, "type": "bool"}
    for given in (
        of_type("bool", True) | {"types": {"T": [member]}},
        of_type("bool", True) | {"types": {"T": [member]}, "message": {key: 1}},
        of_type(key, {"x": 1}, **{key: [{"name": "x", "type": "bool"}]}),
        of_type(key, {}, **{key: [{"name": "x", "type": key}]}),
        of_type(key, {}, **{key: [{"name": "x", "type": "uint"}]}),
        of_type("bool", True, **{key: []}),
    ):
        assert key not in str(refusal_of(given))


def nested(levels):
    """Return a document of so many structs in each other."""
    types = {f"T{n}": [{"name": "x", "type": f"T{n + 1}"}] for n in range(levels - 1)}
    types[f"T{levels - 1}"] = [{"name": "x", "type": "uint8"}]
    message = {"x": 1}
    for _ in range(levels - 1):
        message = {"x": message}
    return {"types": types, "primaryType": "T0", "domain": {}, "message": message}


def arrays(levels):
    value = 1
    for _ in range(levels):
        value = [value]
    return of_type("uint8" + "[]" * levels, value)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (nested(struct_types.MAX_TYPES + 1), "types"),
        (nested(typed_data.MAX_DEPTH), "message" + ".x" * typed_data.MAX_DEPTH),
        (arrays(33), "types.T[0].type"),
        (of_type("uint8[]", [1] * typed_data.MAX_VALUES), "message.x[1999]"),
        (of_type("uint8[]", [1] * (typed_data.MAX_VALUES + 1)), "message.x"),
        (
            {
                "types": {"T": [{"name": f"x{n}", "type": "bool"} for n in range(65)]},
                "primaryType": "T",
                "domain": {},
                "message": {},
            },
            "types.T",
        ),
    ],
    ids=["types", "structs in structs", "arrays in arrays", "values", "elements", "members"],
)
def test_a_document_is_bounded(given, field):
    assert refusal_of(given).field == field


@pytest.mark.parametrize(
    "given",
    [
        nested(typed_data.MAX_DEPTH - 1),
        arrays(32),
        of_type("uint8[]", [1] * (typed_data.MAX_VALUES - 1)),
    ],
    ids=["structs in structs", "arrays in arrays", "values"],
)
def test_the_largest_documents_are_signed(given):
    assert len(read_typed_data(json.dumps(given), chain_id=1).digest) == 32


BODY = 128 * 1024
HOSTILE = {
    "open brackets": "[" * BODY,
    "brackets": "[" * (BODY // 2) + "]" * (BODY // 2),
    "objects": '{"types":' * (BODY // 9),
    "brackets in the message": json.dumps(of_type("uint8[]", 0)).replace(
        '"x": 0', '"x": ' + "[" * (BODY // 2 - 200) + "]" * (BODY // 2 - 200)
    ),
    "10,000 types": json.dumps(of_type("uint8", 1, **{f"A{n}": [] for n in range(10_000)})),
    "10,000 members": json.dumps(
        {
            "types": {"T": [{"name": f"x{n}", "type": "bool"} for n in range(4_000)]},
            "primaryType": "T",
            "domain": {},
            "message": {},
        }
    ),
    "many members twice": "{" + ", ".join(f'"{n % 8000}": 0' for n in range(10_000)) + "}",
    "a cycle": json.dumps(
        of_type("A", {}, A=[{"name": "x", "type": "B[]"}], B=[{"name": "y", "type": "T"}])
    ),
    "64 types that use each other": json.dumps(
        of_type(
            "T0",
            {},
            **{
                f"T{n}": [{"name": f"x{m}", "type": f"T{m}"} for m in range(n + 1, 63)]
                for n in range(63)
            },
        )
    ),
    "a long integer": json.dumps(of_type("uint256", 0)).replace('"x": 0', '"x": ' + "9" * BODY),
    "a long string of digits": json.dumps(of_type("uint256", "9" * BODY)),
    "a long hex string": json.dumps(of_type("bytes32", "0x" + "a" * BODY)),
    "a long name of a type": json.dumps(of_type("A" * BODY, 1)),
    "many dimensions": json.dumps(of_type("uint8" + "[]" * (BODY // 2), 1)),
    "many values": json.dumps(of_type("uint8[]", [1] * (BODY // 3))),
    "many wrong values": json.dumps(of_type("uint8[2][]", [[1, 2]] * (BODY // 8))),
    "escapes": json.dumps(of_type("string", "\udc00" * (BODY // 6))),
    "exponents": json.dumps(of_type("uint8", 0)).replace('"x": 0', '"x": 1' + "0" * BODY + "e9"),
    "not JSON": "\0" * BODY,
}


@pytest.fixture
def usual_recursion_limit():
    """Set the limit that the service has. Tests that import eth-account by themselves raise it."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(limit)


@pytest.mark.parametrize(
    ("type_", "value"),
    [("Z[]", {}), ("uint8[][]", [1]), ("string[]", ""), ("bytes[]", "0x00"), ("N[]", {"z": {}})],
)
def test_equal_values_are_hashed_once(monkeypatch, type_, value):
    """A hash takes longer than all else that is done for a small value."""
    used = {"Z": {"Z": []}, "N": {"N": [{"name": "z", "type": "Z"}], "Z": []}}
    hashed = []
    monkeypatch.setattr(typed_data, "keccak", lambda data: hashed.append(data) or keccak(data))
    given = {
        "types": {"T": [{"name": "x", "type": type_}], **used.get(type_[0], {})},
        "primaryType": "T",
        "domain": {"chainId": 1},
        "message": {"x": [value] * 900},
    }
    read = read_typed_data(given, chain_id=1)
    assert "0x" + read.digest.hex() == sign_with_eth_account(json.dumps(given))
    # The value, what is in it, the array, the message, the domain, and all.
    assert len(hashed) <= 6


@pytest.mark.usefixtures("usual_recursion_limit")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_refused_quickly(name):
    best = 1.0
    for _ in range(3):
        began = time.process_time()
        refusal_of(HOSTILE[name])
        best = min(best, time.process_time() - began)
    assert best < 0.05


@pytest.mark.parametrize(
    "given", [None, 1, True, [], "", "1", "null", "[]", '{"types"', {}, {"types": {}}]
)
def test_what_is_not_typed_data_is_refused(given):
    refusal_of(given)


@hypothesis.settings(deadline=None)
@hypothesis.given(documents())
def test_eth_account_signs_what_we_accept_to_the_same_digest_without_us(text):
    try:
        read = read_typed_data(text, chain_id=1)
    except NotSignable:
        hypothesis.event("refused")
        return
    hypothesis.event("accepted")
    assert "0x" + read.digest.hex() == sign_with_eth_account(text)


def chained_types(count, name="T"):
    """Return a document of so many types, of 64 members each, that use each other in a chain."""
    types = {}
    for number in range(count):
        inner = f"{name}{number + 1}[]" if number < count - 1 else "bool"
        types[f"{name}{number}"] = [{"name": f"member{n}", "type": "bytes32"} for n in range(63)]
        types[f"{name}{number}"].append({"name": "next", "type": inner})
    message = {f"member{n}": "0x" + "ab" * 32 for n in range(63)} | {"next": []}
    return {"types": types, "primaryType": f"{name}0", "domain": {}, "message": message}


def test_the_types_that_are_hashed_have_a_bounded_length():
    # 64 members have about 1,060 characters, and the types of a chain of n are hashed n(n+1)/2
    # times.
    longest = chained_types(43)
    assert len(read_typed_data(longest, chain_id=1).digest) == 32
    assert sign_with_eth_account(json.dumps(longest)) is not None
    assert refusal_of(chained_types(45)).field == "types"


@pytest.mark.parametrize("name", ["Order:v1", "$Order", "Order$"])
def test_a_type_name_that_eth_sig_util_cuts_is_the_only_type(name):
    alone = {"types": {name: []}, "primaryType": name, "domain": {}, "message": {}}
    assert read_typed_data(alone, chain_id=1).primary_type == name
    of_domain = {"types": {"EIP712Domain:x": []}, "primaryType": "EIP712Domain:x"}
    with pytest.raises(NotSignable, match="has no `:`"):
        read_typed_data(alone | of_domain, chain_id=1)
    member = {"name": "item", "type": "Item"}
    two = alone | {"types": {name: [member], "Item": []}, "message": {"item": {}}}
    with pytest.raises(NotSignable, match="has no `:`"):
        read_typed_data(two, chain_id=1)
