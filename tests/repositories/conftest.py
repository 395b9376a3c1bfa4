"""Fixtures of the wallet files' tests: one secret, and a folder."""

import json

import pytest

from tests.factories import FID, new_wallet
from tests.wallet_store import MODIFIED
from wallet_api.repositories.wallet_files import file as wallet_file
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository


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
