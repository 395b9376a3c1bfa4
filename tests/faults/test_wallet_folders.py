"""Folders of wallet files without permission: for another user, or for every writer."""

import json
import shlex
import shutil
import subprocess
import sys

import pytest

from tests.commands import kept_environ
from tests.factories import FID
from tests.namespaces import nameless, readonly
from tests.running_service import ROOT
from tests.wallet_store import EXPECTED, SAMPLES, contents
from wallet_api.auth.user_tokens import UserTokens
from wallet_api.config import read_token_settings

pytestmark = pytest.mark.slow

NEW = 42
ADDRESS = next(entry["address"] for entry in EXPECTED if entry["fid"] == FID)
MODES = ["filesystem", "migrating"]
PROGRAM = """
import json, os, sys
from wallet_api.app import create_app
from wallet_api.services.diagnosis.settings import State
from wallet_api.services.diagnosis.environment import examine_environment

client = create_app().test_client()
ready = client.get("/readyz")
ask = lambda token: client.post(
    "/api/trading/create-fallback-wallet", headers={"Authorization": f"Bearer {token}"}
)
known, new = map(ask, sys.argv[1:])
seen = [ready.status_code, ready.get_json().get("error"), known.status_code]
seen += [known.get_json().get("walletAddress"), new.status_code]
faults = [found.what for found in examine_environment(os.environ) if found.state is State.FAULT]
print(json.dumps([seen, faults]))
"""


@pytest.fixture
def folder(tmp_path):
    """Return a folder with every sample of the old service."""
    return shutil.copytree(SAMPLES, tmp_path / "wallets")


@pytest.fixture
def seen_by_process(environ, folder):
    """Return what a process in a place sees: readiness, a known user, a new one; and the doctor."""
    tokens = UserTokens(read_token_settings(environ))
    users = [tokens.issue(fid).reveal() for fid in (FID, NEW)]
    program = shlex.join([sys.executable, "-c", PROGRAM, *users])

    def looked(place, mode):
        storage = {"WALLET_STORAGE": mode, "WALLET_STORAGE_PATH": str(folder)}
        done = subprocess.run(
            ["sh", "-c", f"{place} {shlex.quote(program)}"],
            cwd=ROOT,
            env={**kept_environ(environ), **storage, "LOG_LEVEL": "ERROR"},
            stdout=subprocess.PIPE,
            text=True,
            timeout=100,
            check=False,
        )
        return json.loads(done.stdout)

    return looked


@pytest.mark.parametrize("mode", MODES)
def test_on_a_read_only_disk_users_with_files_are_served(seen_by_process, folder, sql, mode):
    before = contents(folder)
    (ready, why, known, address, new), faults = seen_by_process(readonly(folder), mode)
    assert (ready, known, address, new) == (503, 200, ADDRESS, 503)
    assert f"{folder} cannot be locked (Read-only file system)" in why
    assert len(faults) == 1
    assert faults[0] in why
    assert contents(folder) == before
    (folder / ".migrating").touch()
    (ready, *_, new), faults = seen_by_process(readonly(folder), mode)
    assert (ready, new, faults) == (200, 200 if mode == "migrating" else 503, [])


@pytest.mark.parametrize(
    ("mode", "mode_of_folder", "mode_of_files", "said"),
    [
        ("filesystem", 0o500, 0o400, "cannot be locked (Permission denied)"),
        ("migrating", 0o500, 0o400, "cannot be locked (Permission denied)"),
        ("filesystem", 0o700, 0o000, "can be read (it cannot be read (Permission denied))"),
        ("migrating", 0o600, 0o600, "cannot be listed (Permission denied)"),
        ("filesystem", 0o300, 0o600, "cannot be opened (Permission denied)"),
        ("migrating", 0o000, 0o600, "cannot be opened (Permission denied)"),
    ],
)
def test_missing_permissions_of_another_user_are_reported_exactly(
    seen_by_process, folder, sql, mode, mode_of_folder, mode_of_files, said
):
    place = f"{nameless()} sh -c"
    for path in folder.iterdir():
        path.chmod(mode_of_files)
    folder.chmod(mode_of_folder)
    try:
        (ready, why, known, address, new), faults = seen_by_process(place, mode)
    finally:
        folder.chmod(0o700)
    readable = mode_of_files == 0o400
    assert (ready, known, new) == (503, 200 if readable else 503, 503)
    assert address == (ADDRESS if readable else None)
    assert said in why
    assert "ENCRYPTION_SECRET" not in why
    assert len(faults) == 1
    assert faults[0] in why
