"""A folder of wallet files in which no lock can be taken: existing wallets are served."""

import errno
import fcntl
import os
import shutil
from types import SimpleNamespace

import pytest

from tests.database import rows_of
from tests.factories import BASE_ACCOUNT, FID, signed_in
from tests.http.problems import refused
from tests.wallet_store import EXPECTED, SAMPLES, contents, keyed, keyless, put
from wallet_api.services.diagnosis.environment import examine_environment
from wallet_api.services.diagnosis.settings import State

pytestmark = pytest.mark.slow

DEPOSIT = ("POST", "/api/wallet/deposit", {"asset": "USDC", "amount": "20"})
LIST = ("GET", "/api/wallet/user-wallets", None)
FALLBACK = ("POST", "/api/trading/create-fallback-wallet", None)
KEY = ("GET", "/api/wallet/primary-with-key", None)
KEYED = {entry["fid"]: entry["address"] for entry in EXPECTED if entry["privateKey"]}
WITHOUT_BASE_ACCOUNT = 1464250
OLDEST = 7
NEW = 42
MODES = ["filesystem", "migrating"]


@pytest.fixture
def folder(tmp_path):
    """Return a folder with every sample of the old service, and one of the oldest files."""
    path = shutil.copytree(SAMPLES, tmp_path / "wallets")
    put(path, OLDEST, keyless(BASE_ACCOUNT, "ethereum"))
    return path


@pytest.fixture
def start(make_app, folder):
    return lambda mode: make_app(
        WALLET_STORAGE=mode, WALLET_STORAGE_PATH=str(folder), ALLOW_KEY_EXPORT="true"
    ).test_client()


@pytest.fixture
def faults(environ, folder):
    """Return the faults that `doctor` finds for a mode, with their remedies."""

    def found(mode):
        storage = {"WALLET_STORAGE": mode, "WALLET_STORAGE_PATH": str(folder)}
        return [
            (one.what, one.remedy)
            for one in examine_environment({**environ, **storage})
            if one.state is State.FAULT
        ]

    return found


def refuse_writes(patch, code):
    """Refuse writes to any folder; root may write despite its mode."""
    real_open, real_statvfs = os.open, os.statvfs

    def opened(path, flags, *arguments, **keywords):
        if flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR):
            if not flags & os.O_CREAT:
                # What is not there is missed first.
                os.stat(path, dir_fd=keywords["dir_fd"])
            raise OSError(code, os.strerror(code))
        return real_open(path, flags, *arguments, **keywords)

    def statvfs(path):
        flag = os.ST_RDONLY if code == errno.EROFS else 0
        return SimpleNamespace(f_flag=real_statvfs(path).f_flag | flag)

    patch.setattr(os, "open", opened)
    patch.setattr(os, "access", lambda *_, **__: False)
    patch.setattr(os, "statvfs", statvfs)


def refuse_locks(patch):
    def flock(descriptor, operation):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    patch.setattr(fcntl, "flock", flock)


def make_unlockable(folder, patch, why):
    """Take away the lock, and return what the system says of it."""
    if why == "a directory":
        (folder / ".lock").mkdir()
        return "Is a directory"
    if why == "a link":
        (folder / ".lock").symlink_to("elsewhere")
        return "Too many levels of symbolic links"
    if why == "no locks":
        (folder / ".lock").touch()
        refuse_locks(patch)
        return "No locks available"
    code = errno.EROFS if why == "read-only" else errno.EACCES
    refuse_writes(patch, code)
    return os.strerror(code)


WHYS = ["read-only", "no rights", "no locks", "a directory", "a link"]


def call_as(client, call, fid):
    method, path, body = call
    if fid == WITHOUT_BASE_ACCOUNT and body is not None:
        body = {**body, "baseAddress": BASE_ACCOUNT}
    return client.open(path, method=method, json=body, headers=signed_in(fid))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("why", WHYS)
def test_users_with_files_are_served_and_new_users_get_an_explanation(
    start, faults, folder, sql, monkeypatch, mode, why
):
    before = contents(folder)
    with monkeypatch.context() as patch:
        said = make_unlockable(folder, patch, why)
        client = start(mode)
        for fid in (FID, WITHOUT_BASE_ACCOUNT):
            address = KEYED[fid]
            assert call_as(client, DEPOSIT, fid).get_json()["depositAddress"] == address
            assert call_as(client, FALLBACK, fid).get_json()["walletAddress"] == address
            assert call_as(client, KEY, fid).get_json()["wallet"]["address"] == address
            assert call_as(client, LIST, fid).get_json()["wallets"][-1]["address"] == address
        rows = rows_of(sql)["wallets"]
        for fid in (NEW, OLDEST):
            answer = call_as(client, FALLBACK, fid)
            assert refused(answer, 503)["code"] == "storage_unavailable"
            assert int(answer.headers["Retry-After"]) > 0
        assert rows_of(sql)["wallets"] == rows
        problem = refused(client.get("/readyz"), 503, longest=900)
        assert problem["code"] == "storage_unavailable"
        assert f"{folder} cannot be locked ({said})" in problem["error"]
        ((what, remedy),) = faults(mode)
        assert what in problem["error"]
        assert f"cannot be locked ({said})" in what
        assert (".migrating" in remedy) == (mode == "migrating")
        assert "only users who have a wallet are served" in remedy
    assert contents(folder) == before
    if why in ("a directory", "a link"):
        shutil.rmtree(folder / ".lock") if why == "a directory" else (folder / ".lock").unlink()
    assert faults(mode) == []
    assert client.get("/readyz").status_code == 200
    assert call_as(client, FALLBACK, NEW).status_code == 200
    assert before.items() <= contents(folder).items()


