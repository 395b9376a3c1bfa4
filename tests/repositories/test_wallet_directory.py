"""The directory of wallet files: missing, of another service, locked, not writable."""

import errno
import os
import socket
import subprocess
import sys
import time

import pytest

from tests.factories import BASE_ACCOUNT, FID, OTHER_SECRET
from tests.wallet_store import contents, keyed, keyless, old_encrypt, put
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.errors import SecretMismatch, StorageUnavailable
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository


@pytest.fixture
def lock_elsewhere(folder):
    """Hold the folder's lock in another process."""
    code = (
        "import fcntl, sys; lock = open(sys.argv[1], 'a'); fcntl.flock(lock, fcntl.LOCK_EX);"
        "print('locked', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, folder / ".lock"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline() == b"locked\n"
        yield process
        process.stdin.close()


def test_only_the_files_of_the_service_itself_are_hidden(store, folder, new):
    store.insert_if_absent(new())
    store.directory.hand_over()
    ours = {".lock", ".migrating", ".new-0123456789abcdef"}
    theirs = {
        ".new-0123456789abcde",
        ".new-0123456789abcdef0",
        ".new-0123456789ABCDEF",
        ".lock.bak",
        ".hidden",
        "README",
        f"wallet_{FID}_ethereum.json",
    }
    for name in ours | theirs:
        (folder / name).touch()
    assert sorted(store.directory.names()) == sorted(theirs)


def test_temporary_files_are_removed_only_on_request(store, folder, new):
    leftover, other = folder / ".new-0123456789abcdef", folder / ".new-file-of-somebody"
    for path in (leftover, other):
        path.write_text("half")
    store.insert_if_absent(new())
    store.put_base_account(FID, BASE_ACCOUNT)
    store.list_for_user(FID)
    store.directory.hand_over()
    assert leftover.exists()
    before = contents(folder)
    with store.directory.locked():
        store.directory.remove_temporary_files()
    assert not leftover.exists()
    assert other.exists()
    assert contents(folder) == before


def test_waiting_for_the_lock_of_another_process_is_bounded(
    store, folder, new, lock_elsewhere, monkeypatch
):
    put(folder, FID + 7, keyed())
    before = contents(folder)
    monkeypatch.setattr("wallet_api.repositories.wallet_files.directory._LOCK_SECONDS", 0.1)
    for blocked in (
        lambda: store.insert_if_absent(new()),
        lambda: store.put_base_account(FID, BASE_ACCOUNT),
        store.directory.hand_over,
    ):
        began = time.monotonic()
        with pytest.raises(StorageUnavailable) as refusal:
            blocked()
        assert 0.1 <= time.monotonic() - began < 2
        assert "locked by another process" in refusal.value.reason
    assert contents(folder) == before
    assert not (folder / ".migrating").exists()
    # Who reads does not wait.
    assert store.get(FID + 7, "ethereum")
    lock_elsewhere.stdin.close()
    lock_elsewhere.wait(10)
    store.insert_if_absent(new())
    assert store.get(FID, "ethereum")


@pytest.mark.parametrize("fault", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_folder_that_cannot_be_marked_is_not_handed_over_until_an_operator_marks_it(
    store, folder, monkeypatch, fault
):
    """We may only read it, but another process may still create wallets in it."""
    put(folder, FID, keyed())
    with monkeypatch.context() as patch:
        read_only(patch, fault)
        with pytest.raises(StorageUnavailable) as refusal:
            store.directory.hand_over()
        assert "create an empty file .migrating" in refusal.value.reason
        assert store.get(FID, "ethereum")
    assert [path.name for path in folder.iterdir()] == [f"wallet_{FID}_ethereum.json"]
    (folder / ".migrating").touch()
    read_only(monkeypatch, fault)
    store.directory.hand_over()


def read_only(monkeypatch, fault):
    real = os.open

    def refusing(path, flags, *arguments, **keywords):
        if flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR):
            raise OSError(fault, os.strerror(fault))
        return real(path, flags, *arguments, **keywords)

    monkeypatch.setattr(os, "open", refusing)


def test_a_read_only_folder_takes_no_wallet(store, folder, new, monkeypatch):
    read_only(monkeypatch, errno.EROFS)
    with pytest.raises(StorageUnavailable):
        store.insert_if_absent(new())
    with pytest.raises(StorageUnavailable):
        store.directory.create()
    assert contents(folder) == {}


def test_a_folder_that_was_moved_after_its_first_use_is_still_used(store, folder, new):
    put(folder, FID, keyed())
    first = store.get(FID, "ethereum").address
    folder.rename(folder.parent / "elsewhere")
    folder.mkdir()
    assert store.get(FID, "ethereum").address == first
    store.insert_if_absent(new())
    store.insert_if_absent(new(FID + 7))
    assert contents(folder) == {}
    assert store.get(FID + 7, "ethereum")


def test_a_removed_folder_is_not_mistaken_for_an_empty_one(store, folder, new):
    """Restored from a copy, say: there are files again, and we would not see them."""
    path = put(folder, FID, keyed())
    text = path.read_text()
    assert store.get(FID, "ethereum")
    path.unlink()
    folder.rmdir()
    folder.mkdir()
    path.write_text(text)
    for fails in (
        lambda: store.get(FID, "ethereum"),
        lambda: store.list_for_user(FID),
        lambda: store.insert_if_absent(new()),
    ):
        with pytest.raises(StorageUnavailable):
            fails()


def test_a_missing_folder_cannot_be_used(tmp_path, encryption, new):
    for path in (tmp_path / "nowhere", tmp_path / "file", tmp_path / ("x" * 300)):
        if path.name == "file":
            path.touch()
        store = FilesystemWalletRepository(WalletDirectory(path), encryption)
        assert_unusable(store, new())


def assert_unusable(store, wallet):
    for fails in (
        lambda: store.get(FID, "ethereum"),
        lambda: store.insert_if_absent(wallet),
        lambda: list(store.directory.names()),
        store.directory.hand_over,
    ):
        with pytest.raises(StorageUnavailable):
            fails()
    try:
        assert not store.holds_wallets()
    except StorageUnavailable:
        # As good an answer.
        assert len(store.directory.path.name) == 300


def test_a_wrong_secret_is_detected_on_three_files_with_keys(folder):
    stranger = EncryptionService(Secret(OTHER_SECRET))
    store = FilesystemWalletRepository(WalletDirectory(folder), stranger)
    for fid in range(1, 4):
        put(folder, fid, keyed())
    with pytest.raises(SecretMismatch) as refusal:
        store.holds_wallets()
    assert OTHER_SECRET not in refusal.value.reason
    put(folder, 4, keyed(OTHER_SECRET))
    assert store.holds_wallets()


def test_a_wrong_secret_is_detected_after_any_number_of_keyless_files(folder, monkeypatch):
    stranger = EncryptionService(Secret(OTHER_SECRET))
    store = FilesystemWalletRepository(WalletDirectory(folder), stranger)
    for fid in range(1, 40):
        empty = {"encryptedPrivateKey": "", "iv": ""}
        put(folder, fid, keyless(BASE_ACCOUNT, "base-account", **empty), "base-account")
    for fid in range(40, 50):
        put(folder, fid, keyed())
    names = WalletDirectory.names
    by_fid = lambda name: int(name.split("_")[1])  # noqa: E731
    monkeypatch.setattr(
        WalletDirectory, "names", lambda self: iter(sorted(names(self), key=by_fid))
    )
    with pytest.raises(SecretMismatch):
        store.holds_wallets()


def test_a_folder_of_other_files_is_not_accepted_as_a_wallet_store(store, folder):
    assert not store.holds_wallets()
    (folder / "README").touch()
    (folder / "wallet.json").touch()
    assert not store.holds_wallets()
    put(folder, FID, keyed())
    assert store.holds_wallets()


def test_a_file_with_another_plaintext_proves_the_secret(store, folder):
    for fid in range(1, 5):
        put(folder, fid, keyed(OTHER_SECRET))
    with pytest.raises(SecretMismatch):
        store.holds_wallets()
    ciphertext, iv = old_encrypt("test " * 11 + "junk")
    put(folder, 5, keyed(encryptedPrivateKey=ciphertext, iv=iv))
    assert store.holds_wallets()


def test_a_socket_and_a_pipe_are_not_read(store, folder):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "s"))
    os.mkfifo(folder / "p")
    for name in ("s", "p"):
        assert store.directory.read(name).fault == "it is a pipe, a socket or a device"
