"""One user who reads a key from everywhere at once: an answer each, and no alarm."""

import time

import psycopg
import pytest

from tests.faults.servers import Server
from tests.service import Call

pytestmark = pytest.mark.faults

CROWD = 500


def test_a_thousand_reads_of_one_key_all_answer_and_raise_no_alarm(
    keep, migrated, tmp_path, serve, capsys
):
    server = keep(Server(tmp_path / "roomy", max_connections="200"))
    url = server.url(migrated(server))
    service = serve(
        DATABASE_URL=url,
        WEB_CONCURRENCY="4",
        WEB_THREADS="32",
        ALLOW_KEY_EXPORT="true",
        RATELIMIT_ENABLED="false",
    )
    key = Call("GET", "/api/wallet/primary-with-key", service.bearer(1))
    assert service.call(service.deposit(1, base="0x" + "ab" * 20)).status == 200
    began = time.monotonic()
    answers = [answer for _ in range(2) for answer in service.crowd([key] * CROWD)]
    took = time.monotonic() - began
    statuses = [answer.status for answer in answers]
    with capsys.disabled():
        print(f"\n  {2 * CROWD} reads of one key, 4 x 32 threads: {took:.1f} s")
    assert statuses == [200] * 2 * CROWD
    counts = "select count(*), count(distinct id), max(id) from wallet_audit_log where fid = 1"
    with psycopg.connect(url) as owner:
        assert owner.execute(counts).fetchone() == (1 + 2 * CROWD,) * 3
    assert "audit_log_blocked" not in (tmp_path / "gunicorn-0.log").read_text()