@pytest.mark.parametrize("why", WHYS)
def test_nothing_is_written_to_a_folder_that_was_handed_over(
    start, faults, folder, sql, monkeypatch, why
):
    (folder / ".migrating").touch()
    before = contents(folder)
    with monkeypatch.context() as patch:
        make_unlockable(folder, patch, why)
        for mode in MODES:
            client = start(mode)
            assert client.get("/readyz").status_code == 200
            assert faults(mode) == []
            for fid, address in KEYED.items():
                assert call_as(client, FALLBACK, fid).get_json()["walletAddress"] == address
            status = 200 if mode == "migrating" else 503
            assert call_as(client, FALLBACK, NEW).status_code == status
    assert contents(folder) == before


def test_a_held_lock_is_not_reported_as_a_fault_of_the_folder(start, faults, folder):
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        client = start("filesystem")
        assert faults("filesystem") == faults("migrating") == []
        assert client.get("/readyz").status_code == 200
        assert call_as(client, FALLBACK, FID).get_json()["walletAddress"] == KEYED[FID]


def test_the_doctor_does_not_blame_the_database_for_a_fault_of_the_folder(environ, folder):
    storage = {"WALLET_STORAGE": "migrating", "WALLET_STORAGE_PATH": str(folder / ("x" * 300))}
    (fault,) = [
        one for one in examine_environment({**environ, **storage}) if one.state is State.FAULT
    ]
    assert fault.what.endswith("cannot be reached (File name too long)")
    assert fault.remedy == "Check its disk, and the permissions of the service's user on it."


def test_a_folder_that_cannot_be_created_is_reported_before_the_first_wallet(
    make_app, environ, tmp_path, monkeypatch
):
    storage = {"WALLET_STORAGE": "filesystem", "WALLET_STORAGE_PATH": str(tmp_path / "a" / "b")}
    client = make_app(**storage).test_client()
    assert client.get("/readyz").status_code == 200
    (tmp_path / "a").write_text("a file")
    problem = refused(client.get("/readyz"), 503, longest=900)
    assert "cannot be created (Not a directory)" in problem["error"]
    answer = call_as(client, FALLBACK, NEW)
    assert refused(answer, 503)["code"] == "storage_unavailable"
    (tmp_path / "a").unlink()
    with monkeypatch.context() as patch:
        refuse_writes(patch, errno.EROFS)
        problem = refused(client.get("/readyz"), 503, longest=900)
        assert "cannot be created (Read-only file system)" in problem["error"]
    assert client.get("/readyz").status_code == 200
    assert call_as(client, FALLBACK, NEW).status_code == 200


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cause", ["symbolic links", "directories", "no rights"])
def test_unreadable_files_are_not_reported_as_a_wrong_secret(
    start, faults, folder, sql, monkeypatch, mode, cause
):
    real = os.open

    def refusing(path, *arguments, **keywords):
        if cause == "no rights" and str(path).startswith("wallet_1464"):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path, *arguments, **keywords)

    (folder / f"wallet_{OLDEST}_ethereum.json").unlink()
    for path in folder.iterdir():
        if cause == "no rights":
            continue
        path.rename(folder.parent / path.name)
        path.mkdir() if cause == "directories" else path.symlink_to(folder.parent / path.name)
    monkeypatch.setattr(os, "open", refusing)
    client = start(mode)
    problem = refused(client.get("/readyz"), 503, longest=900)
    assert problem["code"] == "storage_unavailable"
    assert "none of the first" in problem["error"]
    assert "ENCRYPTION_SECRET" not in problem["error"]
    ((what, remedy),) = faults(mode)
    assert what in problem["error"]
    assert remedy.startswith("Copy the files, not links to them")
    for fid in (FID, NEW):
        refused(call_as(client, FALLBACK, fid), 503)
    assert not any(rows_of(sql).values())
    # One that can be read is served, and so is who has none.
    wallet = keyed()
    put(folder, 1, wallet)
    assert client.get("/readyz").status_code == 200
    assert faults(mode) == []
    assert call_as(client, FALLBACK, 1).get_json()["walletAddress"] == wallet["address"]
    assert refused(call_as(client, FALLBACK, FID), 503)["code"] == "key_unreadable"
    assert call_as(client, FALLBACK, NEW).status_code == 200
