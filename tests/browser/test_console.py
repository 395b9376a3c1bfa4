"""The operator's console in a real browser: figures, a search, one user's audit trail."""

import re
import shutil
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import PHONE
from tests.factories import ACCESS, BASE_ACCOUNT, JWT_SECRET, SECRET
from tests.leaks import LEAKS
from tests.wallet_store import EXPECTED, SAMPLES
from wallet_api.app import create_app
from wallet_api.blueprints.application import application
from wallet_api.config import Settings

pytestmark = pytest.mark.slow

USER = 8_000_001
OTHER = 8_000_002
DAMAGED = 8_000_003
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
    for fid in (OTHER, DAMAGED):
        services.wallets.ensure_trading_wallet(fid, access=ACCESS)
    yield services
    services.close()


def give_token(services, *scopes):
    name = f"console-{len(services.clients.list_clients())}"
    token = services.clients.create(name, scopes=scopes, allowed_networks=(), expires_at=None)
    LEAKS.secrets.add(token.reveal())
    return token.reveal()


def let_in(visitor, token):
    visitor.open("/console")
    visitor.page.get_by_label("Token of an API client").fill(token)
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.get_by_label("FID or address")).to_be_focused()
    return visitor


@pytest.fixture
def enter(visit, behind):
    """Open the console with a new client's token: enter("stats:read", viewport=PHONE)."""
    return lambda *scopes, **screen: let_in(visit(**screen), give_token(behind, *scopes))


def look_for(page, asked):
    page.get_by_label("FID or address").fill(asked)
    page.keyboard.press("Enter")


def open_user(page, services, fid):
    look_for(page, services.wallets.get_wallet_address(fid, "ethereum", access=ACCESS))
    page.get_by_role("button", name=f"Show FID {fid}").click()


def test_an_operator_finds_a_user_by_address_and_reads_what_happened(enter, behind):
    visitor = enter(*SCOPES, viewport=PHONE, color_scheme="dark")
    page = visitor.page
    address = behind.wallets.get_wallet_address(USER, "ethereum", access=ACCESS)
    look_for(page, address.upper().replace("X", "x"))
    expect(page.get_by_role("heading", name="Wallets of 0x")).to_be_focused()
    page.get_by_role("button", name=f"Show FID {USER}").click()
    expect(page.get_by_role("heading", name=f"FID {USER}", exact=True)).to_be_focused()
    expect(page.locator("#user-wallets .code")).to_have_text([BASE_ACCOUNT, address])
    entries = page.locator("#entries li")
    expect(entries).to_have_count(20)
    expect(entries.first).to_contain_text("Private key read")
    expect(entries.first).to_contain_text(f"sign swap {READS - 1}")
    expect(entries.first).to_contain_text("client:engine")
    page.get_by_role("button", name="Show older entries").click()
    expect(entries).to_have_count(READS + 2)
    expect(entries.last).to_contain_text("Base Account stored")
    expect(page.get_by_role("button", name="Show older entries")).to_be_hidden()
    assert visitor.faults_of_the_page() == []
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_the_figures_equal_the_database_and_need_no_colors(enter, shared_sql):
    visitor = enter(*SCOPES)
    page = visitor.page
    counted = shared_sql.execute(
        "select count(distinct fid), count(*) filter (where wallet_type = 'trading'),"
        " count(*) filter (where wallet_type = 'base-account') from wallets"
    ).fetchone()
    for name, count in zip(("users", "trading", "base-accounts"), counted, strict=True):
        expect(page.locator(f"#{name}")).to_have_text(str(count))
    expect(page.locator("#place")).to_have_text("PostgreSQL")
    expect(page.locator("#imported")).to_have_text("0")
    (key_id,) = shared_sql.execute("select key_id from encryption_keys").fetchone()
    expect(page.locator("#present")).to_have_count(0)
    expect(page.locator("#only-rows")).to_be_hidden()
    secret = page.locator("#storage li")
    expect(secret).to_have_text(
        re.compile(rf"Current secret since .*\s+{key_id}\s+{counted[1]} keys")
    )
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


def test_a_token_is_kept_only_in_memory(enter):
    visitor = enter(*SCOPES)
    page = visitor.page
    kept = "[document.cookie, localStorage.length, sessionStorage.length, location.href]"
    assert page.evaluate(kept) == ["", 0, 0, f"{visitor.url}/console"]
    assert page.get_by_label("Token of an API client").input_value() == ""
    page.reload()
    expect(page.get_by_label("Token of an API client")).to_be_visible()
    expect(page.locator("#console")).to_be_hidden()


