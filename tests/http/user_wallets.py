"""The wallets of one user at /v1/users."""

import json

from tests.factories import FID

WALLETS = f"/v1/users/{FID}/wallets"
TRADING = f"{WALLETS}/ethereum"
KEY = f"{TRADING}/key"
REASON = {"reason": "sign swap 8c1f"}
MODES = ["postgres", "filesystem", "migrating"]


def put_file(folder, fid, chain, members):
    path = folder / f"wallet_{fid}_{chain}.json"
    path.write_text(json.dumps({"fid": fid, **members}))
    return members["address"]
