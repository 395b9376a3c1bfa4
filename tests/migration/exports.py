"""The files of an export."""

import json

from tests.wallet_store import EXPECTED

KEYED = {entry["fid"]: entry for entry in EXPECTED if entry["privateKey"]}
ALL = len(EXPECTED)


def wallet_files(folder):
    """Return the members of each file by its FID and chain."""
    found = {}
    for path in folder.glob("wallet_*"):
        _, fid, chain = path.stem.split("_")
        found[int(fid), chain] = json.loads(path.read_text())
    return found
