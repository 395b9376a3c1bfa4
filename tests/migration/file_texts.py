"""The content of wallet files, byte by byte."""

import json

from tests.wallet_store import keyed, old_seal


def text(members):
    return json.dumps(members, indent=2).encode()


def sealed_as(plaintext, **changes):
    ciphertext, iv = old_seal(plaintext)
    return keyed(encryptedPrivateKey=ciphertext, iv=iv, **changes)
