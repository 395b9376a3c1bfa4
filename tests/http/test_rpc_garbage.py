"""Malformed JSON-RPC and typed data: an error that says so, quickly, and nothing is signed."""

import json
import random
import time

import pytest

from tests.database import rows_of
from tests.http.problems import refused
from tests.http.rpc import CHAIN_ID, OTHER, RPC, TEXT, call, is_error
from wallet_api.blueprints.request_hooks import MAX_BODY_BYTES, MAX_SIGNING_BODY_BYTES
from wallet_api.blueprints.schemas.signing import TRANSACTION, TYPED_DATA
from wallet_api.ethereum.transactions import MAX_INITCODE

MOST_CPU_SECONDS = 0.05
ODD = [None, True, 0, -1, 1.5, 1e300, 2**53, 2**256, "", "0x", "0x0x", "\0", "\ud800", [], {}]
ODD += [[[]], [None], {"": ""}, "a" * 5000, "9" * 4000, 10**4000]
TYPES = [
    {"T": [{"name": "x", "type": "T"}]},
    {"T": [{"name": "x", "type": "U"}], "U": [{"name": "x", "type": "T"}]},
    {"T": [{"name": f"x{n}", "type": "uint8"} for n in range(300)]},
    {"T": [{"name": "x", "type": "uint8" + "[1]" * 40}]},
    {"T": [{"name": "x", "type": "uint8[999999999999]"}]},
    {"T": [{"name": "x", "type": "uint" + "9" * 400}]},
    {"T": [{"name": "x", "type": "bytes0"}]},
    {"T": [{"name": "__proto__", "type": "T[]"}]},
    {f"T{n}": [{"name": c, "type": f"T{n + 1}[]"} for c in "abc"] for n in range(40)},
]


def nested(depth, inside, brackets="[]"):
    return brackets[0] * depth + inside + brackets[1] * depth


SIGNS = call("personal_sign", TEXT, OTHER)
TYPED = call("eth_signTypedData_v4", OTHER, TYPED_DATA)
SENDS = call("eth_signTransaction", TRANSACTION)