def test_a_page_shows_one_user_after_late_and_failed_responses(enter, behind):
    page = enter(*SCOPES).page
    late = []

    def hold(route):
        late.append(route)

    page.route(f"**/v1/audit?fid={USER}&*", hold, times=1)
    open_user(page, behind, USER)
    open_user(page, behind, OTHER)
    entries = page.locator("#entries li")
    expect(entries).to_have_count(1)
    with page.expect_response(f"**/v1/audit?fid={USER}&*"):
        late[0].continue_()
    # What is late would be there by now.
    page.evaluate("new Promise((done) => setTimeout(done, 100))")
    expect(page.get_by_role("heading", name=f"FID {OTHER}", exact=True)).to_be_visible()
    expect(entries).to_have_count(1)
    older = page.get_by_role("button", name="Show older entries")
    expect(older).to_be_hidden()

    open_user(page, behind, USER)
    expect(entries).to_have_count(20)
    expect(older).to_be_visible()
    page.route(f"**/v1/audit?fid={OTHER}&*", lambda route: route.abort(), times=1)
    open_user(page, behind, OTHER)
    expect(page.get_by_role("heading", name=f"FID {OTHER}", exact=True)).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("The service cannot be reached.")
    expect(page.locator("#user-wallets")).to_contain_text("Trading wallet")
    expect(entries).to_have_count(0)
    expect(older).to_be_hidden()


def test_the_page_of_a_user_whose_key_does_not_decrypt_reports_it(enter, behind, shared_sql):
    page = enter(*SCOPES).page
    address = behind.wallets.get_wallet_address(DAMAGED, "ethereum", access=ACCESS)
    # As a damaged disk would: no trigger is asked.
    shared_sql.execute("set session_replication_role = replica")
    ciphertext = "select encrypted_private_key from wallets where fid = %s"
    (sealed,) = shared_sql.execute(ciphertext, [DAMAGED]).fetchone()
    change = "update wallets set encrypted_private_key = %s where fid = %s"
    shared_sql.execute(change, ["ab" * 48, DAMAGED])
    try:
        look_for(page, address)
        closed = re.compile("cannot be decrypted", re.IGNORECASE)
        expect(page.locator("#found-rows")).to_contain_text(closed)
        page.get_by_role("button", name=f"Show FID {DAMAGED}").click()
        expect(page.locator("#entries li")).to_contain_text(["Wallet created"])
        wallets = page.locator("#user-wallets")
        expect(wallets.get_by_role("alert")).to_contain_text(
            "A key of this user cannot be decrypted"
        )
        expect(wallets.locator("li")).to_contain_text([closed])
        assert address not in page.content()
    finally:
        shared_sql.execute(change, [sealed, DAMAGED])


def test_with_wallet_files_the_console_shows_what_is_available(visit_own, services, folder):
    shutil.copytree(SAMPLES, folder, dirs_exist_ok=True)
    (folder / "wallet_5_ethereum.json.bak").touch()
    files = len(list(folder.glob("*.json")))
    keyed = next(entry for entry in EXPECTED if entry["privateKey"])
    asked = str(keyed["fid"])
    settings = {"WALLET_STORAGE_PATH": str(folder)}
    token = give_token(services, *SCOPES)

    visitor = let_in(visit_own(PHONE, WALLET_STORAGE="filesystem", **settings), token)
    page = visitor.page
    expect(page.locator("#place")).to_have_text("Files")
    expect(page.locator("#counts")).to_contain_text("Wallets are stored in files.")
    expect(page.locator("#only-rows")).to_have_count(0)
    expect(page.locator("#missing")).to_have_text(str(files))
    look_for(page, keyed["address"])
    expect(page.locator("#found-rows")).to_contain_text("To find one, search for its FID.")
    look_for(page, asked)
    expect(page.locator("#user-wallets")).to_contain_text(keyed["address"])
    expect(page.locator("#trail")).to_have_text("No entries yet.")
    assert visitor.faults_of_the_page() == []
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]

    page = let_in(visit_own(WALLET_STORAGE="migrating", **settings), token).page
    for name, count in (("present", 0), ("missing", files), ("misnamed", 1), ("users", 0)):
        expect(page.locator(f"#{name}")).to_have_text(str(count))
    expect(page.locator("#only-rows")).to_contain_text("not those that are only in files")
    look_for(page, keyed["address"])
    expect(page.locator("#found-rows")).to_contain_text("No wallet in PostgreSQL has this address.")
    look_for(page, asked)
    expect(page.locator("#user-wallets")).to_contain_text(keyed["address"])
    # What was asked for in files is in PostgreSQL now.
    mine = len(list(folder.glob(f"wallet_{asked}_*.json")))
    page.get_by_role("button", name="Refresh").click()
    for name, count in (("present", mine), ("missing", files - mine), ("users", 1)):
        expect(page.locator(f"#{name}")).to_have_text(str(count))


