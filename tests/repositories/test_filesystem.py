"""The store of files: compatible with the old service, durable, and never overwriting a key."""

import errno
import json
import os
import socket
import stat
import time

import pytest

from tests.factories import BASE_ACCOUNT, FID, OTHER_SECRET
from tests.wallet_store import contents, keyed, keyless, old_open, put
from wallet_api.errors import KeyUnreadable
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository

OTHER_ACCOUNT = "0x036cbd53842c5426634e7929541ec2318f3dcf7e"


def members(folder, name=f"wallet_{FID}_ethereum.json"):
    return json.loads((folder / name).read_text())


def test_the_old_service_reads_our_files(store, folder, new, encryption):
    wallet = new()
    store.insert_if_absent(wallet)
    store.put_base_account(FID, BASE_ACCOUNT)
    ours = members(folder)
    assert list(ours) == ["address", "encryptedPrivateKey", "iv", "chain", "createdAt"]
    assert (ours["address"], ours["chain"]) == (wallet.address, "ethereum")
    key = encryption.decrypt(
        wallet.encrypted_key, fid=FID, chain="ethereum", address=wallet.address
    )
    assert old_open(ours) == "0x" + key.reveal().hex()
    account = members(folder, f"wallet_{FID}_base-account.json")
    assert (account["address"], account["chain"]) == (BASE_ACCOUNT, "base-account")
    assert old_open(account) == ""


def test_files_are_readable_only_by_their_owner_under_any_umask(tmp_path, encryption, new):
    before = os.umask(0)
    try:
        directory = WalletDirectory(tmp_path / "deep" / "wallets")
        directory.create()
        store = FilesystemWalletRepository(directory, encryption)
        store.insert_if_absent(new())
        store.put_base_account(FID, BASE_ACCOUNT)
        store.put_base_account(FID, OTHER_ACCOUNT)
        directory.hand_over()
    finally:
        os.umask(before)
    assert stat.S_IMODE(directory.path.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.path.iterdir()}
    assert len(modes) == 4
    assert set(modes.values()) == {0o600}


def test_a_file_created_between_check_and_link_wins(store, folder, new, monkeypatch):
    theirs = keyed()
    link = os.link

    def too_late(*arguments, **keywords):
        put(folder, FID, theirs)
        link(*arguments, **keywords)

    monkeypatch.setattr(os, "link", too_late)
    store.insert_if_absent(new())
    assert members(folder) == theirs
    assert store.get(FID, "ethereum").address == theirs["address"]
    assert [name for name in os.listdir(folder) if name.startswith(".new")] == []  # noqa: PTH208


def test_a_file_that_cannot_be_read_is_never_replaced(store, folder, new):
    for fid, text in ((1, ""), (2, json.dumps(keyed(OTHER_SECRET))), (3, "{"), (4, "null")):
        (folder / f"wallet_{fid}_ethereum.json").write_text(text)
        before = contents(folder)
        with pytest.raises(KeyUnreadable, match="cannot be decrypted"):
            store.insert_if_absent(new(fid))
        with pytest.raises(KeyUnreadable, match="cannot be decrypted"):
            store.put_base_account(fid, BASE_ACCOUNT)
        assert contents(folder) == before


def test_unknown_members_survive_a_new_base_account(store, folder):
    more = {"note": "caf\xe9", "nested": {"a": [1, None, True]}, "big": 2**80}
    put(folder, FID, keyless(OTHER_ACCOUNT, "base-account", **more), "base-account")
    store.put_base_account(FID, BASE_ACCOUNT)
    after = members(folder, f"wallet_{FID}_base-account.json")
    assert after["address"] == BASE_ACCOUNT
    assert after["createdAt"] == "2026-11-22T10:42:23.436Z" < after["updatedAt"]
    assert more.items() <= after.items()


@pytest.mark.parametrize("spelling", ["base", "ethereum-base", "ethereum"])
def test_a_base_account_under_an_older_name_stays_and_the_new_file_is_used(store, folder, spelling):
    theirs = keyless(OTHER_ACCOUNT, spelling, note="kept")
    path = put(folder, FID, theirs, spelling)
    before = path.read_bytes()
    assert store.get(FID, "base-account").address == OTHER_ACCOUNT
    store.put_base_account(FID, BASE_ACCOUNT)
    found = store.get(FID, "base-account")
    assert found.address == BASE_ACCOUNT
    assert found.created_at.isoformat() == "2026-11-22T10:42:23.436000+00:00"
    assert members(folder, f"wallet_{FID}_base-account.json")["note"] == "kept"
    assert path.read_bytes() == before


