"""The entries that the tests of GET /v1/audit read, and how the route shows them."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from tests.database import REQUEST_ID
from tests.factories import BASE_ACCOUNT

AUDIT = "/v1/audit"
KEY = "/api/wallet/primary-with-key"
FIRST = datetime(2025, 3, 1, 23, 59, 59, 999_999, tzinfo=UTC)
ACTORS = ("user:1", "client:engine", "cli:root")
KINDS = ("key.read", "key.refused", "wallet.created")
RECIPIENT = "A" * 43


def fill(sql):
    """Write some seventy entries: ties in time for one user and for many."""
    entries = []
    for number in range(72):
        actor = ACTORS[number % 3]
        entries.append(
            {
                "fid": (1, 2, 2**63 - 1)[number // 3 % 3],
                "id": number + 1,
                "chain": ("ethereum", "base-account")[number % 5 == 4],
                "action": KINDS[number // 9 % 3],
                "actor": actor,
                "request_id": f"request-{number}",
                "created_at": FIRST + timedelta(microseconds=number // 27),
                "ip": (None, "203.0.113.7", "2001:db8::1")[number % 3],
                "reason": None if number % 2 else f"swap {number}",
                "recipient": None if number % 7 else RECIPIENT,
                "address": None if number % 4 else BASE_ACCOUNT,
            }
        )
    columns = list(entries[0])
    values = ", ".join(f"%({column})s" for column in columns)
    with sql.cursor() as cursor:
        cursor.executemany(
            f"insert into wallet_audit_log ({', '.join(columns)}) values ({values})", entries
        )


def model(sql):
    """Return every entry as the route shows it, newest first, each with its exact time."""
    rows = sql.execute(
        "select created_at, fid, id, chain, action, actor, host(ip), reason, recipient, address,"
        f" details, {REQUEST_ID} from wallet_audit_log"
    ).fetchall()
    names = ("chain", "action", "actor", "ip", "reason", "recipientPublicKey", "address", "details")
    return [
        (
            created_at,
            {
                "id": str(entry_id),
                "fid": fid,
                **dict(zip((*names, "requestId"), rest, strict=True)),
                "createdAt": f"{created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
            },
        )
        for created_at, fid, entry_id, *rest in sorted(rows, reverse=True)
    ]


def pages(client, headers, query, *, between=lambda: None):
    """Follow the links to the end, and yield each page."""
    path = f"{AUDIT}?{urlencode(query)}"
    while path is not None:
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        page = answer.get_json()
        assert list(page) == ["data", "next_cursor", "has_more"]
        yield page["data"]
        link = answer.headers.get("Link")
        assert page["has_more"] is (page["next_cursor"] is not None) is (link is not None)
        path = link and re.fullmatch(r'<(/v1/audit\?[!-;=?-~]+)>; rel="next"', link)[1]
        if path is not None:
            assert f"cursor={page['next_cursor']}" in path
            between()
