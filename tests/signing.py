"""What the tests of signing share: the data of tests/data/signing, and generated requests."""

import json
import lzma

from hypothesis import strategies as st

from tests.service import ROOT
from wallet_api.crypto.checksum import to_checksum_address
from wallet_api.ethereum import signatures
from wallet_api.ethereum.authorizations import Authorization

Account = signatures.load().Account
DATA = ROOT / "tests" / "data" / "signing"
KEY = bytes.fromhex("ab" * 32)
ADDRESS = Account.from_key(KEY).address
TOKEN = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
CHAIN_ID = 8453
# A document that every library accepts. A row of readings.json replaces parts of it, as texts.
PARTS = {
    "types": '{"T": [{"name": "x", "type": "uint256"}]}',
    "primaryType": '"T"',
    "domain": '{"name": "d", "chainId": 1}',
    "message": '{"x": 1}',
}


def readings():
    """Return the rows of readings.json: documents, and what each library signs for them."""
    return json.loads((DATA / "readings.json").read_text())


def document(row):
    """Return the JSON text of a row."""
    parts = PARTS | {name: row[name] for name in PARTS if name in row}
    members = [f'"{name}": {text}' for name, text in parts.items() if text is not None]
    return "{" + ", ".join([*members, *row.get("more", [])]) + "}"


def cases(name):
    """Return the cases of one file of @ethersproject/testcases."""
    lines = lzma.decompress((DATA / f"{name}.jsonl.xz").read_bytes()).decode().splitlines()
    return [json.loads(line) for line in lines]


def vectors():
    return json.loads((DATA / "vectors.json").read_text())


def to_bytes(text):
    return bytes.fromhex(text.removeprefix("0x"))


def address_of(key):
    return Account.from_key(key).address


ATOMIC = ["address", "bool", "string", "bytes"]
ATOMIC += [f"{kind}{bits}" for bits in (8, 40, 128, 256) for kind in ("int", "uint")]
ATOMIC += [f"bytes{length}" for length in (1, 4, 31, 32)]
IDENTIFIERS = st.from_regex(r"[A-Za-z_$][A-Za-z0-9_$]{0,8}", fullmatch=True) | st.sampled_from(
    ["constructor", "toString", "length", "intent", "bytesOf", "owner", "value"]
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
HEX = st.binary(max_size=70).map(lambda raw: "0x" + raw.hex())
ADDRESSES = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
# Values that libraries read in their own ways.
ODD = [None, True, False, 0, 1, -1, "", "0x", "0x1", "0X1", "1e3", "01", "-0", 2**53, [], {}, "a"]


def integers_of(type_):
    """Draw an integer in the range of a type, as a number, in decimal or in hex."""
    bits = int(type_.removeprefix("u").removeprefix("int"))
    low, high = (0, 2**bits - 1) if type_[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    forms = [str, lambda n: hex(n) if n >= 0 else str(n), lambda n: n if abs(n) < 2**53 else str(n)]
    return st.builds(lambda n, form: form(n), st.integers(low, high), st.sampled_from(forms))


def values_of(type_, types):
    """Draw a JSON value of a type."""
    if type_.endswith("]"):
        element, _, length = type_[:-1].rpartition("[")
        bounds = (int(length), int(length)) if length else (0, 3)
        return st.lists(values_of(element, types), min_size=bounds[0], max_size=bounds[1])
    if type_ in types:
        members = types[type_]
        return st.fixed_dictionaries({m["name"]: values_of(m["type"], types) for m in members})
    if type_.startswith(("int", "uint")):
        return integers_of(type_)
    if type_.startswith("bytes") and type_ != "bytes":
        length = int(type_.removeprefix("bytes"))
        return st.binary(min_size=length, max_size=length).map(lambda raw: "0x" + raw.hex())
    simple = {"bool": st.booleans(), "string": TEXTS, "bytes": HEX}
    return simple.get(type_, ADDRESSES | ADDRESSES.map(to_checksum_address))


@st.composite
def documents(draw):
    """Draw typed data, and in half of the cases replace one of its values with an odd one."""
    type_names = IDENTIFIERS | st.just("Hyper:Send")
    names = draw(st.lists(type_names, min_size=1, max_size=4, unique=True))
    types = {}
    for index, name in enumerate(names):
        below = names[index + 1 :]
        members = draw(st.lists(IDENTIFIERS, min_size=len(below), max_size=5, unique=True))
        # The first members use every type below, so that none is unused.
        bases = [*below, *draw(st.lists(st.sampled_from(ATOMIC), min_size=5, max_size=5))]
        dimensions = st.sampled_from(["", "", "", "[]", "[2]", "[][1]"])
        types[name] = [
            {"name": member, "type": base + draw(dimensions)}
            for member, base in zip(members, bases, strict=False)
        ]
    domain = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "name": TEXTS,
                "version": TEXTS,
                "chainId": st.sampled_from([1, "1", "0x1"]),
                "verifyingContract": ADDRESSES,
                "salt": values_of("bytes32", {}),
            },
        )
    )
    message = draw(values_of(names[0], types))
    if draw(st.booleans()):
        spoil(draw, draw(st.sampled_from([message, domain])))
    given = {"types": types, "primaryType": names[0], "domain": domain, "message": message}
    return json.dumps(given)


