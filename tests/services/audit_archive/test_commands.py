"""`wallet-api audit archive` and `audit verify --archive`."""

from datetime import UTC, datetime, timedelta

from tests.services.audit_archive.entries import BEFORE


def test_the_commands_report_results_and_missing_arguments(old_log, command, files, tmp_path):
    def run(*arguments, **changes):
        return command(*arguments, group="audit", **changes)

    # Not of the time at which this module was imported: midnight may have passed.
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
    early = run("archive", "--before", tomorrow, "--to", files.path)
    assert (early.status, "--before must be at least a day ago" in early.err) == (2, True)
    moved = run("archive", "--before", f"{BEFORE:%Y-%m-%d}", "--to", files.path, "--json")
    assert (moved.status, moved.figures["archived"], moved.figures["kept"]) == (0, 21, 15)
    alone = run("verify", "--json")
    assert (alone.status, alone.figures["archived"], alone.figures["intact"]) == (0, 21, 21)
    both = run("verify", "--archive", files.path, "--json")
    assert (both.status, both.figures["archived"], both.figures["intact"]) == (0, 0, 42)
    point = tmp_path / "checkpoint.json"
    refused = run("verify", "--checkpoint", point)
    assert (refused.status, "Add --archive" in refused.err) == (1, True)
    assert not point.exists()
    assert run("verify", "--checkpoint", point, "--archive", files.path).status == 0
    (path,) = files.path.iterdir()
    path.write_bytes(path.read_bytes()[:50])
    damaged = run("verify", "--archive", files.path)
    assert (damaged.status, "cannot be read" in damaged.err) == (1, True)
    assert "Traceback" not in damaged.err
