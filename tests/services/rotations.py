"""Rotations of the secret of twenty users' wallets."""

from tests.factories import SECRET
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret

USERS = range(1, 21)
OLD = EncryptionService(Secret(SECRET))
OLD_ID = OLD.key_id
_ENCRYPTED_KEYS = (
    "select fid, key_id, encrypted_private_key, iv from wallets where key_id is not null"
)


def rotate(rotation, size=7):
    return [report for page in rotation.pages(size) for report in rotation.run(page)]


def encrypted_keys(sql):
    return {fid: rest for fid, *rest in sql.execute(_ENCRYPTED_KEYS).fetchall()}
