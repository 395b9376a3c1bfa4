"""/healthz and /readyz: for load balancers and people on call."""

import pytest

from tests.database import rows_of
from tests.durations import quickest
from tests.factories import DEAD_PORT, FID, JWT_SECRET, OTHER_SECRET, SECRET, signed_in
from tests.http.problems import refused
from wallet_api import __version__

DEPOSIT = "/api/wallet/deposit"
FALLBACK = "/api/trading/create-fallback-wallet"


def is_not_ready(answer, *words):
    problem = refused(answer, 503, longest=400)
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Cache-Control"] == "no-store"
    for word in words:
        assert word in problem["error"]
    for secret in (SECRET, OTHER_SECRET, JWT_SECRET, "password"):
        assert secret not in answer.text
    return problem


@pytest.fixture
def without_database(make_app, sql):
    """Return a client of a service whose database cannot be reached."""
    info = sql.info
    url = f"postgresql://{info.user}:{info.password}@127.0.0.1:{DEAD_PORT}/{info.dbname}"
    return make_app(DATABASE_URL=url, DB_POOL_TIMEOUT="0.2").test_client()


def test_a_healthy_service_is_alive_and_ready(client):
    for path in ("/healthz", "/readyz"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.mimetype == "application/json"
        assert answer.json["version"] == __version__
        assert answer.headers["X-Request-Id"]


def test_health_checks_write_nothing(client, sql):
    for path in ("/healthz", "/readyz"):
        client.get(path)
    assert not any(rows_of(sql).values())


def test_health_does_not_need_the_database(without_database):
    def ask():
        assert without_database.get("/healthz").status_code == 200

    assert quickest(ask) < 0.2


def test_a_database_that_cannot_be_reached_is_named_as_the_reason(without_database, sql):
    problem = is_not_ready(without_database.get("/readyz"), "database")
    assert problem["code"] == "database_unreachable"
    assert sql.info.password not in problem["error"]


def test_a_missing_database_is_not_ready(make_app, sql):
    info = sql.info
    url = f"postgresql://{info.user}:{info.password}@{info.host}:{info.port}/nowhere"
    client = make_app(DATABASE_URL=url, DB_POOL_TIMEOUT="0.2").test_client()
    is_not_ready(client.get("/readyz"), "database")


def test_a_missing_migration_is_named_with_the_command_to_run(client, sql):
    sql.execute("delete from schema_migrations where version = '0002'")
    is_not_ready(client.get("/readyz"), "0002", "wallet-api db upgrade")
    sql.execute("insert into schema_migrations values ('0002')")
    assert client.get("/readyz").status_code == 200


def test_a_database_without_any_migration_says_so(client, sql):
    sql.execute("drop table schema_migrations")
    is_not_ready(client.get("/readyz"), "0001", "wallet-api db upgrade")


def test_a_newer_database_is_ready(client, sql):
    sql.execute("insert into schema_migrations values ('9999')")
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("changes", [{}, {"ENCRYPTION_SECRET_PREVIOUS": '["one more wrong one"]'}])
def test_a_secret_of_another_database_is_the_reason_and_nothing_is_served(
    client, make_app, sql, changes
):
    client.post(FALLBACK, headers=signed_in())
    before = rows_of(sql)
    stranger = make_app(ENCRYPTION_SECRET=OTHER_SECRET, **changes).test_client()
    problem = is_not_ready(
        stranger.get("/readyz"), "ENCRYPTION_SECRET", "ENCRYPTION_SECRET_PREVIOUS"
    )
    assert problem["code"] == "secret_mismatch"
    assert stranger.get("/healthz").status_code == 200
    body = {"amount": "20", "baseAddress": "0x78547fc07fdc8aac05e53b034e510b276a5ba384"}
    for fid in (FID, FID + 7):
        refused(stranger.post(DEPOSIT, json=body, headers=signed_in(fid)), 503)
    assert rows_of(sql) == before
    assert client.get("/readyz").status_code == 200


def test_any_secret_is_ready_on_an_empty_database(make_app):
    assert make_app(ENCRYPTION_SECRET=OTHER_SECRET).test_client().get("/readyz").status_code == 200


def test_a_new_secret_with_the_old_one_as_previous_is_ready_and_decrypts_old_wallets(
    client, make_app
):
    old = client.post(FALLBACK, headers=signed_in()).get_json()["walletAddress"]
    rotated = make_app(
        ENCRYPTION_SECRET=OTHER_SECRET, ENCRYPTION_SECRET_PREVIOUS=f'["{SECRET}"]'
    ).test_client()
    assert rotated.get("/readyz").status_code == 200
    assert rotated.post(FALLBACK, headers=signed_in()).get_json()["walletAddress"] == old
    # A wallet made under the new secret keeps it ready, and the old process out of it.
    assert rotated.post(FALLBACK, headers=signed_in(FID + 7)).status_code == 200
    assert rotated.get("/readyz").status_code == 200
    refused(client.post(FALLBACK, headers=signed_in(FID + 7)), 503)
    assert client.post(FALLBACK, headers=signed_in()).get_json()["walletAddress"] == old


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_needs_no_token_and_ignores_a_bad_one(client, path):
    answer = client.get(path, headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code == 200
