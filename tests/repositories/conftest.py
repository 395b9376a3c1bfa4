"""What tests of wallet files share: one secret for all of them, and a folder."""

import json
from datetime import UTC, datetime

import pytest

from tests.conftest import FID, SECRET
from wallet_api.crypto import key_pairs as keys
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.models import NewWallet
from wallet_api.repositories.wallet_files import file as wallet_file
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository

MODIFIED = datetime(2020, 2, 29, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def encryption():
    """Seal and open under the tests' secret; it derives the key of old files only once."""
    return EncryptionService(Secret(SECRET))


@pytest.fixture
def read(encryption):
    """Read members, or raw bytes, as the content of a file of FID."""

    def call(content, spelling="ethereum"):
        if isinstance(content, dict):
            content = json.dumps(content).encode()
        return wallet_file.read(
            content, fid=FID, spelling=spelling, modified_at=MODIFIED, encryption=encryption
        )

    return call


@pytest.fixture
def open_store(folder, encryption):
    """Open the folder as a process of its own would; not for use in another process."""
    return lambda: FilesystemWalletRepository(WalletDirectory(folder), encryption)


@pytest.fixture
def store(open_store):
    return open_store()


@pytest.fixture
def new(encryption):
    """Make a trading wallet that is not stored yet."""
    return lambda fid=FID: new_wallet(encryption, fid)


def new_wallet(encryption, fid=FID):
    pair = keys.generate()
    sealed = encryption.encrypt(pair.private_key, fid=fid, chain="ethereum", address=pair.address)
    return NewWallet(fid=fid, chain="ethereum", address=pair.address, encrypted_key=sealed)
