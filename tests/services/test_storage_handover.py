"""The handover from wallet files to rows, with processes in both modes."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.commands import wait_until
from tests.factories import ACCESS, BASE_ACCOUNT, FID
from tests.services.storage import deposit_address
from tests.services.storage_calls import EXPECTED_KEY, LOOKS, NEW_FID
from tests.wallet_store import contents, keyed, put
from wallet_api.errors import KeyUnreadable, SecretMismatch, StorageUnavailable
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.services.wallet_files.on_demand import OnDemandImport

pytestmark = pytest.mark.usefixtures("samples")


@pytest.mark.parametrize("first", [*LOOKS, "nobody's", "base account"])
def test_a_process_on_files_creates_nothing_after_another_uses_rows(
    start_services, folder, sql, first
):
    on_files, migrating = start_services("filesystem"), start_services("migrating")
    made = on_files.wallets.ensure_trading_wallet(NEW_FID, access=ACCESS).address
    looks = LOOKS | {
        "nobody's": lambda s: s.wallets.get_wallet(NEW_FID + 1, "ethereum", access=ACCESS),
        "base account": lambda s: s.wallets.store_base_account_address(
            NEW_FID + 1, BASE_ACCOUNT, access=ACCESS
        ),
    }
    looks[first](migrating)
    before = contents(folder)
    for refused in (
        lambda: on_files.wallets.ensure_trading_wallet(NEW_FID + 2, access=ACCESS),
        lambda: on_files.wallets.store_base_account_address(NEW_FID, BASE_ACCOUNT, access=ACCESS),
        lambda: deposit_address(on_files, NEW_FID + 2),
        lambda: start_services("filesystem").wallets.ensure_trading_wallet(
            NEW_FID + 2, access=ACCESS
        ),
    ):
        with pytest.raises(StorageUnavailable) as refusal:
            refused()
        assert "handed over" in refusal.value.reason
    assert contents(folder) == before
    assert on_files.wallets.get_wallet_address(NEW_FID, "ethereum", access=ACCESS) == made
    assert migrating.wallets.ensure_trading_wallet(NEW_FID, access=ACCESS).address == made
    # Users with a wallet are served until the last process on files ends, also by new processes.
    for late in (on_files, start_services("filesystem")):
        late.readiness.check()
        assert late.wallets.ensure_trading_wallet(NEW_FID, access=ACCESS).address == made
        late.wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)


def test_a_process_on_files_creates_no_wallet_for_a_user_who_has_a_row(start_services, folder, sql):
    address = (
        start_services("migrating").wallets.ensure_trading_wallet(NEW_FID, access=ACCESS).address
    )
    (folder / ".migrating").unlink()
    before = contents(folder)
    on_files = start_services("filesystem").wallets
    for ask in (
        lambda: on_files.ensure_trading_wallet(NEW_FID, access=ACCESS),
        # No response says that this user has no wallet.
        lambda: on_files.get_wallet(NEW_FID, "ethereum", access=ACCESS),
        lambda: on_files.list_wallets(NEW_FID, access=ACCESS),
        lambda: on_files.get_wallet_with_key(NEW_FID, "ethereum", access=ACCESS),
    ):
        with pytest.raises(StorageUnavailable) as refusal:
            ask()
        assert "export it first" in refusal.value.reason
    assert contents(folder) == before
    assert (
        start_services("migrating").wallets.ensure_trading_wallet(NEW_FID, access=ACCESS).address
        == address
    )


def test_a_row_that_another_process_created_meanwhile_is_no_lost_wallet(
    start_services, folder, monkeypatch
):
    on_files = start_services("filesystem").wallets
    on_files.store_base_account_address(NEW_FID, BASE_ACCOUNT, access=ACCESS)
    look, made = AuditRepository.get_trading_address, []

    def looked(audit, fid):
        if not made:
            made.append(fid)
            start_services("migrating").wallets.ensure_trading_wallet(fid, access=ACCESS)
        return look(audit, fid)

    monkeypatch.setattr(AuditRepository, "get_trading_address", looked)
    with pytest.raises(StorageUnavailable) as refusal:
        on_files.ensure_trading_wallet(NEW_FID, access=ACCESS)
    assert "export it first" in refusal.value.reason


def test_a_key_under_the_wrong_chain_creates_no_other_wallet(start_services, folder, sql):
    (folder / f"wallet_{FID}_ethereum.json").rename(folder / f"wallet_{FID}_base.json")
    (folder / f"wallet_{FID}_base-account.json").unlink()
    for work in (LOOKS["ensure"], LOOKS["deposit"]):
        with pytest.raises(KeyUnreadable) as refusal:
            work(start_services("migrating"))
        assert "holds a private key" in refusal.value.reason
    assert sql.execute("select count(*) from wallets").fetchone() == (0,)


def test_racing_processes_on_files_and_on_rows_never_return_two_addresses(
    start_services, folder, sql, opened
):
    on_files = [start_services("filesystem") for _ in range(2)]
    on_rows = [start_services("migrating") for _ in range(2)]
    fids = range(1, 51)
    answered = {fid: set() for fid in fids}
    refused = []
    begun = threading.Event()

    def ask(services, seed):
        mine = random.Random(seed).sample(fids, len(fids))
        for count, fid in enumerate(mine):
            if services in on_rows:
                begun.wait(10)
            elif count == 6:
                begun.set()
            try:
                answered[fid].add(
                    services.wallets.ensure_trading_wallet(fid, access=ACCESS).address
                )
            except StorageUnavailable:
                refused.append(fid)
                assert services in on_files

    crowd = [(services, seed) for seed in range(4) for services in (*on_files, *on_rows)]
    with ThreadPoolExecutor(len(crowd)) as threads:
        list(threads.map(ask, *zip(*crowd, strict=True)))
    assert [fid for fid, addresses in answered.items() if len(addresses) != 1] == []
    stored = opened()
    assert stored == {fid: address for fid, (address,) in answered.items()}
    files = [fid for fid in fids if (folder / f"wallet_{fid}_ethereum.json").exists()]
    # Both made some, or there was no race.
    assert 0 < len(files) < len(fids)
    assert refused


def test_a_process_with_a_wrong_secret_changes_nothing_in_the_folder(start_services, folder, sql):
    wrong = start_services("migrating", ENCRYPTION_SECRET="quite another secret, and long enough")
    with pytest.raises((SecretMismatch, KeyUnreadable)):
        wrong.wallets.ensure_trading_wallet(FID, access=ACCESS)
    assert not (folder / ".migrating").exists()
    assert start_services("filesystem").wallets.ensure_trading_wallet(NEW_FID, access=ACCESS)


def test_a_busy_user_s_file_becomes_a_row_at_the_first_attempt(
    start_services, sql, database_url, monkeypatch
):
    services = start_services("migrating")
    services.wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    attempts, keep = [], OnDemandImport.run

    def noted(self, connection, access, wallet):
        attempts.append(wallet.chain)
        return keep(self, connection, access, wallet)

    monkeypatch.setattr(OnDemandImport, "run", noted)
    with ThreadPoolExecutor() as pool, psycopg.connect(database_url) as other:
        other.execute("select from wallet_audit_heads where fid = %s for update", [FID])
        running = pool.submit(services.wallets.ensure_trading_wallet, FID, access=ACCESS)
        waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        wait_until(lambda: sql.execute(waiting).fetchone() == (1,))
        # What an append does.
        other.execute(
            "insert into wallet_audit_log (fid, id, chain, action, actor, request_id)"
            " select fid, id + 1, 'ethereum', 'key.refused', 'nobody', 'r' from wallet_audit_heads"
        )
        other.execute("update wallet_audit_heads set id = id + 1")
        other.commit()
        assert running.result().address == EXPECTED_KEY["address"]
    assert attempts == ["ethereum"]


def test_a_wallet_that_another_process_creates_before_the_folder_is_marked_is_found(
    start_services, folder, sql, monkeypatch
):
    """The first attempt to mark it fails; before the second one another process makes a wallet."""
    made, hand_over, attempts = keyed(), WalletDirectory.hand_over, []

    def late(directory, **options):
        attempts.append(options)
        if len(attempts) == 1:
            raise StorageUnavailable("the folder is locked by another process")
        put(folder, NEW_FID, made)
        hand_over(directory, **options)

    monkeypatch.setattr(WalletDirectory, "hand_over", late)
    wallets = start_services("migrating").wallets
    assert wallets.ensure_trading_wallet(NEW_FID, access=ACCESS).address == made["address"]
    assert len(attempts) == 2