def spoil(draw, part):
    """Replace, remove or add one member or element, at any depth."""
    while True:
        keys = list(part) if isinstance(part, dict) else list(range(len(part)))
        inner = [key for key in keys if isinstance(part[key], dict | list) and part[key]]
        if not inner or draw(st.booleans()):
            break
        part = part[draw(st.sampled_from(inner))]
    odd = draw(st.sampled_from(ODD) | TEXTS | HEX)
    if not keys or draw(st.integers(0, 5)) == 0:
        part.append(odd) if isinstance(part, list) else part.update({draw(IDENTIFIERS): odd})
    elif draw(st.integers(0, 5)) == 0:
        del part[draw(st.sampled_from(keys))]
    else:
        part[draw(st.sampled_from(keys))] = odd


# The largest quantities that are signed. viem and ethers refuse larger nonces.
HIGHEST = {"nonce": 2**53 - 1, "gas": 2**64 - 1}
HIGHEST |= dict.fromkeys(("value", "gasPrice", "maxFeePerGas", "maxPriorityFeePerGas"), 2**256 - 1)
# Around the ends of the types in which libraries keep quantities.
EDGES = [2**bits + more for bits in (31, 32, 53, 63, 64, 128, 256) for more in (-2, -1, 0, 1)]


def quantities(name):
    """Draw a member of a transaction: one that is signed, and in every tenth case one beyond."""
    highest = HIGHEST[name]
    within = st.integers(0, highest) | st.sampled_from([n for n in EDGES if n <= highest])
    beyond = st.integers(highest + 1, 2**260) | st.sampled_from([n for n in EDGES if n > highest])
    return st.integers(0, 9).flatmap(lambda draw: beyond if draw == 9 else within).map(hex)


def too_large(members):
    """Return the names of the members that are beyond what is signed."""
    return {
        name
        for name, highest in HIGHEST.items()
        if name in members and int(members[name], 16) > highest
    }


ACCESS_LISTS = st.lists(
    st.fixed_dictionaries(
        {"address": ADDRESSES, "storageKeys": st.lists(values_of("bytes32", {}), max_size=2)}
    ),
    max_size=2,
)


@st.composite
def transactions(draw, key):
    """Draw a transaction of any type as JSON-RPC writes it."""
    chain_id = draw(st.sampled_from([1, CHAIN_ID, 2**31, 2**53 - 1]))
    type_ = draw(st.sampled_from(("0x0", "0x1", "0x2", "0x4")))
    given = {
        "type": type_,
        "chainId": hex(chain_id),
        **{name: draw(quantities(name)) for name in ("nonce", "gas", "value")},
        "data": draw(HEX),
    }
    if type_ == "0x4" or draw(st.booleans()):
        given["to"] = draw(ADDRESSES.map(to_checksum_address))
    if type_ in ("0x0", "0x1"):
        given["gasPrice"] = draw(quantities("gasPrice"))
    else:
        fees = ("maxPriorityFeePerGas", "maxFeePerGas")
        drawn = sorted(int(draw(quantities(name)), 16) for name in fees)
        given |= dict(zip(fees, map(hex, drawn), strict=True))
    if type_ != "0x0":
        given["accessList"] = draw(ACCESS_LISTS)
    if type_ == "0x4":
        nonce = draw(quantities("nonce"))
        # eth-account signs nonces of 64 bits. A larger one is refused before its signature is read.
        unsigned = Authorization(
            chain_id=chain_id, delegate=draw(ADDRESSES), nonce=min(int(nonce, 16), 2**64 - 1)
        )
        signed = signatures.sign_authorization(unsigned, private_key=key, address=address_of(key))
        given["authorizationList"] = [
            {
                "chainId": hex(chain_id),
                "address": signed.delegate,
                "nonce": nonce,
                "yParity": hex(signed.y_parity),
                "r": hex(signed.r),
                "s": hex(signed.s),
            }
        ]
    return given
