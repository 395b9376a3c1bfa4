"""What the tests of signing share: the data of tests/data/signing, and generated requests."""

import json
import lzma

from eth_account import Account

from tests.service import ROOT

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
