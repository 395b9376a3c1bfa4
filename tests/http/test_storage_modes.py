"""Wallets in files, over HTTP: what a frontend and an operator see."""

import shutil

import pytest
from structlog.testing import capture_logs

from tests.database import rows_of
from tests.factories import BASE_ACCOUNT, FID, OTHER_SECRET, signed_in
from tests.http.problems import refused
from tests.wallet_store import EXPECTED, SAMPLES, contents
from wallet_api.config import ConfigurationError
from wallet_api.errors import StorageUnavailable
from wallet_api.repositories.wallet_files.directory import WalletDirectory

DEPOSIT = "/api/wallet/deposit"
FALLBACK = "/api/trading/create-fallback-wallet"
KEY = "/api/wallet/primary-with-key"
LIST = "/api/wallet/user-wallets"
BODY = {"asset": "USDC", "amount": "20", "baseAddress": BASE_ACCOUNT}
KEYED = {entry["fid"]: entry for entry in EXPECTED if entry["privateKey"]}
MODES = ["filesystem", "migrating"]


@pytest.fixture
def folder(tmp_path):
    """Return a folder with every sample of the old service."""
    return shutil.copytree(SAMPLES, tmp_path / "wallets")


@pytest.fixture
def start(make_app, folder):
    def start(mode, path=folder, **changes):
        app = make_app(WALLET_STORAGE=mode, WALLET_STORAGE_PATH=str(path), **changes)
        return app.test_client()

    return start


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("damage", ["cut off", "a directory"])
def test_a_damaged_file_is_an_alarm_and_503_for_its_user_only(start, folder, sql, mode, damage):
    path = folder / f"wallet_{FID}_ethereum.json"
    text = path.read_text()
    path.unlink()
    if damage == "a directory":
        path.mkdir()
    else:
        path.write_text(text[:-50])
    client = start(mode, ALLOW_KEY_EXPORT="true")
    for method, route in (
        ("POST", DEPOSIT),
        ("POST", FALLBACK),
        ("GET", FALLBACK),
        ("POST", LIST),
        ("GET", LIST),
        ("GET", KEY),
    ):
        body = BODY if route == DEPOSIT else None
        with capture_logs() as events:
            answer = client.open(route, method=method, json=body, headers=signed_in())
        sentence = "The wallet is safe but cannot be decrypted right now. Please try again later."
        problem = refused(answer, 503, sentence)
        assert problem["code"] == "key_unreadable"
        assert int(answer.headers["Retry-After"]) > 0
        assert path.name not in answer.text
        (alarm,) = [event for event in events if event["log_level"] == "critical"]
        assert alarm["code"] == "key_unreadable"
        assert path.name in alarm["reason"]
    reads = "select count(*) from wallet_audit_log where action = 'key.read'"
    assert sql.execute(reads).fetchone() == (0,)
    for fid in KEYED.keys() - {FID}:
        answer = client.post(FALLBACK, headers=signed_in(fid))
        assert answer.get_json()["walletAddress"] == KEYED[fid]["address"]
    assert client.post(DEPOSIT, json=BODY, headers=signed_in(42)).status_code == 200
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("mode", MODES)
def test_an_intact_store_is_ready_and_readiness_writes_only_the_mark(start, folder, sql, mode):
    before = sorted(folder.parent.rglob("*"))
    client = start(mode)
    for _ in range(2):
        assert client.get("/readyz").status_code == 200
    marks = {folder / ".lock", folder / ".migrating"} if mode == "migrating" else set()
    assert set(folder.parent.rglob("*")) == {*before, *marks}
    assert not any(rows_of(sql).values())


def is_not_ready(client, code, *words):
    problem = refused(client.get("/readyz"), 503, longest=900)
    assert problem["code"] == code
    for word in words:
        assert word in problem["error"]
    for path in (DEPOSIT, FALLBACK):
        answer = client.post(path, json=BODY, headers=signed_in(42))
        assert refused(answer, 503)["code"] == code
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("name", ["missing", "empty", "x" * 300])
def test_a_folder_that_is_not_mounted_is_not_ready(start, tmp_path, sql, name):
    path = tmp_path / name
    if name == "empty":
        path.mkdir()
    words = ["mount its disk"] if len(name) < 300 else []
    is_not_ready(start("migrating", path), "storage_unavailable", *words)
    assert not any(rows_of(sql).values())


def test_a_folder_that_is_not_mounted_is_not_ready_for_files_either(start, tmp_path, sql):
    assert start("filesystem").post(FALLBACK, headers=signed_in(42)).status_code == 200
    client = start("filesystem", tmp_path / "missing")
    is_not_ready(client, "storage_unavailable", "mount its disk", "export")
    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize("mode", MODES)
def test_a_secret_that_decrypts_no_file_is_not_ready(start, folder, sql, mode):
    before = contents(folder)
    client = start(mode, ENCRYPTION_SECRET=OTHER_SECRET)
    is_not_ready(client, "secret_mismatch", "ENCRYPTION_SECRET", str(folder))
    assert OTHER_SECRET not in client.get("/readyz").text
    assert contents(folder) == before
    assert not any(rows_of(sql).values())