def test_a_token_with_some_scopes_shows_only_their_sections(enter, behind):
    lacks = "Not shown: this token lacks the scope "
    page = enter("wallets:read").page
    for part in ("#counts", "#storage"):
        expect(page.locator(part)).to_have_text(f"{lacks}stats:read.")
    look_for(page, str(OTHER))
    address = behind.wallets.get_wallet_address(OTHER, "ethereum", access=ACCESS)
    expect(page.locator("#user-wallets")).to_contain_text(address)
    expect(page.locator("#trail")).to_have_text(f"{lacks}audit:read.")

    page = enter("stats:read", "audit:read").page
    expect(page.locator("#trading")).to_have_text(re.compile("[0-9]+"))
    look_for(page, address)
    expect(page.locator("#found-rows")).to_have_text(f"{lacks}wallets:read.")
    look_for(page, str(OTHER))
    expect(page.locator("#entries li")).to_contain_text(["Wallet created"])
    expect(page.locator("#user-wallets")).to_have_text(f"{lacks}wallets:read.")


def test_refusals_are_shown(enter, visit, behind):
    page = visit().open("/console").page
    alert = page.get_by_role("alert")
    open_console = page.get_by_role("button", name="Open the console")
    page.get_by_label("Token of an API client").fill("wapi_not-a-token")
    open_console.click()
    expect(alert).to_contain_text("the token is missing, expired or not valid")
    expect(page.locator("#console")).to_be_hidden()
    # Of a proxy, say.
    broken = {"status": 502, "content_type": "application/json", "body": ""}
    page.route("**/v1/*", lambda route: route.fulfill(**broken))
    open_console.click()
    expect(alert).to_have_text("A server between you and the service answered (502).")
    expect(page.locator("#console")).to_be_hidden()

    page = enter(*SCOPES).page
    field, alert = page.get_by_label("FID or address"), page.get_by_role("alert")
    look_for(page, str(USER))
    expect(page.locator("#entries li")).to_have_count(20)
    for wrong in ("somebody", str(2**63), "0x12", ""):
        look_for(page, wrong)
        expect(alert).to_contain_text("This is not an FID or an address.")
        expect(page.locator("#shown")).to_be_empty()
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "true")
        look_for(page, str(2**63 - 1))
        expect(page.locator("#user-wallets")).to_have_text("This user has no wallet.")
        expect(page.locator("#error")).to_be_empty()
    look_for(page, f"0x{1:040x}")
    expect(page.locator("#found-rows")).to_have_text("No wallet has this address.")
    page.route("**/v1/users/**", lambda route: route.continue_(headers={}))
    look_for(page, str(USER))
    expect(page.get_by_label("Token of an API client")).to_be_focused()
    expect(alert).to_contain_text("the token is missing, expired or not valid")
    expect(page.locator("#shown")).to_be_empty()

    # If one part fails, the others are shown; without files, the figures say what they count.
    visitor = visit()
    visitor.page.route("**/v1/storage?", lambda route: route.fulfill(**broken))
    page = let_in(visitor, give_token(behind, *SCOPES)).page
    expect(page.locator("#storage")).to_contain_text("A server between you and the service")
    expect(page.locator("#trading")).to_have_text(re.compile("[0-9]+"))
    expect(page.locator("#only-rows")).to_be_visible()
    page.unroute("**/v1/storage?")
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#place")).to_have_text("PostgreSQL")
    expect(page.locator("#only-rows")).to_be_hidden()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Token of an API client")).to_be_focused()
