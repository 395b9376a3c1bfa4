"""A file is complete or absent after any failure, and one of many processes is first."""

import builtins
import errno
import multiprocessing
import os
import random
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.factories import BASE_ACCOUNT, FID, SECRET, Killed, new_wallet
from tests.wallet_store import contents, keyless, put
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.errors import StorageUnavailable
from wallet_api.repositories.wallet_files import directory as wallet_directory
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository

OTHER_ACCOUNT = "0x036cbd53842c5426634e7929541ec2318f3dcf7e"
PROCESSES = multiprocessing.get_context("fork")
STEPS = ["create", "write", "flush", "link", "flush folder", "unlink"]


class Faults:
    """Make one step of a write fail, or kill the process at it."""

    def __init__(self, monkeypatch, step, *, killed):
        self.step, self.killed, self.dead = step, killed, False
        for name in ("open", "fsync", "link", "rename", "unlink"):
            monkeypatch.setattr(os, name, self.wrapped(name, getattr(os, name)))
        monkeypatch.setattr(wallet_directory, "open", self.opened, raising=False)

    def reach(self, step):
        if self.dead or (step == self.step and self.killed):
            self.dead = True
            raise Killed
        if step == self.step:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def wrapped(self, name, real):
        def call(*arguments, **keywords):
            step = name
            if name == "open":
                creates = str(arguments[0]).startswith(".new-")
                step = "create" if creates else "open"
            elif name == "fsync":
                step = "flush folder" if os.path.isdir(f"/proc/self/fd/{arguments[0]}") else "flush"  # noqa: PTH112
            self.reach(step)
            return real(*arguments, **keywords)

        return call

    def opened(self, descriptor, mode, **keywords):
        file = builtins.open(descriptor, mode, **keywords)  # noqa: PTH123, SIM115
        if "w" in mode:
            write = file.write

            class Torn:
                """Half of what is written gets there."""

                def __enter__(torn):  # noqa: N805
                    return torn

                def __exit__(torn, *error):  # noqa: N805
                    file.close()

                def write(torn, content):  # noqa: N805
                    write(content[: len(content) // 2])
                    self.reach("write")
                    write(content[len(content) // 2 :])

                def flush(torn):  # noqa: N805
                    file.flush()

            return Torn()
        return file


def whole(open_store, folder):
    """Return the address in every file of the folder: another process reads and verifies it."""
    found = {}
    for name in contents(folder):
        inspected = open_store().inspect(name)
        assert inspected.fault is None, f"{name}: {inspected.fault}"
        found[name] = inspected.file.wallet.address
    return found


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("killed", [False, True], ids=["fails", "killed"])
def test_a_wallet_file_is_complete_or_absent_after_a_failure_at_any_step(
    open_store, folder, new, monkeypatch, step, killed
):
    open_store().directory.create()
    wallet = new()
    with monkeypatch.context() as patch:
        Faults(patch, step, killed=killed)
        with pytest.raises(Killed if killed else StorageUnavailable):
            open_store().insert_if_absent(wallet)
    name = f"wallet_{FID}_ethereum.json"
    there = whole(open_store, folder)
    assert there == ({name: wallet.address} if step in STEPS[4:] else {})
    # The next one finds it, or is the first.
    second = new()
    open_store().insert_if_absent(second)
    assert whole(open_store, folder) == {name: there.get(name, second.address)}


@pytest.mark.parametrize("step", ["create", "write", "flush", "rename", "flush folder"])
@pytest.mark.parametrize("killed", [False, True], ids=["fails", "killed"])
def test_a_base_account_file_is_the_old_or_the_new_one_after_a_failure_at_any_step(
    open_store, folder, monkeypatch, step, killed
):
    name = f"wallet_{FID}_base-account.json"
    open_store().put_base_account(FID, OTHER_ACCOUNT)
    with monkeypatch.context() as patch:
        Faults(patch, step, killed=killed)
        with pytest.raises(Killed if killed else StorageUnavailable):
            open_store().put_base_account(FID, BASE_ACCOUNT)
    there = BASE_ACCOUNT if step == "flush folder" else OTHER_ACCOUNT
    assert whole(open_store, folder) == {name: there}
    open_store().put_base_account(FID, BASE_ACCOUNT)
    assert whole(open_store, folder) == {name: BASE_ACCOUNT}


@pytest.mark.parametrize("step", ["create", "write", "flush", "link", "rename", "flush folder"])
@pytest.mark.parametrize("nth", [1, 2])
def test_the_oldest_kind_loses_no_address_after_a_failure_at_any_step(
    open_store, folder, new, monkeypatch, step, nth
):
    put(folder, FID, keyless(OTHER_ACCOUNT, "ethereum", note="kept"))
    with monkeypatch.context() as patch:
        faults = Faults(patch, None, killed=True)
        reach, seen = faults.reach, []

        def count(reached):
            seen.append(reached)
            faults.step = step if seen.count(step) == nth else None
            reach(reached)

        faults.reach = count
        try:
            open_store().insert_if_absent(new())
        except Killed:
            assert seen.count(step) == nth
    assert open_store().get(FID, "base-account").address == OTHER_ACCOUNT
    whole(open_store, folder)
    open_store().insert_if_absent(new())
    first = open_store().get(FID, "ethereum").address
    open_store().insert_if_absent(new())
    assert open_store().get(FID, "ethereum").address == first
    assert open_store().get(FID, "base-account").address == OTHER_ACCOUNT


def flushes_of(folder, monkeypatch):
    """Note each time that the folder is flushed to the disk."""
    flushed, fsync = [], os.fsync

    def noting(descriptor):
        fsync(descriptor)
        if Path(f"/proc/self/fd/{descriptor}").resolve() == folder:
            flushed.append(True)

    monkeypatch.setattr(os, "fsync", noting)
    return flushed


@pytest.mark.parametrize("killed", [False, True], ids=["fails", "killed"])
@pytest.mark.parametrize("oldest", [False, True], ids=["new", "oldest kind"])
def test_a_wallet_whose_name_may_not_survive_a_power_cut_is_flushed_before_it_is_read(
    open_store, folder, new, monkeypatch, killed, oldest
):
    """Who answers an address that another process did not finish writing has to finish it."""
    open_store().directory.create()
    if oldest:
        put(folder, FID, keyless(OTHER_ACCOUNT, "ethereum"))
        put(folder, FID, keyless(OTHER_ACCOUNT, "base-account"), "base-account")
    with monkeypatch.context() as patch:
        Faults(patch, "flush folder", killed=killed)
        with pytest.raises(Killed if killed else StorageUnavailable):
            open_store().insert_if_absent(new())
    with monkeypatch.context() as patch:
        flushed = flushes_of(folder, patch)
        reader = open_store()
        assert reader.get(FID, "ethereum")
        assert flushed


def test_a_durable_wallet_file_is_read_without_a_flush(open_store, folder, new, monkeypatch):
    store = open_store()
    store.insert_if_absent(new())
    path = folder / f"wallet_{FID}_ethereum.json"
    assert path.stat().st_nlink == 1
    flushed = flushes_of(folder, monkeypatch)
    assert store.get(FID, "ethereum")
    assert flushed == []
    path.with_name(".new-0123456789abcdef").hardlink_to(path)
    assert store.get(FID, "ethereum")
    assert flushed


def create_for_ever(folder, first, start, acknowledged):
    """Create wallets and report each, until the process is killed."""
    encryption = EncryptionService(Secret(SECRET))
    store = FilesystemWalletRepository(WalletDirectory(Path(folder)), encryption)
    acknowledged.send_bytes(b"ready")
    start.wait()
    for fid in range(first, first + 100_000):
        if fid % 5 == 0:
            store.put_base_account(fid, BASE_ACCOUNT)
        store.insert_if_absent(new_wallet(encryption, fid))
        acknowledged.send_bytes(f"{fid} {store.get(fid, 'ethereum').address}".encode())


@pytest.mark.faults
def test_a_process_that_is_killed_at_any_moment_leaves_complete_files_and_loses_none(
    open_store, folder
):
    processes = []
    for number in range(6):
        receiver, sender = PROCESSES.Pipe(duplex=False)
        start = PROCESSES.Event()
        arguments = (str(folder), 1 + number * 100_000, start, sender)
        process = PROCESSES.Process(target=create_for_ever, args=arguments)
        process.start()
        sender.close()
        processes.append((process, start, receiver))
    answered = {}
    try:
        for process, start, receiver in processes:
            assert receiver.poll(60)
            assert receiver.recv_bytes() == b"ready"
            start.set()
            time.sleep(random.uniform(0.1, 0.2))
            process.kill()
            process.join()
            with suppress(EOFError):
                while True:
                    note(answered, receiver.recv_bytes())
            there = whole(open_store, folder)
            for fid, address in answered.items():
                assert there[f"wallet_{fid}_ethereum.json"] == address
    finally:
        for process, _, receiver in processes:
            process.kill()
            process.join()
            receiver.close()
    assert len(answered) > 8
    with open_store().directory.locked():
        open_store().directory.remove_temporary_files()
    assert {path.name for path in folder.iterdir()} == {".lock", *whole(open_store, folder)}


def note(answered, message):
    fid, address = message.decode().split()
    assert answered.setdefault(fid, address) == address


def race(folder, ready, start, answers):
    """Claim every FID of the race and answer what is there then."""
    encryption = EncryptionService(Secret(SECRET))
    store = FilesystemWalletRepository(WalletDirectory(Path(folder)), encryption)
    wallets = [new_wallet(encryption, fid) for fid in range(1, 26)]
    ready.release()
    start.wait()
    for wallet in wallets:
        store.insert_if_absent(wallet)
        answers.put((wallet.fid, store.get(wallet.fid, "ethereum").address, wallet.address))


def test_three_processes_that_race_for_the_same_users_create_one_wallet_each(open_store, folder):
    ready, start, answers = PROCESSES.Semaphore(0), PROCESSES.Event(), PROCESSES.Queue()
    crowd = [
        PROCESSES.Process(target=race, args=(str(folder), ready, start, answers)) for _ in range(3)
    ]
    for process in crowd:
        process.start()
    try:
        for _ in crowd:
            assert ready.acquire(timeout=60)
        start.set()
        answered = [answers.get(timeout=30) for _ in range(75)]
    finally:
        for process in crowd:
            process.kill()
            process.join()
    there = whole(open_store, folder)
    assert len(there) == 25
    for fid, address, _ in answered:
        assert there[f"wallet_{fid}_ethereum.json"] == address
    lost = [candidate for _, address, candidate in answered if candidate != address]
    assert len(lost) == 50


def hand_over_elsewhere(folder):
    WalletDirectory(Path(folder)).hand_over()


def test_after_a_handover_no_process_creates_a_file(open_store, folder, new):
    store = open_store()
    first = new()
    store.insert_if_absent(first)
    put(folder, FID + 14, keyless(OTHER_ACCOUNT, "ethereum"))
    before = contents(folder)
    process = PROCESSES.Process(target=hand_over_elsewhere, args=(str(folder),))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    for files in (store, open_store()):
        for fid in (FID, FID + 7, FID + 14):
            with pytest.raises(StorageUnavailable) as refusal:
                files.insert_if_absent(new(fid))
            assert "handed over" in refusal.value.reason
            with pytest.raises(StorageUnavailable):
                files.put_base_account(fid, BASE_ACCOUNT)
        assert files.get(FID, "ethereum").address == first.address
    assert contents(folder) == before
