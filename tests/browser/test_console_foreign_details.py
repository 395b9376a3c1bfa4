"""Audit entries whose details the service did not write hide no other entry, and are exported."""

import json
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import expect

from tests.browser.operators import SCOPES, rows
from tests.database import FOREIGN_DETAILS, plant
from tests.factories import ACCESS

pytestmark = pytest.mark.slow

FOREIGN = 90_071_992_547_409_951
DETAILS = (
    *FOREIGN_DETAILS,
    *('{"fid": "x"}', '{"fid": "5"}', '{"fid": 9007199254740993}', '{"fid": null}', '{"fid": {}}'),
    *('{"unreadable": "x"}', '{"unreadable": null}', '{"unreadable": {"fid": "x"}}'),
    *(
        "55",
        "true",
        '{"reason": 5}',
        '{"reason": "x", "layer": {}}',
        '{"rule": [1], "reason": "x"}',
    ),
    *(
        '{"digest": 5}',
        '{"digest": {}}',
        '{"effects": 5}',
        '{"effects": "x"}',
        '{"effects": [null]}',
    ),
    *(
        '{"effects": {"length": 1}}',
        '{"effects": [{"kind": 5}]}',
        '{"effects": [{"amount": "1.x"}]}',
    ),
    *(
        '{"effects": [{"kind": "x", "to": {"fid": "x"}}]}',
        '{"effects": [{"kind": "x", "n": 1e30}]}',
    ),
    *('{"effects": [{"kind": "x", "deadline": "x"}]}', '{"chain_id": "x"}', '{"toJSON": "x"}'),
    *('{"__proto__": {"reason": "x"}}', '{"constructor": 5, "hasOwnProperty": 5, "then": "x"}'),
    *('{"n": ' + "9" * 400 + "}", '{"n": -0.0, "m": 1e22}', '{"n": ' + "[" * 30 + "]" * 30 + "}"),
    *('{"data": [], "next_cursor": "x", "rawJSON": "x"}', '{"error": "x"}', '{"": ""}'),
)
NOT_WRITTEN = "The service did not write these details."


@pytest.fixture(scope="module")
def foreign(behind, shared_database):
    """A user with an entry for each of DETAILS."""
    behind.wallets.ensure_trading_wallet(FOREIGN, access=ACCESS)
    with psycopg.connect(shared_database, autocommit=True) as sql:
        sql.execute(
            "insert into wallet_audit_log (fid, id, chain, action, actor, request_id, details)"
            " select %s, 1 + place, 'ethereum', 'transaction.signed', 'client:foreign', 'a-test',"
            " one::json from unnest(%s::text[]) with ordinality as given (one, place)",
            [FOREIGN, list(DETAILS)],
        )
        yield
        # Other tests look at all entries.
        plant(sql, "delete from wallet_audit_log where fid = %s and id > 1", [FOREIGN])


def test_entries_with_any_details_are_shown(enter, foreign):
    visitor = enter(*SCOPES, view=f"#/audit?fid={FOREIGN}")
    page = visitor.page
    entries = rows(page, "entries")
    expect(entries).to_have_count(len(DETAILS) + 1)
    for details in ('{"fid": "x"}', '{"reason": 5}', '{"unreadable": null}', '{"digest": {}}'):
        row = entries.nth(len(DETAILS) - 1 - DETAILS.index(details))
        said = NOT_WRITTEN if details != '{"fid": "x"}' else "All members"
        expect(row).to_contain_text(said)
    page.locator("summary").evaluate_all("all => all.forEach((one) => one.click())")
    texts = page.get_by_label("The entry", exact=True)
    expect(texts).to_have_count(len(DETAILS) + 1)
    for text in texts.all_text_contents():
        assert f'"fid": {FOREIGN},' in text
    assert "[object Object]" not in entries.first.locator("xpath=..").inner_text()
    page.goto(f"{visitor.url}/console#/users/{FOREIGN}")
    expect(rows(page, "signatures")).to_have_count(3)


def test_entries_with_any_details_are_exported_as_the_api_returns_them(enter, foreign):
    page = enter(*SCOPES).page
    with page.expect_response("**/v1/audit?*") as response:
        page.goto(f"{page.url.split('#')[0]}#/audit?fid={FOREIGN}")
    returned = json.loads(response.value.body())["data"]
    expect(rows(page, "entries")).to_have_count(len(DETAILS) + 1)
    exported = {}
    for kind in ("JSON", "CSV"):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Export {kind}").click()
        exported[kind] = Path(download.value.path()).read_text()
    # To the last digit, and 5 is not "5".
    assert json.loads(exported["JSON"]) == returned
    assert exported["CSV"].count(f'"{FOREIGN}"') == len(DETAILS) + 1


def test_an_export_that_fails_by_a_mistake_says_why(enter):
    visitor = enter(*SCOPES, view="#/audit")
    page = visitor.page
    expect(rows(page, "entries").first).to_be_visible()
    page.evaluate(
        "() => { URL.createObjectURL = () => { throw new TypeError('broken on purpose') } }"
    )
    page.get_by_role("button", name="Export JSON").click()
    expect(page.get_by_text("Nothing was exported.")).to_be_visible()
    alert = page.locator("#outlet").get_by_role("alert")
    expect(alert).to_contain_text("This page failed.")
    expect(alert).to_contain_text("broken on purpose")
    expect(page.get_by_role("button", name="Export JSON")).to_be_visible()
    assert visitor.complaints == ["broken on purpose"]
    visitor.complaints.clear()
