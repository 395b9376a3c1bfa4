"""The wallets that the tests of GET /v1/wallets search, and how the route shows them."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from tests.factories import ACCESS, BASE_ACCOUNT, iso_time

WALLETS = "/v1/wallets"
FIRST = datetime(2025, 3, 1, 12, tzinfo=UTC)
TRADERS = range(1, 25)


def fill(services, sql):
    """Make some sixty wallets: ties in time on one chain and on both, and shared addresses."""
    addresses = {
        fid: services.wallets.ensure_trading_wallet(fid, access=ACCESS).address for fid in TRADERS
    }
    accounts = {fid: f"0x{fid:040x}" for fid in range(1, 25)}
    # Many users of one account, one who names another user's trading wallet, and one his own.
    accounts |= dict.fromkeys(range(30, 42), BASE_ACCOUNT)
    accounts |= {23: addresses[5].lower(), 24: addresses[24].lower()}
    with sql.cursor() as cursor:
        cursor.executemany(
            "insert into wallets (fid, chain, wallet_type, address)"
            " values (%s, 'base-account', 'base-account', %s)",
            accounts.items(),
        )
    # Twelve moments for all of them, a microsecond apart or a day.
    sql.execute(
        "update wallets set created_at = %s + make_interval(days => (fid %% 3)::int,"
        " secs => (fid %% 4) * 0.000001), updated_at = now()",
        [FIRST],
    )
    # The very same moment on both chains for some users, and not for others.
    sql.execute(
        "update wallets set created_at = created_at + interval '1 hour'"
        " where chain = 'ethereum' and fid > 12"
    )


def model(sql):
    """Return every row, newest first, with its exact time."""
    rows = sql.execute(
        "select fid, chain, wallet_type, address, created_at, updated_at from wallets"
    ).fetchall()
    rows.sort(key=lambda row: (row[4], row[0], row[1]), reverse=True)
    return rows


def told(row):
    """Return a row as the route shows it."""
    fid, chain, wallet_type, address, created_at, updated_at = row
    return {
        "id": f"fid_{fid}_{chain}",
        "fid": fid,
        "chain": chain,
        "type": wallet_type,
        "address": address,
        "opened": True,
        "createdAt": iso_time(created_at),
        "updatedAt": iso_time(updated_at),
    }


def pages(client, headers, query, *, between=lambda: None):
    """Follow the cursors to the end, and yield each page."""
    cursor = None
    while True:
        parameters = query if cursor is None else {**query, "cursor": cursor}
        answer = client.get(f"{WALLETS}?{urlencode(parameters)}", headers=headers)
        assert answer.status_code == 200, answer.text
        page = answer.get_json()
        assert list(page) == ["data", "next_cursor", "has_more"]
        yield page["data"]
        cursor = page["next_cursor"]
        assert page["has_more"] is (cursor is not None)
        if cursor is None:
            return
        between()
