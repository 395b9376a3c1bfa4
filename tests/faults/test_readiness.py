"""A process that cannot serve reports it in its log, also without requests."""

import json
import re

import pytest

from tests.commands import wait_until
from tests.factories import ACCESS, DEAD_PORT, FID, OTHER_SECRET

pytestmark = pytest.mark.slow


@pytest.fixture
def told(tmp_path):
    """Return the critical lines of the service, as (event, code)."""

    def read():
        lines = (tmp_path / "gunicorn-0.log").read_text().splitlines()
        found = [json.loads(line) for line in lines if line.startswith("{")]
        return [(one["event"], one["code"]) for one in found if one["level"] == "critical"]

    return read


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ENCRYPTION_SECRET": OTHER_SECRET}, "secret_mismatch"),
        ({"DATABASE_URL": "//wallet_api:another@"}, "password_refused"),
        ({"DATABASE_URL": f"//x:x@127.0.0.1:{DEAD_PORT}/x?"}, "database_unreachable"),
    ],
)
def test_it_says_so_once_at_its_start(serve, services, environ, told, change, code):
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)
    if url := change.get("DATABASE_URL"):
        whole = re.sub("//.*@", url, environ["DATABASE_URL"], count=1)
        change = {"DATABASE_URL": whole.partition("?")[0]}
    serve(WEB_CONCURRENCY="1", **change)
    wait_until(told, 30)
    assert told() == [("not ready", code)]


def test_it_says_so_when_it_no_longer_can_and_when_it_can_again(serve, sql, told):
    serve(WEB_CONCURRENCY="1")
    sql.execute("delete from schema_migrations where version = '0002'")
    wait_until(lambda: len(told()) == 1, 30)
    sql.execute("insert into schema_migrations values ('0002')")
    wait_until(lambda: len(told()) == 2, 30)
    assert told() == [("not ready", "migrations_missing"), ("ready", "ready")]
