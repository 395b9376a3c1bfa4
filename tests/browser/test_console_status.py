"""The console's status view."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.operators import SCOPES, rows
from tests.service import ROOT
from wallet_api import __version__

pytestmark = pytest.mark.slow


def test_the_status_says_whether_it_serves_and_with_what(enter, shared_sql):
    visitor = enter(*SCOPES, view="#/status")
    page = visitor.page
    expect(page.locator("#ready")).to_have_text("Ready")
    green = page.locator("#ready .pill").evaluate("pill => getComputedStyle(pill).color")
    assert green == "rgb(17, 104, 58)"
    expect(page.locator("#version")).to_have_text(__version__)
    (applied,) = shared_sql.execute("select count(*) from schema_migrations").fetchone()
    newest = max(path.stem for path in (ROOT / "migrations").glob("*.sql"))
    expect(page.locator("#migrated")).to_have_text("Up to date")
    expect(page.locator("#applied")).to_have_text(str(applied))
    expect(page.locator("#migrations")).to_contain_text(newest)
    expect(rows(page, "connections")).to_contain_text([re.compile("primary")])
    expect(rows(page, "rate-limits").first).to_contain_text("IP address")
    (key_id,) = shared_sql.execute("select key_id from encryption_keys").fetchone()
    (keys,) = shared_sql.execute("select count(*) from wallets where chain = 'ethereum'").fetchone()
    secret = rows(page, "encryption-secrets")
    expect(secret).to_contain_text([re.compile(f"{key_id}.*Current.*{keys} keys")])
    expect(page.locator("#place")).to_have_text("PostgreSQL")
    expect(page.locator(".as-of")).to_contain_text(re.compile(r"As of 20.* UTC"))
    assert visitor.faults_of_the_page() == []


def test_missing_migrations_and_alarms_are_shown(enter, shared_sql):
    page = enter(*SCOPES, view="#/status").page
    newest = max(path.stem for path in (ROOT / "migrations").glob("*.sql"))
    version = newest.partition("_")[0]
    shared_sql.execute("delete from schema_migrations where version = %s", [version])
    try:
        page.get_by_role("button", name="Refresh").click()
        expect(page.locator("#migrated")).to_have_text("1 migration missing")
        expect(page.locator("#migrations")).to_contain_text(newest)
        expect(page.locator("#ready")).to_contain_text("Not ready: migrations")
        page.get_by_role("button", name="Refresh").click()
        expect(rows(page, "alarms")).to_contain_text([re.compile("migrations_missing")])
    finally:
        shared_sql.execute("insert into schema_migrations values (%s)", [version])
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#ready")).to_have_text("Ready")
