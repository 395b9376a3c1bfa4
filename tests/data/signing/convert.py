"""Make the .xz files of this folder from @ethersproject/testcases. README.md has the command."""

import gzip
import json
import lzma
import sys
from pathlib import Path

HERE = Path(__file__).parent
# Without what follows from the rest: encodings, seeds, addresses, and unsigned transactions.
MEMBERS = {
    "eip712": ("name", "types", "primaryType", "domain", "data", "digest"),
    "transactions": (
        *("name", "privateKey", "nonce", "gasPrice", "gasLimit", "to", "value", "data"),
        "signedTransactionChainId5",
    ),
    "typed-transactions": ("name", "key", "tx", "signed"),
}


def convert(source: Path) -> None:
    for name, members in MEMBERS.items():
        cases = json.loads(gzip.decompress((source / f"{name}.json.gz").read_bytes()))
        lines = [
            json.dumps({key: case[key] for key in members if key in case}, separators=(",", ":"))
            for case in cases
        ]
        packed = lzma.compress("\n".join(lines).encode(), preset=9 | lzma.PRESET_EXTREME)
        (HERE / f"{name}.jsonl.xz").write_bytes(packed)


if __name__ == "__main__":
    convert(Path(sys.argv[1]))
