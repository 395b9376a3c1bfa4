"""The content of wallet files, byte by byte."""

import json

from tests.wallet_store import keyed, old_encrypt


def text(members):
    return json.dumps(members, indent=2).encode()


def encrypted_as(plaintext, **changes):
    ciphertext, iv = old_encrypt(plaintext)
    return keyed(encryptedPrivateKey=ciphertext, iv=iv, **changes)
