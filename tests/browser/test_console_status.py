"""The console's status view, and API clients."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.operators import SCOPES, rows
from tests.factories import new_client, revoke_client
from tests.leaks import LEAKS
from tests.running_service import ROOT
from wallet_api import __version__
from wallet_api.crypto.secret import Secret
from wallet_api.errors import Unauthenticated

pytestmark = pytest.mark.slow

MANAGING = (*SCOPES, "clients:read", "clients:write")


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


def test_the_form_does_not_offer_the_scope_that_only_the_command_grants(enter):
    page = enter(*MANAGING, view="#/clients/new").page
    expect(page.locator("#new-client")).to_contain_text(
        "Only wallet-api clients create grants clients:write"
    )
    expect(page.get_by_label("clients:write")).to_have_count(0)


def test_clients_are_listed_created_and_revoked(enter, behind):
    new_client(behind.api_clients, "stats:read", name="former")
    revoke_client(behind.api_clients, "former")
    visitor = enter(*MANAGING, view="#/clients")
    page = visitor.page
    expect(rows(page, "clients").filter(has_text="former")).to_contain_text("Revoked")
    # What a row does not have leaves no trace.
    expect(page.locator("#clients")).not_to_contain_text(re.compile("false|null|undefined"))
    page.get_by_role("link", name="Create a client").click()
    assert visitor.faults_of_the_page() == []
    page.get_by_label("Name").fill("night shift")
    page.get_by_label("audit:read").check()
    page.get_by_role("button", name="Create").click()
    form = page.locator("#new-client")
    expect(form.get_by_role("alert")).to_contain_text("lower-case letters")
    page.get_by_label("Name").fill("night-shift")
    page.get_by_label("keys:read").check()
    page.get_by_role("button", name="Create").click()
    expect(form.get_by_role("alert")).to_contain_text(re.compile("does not have keys:read"))
    page.get_by_label("keys:read").uncheck()
    page.get_by_label("Allowed networks").fill("127.0.0.1, 10.1.0.0/16")
    page.get_by_label("Expires").select_option("1 day")
    page.get_by_role("button", name="Create").click()
    token = page.locator("#new-token code").text_content()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.locator("#said")).to_contain_text("Its token is shown only once")
    LEAKS.secrets.add(token)
    made = behind.api_clients.identify(Secret(token))
    assert (made.name, made.scopes) == ("night-shift", {"audit:read"})
    assert [str(one) for one in made.allowed_networks] == ["10.1.0.0/16", "127.0.0.1/32"]
    assert made.expires_at is not None
    assert token not in page.url + page.evaluate("JSON.stringify(sessionStorage)")
    # It is shown once.
    page.reload()
    expect(page.locator("#new-client")).to_be_visible()
    assert token not in page.content()

    page.get_by_role("link", name="All clients").click()
    row = rows(page, "clients").filter(has_text="night-shift")
    expect(row).to_contain_text(re.compile(r"Active.*audit:read.*10\.1\.0\.0/16"))
    assert visitor.faults_of_the_page() == []
    revoke = row.get_by_role("button", name="Revoke night-shift")
    revoke.click()
    dialog = page.get_by_role("dialog", name="Revoke night-shift?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(revoke).to_be_focused()
    revoke.click()
    dialog.get_by_role("button", name="Revoke").click()
    expect(row).to_contain_text("Revoked")
    with pytest.raises(Unauthenticated):
        behind.api_clients.identify(Secret(token))
    row.get_by_role("link", name="Audit log").click()
    expect(page.get_by_label("By", exact=True)).to_have_value("client:night-shift")
