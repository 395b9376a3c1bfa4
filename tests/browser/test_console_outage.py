"""An outage of the database, behind a real browser."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import TimeoutError as NotShown
from playwright.sync_api import expect

from tests.browser.operators import SCOPES, give_token, look_for, rows, sign_in
from tests.factories import ACCESS, FID
from tests.faults.servers import Proxy
from tests.leaks import LEAKS

pytestmark = pytest.mark.slow

UNAVAILABLE = "The database is not available right now."


def repeat(button, shown):
    """Click until something is shown: the service connects again within seconds."""
    for _ in range(20):
        button.click()
        with suppress(NotShown):
            shown.wait_for(timeout=1000)
            return
    raise AssertionError("It was not shown after 20 clicks.")


@pytest.fixture
def proxy(server):
    with Proxy(server.port) as proxy:
        yield proxy


@pytest.fixture
def visitor(visit_own, proxy, server, database_url):
    """A visitor of a service whose connections to the database can be cut."""
    through = database_url.replace(f":{server.port}/", f":{proxy.port}/")
    return visit_own(DATABASE_URL=through, DEMO_FID=str(FID))


def test_an_outage_is_shown_once_and_ends_with_a_refresh(visitor, proxy, services):
    """Connections are cut and refused while views are open."""
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)
    page = sign_in(visitor, give_token(services, *SCOPES)).page
    refresh = page.get_by_role("button", name="Refresh")
    alert = page.locator("#outlet").get_by_role("alert")
    look_for(page, str(FID))
    expect(rows(page, "wallets")).to_have_count(1)
    shown = page.url
    with proxy.refusing():
        refresh.click()
        expect(page.get_by_text("Not loaded.")).to_have_count(5)
        expect(alert).to_have_count(1)
        expect(alert).to_contain_text(UNAVAILABLE)
        page.get_by_role("link", name="Status").click()
        expect(page.locator("#ready")).to_contain_text("Not ready")
        expect(page.get_by_text("Loading …")).to_have_count(0)
        expect(alert).to_have_count(1)
    # The session and the URL are still valid.
    repeat(refresh, page.locator("#ready", has_text=re.compile("^Ready$")))
    expect(alert).to_have_count(0)
    page.go_back()
    assert page.url == shown
    expect(rows(page, "wallets")).to_have_count(1)


def test_what_was_entered_during_an_outage_is_sent_after_it(visitor, proxy, services, sql):
    token = give_token(services, *SCOPES, "clients:read", "clients:write")
    page = sign_in(visitor, token, "#/clients/new").page
    page.get_by_label("Name").fill("after-the-outage")
    page.get_by_label("audit:read").check()
    depositor = page.context.new_page()
    depositor.goto(visitor.url)
    with depositor.expect_response("**/demo/token") as answer:
        depositor.get_by_role("button", name="Sign in with the demo token").click()
    LEAKS.secrets.add(answer.value.json()["token"])
    deposit = depositor.get_by_role("button", name="Deposit", exact=True)
    depositor.get_by_label("Amount").fill("7")
    with proxy.refusing():
        page.get_by_role("button", name="Create").click()
        expect(page.locator("#outlet").get_by_role("alert")).to_contain_text(UNAVAILABLE)
        deposit.click()
        expect(depositor.get_by_role("alert")).to_contain_text(UNAVAILABLE)
    created = page.locator("#new-token code")
    repeat(page.get_by_role("button", name="Create"), created)
    LEAKS.secrets.add(created.text_content())
    repeat(deposit, depositor.get_by_role("heading", name="Send 7 USDC"))
    assert sql.execute("select count(*) from deposits").fetchone() == (1,)
    count = "select count(*) from api_clients where name = 'after-the-outage'"
    assert sql.execute(count).fetchone() == (1,)
