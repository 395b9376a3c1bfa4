"""GET /v1/storage: where wallets are stored, how many came from files, and their secrets."""

import json
import shutil

import pytest

from tests.factories import ACCESS, BASE_ACCOUNT, OTHER_SECRET, SECRET, calling, service
from tests.http.problems import refused
from tests.wallet_store import EXPECTED, SAMPLES, keyed, keyless, put
from wallet_api.blueprints.application import application
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.models import BASE_ACCOUNT_SPELLINGS
from wallet_api.services import storage as storage_state

STORAGE = "/v1/storage"
OLD, NEW = (EncryptionService(Secret(secret)).key_id for secret in (SECRET, OTHER_SECRET))
KEYED = [entry["fid"] for entry in EXPECTED if entry["privateKey"]]


@pytest.fixture
def get_storage(make_app):
    """Ask a service with these settings: look(NAME="value")."""

    def ask(**changes):
        app = make_app(**changes)
        answer = app.test_client().get(STORAGE, headers=calling(app, "stats:read"))
        return application(app), answer

    return ask


def test_each_secret_is_shown_with_the_number_of_its_wallets(get_storage, database):
    for fid in range(1, 4):
        service(database).ensure_trading_wallet(fid, access=ACCESS)
    service(database, OTHER_SECRET, SECRET).ensure_trading_wallet(4, access=ACCESS)
    both = {"ENCRYPTION_SECRET": OTHER_SECRET, "ENCRYPTION_SECRET_PREVIOUS": json.dumps([SECRET])}
    told = get_storage(**both)[1].get_json()
    used = [(one["keyId"], one["state"], one["wallets"]) for one in told.pop("secrets")]
    assert used == [(OLD, "previous", 3), (NEW, "current", 1)]
    assert told == {"storage": "postgres", "files": None, "imported": 0}
    told = get_storage()[1].get_json()
    assert [one["state"] for one in told["secrets"]] == ["current", "missing"]


def test_the_progress_of_the_migration_is_shown(get_storage, tmp_path):
    folder = shutil.copytree(SAMPLES, tmp_path / "wallets")
    names = [path.name for path in folder.iterdir()]
    for name in ("README", f"{names[0]}.bak", "wallet_5_solana.json", "wallet_07_ethereum.json"):
        (folder / name).touch()
    (folder / ".lock").touch()
    # A Base Account has three spellings; each file counts.
    for spelling in BASE_ACCOUNT_SPELLINGS:
        put(folder, 88, keyless(BASE_ACCOUNT, spelling), spelling)
    files = len(names) + 3
    settings = {"WALLET_STORAGE": "migrating", "WALLET_STORAGE_PATH": str(folder)}
    services, answer = get_storage(**settings)
    told = answer.get_json()
    assert (told["storage"], told["imported"]) == ("migrating", 0)
    assert told["files"] == {"present": 0, "missing": files, "misnamed": 4}
    services.wallets.ensure_trading_wallet(KEYED[0], access=ACCESS)
    # Neither comes from a file, nor says anything of one.
    services.wallets.ensure_trading_wallet(77, access=ACCESS)
    services.wallets.ensure_trading_wallet(88, access=ACCESS)
    told = get_storage(**settings)[1].get_json()
    assert told["files"] == {"present": 1, "missing": files - 1, "misnamed": 4}
    assert told["imported"] == 1
    assert sum(one["wallets"] for one in told["secrets"]) == 3
    assert services.wallets.get_base_account_address(88, access=ACCESS) == BASE_ACCOUNT
    told = get_storage(**{**settings, "WALLET_STORAGE": "filesystem"})[1].get_json()
    assert told["files"] == {"present": 4, "missing": files - 4, "misnamed": 4}


def test_a_file_of_the_oldest_kind_is_present_with_its_base_account(get_storage, folder):
    put(folder, 1, keyless(BASE_ACCOUNT, "ethereum"))
    # A key that is nowhere else is missing, even if its user has other files.
    put(folder, 2, keyed())
    put(folder, 3, keyed())
    put(folder, 3, keyless(BASE_ACCOUNT, "base-account"), "base-account")
    settings = {"WALLET_STORAGE": "migrating", "WALLET_STORAGE_PATH": str(folder)}
    wallets = get_storage(**settings)[0].wallets
    wallets.store_base_account_address(2, BASE_ACCOUNT, access=ACCESS)
    for fid in (1, 3):
        assert wallets.get_base_account_address(fid, access=ACCESS) == BASE_ACCOUNT
    told = get_storage(**settings)[1].get_json()["files"]
    assert told == {"present": 2, "missing": 2, "misnamed": 0}


def test_files_of_several_pages_are_counted(get_storage, tmp_path, monkeypatch):
    monkeypatch.setattr(storage_state, "_AT_ONCE", 7)
    folder = shutil.copytree(SAMPLES, tmp_path / "wallets")
    files = len(list(folder.iterdir()))
    settings = {"WALLET_STORAGE": "migrating", "WALLET_STORAGE_PATH": str(folder)}
    services = get_storage(**settings)[0]
    for fid in KEYED:
        services.wallets.ensure_trading_wallet(fid, access=ACCESS)
    told = get_storage(**settings)[1].get_json()["files"]
    assert told == {"present": len(KEYED), "missing": files - len(KEYED), "misnamed": 0}
    assert len(KEYED) > 7


def test_a_missing_folder_is_503(get_storage, tmp_path):
    settings = {"WALLET_STORAGE": "migrating", "WALLET_STORAGE_PATH": str(tmp_path / "unmounted")}
    refused(get_storage(**settings)[1], 503)