def too_deep():
    for depth in (50, 900, 7000):
        yield nested(depth, "1")
        yield json.dumps(TYPED).replace('"nonce": 0', f'"nonce": {nested(depth, "0")}')
        yield nested(depth // 3, "1", ['{"a":', "}"])


def broken(rng):
    for given in (SIGNS, TYPED, SENDS):
        text = json.dumps(given)
        for _ in range(30):
            cut = rng.randrange(1, len(text))
            yield text[:cut]
            yield text[:cut] + rng.choice('{}[]",:\\\0\x7f') + text[cut:]


def with_a_member_twice():
    for given in (SIGNS, TYPED, SENDS):
        for member in given:
            yield f'{{"{member}": 1, {json.dumps(given)[1:]}'
    for place in (TYPED_DATA, TYPED_DATA["message"], TYPED_DATA["domain"]):
        for name in place:
            yield json.dumps(TYPED).replace(f'"{name}":', f'"{name}": 1, "{name}":', 1)


def with_odd_members(rng):
    for odd in ODD:
        yield from ({**SIGNS, name: odd} for name in ("jsonrpc", "method", "params"))
        yield from (call(one, OTHER, odd) for one in ("personal_sign", "eth_sign"))
        yield call("eth_signTransaction", odd)
        yield call(
            "eth_signTransaction", {**TRANSACTION, rng.choice([*TRANSACTION, "chainId"]): odd}
        )
        yield call("eth_signTypedData", OTHER, odd)
        yield from (call("eth_signTypedData", OTHER, {**TYPED_DATA, n: odd}) for n in TYPED_DATA)


def of_wrong_types_or_chains():
    for types in TYPES:
        wide = {**TYPED_DATA, "types": types, "primaryType": next(iter(types)), "message": {}}
        yield from (call("eth_signTypedData_v4", OTHER, one) for one in (wide, json.dumps(wide)))
    for chain_id in (0, 1, CHAIN_ID + 1, f"{CHAIN_ID}0", "0x1", -1, 2**256, 1.5, True, None):
        wide = {**TYPED_DATA, "domain": TYPED_DATA["domain"] | {"chainId": chain_id}}
        yield call("eth_signTypedData_v4", OTHER, wide)
        yield call("eth_signTransaction", {**TRANSACTION, "chainId": chain_id})
    yield from ([SIGNS] * 21, [[SIGNS]] * 20, [[]] * 20)


def too_long():
    """Yield the longest bodies, which are wrong at their end or in every part."""
    longest = MAX_SIGNING_BODY_BYTES
    for part in ("[],", "{},", '{"a":1},', "1,", "0.5,", '"",', '{"":', "["):
        text = part * (longest // len(part) - 100)
        yield text
        yield f"[{text.rstrip(',')}]"
        yield json.dumps(call("eth_signTransaction", "HERE")).replace('"HERE"', text.rstrip(","))
        yield json.dumps(call("eth_signTypedData", OTHER, f"[{text[: longest // 2]}"))
    yield call("personal_sign", "0x" + "60" * (longest // 2 - 200) + "g", OTHER)
    yield call("eth_signTransaction", {**TRANSACTION, "data": "0x" + "60" * 60_000 + "6"})
    creation = {name: value for name, value in TRANSACTION.items() if name != "to"}
    yield call("eth_signTransaction", {**creation, "data": "0x" + "60" * (MAX_INITCODE + 1)})
    entry = {"address": OTHER, "storageKeys": ["0x" + "ab" * 32] * 4}
    yield call("eth_signTransaction", {**TRANSACTION, "type": "0x1", "accessList": [entry] * 300})
    for type_, value in (("uint8[]", [1] * 30_000), ("uint8[2][]", [[1, 2]] * 10_000)):
        types = {"T": [{"name": "x", "type": type_}]}
        wide = {"types": types, "primaryType": "T", "domain": {}, "message": {"x": value}}
        yield call("eth_signTypedData", OTHER, wide)
        yield call("eth_signTypedData", OTHER, json.dumps(wide))
    yield [call("personal_sign", "0x" + "ab" * 500, OTHER)] * 20


def refused_after_encoding():
    """Yield documents that are valid and expensive to hash, for another signer."""
    chain = {
        f"T{n}": [{"name": "n", "type": f"T{n + 1}[]"}]
        if n < 59
        else [{"name": "b", "type": "bool"}]
        for n in range(60)
    }
    empty = {"R": [{"name": "y", "type": "Z[]"}], "Z": []}
    both = {"R": [{"name": "x", "type": "E[]"}, {"name": "y", "type": "Z[]"}], "Z": []}
    both |= chain | {"E": [{"name": "t", "type": "T0[]"}]}
    for types, message in (
        (empty, {"y": [{}] * 1990}),
        (empty, {"y": [{}] * 1700}),
        (both, {"x": [{"t": []}] * 470, "y": [{}] * 1050}),
        (both, {"x": [{"t": []}] * 200, "y": [{}] * 100}),
    ):
        document = {"types": types, "primaryType": "R", "domain": {}, "message": message}
        yield call("eth_signTypedData_v4", OTHER, document)


def batches_of_many_values():
    """Yield the longest batches of valid documents with as many values as fit, for another signer.

    Their number is bounded by the length of a batch, and what each takes does not grow with them.
    """
    for type_, value in (("Z[]", {}), ("uint8[][]", []), ("uint8[]", 1), ("string[]", "")):
        used = {"Z": []} if type_ == "Z[]" else {}
        document = {
            "types": {"R": [{"name": "y", "type": type_}], **used},
            "primaryType": "R",
            "domain": {},
            "message": {"y": [value] * 1990},
        }
        one = compact(call("eth_signTypedData_v4", OTHER, document))
        count = MAX_BODY_BYTES // (len(one) + 1)
        left = MAX_BODY_BYTES - count * (len(one) + 1) - 300
        document["message"]["y"] = [value] * (left // (len(compact(value)) + 1))
        last = compact(call("eth_signTypedData_v4", OTHER, document))
        text = f"[{','.join([one] * count + [last])}]"
        assert MAX_BODY_BYTES - 400 < len(text) <= MAX_BODY_BYTES
        yield text
    small = {"types": {"R": []}, "primaryType": "R", "domain": {}, "message": {}}
    yield compact([call("eth_signTypedData_v4", OTHER, small)] * 20)


def of_ten_thousand_types():
    """Yield 10,000 types, as an object and as a text: about as many as the body may have."""
    types = {f"T{n}": [] for n in range(10_000)}
    wide = {"types": types, "primaryType": "T0", "domain": {}, "message": {}}
    for given in (wide, compact(wide)):
        text = compact(call("eth_signTypedData_v4", OTHER, given))
        assert 100_000 < len(text) <= MAX_SIGNING_BODY_BYTES
        yield text


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def bodies_of(rng):
    """Return malformed bodies of every kind."""
    texts = [*too_deep(), *broken(rng), *with_a_member_twice()]
    texts += [given if isinstance(given, str) else json.dumps(given) for given in too_long()]
    texts += [*batches_of_many_values(), *of_ten_thousand_types()]
    texts += map(json.dumps, refused_after_encoding())
    texts += map(json.dumps, [*with_odd_members(rng), *of_wrong_types_or_chains()])
    return [text.encode() for text in texts]


@pytest.fixture
def send_body(refusing_app, trader):
    """Send a body, and return the answer and the seconds of CPU that it took."""
    client = refusing_app.test_client()
    headers = trader | {"Content-Type": "application/json"}

    def send(body):
        began = time.thread_time()
        answer = client.post(RPC, data=body, headers=headers)
        return answer, time.thread_time() - began

    # The first request imports and compiles what the others find.
    send(json.dumps(call("eth_signTypedData_v4", OTHER, TYPED_DATA)).encode())
    return send


def test_three_hundred_malformed_bodies_are_refused_quickly_and_sign_nothing(send_body, untouched):
    bodies = bodies_of(random.Random(22))
    assert len(bodies) >= 300
    before = rows_of(untouched.sql)
    slow = {}
    for body in bodies:
        answer, seconds = send_body(body)
        if seconds > MOST_CPU_SECONDS:
            # Not what the garbage collector or the first use of a module takes.
            seconds = min(seconds, send_body(body)[1], send_body(body)[1])
        if seconds > MOST_CPU_SECONDS:
            slow[body[:200]] = seconds
        if answer.status_code != 200:
            assert answer.status_code in (400, 413), (body[:200], answer.text)
            refused(answer, answer.status_code)
            continue
        found = answer.get_json()
        request_id = answer.headers["X-Request-Id"]
        for members in found if isinstance(found, list) else [found]:
            code = members["error"]["code"]
            assert code in (-32700, -32600, -32601, -32602), body[:200]
            is_error(members, code, request_id)
    assert slow == {}
    assert rows_of(untouched.sql) == before
