"""Every view of the console fits the screen, with the longest values that the service stores."""

import ipaddress
from dataclasses import replace

import psycopg
import pytest
from playwright.sync_api import expect

from tests.browser.operators import SCOPES, USER, fits, give_token, sign_in
from tests.browser.visitor import DESKTOP, PHONE
from tests.factories import ACCESS, new_client
from tests.policies import CLIENT, FEES, OPERATOR, payments, transfer
from tests.signing import CHAIN_ID
from wallet_api.errors import PolicyRefused
from wallet_api.policies.reading import read_policy
from wallet_api.services.deposits import DepositRequest

pytestmark = pytest.mark.slow

LARGEST = 2**63 - 1
LONGEST = "w" * 63
VIEWS = (
    *("", "#/audit", "#/status", "#/clients", "#/clients/new", "#/search?q=nothing at all"),
    *(f"#/users/{USER}", f"#/users/{USER}/deposits"),
    *(f"#/users/{LARGEST}?client={LONGEST}", f"#/users/{LARGEST}/deposits"),
    *(f"#/audit?fid={LARGEST}", f"#/audit?actor=client:{LONGEST}", "#/audit?fid=0"),
    # Of two users.
    f"#/search?q=0x{'5' * 8}",
)
LOCAL = "[...document.querySelectorAll('time .local')].map((one) => one.checkVisibility())"


@pytest.fixture(scope="module")
def longest(behind, shared_database):
    """A user whose rows have the longest values."""
    base_account = "0x" + "5" * 40
    for fid in (LARGEST, LARGEST - 1):
        behind.wallets.store_base_account_address(fid, base_account, access=ACCESS)
    behind.wallets.ensure_trading_wallet(LARGEST, access=ACCESS)
    rules = [{**payments((86_400, 10**40)), "id": "r" * 32}, FEES]
    policy = behind.policy_versions.create(
        read_policy({"name": "P" * 100, "rules": rules}), access=OPERATOR
    )
    behind.policy_assignments.assign_to_wallet(LARGEST, policy.id, access=OPERATOR)
    for name in (LONGEST, "trading-engine-production"):
        new_client(
            behind.api_clients,
            *("wallets:sign", *SCOPES),
            name=name,
            policy_id=policy.id,
            unrestricted=False,
            allowed_networks=["2001:db8:1111:2222:3333:4444:5555:6666/128", "203.0.113.128/25"],
        )
        access = replace(
            CLIENT,
            actor=f"client:{name}",
            ip=ipaddress.ip_address("2001:db8:1111:2222:3333:4444:5555:6666"),
            reason="R" * 500,
            request_id="q" * 64,
        )
        behind.wallets.get_wallet_with_key(LARGEST, "ethereum", access=access)
        for amount in (10**30, 10**41):
            try:
                behind.signing.sign_transaction(
                    LARGEST,
                    transfer(amount),
                    chain_id=CHAIN_ID,
                    method="sign/transaction",
                    access=access,
                )
            except PolicyRefused:
                assert amount == 10**41
    for amount in ("0.123456789012345678", "115792089237316195423.570985008687907853"):
        asked = DepositRequest(asset="ETH", amount=amount, base_address=None, idempotency_key=None)
        behind.deposits.prepare(LARGEST, asked, access=ACCESS)
    with psycopg.connect(shared_database, autocommit=True) as sql:
        # The commands that write these entries need a folder.
        sql.execute(
            "insert into wallet_audit_log (fid, id, chain, action, actor, request_id)"
            " select fid, max(id) + place, 'ethereum', made.action, 'cli:root', 'a-test'"
            " from wallet_audit_log, (values (1, 'key.exported'), (2, 'wallet.imported'))"
            " as made (place, action) where fid = %s group by fid, place, made.action",
            [LARGEST],
        )


@pytest.mark.parametrize(("viewport", "scheme"), [(PHONE, "dark"), (DESKTOP, "light")])
def test_every_view_is_accessible_and_fits_the_screen(enter, longest, viewport, scheme):
    scopes = (*SCOPES, "clients:read", "clients:write")
    visitor = enter(*scopes, viewport=viewport, color_scheme=scheme)
    page = visitor.page
    for view in VIEWS:
        page.goto(f"{visitor.url}/console{view}")
        expect(page.get_by_role("heading", level=1)).not_to_be_empty()
        expect(page.get_by_text("Loading …")).to_have_count(0)
        expect(page.locator("th:empty")).to_have_count(0)
        assert fits(page), view
        # All of an entry, and the numbers of a chart.
        page.locator("summary").evaluate_all("all => all.slice(0, 3).forEach((one) => one.click())")
        expect(page.get_by_label("The entry", exact=True)).to_have_count(
            page.locator("td details[open]").count()
        )
        assert fits(page), view
        local = page.get_by_role("button", name="Local time")
        if local.is_visible():
            local.click()
            assert fits(page), view
            local.click()
        assert visitor.faults_of_the_page() == [], view


def test_long_values_fit_screens_of_other_widths(enter, longest):
    visitor = enter(*SCOPES, "clients:read", viewport=DESKTOP)
    page = visitor.page
    for view in VIEWS:
        page.goto(f"{visitor.url}/console{view}")
        expect(page.get_by_text("Loading …")).to_have_count(0)
        for width in (640, 768, 1024, 1150, 1600):
            page.set_viewport_size({"width": width, "height": 800})
            assert fits(page), (view, width)


def test_ordinary_values_keep_their_line(enter, behind):
    """What breaks long values leaves short ones alone."""
    page = enter(*SCOPES, view="#/audit?actor=client:engine").page
    row = page.locator("#entries tbody tr").first
    row.locator(".pill").evaluate("pill => { pill.textContent = 'Transaction signed' }")
    for part in (".pill", "td > a", "td[data-label=User] code", "td[data-label=Request] code"):
        lines = row.locator(part).first.evaluate(
            """one => {
              const all = document.createRange();
              all.selectNodeContents(one);
              const ends = [...all.getClientRects()].map(({ bottom }) => Math.round(bottom / 8));
              return new Set(ends).size;
            }"""
        )
        assert lines == 1, part


def test_a_button_shows_local_times_in_this_tab(come, behind, shared_service):
    visitor = come(shared_service, DESKTOP, "light", timezone_id="Asia/Kolkata", locale="en-GB")
    page = sign_in(visitor, give_token(behind, *SCOPES), f"#/audit?fid={USER}").page
    time = page.locator("#entries time").first
    button = page.get_by_role("button", name="Local time")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(time).to_be_visible()
    assert set(page.evaluate(LOCAL)) == {False}
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert set(page.evaluate(LOCAL)) == {True}
    # In one zone and in the other.
    shown = time.locator(".local")
    assert " UTC" in time.inner_text()
    assert "GMT+5:30" in shown.inner_text()
    instant = "one => new Date(one.dateTime).toLocaleTimeString('en-GB')"
    assert time.evaluate(instant) in shown.inner_text()
    page.get_by_role("link", name="Status").click()
    expect(button).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#encryption-secrets time")).to_be_visible()
    assert set(page.evaluate(LOCAL)) == {True}
    button.click()
    assert set(page.evaluate(LOCAL)) == {False}
