"""Mistakes of operators and faults of machines: an error of one line, and nothing is lost."""

import os
import signal
import threading
import time

import psycopg
import pytest

from tests.commands import is_one_line, lines_of, wait_until
from tests.database import audit_entries, empty, table
from tests.factories import FID
from tests.wallet_store import EXPECTED, keyed, keyless, put
from wallet_api.repositories.wallets.batches import WalletBatchRepository

pytestmark = pytest.mark.slow

KEYED = {entry["fid"]: entry for entry in EXPECTED if entry["privateKey"]}


@pytest.mark.parametrize("name", ["import", "verify"])
def test_an_empty_folder_is_reported_as_not_mounted(command, folder, name):
    done = command(name, folder)
    assert done.status == 1
    assert (
        done.err.splitlines()[-1]
        == f"Error: {folder} contains no files. Check that the disk is mounted."
    )


def test_a_report_replaces_no_device_and_no_pipe(command, samples, sql):
    pipe = samples.parent / "pipe"
    os.mkfifo(pipe)
    done = command("import", samples, "--report", pipe)
    assert is_one_line(done), done
    assert pipe.is_fifo()
    assert table(sql) == []


def test_a_report_follows_a_symbolic_link(command, samples):
    report, link = samples.parent / "report.jsonl", samples.parent / "link"
    link.symlink_to(report)
    assert command("import", samples, "--report", link).status == 0
    assert link.is_symlink()
    assert len(lines_of(report)) == len(list(samples.iterdir()))


@pytest.mark.parametrize("name", ["import", "export"])
def test_a_report_inside_the_wallet_folder_is_refused(command, samples, sql, name):
    done = command(name, samples, "--report", samples / "report.jsonl")
    assert is_one_line(done), done
    assert not list(samples.glob("*report*"))
    assert table(sql) == []


@pytest.mark.parametrize("date", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"])
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_a_blank_date_is_accepted_in_every_time_zone(command, folder, sql, date, zone):
    name = sql.info.dbname
    sql.execute(f"alter database {name} set timezone to '{zone}'")
    path = put(folder, FID, {**keyed(), "createdAt": date})
    done = command("import", folder)
    assert done.status == 0
    assert "createdAt cannot be read" in done.out
    (created_at,) = sql.execute("select created_at from wallets").fetchone()
    assert created_at.timestamp() == pytest.approx(path.stat().st_mtime, abs=1e-3)
    assert command("import", folder).status == 0
    assert command("verify", folder).status == 0


def test_dates_of_other_programs_are_read_in_every_time_zone(command, folder, sql):
    name = sql.info.dbname
    put(folder, FID, keyed())
    assert command("import", folder).status == 0
    sql.execute("update wallets set created_at = '0001-01-01 00:00:00+00'")
    sql.execute(f"alter database {name} set timezone to 'America/New_York'")
    for arguments in (("verify",), ("export", folder.parent / "exported"), ("show", FID)):
        assert command(*arguments).status == 0


def test_a_paused_import_releases_its_users(importer, folder, database_url, monkeypatch):
    put(folder, FID, keyed())
    insert = WalletBatchRepository.insert_copies_if_absent
    paused = threading.Event()

    def pause(batches, wallets):
        claimed = insert(batches, wallets)
        if not paused.is_set():
            paused.set()
            time.sleep(4)
        return claimed

    monkeypatch.setattr(WalletBatchRepository, "insert_copies_if_absent", pause)
    reports = {}
    thread = threading.Thread(target=lambda: reports.update(importer(folder)))
    thread.start()
    assert paused.wait(30)
    with psycopg.connect(database_url, autocommit=True) as user:
        # As long as a user's request waits for a lock.
        user.execute("set lock_timeout = '5s'")
        began = time.monotonic()
        user.execute("update wallets set updated_at = now() where fid = %s", [FID])
        user.execute(
            "insert into wallets (fid, chain, wallet_type, address)"
            " values (%s, 'base-account', 'base-account', %s)",
            [FID, "0x" + "ab" * 20],
        )
        user.execute(
            "insert into wallets (fid, chain, wallet_type, address, encrypted_private_key, iv,"
            " scheme, key_id) select %s, 'ethereum', 'trading', %s, %s, %s, 'aes-256-gcm', key_id"
            " from active_encryption_keys on conflict do nothing",
            [FID, "0x" + "cd" * 20, "ab" * 48, "cd" * 12],
        )
        assert time.monotonic() - began < 4
    thread.join(30)
    assert [report.outcome for report in reports.values()] == ["conflict"]


def test_an_error_of_the_database_quotes_no_row(command, samples, sql):
    sql.execute(f"alter table wallets add constraint ours check (fid <> {FID})")
    done = command("import", samples)
    assert done.err == (
        "Error: unexpected CheckViolation 23514. This is a bug in wallet-api. Run the command with"
        " --debug for the traceback.\n"
    )
    assert KEYED[FID]["address"] not in done.out + done.err


def test_the_audit_log_has_the_real_user_and_not_that_of_the_environment(command, samples, sql):
    assert command("import", samples).status == 0
    done = command("export", samples.parent / "exported", LOGNAME="alice", USER="alice")
    assert done.status == 0
    actors = {actor for (actor,) in sql.execute("select distinct actor from wallet_audit_log")}
    assert len(actors) == 1
    assert actors != {"cli:alice"}
    assert sum(action == "key.exported" for *_, action in audit_entries(sql)) == len(KEYED)


def test_a_terminated_command_leaves_no_temporary_report(start_slowly, generate, folder):
    generate(1200)
    running = start_slowly("import", folder, "--report", folder.parent / "report.jsonl")
    # Workers are there: from then on it hears.
    wait_until(running.workers)
    assert list(folder.parent.glob(".report*"))
    running.send(signal.SIGTERM)
    done = running.finish()
    assert "Traceback" not in done.err
    assert done.status == 130
    assert not list(folder.parent.glob("*report*"))


def test_show_prints_a_user_s_wallets_and_no_key(command, folder, sql):
    members = keyed()
    put(folder, FID, members)
    put(folder, FID, keyless("0x" + "ab" * 20, "base-account"), "base-account")
    assert command("import", folder).status == 0
    done = command("show", FID, folder)
    assert done.status == 0
    places = [line.split(",")[0] for line in done.out.splitlines()]
    names = [f"wallet_{FID}_base-account.json", f"wallet_{FID}_ethereum.json"]
    assert places == ["PostgreSQL", "PostgreSQL", *names]
    assert done.out.count(members["address"]) == 2
    assert members["encryptedPrivateKey"] not in done.out
    assert [one["place"] for one in command("show", FID, folder, "--json").figures] == places

    (folder / names[1]).write_text("{")
    done = command("show", FID, folder)
    assert done.status == 1
    assert "it was cut off" in done.out
    empty(sql)
    (folder / names[0]).unlink()
    (folder / names[1]).unlink()
    done = command("show", FID, folder)
    assert (done.status, done.out) == (1, f"FID {FID} has no wallets.\n")
