"""What the measured routes ask of PostgreSQL, counted on the wire."""

from collections.abc import Callable

from benchmarks.http_bench import DEPOSIT
from tests.round_trips import traced
from wallet_api.app import create_app
from wallet_api.auth.user_tokens import UserTokens
from wallet_api.blueprints.application import application
from wallet_api.config import Settings, read_token_settings


def route_costs(environ: dict[str, str], new_fid: Callable[[], int]) -> dict[str, dict[str, int]]:
    """Return the round trips, statements and commits of one request of each kind."""
    app = create_app(Settings.from_environ(environ | {"DB_POOL_MAX": "1", "LOG_LEVEL": "ERROR"}))
    services, client = application(app), app.test_client()
    tokens = UserTokens(read_token_settings(environ))
    services.open()

    def first_deposit(fid: int) -> dict[str, int]:
        return cost("POST", "/api/wallet/deposit", fid, json=DEPOSIT)

    def cost(method: str, path: str, fid: int, **body: object) -> dict[str, int]:
        headers = {"Authorization": f"Bearer {tokens.issue(fid).reveal()}"}
        with traced(services.database) as traffic:
            answer = client.open(path, method=method, headers=headers, **body)
        if answer.status_code != 200:
            raise RuntimeError(answer.text)
        return {
            "round_trips": traffic.round_trips,
            "statements": traffic.statements,
            "commits": traffic.commits,
        }

    try:
        # A statement's sixth time costs a round trip more, in which it is prepared.
        services.database.run(lambda one: setattr(one, "prepare_threshold", None))
        # A process checks its secret before its first new wallet.
        fid = new_fid()
        first_deposit(fid)
        return {
            "read": cost("GET", "/api/wallet/user-wallets", fid),
            "key": cost("GET", "/api/wallet/primary-with-key", fid),
            "first deposit": first_deposit(new_fid()),
        }
    finally:
        services.close()
