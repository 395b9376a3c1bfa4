"""`wallet-api keys rotate|status|retire` and `audit verify` as commands, and killed."""

import json
import random
import signal
import time

import pytest

from tests.commands import assert_they_end, is_one_line, wait_until
from tests.database import plant
from tests.factories import ACCESS, OTHER_SECRET, SECRET, private_keys, service
from wallet_api.blueprints.application import application
from wallet_api.cli import key_rotation
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret

USERS = range(1, 301)
OLD_ID = EncryptionService(Secret(SECRET)).key_id
NEW_ID = EncryptionService(Secret(OTHER_SECRET)).key_id
ROTATED = {"ENCRYPTION_SECRET": OTHER_SECRET, "ENCRYPTION_SECRET_PREVIOUS": json.dumps([SECRET])}


@pytest.fixture
def wallets(database):
    """Three hundred users' wallets under the old secret."""
    old = service(database)
    for fid in USERS:
        old.ensure_trading_wallet(fid, access=ACCESS)
    return old


def under(sql):
    return dict(
        sql.execute(
            "select key_id, count(*) from wallets where key_id is not null group by key_id"
        ).fetchall()
    )


@pytest.mark.slow
def test_a_whole_rotation_by_commands(database, command, wallets, sql):
    keys = private_keys(database, USERS, SECRET)
    status = command("status", group="keys", **ROTATED)
    assert [line.split()[:3] for line in status.out.splitlines()] == [[OLD_ID, "previous", "300"]]
    early = command("retire", OLD_ID, group="keys", **ROTATED)
    assert is_one_line(early)
    assert "keys rotate" in early.err
    done = command("rotate", group="keys", **ROTATED)
    assert (done.status, done.err) == (0, "")
    assert done.out.endswith(": 300 re-encrypted, 0 present, 0 failed\n")
    assert under(sql) == {NEW_ID: 300}
    again = command("rotate", "--json", group="keys", **ROTATED)
    assert again.status == 0
    assert (again.figures["wallets"], again.figures["left"]) == (0, 0)
    told = command("status", "--json", group="keys", **ROTATED).figures
    assert [(one["key_id"], one["state"], one["wallets"]) for one in told] == [
        (OLD_ID, "previous", 0),
        (NEW_ID, "current", 300),
    ]
    # Not before it is retired may the old secret leave the configuration.
    alone = {"ENCRYPTION_SECRET": OTHER_SECRET}
    assert "keys retire" in command("verify", group="keys", **alone).err
    retired = command("retire", OLD_ID, "--json", group="keys", **ROTATED)
    assert (retired.status, retired.figures) == (0, {"retired": OLD_ID, "keep": False})
    assert is_one_line(command("retire", OLD_ID, group="keys", **ROTATED))
    assert command("verify", group="keys", **alone).status == 0
    assert private_keys(database, USERS, OTHER_SECRET) == keys
    # The log is verified across the change with only the new secret.
    assert command("verify", group="audit", **alone).status == 0


def test_a_rotation_without_the_older_secret_does_nothing(command, wallets, sql):
    done = command("rotate", group="keys", ENCRYPTION_SECRET=OTHER_SECRET)
    assert done.status == 1
    assert "ENCRYPTION_SECRET" in done.err.splitlines()[-1]
    assert under(sql) == {OLD_ID: 300}


def test_rows_that_do_not_decrypt_are_reported_with_exit_status_one(command, wallets, sql):
    plant(sql, "update wallets set iv = repeat('00', 12) where fid = 7")
    done = command("rotate", group="keys", **ROTATED)
    assert done.status == 1
    assert "FID 7: The stored key does not decrypt." in done.out.splitlines()
    assert done.out.splitlines()[-1] == "1 wallets are left under other secrets."
    assert under(sql) == {OLD_ID: 1, NEW_ID: 299}
    assert command("retire", OLD_ID, group="keys", **ROTATED).status == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "kills", [pytest.param(3, marks=pytest.mark.faults), pytest.param(25, marks=pytest.mark.long)]
)
def test_a_rotation_that_is_killed_at_random_moments_is_resumed(
    database, start, command, wallets, sql, monkeypatch, kills
):
    monkeypatch.setattr(key_rotation, "PAGE", 10)
    keys = private_keys(database, USERS, SECRET)
    moments, secrets, found = random.Random(7), [SECRET, OTHER_SECRET], []
    for number in range(kills):
        # To and fro: each rotation is the next one's older secret.
        now, before = secrets[(number + 1) % 2], secrets[number % 2]
        environ = {"ENCRYPTION_SECRET": now, "ENCRYPTION_SECRET_PREVIOUS": json.dumps([before])}
        one = start("rotate", "--processes", "2", group="keys", **environ)
        wait_until(lambda one=one: len(one.workers()) == 2 or not one.is_running())
        members = one.workers()
        time.sleep(moments.uniform(0, 0.4))
        one.send(signal.SIGKILL)
        one.finish()
        assert_they_end(members)
        found.append(under(sql))
        assert private_keys(database, USERS, now, before) == keys
        assert command("rotate", group="keys", **environ).status == 0
        assert list(under(sql).values()) == [300]
        assert private_keys(database, USERS, now, before) == keys
    assert command("verify", group="audit", **environ).status == 0
    print(f"\nunder each secret at the kill: {[sorted(one.values()) for one in found]}")
    assert any(len(one) == 2 for one in found), "no kill hit a rotation that was half done"


def test_the_audit_log_is_verified_by_command(command, wallets, sql, tmp_path):
    checkpoint = tmp_path / "checkpoint.json"
    done = command("verify", "--checkpoint", checkpoint, group="audit")
    assert (done.status, done.err) == (0, "")
    assert done.out.endswith(": 300 intact, 0 older than the chains, 0 archived, 0 faulty\n")
    assert checkpoint.stat().st_mode & 0o777 == 0o600
    against = command("verify", "--against", checkpoint, "--json", group="audit")
    assert (against.status, against.figures["intact"]) == (0, 300)
    assert command("verify", "--fid", "5", group="audit").out.startswith("1 entries in ")

    plant(sql, "update wallet_audit_log set actor = 'nobody' where fid = 5")
    later = tmp_path / "later.json"
    done = command("verify", "--checkpoint", later, group="audit")
    assert done.status == 1
    assert done.out.startswith("FID 5: entry 1: it, or its position after the previous entry")
    assert not later.exists()
    assert command("verify", "--fid", "6", group="audit").status == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--fid", "5", "--against", "setup.cfg"), "covers the whole log"),
        (("--against", "setup.cfg"), "setup.cfg"),
        (("--against", "nothing.json"), "does not exist"),
        (("--unchained-before", "yesterday"), "yesterday"),
    ],
)
def test_mistakes_in_the_arguments_of_audit_verify_are_explained(
    command, database_url, arguments, said
):
    done = command("verify", *arguments, group="audit")
    assert done.status in (1, 2)
    assert said in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("name", ["register", "rotate"])
def test_the_first_secret_of_a_service_that_uses_files_comes_with_its_folder(
    command, make_app, tmp_path, name
):
    files = {"WALLET_STORAGE": "filesystem", "WALLET_STORAGE_PATH": str(tmp_path / "new")}
    assert command(name, group="keys", **files).status == 0
    mine = application(make_app(**files))
    mine.readiness.check()
    assert mine.wallets.ensure_trading_wallet(7, access=ACCESS)