def test_the_oldest_kind_of_file_is_renamed_for_a_trading_wallet_and_nothing_is_lost(
    store, folder, new
):
    put(folder, FID, keyless(OTHER_ACCOUNT, "ethereum", note="kept"))
    assert store.get(FID, "ethereum") is None
    wallet = new()
    store.insert_if_absent(wallet)
    assert [w.address for w in store.list_for_user(FID)] == [OTHER_ACCOUNT, wallet.address]
    moved = members(folder, f"wallet_{FID}_base-account.json")
    assert (moved["address"], moved["chain"], moved["note"]) == (
        *(OTHER_ACCOUNT, "base-account", "kept"),
    )
    assert moved["createdAt"] == "2026-11-22T10:42:23.436Z"
    ours = members(folder)
    assert (ours["address"], ours["note"]) == (wallet.address, "kept")
    before = contents(folder)
    store.insert_if_absent(new())
    assert contents(folder) == before


def test_an_existing_base_account_file_is_not_overwritten_by_the_oldest_kind(store, folder, new):
    put(folder, FID, keyless(OTHER_ACCOUNT, "ethereum"))
    path = put(folder, FID, keyless(BASE_ACCOUNT, "base-account"), "base-account")
    before = path.read_bytes()
    store.insert_if_absent(new())
    assert path.read_bytes() == before


def test_the_modification_time_of_the_oldest_kind_is_not_used_for_the_new_wallet(
    store, folder, new
):
    put(folder, FID, keyless(OTHER_ACCOUNT, "ethereum", updatedAt="2026-11-22T11:00:00.000Z"))
    store.insert_if_absent(new())
    wallet = store.get(FID, "ethereum")
    assert wallet.updated_at >= wallet.created_at


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "kind", ["link", "dangling", "directory", "pipe", "socket", "huge", "full"]
)
def test_a_fifo_or_folder_in_place_of_a_file_is_unreadable_and_never_blocks(
    store, folder, new, kind, monkeypatch
):
    path = folder / f"wallet_{FID}_ethereum.json"
    elsewhere = put(folder.parent, FID + 7, keyed())
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as listener:
        if kind in ("link", "dangling"):
            path.symlink_to(elsewhere if kind == "link" else "nowhere")
        elif kind == "directory":
            path.mkdir()
        elif kind == "pipe":
            os.mkfifo(path)
        elif kind == "socket":
            # By its short name: the path of a socket has a limit.
            listener.bind(path.name)
        else:
            path.write_text(json.dumps(keyed()) + " " * 70_000)
            if kind == "huge":
                # Sparse: it takes no room on the disk, but minutes to read.
                os.truncate(path, 1 << 33)
    theirs = put(folder, FID + 14, keyed())
    before = theirs.read_bytes()
    began = time.monotonic()
    for fails in (
        lambda: store.get(FID, "ethereum"),
        lambda: store.list_for_user(FID),
        lambda: store.insert_if_absent(new()),
        lambda: store.put_base_account(FID, BASE_ACCOUNT),
    ):
        with pytest.raises(KeyUnreadable) as refusal:
            fails()
        assert refusal.value.reason.startswith(f"{path.name}: it ")
    assert store.holds_wallets()
    assert time.monotonic() - began < 2
    assert store.get(FID + 14, "ethereum")
    store.insert_if_absent(new(FID + 21))
    assert theirs.read_bytes() == before
    assert sorted(contents_of_links(folder)) == sorted(
        {path.name, theirs.name, f"wallet_{FID + 21}_ethereum.json"}
    )


def contents_of_links(folder):
    return [path.name for path in folder.iterdir() if not path.name.startswith(".")]


@pytest.mark.parametrize("fault", [errno.EACCES, errno.EIO, errno.EMFILE, errno.ESTALE])
def test_a_file_with_a_read_error_is_unreadable_and_not_missing(
    store, folder, new, monkeypatch, fault
):
    put(folder, FID, keyed())
    before = contents(folder)
    real = os.open

    def failing(path, *arguments, **keywords):
        if str(path).startswith("wallet_"):
            raise OSError(fault, os.strerror(fault))
        return real(path, *arguments, **keywords)

    monkeypatch.setattr(os, "open", failing)
    with pytest.raises(KeyUnreadable) as refusal:
        store.get(FID, "ethereum")
    assert os.strerror(fault) in refusal.value.reason
    with pytest.raises(KeyUnreadable):
        store.insert_if_absent(new())
    monkeypatch.undo()
    assert contents(folder) == before
