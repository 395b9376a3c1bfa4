"""The operator's console in a real browser: its frame, its session, its figures, its faults."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.operators import (
    OTHER,
    SCOPES,
    USER,
    give_token,
    has_heading,
    hold,
    look_for,
    rows,
    sign_in,
)
from tests.browser.visitor import PHONE
from tests.database import plant
from tests.factories import new_client, revoke_client

pytestmark = pytest.mark.slow

TOKEN = "API client token"
OUTAGE = {
    "status": 503,
    "content_type": "application/problem+json",
    "body": '{"error": "The database is not available right now.", "code": "database_unavailable"}',
}


@pytest.fixture
def of_today(behind, shared_sql):
    """Let all wallets be of one day, also if midnight has passed since the first was created."""
    yesterday = "(created_at at time zone 'UTC')::date < (now() at time zone 'UTC')::date"
    plant(shared_sql, f"update wallets set created_at = now() where {yesterday}")


def test_every_view_has_a_url_that_works_with_back_forward_and_reload(enter):
    visitor = enter(*SCOPES, view="#/audit?action=wallet.created")
    page = visitor.page
    has_heading(page, "Audit log")
    expect(page.get_by_label("Action")).to_have_value("wallet.created")
    page.get_by_role("link", name="Status").click()
    expect(page.get_by_role("heading", level=1, name="Status")).to_be_focused()
    expect(page.get_by_role("link", name="Status")).to_have_attribute("aria-current", "page")
    expect(page.get_by_role("link", name="Audit log")).not_to_have_attribute("aria-current", "page")
    assert page.url == f"{visitor.url}/console#/status"
    expect(page).to_have_title("Status · Console · wallet-api")
    look_for(page, str(OTHER))
    has_heading(page, f"FID {OTHER}")
    assert page.url.endswith(f"#/users/{OTHER}")
    # The search itself leaves nothing behind: Back goes to where it was asked for.
    page.go_back()
    has_heading(page, "Status")
    page.go_back()
    has_heading(page, "Audit log")
    expect(page.get_by_label("Action")).to_have_value("wallet.created")
    page.go_forward()
    page.reload()
    has_heading(page, "Status")
    page.goto(f"{visitor.url}/console#/nowhere/%")
    has_heading(page, "Not found")


def test_a_token_stays_in_its_tab_until_signing_out(enter):
    visitor = enter(*SCOPES, view="#/status")
    page = visitor.page
    kept = "[document.cookie, localStorage.length, sessionStorage.length, location.href]"
    assert page.evaluate(kept) == ["", 0, 1, f"{visitor.url}/console#/status"]
    assert page.get_by_label(TOKEN).input_value() == ""
    page.reload()
    has_heading(page, "Status")
    other = page.context.new_page()
    other.goto(f"{visitor.url}/console")
    expect(other.get_by_label(TOKEN)).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label(TOKEN)).to_be_focused()
    assert page.evaluate("sessionStorage.length") == 0
    page.reload()
    expect(page.get_by_label(TOKEN)).to_be_visible()
    expect(page.locator("#console")).to_be_hidden()


def test_a_revoked_token_signs_out_and_says_why(visit, behind):
    token = new_client(behind.api_clients, *SCOPES, name="brief").reveal()
    page = sign_in(visit(), token).page
    expect(page.locator("#users")).to_be_visible()
    revoke_client(behind.api_clients, "brief")
    page.get_by_role("link", name="Audit log").click()
    expect(page.get_by_label(TOKEN)).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text(
        "the token is missing, expired or not valid", ignore_case=True
    )
    assert page.evaluate("sessionStorage.length") == 0


def test_a_token_that_is_refused_does_not_sign_in(visit):
    page = visit().open("/console").page
    alert = page.get_by_role("alert")
    submit = page.get_by_role("button", name="Open the console")
    page.get_by_label(TOKEN).fill("wapi_not-a-token")
    submit.click()
    expect(alert).to_contain_text("the token is missing, expired or not valid", ignore_case=True)
    # Of a proxy, say.
    broken = {"status": 502, "content_type": "application/json", "body": ""}
    page.route("**/v1/*", lambda route: route.fulfill(**broken))
    submit.click()
    expect(alert).to_have_text("A server between you and the service answered (502).")
    assert page.evaluate("sessionStorage.length") == 0
    expect(page.locator("#console")).to_be_hidden()


@pytest.mark.parametrize("view", ["", "#/status", f"#/users/{USER}"])
def test_a_fault_of_the_database_is_shown_once(enter, view):
    page = enter(*SCOPES, view=view).page
    page.route("**/v1/**", lambda route: route.fulfill(**OUTAGE))
    page.get_by_role("button", name="Refresh").click()
    alert = page.locator("#outlet").get_by_role("alert")
    expect(alert).to_have_count(1)
    expect(alert).to_contain_text("The database is not available right now.")
    expect(page.get_by_text("Not loaded.").first).to_be_visible()
    expect(page.get_by_text("Loading …")).to_have_count(0)
    expect(alert).to_have_count(1)
    page.unroute("**/v1/**")
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_text("Not loaded.")).to_have_count(0)
    expect(alert).to_have_count(0)
    expect(page.get_by_role("button", name="Refresh")).to_be_focused()


def test_a_token_with_some_scopes_shows_what_it_may(enter):
    lacks = "Not shown: this token lacks the scope "
    page = enter("wallets:read").page
    expect(page.locator("#totals")).to_have_text(f"{lacks}stats:read.")
    look_for(page, str(OTHER))
    expect(rows(page, "wallets")).to_contain_text(["Trading wallet"])
    for card in ("signatures", "trail"):
        expect(page.locator(f"#{card}")).to_contain_text(f"{lacks}audit:read.")
    expect(page.locator("#policy")).to_contain_text(f"{lacks}policies:read.")
    page = enter("stats:read", "audit:read").page
    expect(page.locator("#trading")).to_have_text(re.compile("[0-9]+"))
    look_for(page, str(OTHER))
    expect(rows(page, "trail")).to_contain_text(["Wallet created"])
    expect(page.locator("#wallets")).to_contain_text(f"{lacks}wallets:read.")


@pytest.mark.usefixtures("of_today")
def test_the_figures_equal_the_database(enter, shared_sql):
    page = enter(*SCOPES).page
    counted = shared_sql.execute(
        "select count(distinct fid), count(*) filter (where wallet_type = 'trading'),"
        " count(*) filter (where wallet_type = 'base-account') from wallets"
    ).fetchone()
    for name, count in zip(("users", "trading", "base-accounts"), counted, strict=True):
        expect(page.locator(f"#{name}")).to_have_text(str(count))
    count, units = shared_sql.execute(
        "select count(*), coalesce(sum(amount) filter (where asset = 'USDC'), 0) from deposits"
    ).fetchone()
    expect(page.locator("#deposits")).to_have_text(str(count))
    expect(page.locator("#usdc")).to_have_text(f"{int(units) // 10**6} USDC")
    plot = page.locator("#new-wallets")
    plot.get_by_text("Show as a table").click()
    (today,) = shared_sql.execute("select (now() at time zone 'UTC')::date::text").fetchone()
    cells = plot.get_by_role("row", name=today).get_by_role("cell")
    expect(cells).to_have_text([str(count) for count in counted[1:]])


@pytest.mark.usefixtures("of_today")
def test_charts_have_axes_exact_values_and_a_range_of_days(enter, shared_sql):
    visitor = enter(*SCOPES)
    page = visitor.page
    chart = page.locator("#new-wallets")
    image = chart.get_by_role("img")
    bars = image.locator("rect.kind-0, rect.kind-1")
    expect(bars).to_have_count(2)
    ticks = image.locator("text").all_text_contents()
    assert ticks[0] == "0", ticks
    assert len(ticks) >= 8, ticks
    # Filled and hollow: they differ without color.
    fills = bars.evaluate_all("bars => bars.map((bar) => getComputedStyle(bar).fill)")
    assert fills[0] != fills[1] == "rgb(255, 255, 255)"
    (today,) = shared_sql.execute("select (now() at time zone 'UTC')::date::text").fetchone()
    expect(page.get_by_label("To (UTC)")).to_have_value(today)
    bars.first.hover()
    expect(chart.locator(".tip")).to_contain_text(re.compile(f"{today}: Trading wallet [0-9]+"))
    page.mouse.move(0, 0)
    expect(chart.locator(".tip")).to_be_empty()
    image.focus()
    page.keyboard.press("ArrowLeft")
    expect(chart.locator(".tip")).to_contain_text(today)
    page.keyboard.press("ArrowLeft")
    expect(chart.locator(".tip")).to_contain_text(": Trading wallet 0, Base Account 0")

    page.get_by_role("link", name="7 days").click()
    expect(page.get_by_role("link", name="7 days")).to_have_attribute("aria-current", "true")
    page.get_by_label("From (UTC)").fill("2026-01-01")
    page.get_by_label("To (UTC)").fill("2026-01-31")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#deposits")).to_have_text("0")
    assert page.url.endswith("#/?from=2026-01-01&to=2026-01-31")
    expect(page.locator("#new-deposits").locator("rect.kind-0")).to_have_count(1)
    page.get_by_label("To (UTC)").fill("2025-01-31")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#totals").get_by_role("alert")).to_contain_text("from must be at most to")


AXES = {
    # Units in ETH, and the ticks.
    "0.009": ["0", "0.0025", "0.005", "0.0075", "0.01"],
    "0.0045": ["0", "0.002", "0.004", "0.006"],
    "0.000000000000000001": ["0", "0.000000000000000001"],
    "0.000000000000000009": [
        "0",
        *(f"0.00000000000000000{units}" for units in (3, 6, 9)),
    ],
    "1": ["0", "0.25", "0.5", "0.75", "1"],
    "1234.5": ["0", "500", "1K", "1.5K"],
    "115000": ["0", "50K", "100K", "150K"],
    "2500000000": ["0", "1B", "2B", "3B"],
    "0": ["0", "1"],
}


def test_the_ticks_of_an_axis_are_different_and_exact(enter):
    page = enter(*SCOPES, viewport=PHONE).page
    for amount, ticks in AXES.items():
        shown, cut = page.evaluate(
            """async (amount) => {
              const { chart } = await import("/assets/chart.js");
              const days = ["2026-11-29", "2026-11-30"];
              const rows = [{ day: days[1], kind: "ETH", value: Number(amount), text: amount }];
              const whole = { id: "one", title: "One", days, kinds: ["ETH"], rows, decimals: 18 };
              const one = chart(whole);
              document.getElementById("charts").replaceChildren(one);
              await new Promise((done) => setTimeout(done, 50));
              const ticks = [...one.querySelectorAll("text[text-anchor=end]")];
              const left = one.querySelector("svg").getBoundingClientRect().left;
              return [ticks.map((tick) => tick.textContent),
                ticks.filter((tick) => tick.getBoundingClientRect().left < left).length];
            }""",
            amount,
        )
        assert (shown, cut) == (ticks, 0), amount


@pytest.mark.usefixtures("of_today")
def test_a_tap_shows_the_value_of_a_day(come, behind, shared_service, shared_sql):
    visitor = come(shared_service, PHONE, "light", has_touch=True)
    page = sign_in(visitor, give_token(behind, *SCOPES)).page
    chart = page.locator("#new-wallets")
    (today,) = shared_sql.execute("select (now() at time zone 'UTC')::date::text").fetchone()
    # What is loaded later moves the chart.
    expect(page.get_by_text("Loading …")).to_have_count(0)
    chart.locator("rect.kind-0").last.tap()
    expect(chart.locator(".tip")).to_contain_text(re.compile(f"{today}: Trading wallet [0-9]+"))
    # Where the finger was, until another place is touched.
    page.get_by_role("heading", level=1).tap()
    expect(chart.locator(".tip")).to_be_empty()


def test_a_day_that_is_entered_while_figures_load_stays(enter):
    page = enter(*SCOPES, view="#/status").page
    held = hold(page, "**/v1/stats**", times=1)
    page.get_by_role("link", name="Overview").click()
    start = page.get_by_label("From (UTC)")
    start.fill("2026-01-01")
    held().continue_()
    expect(page.get_by_label("To (UTC)")).not_to_have_value("")
    expect(start).to_have_value("2026-01-01")


def test_the_console_works_with_the_keyboard_only(enter):
    page = enter(*SCOPES).page
    order = []
    for _ in range(8):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.textContent"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", order
    names = ["Search", "API", "Console", "Sign out", "Overview", "Audit log", "API clients"]
    assert order == [*names, "Status"]
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Status")).to_be_focused()
