"""The page at `/` in a real browser, on a real service and a real database."""

import io
import re

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from tests.browser.operators import hold
from tests.browser.visitor import DESKTOP, PHONE
from tests.factories import BASE_ACCOUNT, FID

pytestmark = pytest.mark.slow

USDC = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"


def scanned(page):
    """Read the QR code off the screen."""
    picture = Image.open(io.BytesIO(page.locator("#qr").screenshot()))
    (code,) = zxingcpp.read_barcodes(picture.convert("L"))
    return code.text


def row(page, name):
    return page.locator("#transaction div", has=page.get_by_text(name, exact=True)).locator("dd")


def wallet_of(sql):
    return sql.execute("select address from wallets where fid = %s", [FID]).fetchone()[0]


def test_a_deposit_from_signing_in_to_the_code_that_a_phone_scans(visit, shared_sql):
    (before,) = shared_sql.execute("select count(*) from deposits").fetchone()
    visitor = visit().sign_in()
    page = visitor.page
    expect(page.locator("#health")).to_have_text("Ready")
    visitor.deposit("20")
    expect(page.get_by_role("heading", name="Send 20 USDC")).to_be_visible()
    expect(page.locator("#qr svg")).to_be_visible()
    address = wallet_of(shared_sql)
    expect(page.locator("#address")).to_have_text(address)
    expect(page.locator("#list li")).to_contain_text([address])
    uri = f"ethereum:{USDC}@8453/transfer?address={address}&uint256=20000000"
    assert scanned(page) == uri
    assert page.get_by_role("link", name="Open in a wallet app").get_attribute("href") == uri
    expect(row(page, "From")).to_have_text(BASE_ACCOUNT)
    expect(row(page, "To")).to_have_text(USDC)
    expect(row(page, "Gas")).to_have_text("0x30d40")
    expect(page.locator("#said")).to_contain_text(f"Send 20 USDC to {address}")

    visitor.deposit("0.5", "ETH")
    expect(page.get_by_role("heading", name="Send 0.5 ETH")).to_be_visible()
    expect(row(page, "Gas")).to_have_count(0)
    expect(page.locator("#qr")).to_have_attribute(
        "aria-label", "QR code: pay 0.5 ETH on Base Mainnet"
    )
    assert scanned(page) == f"ethereum:{address}@8453?value={5 * 10**17}"
    recorded = shared_sql.execute(
        "select asset, amount from deposits order by created_at offset %s", [before]
    ).fetchall()
    assert recorded == [("USDC", 20_000_000), ("ETH", 5 * 10**17)]

    deposits = page.locator("#deposit-list li")
    expect(deposits.nth(0)).to_contain_text("0.5 ETH prepared")
    expect(deposits.nth(1)).to_contain_text("20 USDC prepared")
    expect(page.locator("#deposits")).to_contain_text(
        "The service does not watch the blockchain yet"
    )
    links = [link.get_attribute("href") for link in deposits.nth(1).get_by_role("link").all()]
    assert links == [
        f"https://basescan.org/address/{BASE_ACCOUNT}",
        f"https://basescan.org/token/{USDC}?a={address}",
    ]


def test_an_error_is_shown_at_the_wrong_field_and_removed_when_it_is_corrected(visit):
    visitor = visit(PHONE).sign_in()
    page = visitor.page
    visitor.deposit("1.1234567")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Invalid amount format. Please check your input.")
    expect(alert).to_contain_text("USDC has at most 6 decimals.")
    expect(page.get_by_label("Amount")).to_be_focused()
    expect(page.get_by_label("Amount")).to_have_attribute("aria-invalid", "true")
    expect(alert).to_be_in_viewport()
    assert visitor.faults_of_the_page() == []

    page.get_by_label("Sent from").fill("0x12")
    visitor.deposit("20")
    expect(alert).to_contain_text("An address is 0x and 40 hex digits.")
    expect(page.get_by_label("Sent from")).to_be_focused()
    expect(page.get_by_label("Amount")).not_to_have_attribute("aria-invalid", "true")

    page.get_by_label("Sent from").fill(BASE_ACCOUNT)
    visitor.deposit("20")
    expect(page.get_by_role("heading", name="Send 20 USDC")).to_be_visible()
    expect(page.locator("#error")).to_be_empty()


