"""Imports that cannot start or continue: one line, exit status 1, and no change."""

import os

import pytest

from tests.commands import is_one_line
from tests.database import key_ids, table
from tests.factories import ACCESS, BASE_ACCOUNT, OTHER_SECRET, service
from tests.wallet_store import EXPECTED, keyed, put
from wallet_api.cli.progress import ReportFile
from wallet_api.cli.wallet_files import resources
from wallet_api.services.wallet_files.verifying import LineOutcome, LineReport


def test_a_wrong_secret_imports_and_registers_nothing_and_is_suggested_as_the_cause(
    shell, samples, sql
):
    done = shell("import", samples, ENCRYPTION_SECRET=OTHER_SECRET)
    assert done.status == 1
    assert f"{len(EXPECTED)} invalid" in done.out
    assert (
        "No file is valid. Check that ENCRYPTION_SECRET is the secret of the old service."
        in done.err
    )
    assert (table(sql), key_ids(sql)) == ([], [])


@pytest.mark.parametrize("cause", ["symbolic links", "directories", "cut off", "other keys"])
def test_a_correct_secret_is_not_suggested_as_the_cause(command, folder, tmp_path, cause):
    put(folder, 1, keyed(OTHER_SECRET))
    for fid in range(2, 6):
        path = put(folder, fid, keyed(address=BASE_ACCOUNT))
        if cause != "other keys":
            path.unlink()
        if cause == "symbolic links":
            path.symlink_to(tmp_path / "elsewhere")
        elif cause == "directories":
            path.mkdir()
        elif cause == "cut off":
            path.write_text("{")
    done = command("import", folder)
    assert done.status == 1
    assert "5 invalid" in done.out
    assert "ENCRYPTION_SECRET" not in done.err


@pytest.mark.slow
def test_a_database_of_another_secret_is_not_changed(shell, command, samples, sql, database):
    service(database, OTHER_SECRET).ensure_trading_wallet(7, access=ACCESS)
    before = table(sql), key_ids(sql)
    for run, *arguments in (
        (shell, "import", samples),
        (command, "export", samples.parent / "exported"),
        (command, "verify"),
    ):
        done = run(*arguments)
        assert done.status == 1
        assert "Traceback" not in done.err
        assert done.err.splitlines()[-1].startswith("Error: ENCRYPTION_SECRET is not the secret")
        assert len(done.err.splitlines()) <= 2
    assert (table(sql), key_ids(sql)) == before
    assert not (samples.parent / "exported").exists()


def test_a_missing_folder_is_reported(command, folder):
    done = command("import", folder / "nowhere")
    assert is_one_line(done), done
    assert "nowhere" in done.err
    assert command("import", folder / "nowhere", "--json").out == ""


def test_a_file_in_place_of_the_folder_is_reported(command, folder):
    (folder / "file").write_text("")
    done = command("import", folder / "file")
    assert done.status == 2
    assert "is a file" in done.err


def test_missing_migrations_are_reported(command, samples, sql):
    sql.execute("delete from schema_migrations where version = '0001'")
    done = command("import", samples)
    assert is_one_line(done), done
    assert "0001" in done.err
    assert "wallet-api db upgrade" in done.err
    assert table(sql) == []


def test_an_unreachable_database_is_reported(command, samples, monkeypatch):
    monkeypatch.setattr(resources, "_POOL_SECONDS", 0.5)
    for url in (
        "postgresql://nobody@127.0.0.1:1/none",
        "postgresql://nobody:secret-password@127.0.0.1:1/none",
    ):
        done = command("import", samples, DATABASE_URL=url)
        errors = [line for line in done.err.splitlines() if line.startswith("Error: ")]
        assert done.status == 1
        assert errors == [done.err.splitlines()[-1]]
        assert "Traceback" not in done.err
        assert "secret-password" not in done.err


def test_missing_settings_are_reported_together(command, samples):
    done = command("import", samples, DATABASE_URL="", ENCRYPTION_SECRET="")
    assert done.status == 1
    assert "DATABASE_URL is not set" in done.err
    assert "ENCRYPTION_SECRET is not set" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("where", ["nowhere/report.jsonl", "/proc/report.jsonl"])
def test_an_unwritable_report_is_refused_before_anything_is_imported(command, samples, sql, where):
    done = command("import", samples, "--report", samples.parent / where)
    assert is_one_line(done), done
    assert "report.jsonl" in done.err
    assert table(sql) == []


def test_an_unfinished_report_of_a_killed_run_does_not_block_the_next(tmp_path):
    """In a container every run has the same process id."""
    path = tmp_path / "report.jsonl"
    abandoned = ReportFile(path).__enter__()
    abandoned._file.close()
    with ReportFile(path) as report:
        report.write(LineReport(file="one", outcome=LineOutcome.GONE))
    assert path.read_text() == '{"file": "one", "outcome": "gone"}\n'


def test_a_full_disk_ends_the_report_with_one_line(command, samples, monkeypatch):
    """/dev/full replaces the disk."""
    enter = ReportFile.__enter__

    def on_a_full_disk(report):
        descriptor = enter(report)._file.fileno()
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, descriptor)
        os.close(full)
        return report

    monkeypatch.setattr(ReportFile, "__enter__", on_a_full_disk)
    done = command("import", samples, "--report", samples.parent / "report.jsonl")
    assert is_one_line(done), done
    assert "No space left on device" in done.err
    assert [path.name for path in samples.parent.iterdir()] == [samples.name]