def test_after_the_handover_a_service_on_files_serves_existing_wallets(start):
    on_files = start("filesystem")
    assert on_files.get(FALLBACK, headers=signed_in()).status_code == 200
    assert start("migrating").get("/readyz").status_code == 200
    with capture_logs() as events:
        answer = on_files.post(FALLBACK, headers=signed_in(42))
    assert refused(answer, 503)["code"] == "storage_unavailable"
    assert "critical" in {event["log_level"] for event in events}
    # A load balancer must not remove a process that serves all other users.
    assert on_files.get("/readyz").status_code == 200
    answer = on_files.post(FALLBACK, headers=signed_in())
    assert answer.get_json()["walletAddress"] == KEYED[FID]["address"]


@pytest.mark.parametrize("mode", MODES)
def test_a_deposit_goes_to_the_address_in_the_file(start, sql, mode):
    answer = start(mode).post(DEPOSIT, json=BODY, headers=signed_in())
    assert answer.status_code == 200
    assert answer.get_json()["depositAddress"] == KEYED[FID]["address"]
    deposits = sql.execute("select fid, to_address from deposits").fetchall()
    assert deposits == [(FID, KEYED[FID]["address"])]


@pytest.mark.parametrize("mode", MODES)
def test_a_list_shows_wallets_and_dates_of_files_and_no_keys(start, mode):
    answer = start(mode).get(LIST, headers=signed_in())
    account, trading = answer.get_json()["wallets"]
    assert (account["address"], account["chain"]) == (BASE_ACCOUNT, "base")
    assert (trading["address"], trading["chain"]) == (KEYED[FID]["address"], "ethereum")
    assert trading["createdAt"] == trading["updatedAt"] == "2026-11-22T10:42:23.436Z"
    assert KEYED[FID]["privateKey"][2:] not in answer.text


@pytest.mark.parametrize("mode", MODES)
def test_a_returned_key_is_recorded_once(start, sql, mode):
    client = start(mode, ALLOW_KEY_EXPORT="true")
    answer = client.get(KEY, headers=signed_in() | {"X-Request-Id": "asked-1"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    wallet = answer.get_json()["wallet"]
    assert (wallet["address"], wallet["privateKey"]) == (
        KEYED[FID]["address"],
        KEYED[FID]["privateKey"],
    )
    query = "select fid, chain, action, actor, request_id from wallet_audit_log order by id"
    action = {"filesystem": "wallet.created", "migrating": "wallet.imported"}[mode]
    first = (FID, "ethereum", action, f"service:{mode}", "asked-1")
    read = (FID, "ethereum", "key.read", f"user:{FID}", "asked-1")
    assert sql.execute(query).fetchall() == [first, read]
    refused(client.get(KEY, headers=signed_in(42)), 404)
    assert len(rows_of(sql)["wallet_audit_log"]) == 2


@pytest.mark.parametrize("mode", MODES)
def test_a_refused_key_is_recorded_too(start, sql, mode):
    refused(start(mode).get(KEY, headers=signed_in()), 403)
    audit = sql.execute("select fid, action from wallet_audit_log").fetchall()
    assert audit == [(FID, "key.refused")]


@pytest.mark.parametrize("said", [{}, {"WALLET_STORAGE": ""}], ids=["absent", "empty"])
def test_a_missing_wallet_storage_setting_prevents_the_start(make_app, folder, said):
    """It would make second wallets for all who have theirs in a file."""
    with pytest.raises(ConfigurationError) as refusal:
        make_app(WALLET_STORAGE_PATH=str(folder), **said)
    (fault,) = refusal.value.faults
    assert fault == (
        "WALLET_STORAGE",
        f"is not set, and there are wallet files in {folder}",
        "Set it to migrating to serve them, or to postgres once all are imported.",
    )


def test_files_that_are_ignored_explicitly_cause_a_warning(start):
    with capture_logs() as events:
        assert start("postgres").get("/readyz").status_code == 200
    (warning,) = [event["warning"] for event in events if event["log_level"] == "warning"]
    assert "ignores the files" in warning


@pytest.mark.parametrize("said", [{}, {"WALLET_STORAGE": "postgres"}], ids=["absent", "postgres"])
@pytest.mark.parametrize("name", ["missing", "empty", "with a readme"])
def test_without_wallet_files_no_setting_is_needed(make_app, tmp_path, said, name):
    path = tmp_path / name
    if name != "missing":
        path.mkdir()
    if name == "with a readme":
        (path / "README.md").touch()
        (path / ".lock").touch()
    with capture_logs() as events:
        make_app(WALLET_STORAGE_PATH=str(path), **said)
    assert [event for event in events if event["log_level"] == "warning"] == []


def test_with_an_unreadable_folder_wallet_storage_must_be_set(make_app, folder, monkeypatch):
    def names(directory):
        raise StorageUnavailable(f"{directory.path} cannot be listed: Permission denied")

    monkeypatch.setattr(WalletDirectory, "names", names)
    with pytest.raises(
        ConfigurationError, match=r"cannot be listed: Permission denied\. Set it to"
    ):
        make_app(WALLET_STORAGE_PATH=str(folder))
    make_app(WALLET_STORAGE_PATH=str(folder), WALLET_STORAGE="postgres")