def test_a_deposit_whose_response_was_lost_is_not_made_twice(visit, shared_sql):
    visitor = visit().sign_in()
    page = visitor.page
    lost = []

    def lose(route):
        # It arrives; the answer does not.
        lost.append(route.fetch().status)
        route.abort()

    count = "select count(*) from deposits"
    (before,) = shared_sql.execute(count).fetchone()
    page.route("**/api/wallet/deposit", lose, times=1)
    visitor.deposit("20")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The service cannot be reached.")
    expect(alert).to_contain_text("Nothing was lost. Check your connection, then try again.")
    visitor.deposit("20")
    expect(page.locator("#qr svg")).to_be_visible()
    visitor.deposit("20")
    expect(page.get_by_role("button", name="Deposit", exact=True)).not_to_have_attribute(
        "aria-disabled", "true"
    )
    assert lost == [200]
    assert shared_sql.execute(count).fetchone() == (before + 2,)


def test_a_deposit_without_its_qr_code_still_succeeds(visit, shared_sql):
    visitor = visit(PHONE, "dark").sign_in()
    page = visitor.page
    count = "select count(*) from deposits"
    (before,) = shared_sql.execute(count).fetchone()
    button = page.get_by_role("button", name="Deposit", exact=True)
    for route in ("**/payment-qr?*", "**/user-wallets"):
        page.route(route, lambda route: route.fulfill(status=502, body=""), times=1)
    visitor.deposit("20")
    expect(page.locator("#qr")).to_contain_text("The deposit is prepared")
    expect(page.locator("#address")).to_have_text(wallet_of(shared_sql))
    expect(page.locator("#wallets")).to_be_hidden()
    expect(button).not_to_have_attribute("aria-disabled", "true")
    expect(page.locator("#error")).to_be_empty()
    assert visitor.faults_of_the_page() == []
    visitor.deposit("20")
    expect(page.locator("#qr svg")).to_be_visible()
    expect(page.locator("#wallets")).to_be_visible()
    assert shared_sql.execute(count).fetchone() == (before + 2,)
    # A refusal replaces the deposit that was prepared before.
    visitor.deposit("0")
    expect(page.get_by_role("alert")).to_contain_text("Amount must be greater than zero")
    expect(page.locator("#result")).to_be_hidden()
    expect(page.locator("#steps")).to_be_visible()


def test_an_unreadable_response_is_explained(visit):
    page = visit().open().page
    sign_in = page.get_by_role("button", name="Sign in with the demo token")
    answers = []
    for status in (502, 200):
        for kind, body in (
            *(("application/json", text) for text in ("", "{", "null")),
            *(("text/plain", ""), ("text/html", "<p>Log in")),
        ):
            answers.append({"status": status, "content_type": kind, "body": body})
    page.route("**/demo/token", lambda route: route.fulfill(**answers[-1]))
    while answers:
        sign_in.click()
        said = f"A server between you and the service answered ({answers[-1]['status']})."
        expect(sign_in).not_to_have_attribute("aria-disabled", "true")
        expect(page.locator("#error")).to_have_text(said)
        answers.pop()


def test_a_rate_limit_says_when_to_retry(visit_own):
    visitor = visit_own(RATELIMIT_PER_USER="1 per day", DEMO_FID=str(FID)).sign_in()
    expect(visitor.page.get_by_text("None yet. The first deposit creates one.")).to_be_visible()
    visitor.deposit("20")
    alert = visitor.page.get_by_role("alert")
    expect(alert).to_contain_text("Too many requests. Please wait a moment and try again.")
    expect(alert).to_contain_text(re.compile(r"Try again in (\d+ seconds|\d{1,4} minutes)\."))


