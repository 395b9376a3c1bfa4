"""Imports concurrent with users: no user sees two addresses, and no file is lost."""

import random
import threading

import pytest

from benchmarks import wallet_store as generator
from tests.database import table
from tests.factories import BASE_ACCOUNT
from tests.wallet_store import contents

pytestmark = pytest.mark.faults

FILES = 600
NEW = range(1, 201)


def test_two_importers_and_users_run_concurrently(
    shell, serve, generate, folder, sql, opened, stored_keys
):
    made = generate(FILES)
    old = [fid for fid, chain in made if chain == "ethereum"]
    before = contents(folder)
    service = serve(
        WEB_CONCURRENCY="2", WALLET_STORAGE="migrating", WALLET_STORAGE_PATH=str(folder)
    )
    fids = [*random.Random(5).sample(old, 200), *NEW] * 2
    random.Random(6).shuffle(fids)
    results = []
    importers = [
        threading.Thread(target=lambda: results.append(shell("import", folder, "--json")))
        for _ in range(2)
    ]
    for importer in importers:
        importer.start()
    answers = []
    for part in range(0, len(fids), 100):
        calls = [
            service.deposit(fid, base=BASE_ACCOUNT if fid in NEW else generator.base_account(fid))
            for fid in fids[part : part + 100]
        ]
        answers += service.crowd(calls)
    for importer in importers:
        importer.join()

    assert [answer.status for answer in answers] == [200] * len(fids)
    assert [done.status for done in results] == [0, 0], results
    for done in results:
        assert done.figures["imported"] + done.figures["present"] == FILES
    seen = {}
    for fid, answer in zip(fids, answers, strict=True):
        seen.setdefault(fid, set()).add(answer.body["depositAddress"])
    assert {len(addresses) for addresses in seen.values()} == {1}
    stored = opened()
    for fid, addresses in seen.items():
        assert addresses == {stored[fid]}
    keys = stored_keys()
    for fid in old:
        assert stored[fid] == generator.address(fid)
        assert keys[fid] == generator.private_key(fid).hex()
    assert stored.keys() == {*old, *NEW}
    accounts = {row[0]: row[3] for row in table(sql) if row[1] == "base-account"}
    assert accounts.keys() >= {fid for fid, chain in made if chain == "base-account"}
    assert len(set(stored.values())) == len(stored)
    assert contents(folder) == before
    print(f"\nimported by the two: {[done.figures['imported'] for done in results]}")
