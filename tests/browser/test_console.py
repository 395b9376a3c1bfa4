"""The operator's console in a real browser: figures, a search, one user's audit trail."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.conftest import ACCESS, BASE_ACCOUNT, JWT_SECRET, LEAKS, SECRET
from wallet_api.app import create_app
from wallet_api.blueprints.application import application
from wallet_api.config import Settings

pytestmark = pytest.mark.slow

USER = 8_000_001
READS = 25
SCOPES = ("stats:read", "wallets:read", "audit:read")


@pytest.fixture(scope="module")
def behind(shared_database):
    """The services behind the pages, and a user whose key was read many times."""
    environ = {"DATABASE_URL": shared_database, "ENCRYPTION_SECRET": SECRET}
    app = create_app(Settings.from_environ({**environ, "JWT_SECRET": JWT_SECRET}))
    services = application(app)
    services.open()
    services.wallets.store_base_account_address(USER, BASE_ACCOUNT, access=ACCESS)
    services.wallets.ensure_trading_wallet(USER, access=ACCESS)
    for number in range(READS):
        because = replace(ACCESS, actor="client:engine", reason=f"sign swap {number}")
        services.wallets.get_wallet_with_key(USER, "ethereum", access=because)
    yield services
    services.close()


@pytest.fixture
def enter(visit, behind):
    """Open the console with a new client's token: enter("stats:read", viewport=PHONE)."""

    def come(*scopes, let_in=True, **screen):
        name = f"console-{len(behind.clients.list_clients())}"
        token = behind.clients.create(name, scopes=scopes, allowed_networks=(), expires_at=None)
        LEAKS.secrets.add(token.reveal())
        visitor = visit(**screen).open("/console")
        visitor.page.get_by_label("Token of an API client").fill(token.reveal())
        visitor.page.keyboard.press("Enter")
        if let_in:
            expect(visitor.page.get_by_label("FID or address")).to_be_focused()
        return visitor

    return come


def look_for(page, asked):
    page.get_by_label("FID or address").fill(asked)
    page.keyboard.press("Enter")


def test_an_operator_finds_a_user_by_address_and_reads_what_happened(enter, behind):
    visitor = enter(*SCOPES, viewport=PHONE, color_scheme="dark")
    page = visitor.page
    address = behind.wallets.get_wallet_address(USER, "ethereum")
    look_for(page, address.upper().replace("X", "x"))
    expect(page.get_by_role("heading", name="Wallets of 0x")).to_be_focused()
    page.get_by_role("button", name=f"Show FID {USER}").click()
    expect(page.get_by_role("heading", name=f"FID {USER}", exact=True)).to_be_focused()
    expect(page.locator("#user-wallets .code")).to_have_text([BASE_ACCOUNT, address])
    entries = page.locator("#entries li")
    expect(entries).to_have_count(20)
    expect(entries.first).to_contain_text("Private key handed out")
    expect(entries.first).to_contain_text(f"sign swap {READS - 1}")
    expect(entries.first).to_contain_text("client:engine")
    page.get_by_role("button", name="Show older entries").click()
    expect(entries).to_have_count(READS + 2)
    expect(entries.last).to_contain_text("Base Account remembered")
    expect(page.get_by_role("button", name="Show older entries")).to_be_hidden()
    assert visitor.faults_of_the_page() == []
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_the_figures_are_those_of_the_database_and_need_no_colours(enter, shared_sql):
    visitor = enter(*SCOPES)
    page = visitor.page
    counted = shared_sql.execute(
        "select count(distinct fid), count(*) filter (where wallet_type = 'trading'),"
        " count(*) filter (where wallet_type = 'base-account') from wallets"
    ).fetchone()
    for name, count in zip(("users", "trading", "base-accounts"), counted, strict=True):
        expect(page.locator(f"#{name}")).to_have_text(str(count))
    expect(page.locator("#storage")).to_have_text("PostgreSQL")
    expect(page.locator("#imported")).to_have_text("0")
    (key_id,) = shared_sql.execute("select key_id from encryption_keys").fetchone()
    expect(page.locator("#secrets li")).to_have_count(1)
    expect(page.locator("#secrets li")).to_contain_text(f"{key_id} current, {counted[1]} keys")
    plot = page.locator("#new-wallets")
    plot.get_by_text("The numbers").click()
    (today,) = shared_sql.execute("select (now() at time zone 'UTC')::date::text").fetchone()
    cells = plot.get_by_role("row", name=today).get_by_role("cell")
    expect(cells).to_have_text([str(count) for count in counted[1:]])
    bars = plot.get_by_role("img").locator("rect")
    expect(bars).to_have_count(2)
    fills = bars.evaluate_all("bars => bars.map((bar) => getComputedStyle(bar).fill)")
    heights = bars.evaluate_all("bars => bars.map((bar) => bar.height.baseVal.value)")
    assert fills == ["rgb(27, 26, 23)", "rgb(251, 250, 247)"]
    assert heights[0] / heights[1] == pytest.approx(counted[1] / counted[2])
    assert visitor.faults_of_the_page() == []


def test_a_token_is_kept_in_memory_alone(enter):
    visitor = enter(*SCOPES)
    page = visitor.page
    kept = "[document.cookie, localStorage.length, sessionStorage.length, location.href]"
    assert page.evaluate(kept) == ["", 0, 0, f"{visitor.url}/console"]
    assert page.get_by_label("Token of an API client").input_value() == ""
    page.reload()
    expect(page.get_by_label("Token of an API client")).to_be_visible()
    expect(page.locator("#console")).to_be_hidden()


def test_what_is_refused_is_said(enter, visit):
    page = visit().open("/console").page
    page.get_by_label("Token of an API client").fill("wapi_not-a-token")
    page.get_by_role("button", name="Open the console").click()
    expect(page.get_by_role("alert")).to_contain_text("the token is missing, expired or not valid")
    expect(page.locator("#console")).to_be_hidden()

    page = enter("wallets:read", let_in=False).page
    expect(page.get_by_role("alert")).to_contain_text("This client may not do that.")
    expect(page.locator("#console")).to_be_hidden()

    page = enter("stats:read").page
    look_for(page, str(USER))
    expect(page.get_by_role("alert")).to_contain_text("This client may not do that.")

    page = enter(*SCOPES).page
    look_for(page, "somebody")
    expect(page.get_by_role("alert")).to_contain_text("must be a whole number")
    look_for(page, "8999999")
    expect(page.get_by_role("heading", name="Nobody has 8999999")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Token of an API client")).to_be_focused()
