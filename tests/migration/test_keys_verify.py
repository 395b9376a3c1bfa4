"""`wallet-api keys verify`: every row is decrypted, and failures are reported."""

import pytest

from tests.database import audit_entries, plant, table
from tests.factories import ACCESS, BASE_ACCOUNT, OTHER_SECRET, SECRET, UNKNOWN_SECRET, service
from wallet_api.crypto import key_pairs as keys

USERS = range(1, 6)


@pytest.fixture
def wallets(database):
    """Return the service that made a wallet for each user, and remembers one's Base Account."""
    made = service(database)
    for fid in USERS:
        made.ensure_trading_wallet(fid, access=ACCESS)
    made.store_base_account_address(USERS[0], BASE_ACCOUNT, access=ACCESS)
    return made


@pytest.fixture
def verify(command):
    """Run `wallet-api keys verify` to its end: verify("--json", NAME="value")."""
    return lambda *options, **changes: command("verify", *options, group="keys", **changes)


def test_a_database_whose_wallets_all_decrypt_has_no_fault_and_is_not_changed(verify, sql, wallets):
    before = table(sql), audit_entries(sql)
    done = verify()
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("6 wallets in ")
    assert done.out.endswith(": 6 opened, 0 unreadable\n")
    assert (table(sql), audit_entries(sql)) == before


def test_each_row_that_does_not_decrypt_is_reported(verify, sql, wallets):
    plant(sql, "update wallets set iv = repeat('00', 12) where fid = 2")
    plant(sql, "update wallets set key_id = repeat('0', 16) where fid = 4")
    done = verify("--processes", 3)
    assert done.status == 1
    *named, summary = done.out.splitlines()
    assert sorted(named) == [
        "FID 2, ethereum: unreadable: The stored key does not decrypt.",
        f"FID 4, ethereum: unreadable: {UNKNOWN_SECRET}",
    ]
    assert summary.endswith(": 4 opened, 2 unreadable")


def test_an_address_of_several_users_is_reported(verify, sql, encryption, wallets):
    pair = keys.generate()
    for fid in (1, 3):
        encrypted = encryption.encrypt(
            pair.private_key, fid=fid, chain="ethereum", address=pair.address
        )
        plant(
            sql,
            "update wallets set address = %s, encrypted_private_key = %s, iv = %s"
            " where fid = %s and chain = 'ethereum'",
            [pair.address, encrypted.ciphertext, encrypted.iv, fid],
        )
    done = verify()
    assert done.status == 1
    named, summary = done.out.splitlines()
    assert named == f"{pair.address}: shared by several users: FIDs 1, 3"
    assert summary.endswith(": 6 opened, 0 unreadable")


def test_json_is_one_object_and_faults_are_on_stderr(verify, sql, wallets):
    plant(sql, "update wallets set iv = repeat('00', 12) where fid = 2")
    done = verify("--json")
    assert done.status == 1
    figures = done.figures
    assert figures.pop("seconds") >= 0
    assert figures == {"wallets": 6, "opened": 5, "unreadable": 1, "shared_addresses": 0}
    assert done.err == "FID 2, ethereum: unreadable: The stored key does not decrypt.\n"


def test_wallets_of_an_older_secret_decrypt_while_it_is_configured(verify, wallets):
    secrets = {"ENCRYPTION_SECRET": OTHER_SECRET, "ENCRYPTION_SECRET_PREVIOUS": f'["{SECRET}"]'}
    assert verify(**secrets).status == 0
    done = verify(ENCRYPTION_SECRET=OTHER_SECRET)
    assert done.status == 1
    assert done.err.splitlines()[-1].startswith("Error: ENCRYPTION_SECRET is not the secret")
