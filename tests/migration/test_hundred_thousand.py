"""Import and export of a hundred thousand files. Takes minutes."""

import pytest

from benchmarks import wallet_store as generator
from tests.database import empty, table

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

FILES = 100_000


def test_a_hundred_thousand_files_become_rows_and_files_and_the_same_rows_again(
    start, folder, tmp_path, sql, stored_keys
):
    generator.make_store(folder, FILES)
    made = generator.wallets(FILES)
    report, exported = tmp_path / "report.jsonl", tmp_path / "exported"

    def run(*arguments):
        done = start(*arguments, "--json").finish(900)
        assert done.status == 0, done.err[-2000:]
        print(arguments[0], done.out.strip())
        return done.figures

    assert run("import", folder, "--report", report)["imported"] == FILES
    with report.open() as lines:
        assert sum(1 for _ in lines) == FILES
    keys = stored_keys()
    assert keys == {
        fid: generator.private_key(fid).hex() for fid, chain in made if chain == "ethereum"
    }
    rows = table(sql)
    for fid, chain, _, address, _, _, created_at, updated_at in rows:
        kept = generator.address if chain == "ethereum" else generator.base_account
        assert address == kept(fid)
        assert created_at == updated_at == generator.created_at(fid)
    assert {(row[0], row[1]) for row in rows} == set(made)
    assert run("import", folder)["present"] == FILES

    verified = run("verify", folder, "--report", report)
    assert verified["rows"]["opened"] == verified["files"]["present"] == FILES
    assert verified["report"]["unchanged"] == FILES
    assert verified["shared_addresses"] == 0

    assert run("export", exported)["exported"] == FILES
    assert run("import", exported)["present"] == FILES
    empty(sql)
    assert run("import", exported)["imported"] == FILES
    assert table(sql) == rows
    assert stored_keys() == keys
