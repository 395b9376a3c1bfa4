"""A drill for the operator on call.

"Which keys did client X use between 02:00 and 03:00, from where; export it; revoke X."
"""

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.operators import SCOPES, give_token, rows
from tests.factories import new_client
from wallet_api.errors import Unauthenticated

pytestmark = pytest.mark.slow

# The client that was taken over, what it did, and what others did.
CLIENT = "trader"
HOUR = datetime.now(UTC).replace(hour=2, minute=0, second=0, microsecond=0) - timedelta(days=1)
STOLEN = [
    (8_100_001, "key.read", "203.0.113.7", HOUR + timedelta(minutes=3)),
    (8_100_002, "key.read", "203.0.113.7", HOUR + timedelta(minutes=3, seconds=2)),
    (8_100_003, "transaction.signed", "198.51.100.9", HOUR + timedelta(minutes=59, seconds=59)),
]
OTHERS = [
    (8_100_004, "key.read", f"client:{CLIENT}", HOUR - timedelta(seconds=1)),
    (8_100_005, "key.read", f"client:{CLIENT}", HOUR + timedelta(hours=1)),
    (8_100_006, "key.read", "client:engine", HOUR + timedelta(minutes=30)),
    (8_100_007, "wallet.created", f"client:{CLIENT}", HOUR + timedelta(minutes=30)),
]
INSERT = (
    "insert into wallet_audit_log"
    " (fid, id, chain, action, actor, ip, reason, request_id, created_at)"
    " values (%s, 1, 'ethereum', %s, %s, %s, '@swap', 'a-request-of-the-drill', %s)"
)


class Operator:
    """Counts what an operator does: opens a page, fills in a field (and presses Enter), clicks."""

    def __init__(self, page):
        self.page = page
        self.actions = 0

    def open(self, url):
        self.actions += 1
        self.page.goto(url)

    def fill(self, field, text, *, enter=False):
        self.actions += 1
        field.fill(text)
        if enter:
            field.press("Enter")

    def click(self, target):
        self.actions += 1
        target.click()


def test_which_keys_did_a_client_use_export_it_and_revoke_the_client(visit, behind, shared_sql):
    stolen_token = new_client(behind.api_clients, "wallets:sign", "keys:read", name=CLIENT)
    for fid, action, ip, moment in STOLEN:
        shared_sql.execute(INSERT, [fid, action, f"client:{CLIENT}", ip, moment])
    for fid, action, actor, moment in OTHERS:
        shared_sql.execute(INSERT, [fid, action, actor, "192.0.2.1", moment])
    token = give_token(behind, *SCOPES, "clients:read", "clients:write")
    visitor = visit()
    page = visitor.page
    operator = Operator(page)

    operator.open(f"{visitor.url}/console")
    operator.fill(page.get_by_label("API client token"), token, enter=True)
    operator.fill(page.get_by_role("searchbox"), f"client:{CLIENT}", enter=True)
    expect(page.get_by_label("By", exact=True)).to_have_value(f"client:{CLIENT}")
    page.get_by_label("Action").select_option("Keys: read or used to sign")
    operator.actions += 1
    operator.fill(page.get_by_label("From (UTC)"), f"{HOUR:%Y-%m-%d} 02:00")
    operator.fill(page.get_by_label("To (UTC)"), f"{HOUR:%Y-%m-%d} 03:00", enter=True)
    found = rows(page, "entries")
    expect(found).to_have_count(len(STOLEN))
    for row, (fid, _, ip, moment) in zip(found.all(), reversed(STOLEN), strict=True):
        for part in (f"FID {fid}", ip, f"{moment:%Y-%m-%d %H:%M:%S} UTC"):
            expect(row).to_contain_text(part)
    with page.expect_download() as download:
        operator.click(page.get_by_role("button", name="Export CSV"))
    operator.click(page.get_by_role("button", name=f"Revoke {CLIENT}"))
    dialog = page.get_by_role("dialog", name=f"Revoke {CLIENT}?")
    assert visitor.faults_of_the_page() == []
    operator.click(dialog.get_by_role("button", name="Revoke"))
    expect(page.locator(".note", has_text=f"{CLIENT} is revoked.")).to_be_visible()
    assert operator.actions < 10

    text = Path(download.value.path()).read_bytes().decode()
    exported = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [(int(row["fid"]), row["action"], row["ip"]) for row in exported] == [
        (fid, action, ip) for fid, action, ip, _ in reversed(STOLEN)
    ]
    assert {row["reason"] for row in exported} == {"'@swap"}
    with pytest.raises(Unauthenticated):
        behind.api_clients.identify(stolen_token)
    (recorded,) = shared_sql.execute(
        "select actor from wallet_audit_log"
        " where action = 'client.revoked' and details::json ->> 'client' = %s",
        [CLIENT],
    ).fetchall()
    assert recorded[0].startswith("client:console-")
