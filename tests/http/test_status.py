"""GET /v1/status: version, migrations, connections, limits and alarms."""

from tests.factories import calling
from tests.running_service import ROOT
from wallet_api import __version__
from wallet_api.alarms import alarm
from wallet_api.ethereum.networks import NETWORKS

STATUS = "/v1/status"
MIGRATIONS = sorted(path.stem for path in (ROOT / "migrations").glob("*.sql"))


def get_status(app):
    answer = app.test_client().get(STATUS, headers=calling(app, "stats:read"))
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_the_status_has_the_version_the_network_and_the_limits(make_app):
    found = get_status(make_app(NETWORK="base-testnet", RATELIMIT_PER_CLIENT="7 per minute"))
    assert found["version"] == __version__
    assert found["network"] == {
        "name": "Base Sepolia Testnet",
        "chainId": 84532,
        "usdc": NETWORKS["base-testnet"].usdc,
        "explorer": "https://sepolia.basescan.org",
    }
    assert found["storage"] == "postgres"
    assert {"per": "client", "amount": 7, "seconds": 60} in found["limits"]
    # Other apps of this process may have more pools.
    pools = {pool["name"]: pool for pool in found["pools"]}
    assert 0 <= pools["primary"]["inUse"] <= pools["primary"]["max"]


def test_the_status_names_the_newest_and_the_missing_migrations(app, sql):
    assert get_status(app)["migrations"] == {
        "applied": len(MIGRATIONS),
        "newest": MIGRATIONS[-1],
        "missing": [],
    }
    sql.execute(
        "delete from schema_migrations where version = %s", [MIGRATIONS[-1].partition("_")[0]]
    )
    assert get_status(app)["migrations"] == {
        "applied": len(MIGRATIONS) - 1,
        "newest": MIGRATIONS[-2],
        "missing": [MIGRATIONS[-1]],
    }
    # A newer release has migrated already.
    sql.execute("insert into schema_migrations values ('9999')")
    assert get_status(app)["migrations"]["newest"] == "9999"


def test_the_status_counts_alarms_by_code(app):
    def count():
        return {one["code"]: one["count"] for one in get_status(app)["alarms"]}

    before = count()
    alarm("a test", "database_went_back")
    after = count()
    assert after["database_went_back"] == before.get("database_went_back", 0) + 1
    assert 0 not in after.values()