def test_an_unavailable_database_is_explained(visit, shared_sql):
    visitor = visit()
    visitor.page.clock.install()
    visitor.sign_in()
    tables = ("wallets", "schema_migrations")
    for table in tables:
        shared_sql.execute(f"alter table {table} rename to {table}_away")
    try:
        visitor.deposit("20")
        alert = visitor.page.get_by_role("alert")
        expect(alert).to_contain_text("The database is not available right now. Nothing was lost;")
        expect(alert).to_contain_text("Try again in 5 seconds.")
        # The page asks again by itself.
        expect(visitor.page.locator("#health")).to_have_text("Ready")
        visitor.page.clock.fast_forward(31_000)
        expect(visitor.page.locator("#health")).to_contain_text("Not ready:")
    finally:
        for table in tables:
            shared_sql.execute(f"alter table {table}_away rename to {table}")
    visitor.page.clock.fast_forward(31_000)
    expect(visitor.page.locator("#health")).to_have_text("Ready")


@pytest.mark.parametrize("status", [200, 503])
def test_a_response_after_signing_out_shows_nothing(visit, status):
    page = visit().sign_in().page
    expect(page.locator("#wallets")).to_be_visible()
    late = hold(page, "**/user-wallets", times=1)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with the demo token").click()
    expect(page.get_by_label("Amount")).to_be_focused()
    page.get_by_role("button", name="Sign out").click()
    request = late()
    with page.expect_response("**/user-wallets"):
        request.continue_() if status == 200 else request.fulfill(status=status, body="")
    expect(page.get_by_role("button", name="Sign in with the demo token")).not_to_have_attribute(
        "aria-disabled", "true"
    )
    expect(page.locator("#wallets")).to_be_hidden()
    expect(page.locator("#error")).to_be_empty()


def test_an_expired_token_asks_to_sign_in_again(visit):
    visitor = visit().sign_in()
    page = visitor.page
    page.route("**/api/wallet/deposit", lambda route: route.continue_(headers={}), times=1)
    visitor.deposit("20")
    expect(page.get_by_role("alert")).to_contain_text("Sign in again")
    expect(page.get_by_role("button", name="Sign in with the demo token")).to_be_focused()
    expect(page.locator("#wallets")).to_be_hidden()


def test_the_page_works_with_the_keyboard_only(visit):
    visitor = visit().open()
    page = visitor.page
    expect(page.locator("#health")).to_have_text("Ready")
    order = []
    for _ in range(4):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.textContent"))
        seen = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert seen == "solid", order[-1]
    assert order == ["wallet-api", "API", "Console", "Sign in with the demo token"]
    page.keyboard.press("Enter")
    expect(page.get_by_label("Amount")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("ETH")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("0.25")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Send 0.25 ETH")).to_be_visible()
    expect(page.get_by_label("Amount")).to_be_focused()


@pytest.mark.parametrize(
    ("viewport", "scheme"), [(PHONE, "light"), (DESKTOP, "dark")], ids=["phone", "desktop"]
)
def test_the_page_is_accessible_in_both_color_schemes_at_every_size(visit, viewport, scheme):
    visitor = visit(viewport, scheme).open()
    page = visitor.page
    expect(page.locator("#health")).to_have_text("Ready")
    assert visitor.faults_of_the_page() == []
    visitor.sign_in().deposit("20")
    expect(page.locator("#qr svg")).to_be_visible()
    assert visitor.faults_of_the_page() == []
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    assert scanned(page).startswith("ethereum:")
    for target in page.locator("button:visible, .button:visible, form input:visible").all():
        # Of the choice, the label is what is touched.
        box = target.bounding_box()
        assert target.get_attribute("type") == "radio" or box["height"] >= 24, box


def test_in_production_the_page_only_explains_the_api(visit_own):
    visitor = visit_own(PHONE, NETWORK="base-testnet").open()
    page = visitor.page
    expect(page.locator("#health")).to_have_text("Ready")
    expect(page.get_by_role("heading", name="Use the API")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert visitor.faults_of_the_page() == []
