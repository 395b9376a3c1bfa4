"""GET /v1/storage: where wallets are kept, how many came from files, what they are sealed under."""

import json
import shutil

import pytest

from tests.conftest import ACCESS, OTHER_SECRET, SECRET
from tests.http.conftest import calling, refused
from tests.services.conftest import service
from tests.wallet_store import EXPECTED, SAMPLES
from wallet_api.blueprints.application import application
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret

STORAGE = "/v1/storage"
OLD, NEW = (EncryptionService(Secret(secret)).key_id for secret in (SECRET, OTHER_SECRET))
KEYED = [entry["fid"] for entry in EXPECTED if entry["privateKey"]]


@pytest.fixture
def look(make_app):
    """Ask a service with these settings: look(NAME="value")."""

    def ask(**changes):
        app = make_app(**changes)
        answer = app.test_client().get(STORAGE, headers=calling(app, "stats:read"))
        return application(app), answer

    return ask


def test_each_secret_is_told_with_what_is_sealed_under_it(look, database):
    for fid in range(1, 4):
        service(database).ensure_trading_wallet(fid, access=ACCESS)
    service(database, OTHER_SECRET, SECRET).ensure_trading_wallet(4, access=ACCESS)
    both = {"ENCRYPTION_SECRET": OTHER_SECRET, "ENCRYPTION_SECRET_PREVIOUS": json.dumps([SECRET])}
    told = look(**both)[1].get_json()
    used = [(one["keyId"], one["state"], one["wallets"]) for one in told.pop("secrets")]
    assert used == [(OLD, "previous", 3), (NEW, "current", 1)]
    assert told == {"storage": "postgres", "files": None, "imported": 0}
    told = look()[1].get_json()
    assert [one["state"] for one in told["secrets"]] == ["current", "missing"]


def test_the_way_from_files_to_rows_can_be_watched(look, tmp_path):
    folder = shutil.copytree(SAMPLES, tmp_path / "wallets")
    (folder / "README").touch()
    files = len(list(folder.glob("wallet_*")))
    settings = {"WALLET_STORAGE": "migrating", "WALLET_STORAGE_PATH": str(folder)}
    services, answer = look(**settings)
    told = answer.get_json()
    assert (told["storage"], told["files"], told["imported"]) == ("migrating", files, 0)
    services.wallets.ensure_trading_wallet(KEYED[0], access=ACCESS)
    services.wallets.ensure_trading_wallet(77, access=ACCESS)
    told = look(**settings)[1].get_json()
    assert (told["files"], told["imported"]) == (files, 1)
    assert sum(one["wallets"] for one in told["secrets"]) == 2
    assert look(**{**settings, "WALLET_STORAGE": "filesystem"})[1].get_json()["files"] == files


def test_a_folder_that_is_not_there_is_503(look, tmp_path):
    settings = {"WALLET_STORAGE": "migrating", "WALLET_STORAGE_PATH": str(tmp_path / "unmounted")}
    refused(look(**settings)[1], 503)
