"""A user's page in the console: wallets, policy, deposits, signatures, audit entries."""

import re
import shutil
from dataclasses import replace
from ipaddress import ip_address

import pytest
from playwright.sync_api import expect

from tests.browser.operators import (
    DAMAGED,
    OTHER,
    SCOPES,
    USER,
    fits,
    give_token,
    has_heading,
    hold,
    look_for,
    rows,
    sign_in,
)
from tests.browser.visitor import PHONE
from tests.factories import ACCESS, BASE_ACCOUNT
from tests.policies import CLIENT, FEES, RECIPIENT, payments, transfer
from tests.signing import CHAIN_ID
from tests.wallet_store import EXPECTED, SAMPLES
from wallet_api.errors import PolicyRefused
from wallet_api.policies.reading import read_policy, read_rules
from wallet_api.services.deposits import DepositRequest

pytestmark = pytest.mark.slow

POLICED = 8_000_004
ACTIVE = 8_000_007


def sign_transfer(services, amount, fid=POLICED):
    """Sign a transfer as the client "engine", which may be refused."""
    try:
        services.signing.sign_transaction(
            fid,
            transfer(amount),
            chain_id=CHAIN_ID,
            method="sign/transaction",
            access=CLIENT,
        )
    except PolicyRefused:
        return False
    return True


def test_a_user_is_on_one_screen(enter, behind):
    visitor = enter(*SCOPES, viewport=PHONE, color_scheme="dark")
    page = visitor.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    address = behind.wallets.get_wallet_address(USER, "ethereum", access=ACCESS)
    look_for(page, address)
    has_heading(page, f"FID {USER}")
    wallets = rows(page, "wallets")
    expect(wallets).to_have_count(2)
    expect(wallets.nth(0)).to_contain_text(BASE_ACCOUNT)
    expect(wallets.nth(1)).to_contain_text(address)
    link = wallets.nth(1).get_by_role("link", name="Show the address in the block explorer")
    assert link.get_attribute("href") == f"https://basescan.org/address/{address}"
    wallets.nth(1).get_by_role("button", name="Copy the address").click()
    expect(page.get_by_text("The address is copied.")).to_have_count(1)
    assert page.evaluate("navigator.clipboard.readText()") == address

    deposits = rows(page, "deposits")
    expect(deposits).to_have_count(3)
    expect(deposits.first).to_contain_text("7 USDC")
    expect(page.locator("#deposits")).to_contain_text(
        "The service does not watch the blockchain yet"
    )
    expect(rows(page, "trail")).to_have_count(3)
    expect(page.locator("#signatures")).to_contain_text("No signatures yet.")
    expect(page.locator("#policy")).to_contain_text(
        "No policy of the service or the wallet applies"
    )
    assert visitor.faults_of_the_page() == []
    assert fits(page)

    page.get_by_role("link", name="All deposits").click()
    has_heading(page, f"Deposits of FID {USER}")
    expect(deposits).to_have_count(7)
    page.go_back()
    page.locator("#trail").get_by_role("link", name="All in the audit log").click()
    has_heading(page, "Audit log")
    expect(page.get_by_label("FID", exact=True)).to_have_value(str(USER))


def test_a_wallets_policy_shows_what_is_left_of_its_windows_and_the_last_refusals(enter, behind):
    behind.wallets.ensure_trading_wallet(POLICED, access=ACCESS)
    policy = behind.policy_versions.create(
        read_policy({"name": "pay", "rules": [payments((86_400, 1_500_000)), FEES]}),
        access=ACCESS,
    )
    behind.policy_assignments.assign_to_wallet(POLICED, policy.id, access=ACCESS)
    behind.policy_assignments.set_of_user(
        POLICED, read_rules([payments((3600, 2_000_000)), FEES]), access=ACCESS
    )
    assert sign_transfer(behind, 1_000_000)
    assert not sign_transfer(behind, 500_001)
    visitor = enter(*SCOPES, view=f"#/users/{POLICED}")
    page = visitor.page
    card = page.locator("#policy")
    expect(card).to_contain_text("Wallet · pay")
    expect(card).to_contain_text("at most 1.5 USDC in any 24 hours")
    expect(card).to_contain_text("0.5 of 1.5 USDC left")
    expect(card).to_contain_text("User")
    expect(card).to_contain_text("1 of 2 USDC left")
    refusal, signature = rows(page, "signatures").all()
    expect(signature).to_contain_text("Transaction signed")
    expect(refusal).to_contain_text("Signature refused")
    expect(refusal).to_contain_text(
        re.compile("Refused by the policy of the wallet, rule .*: window")
    )
    shortened = f"{RECIPIENT[:8]}…{RECIPIENT[-6:]}"
    expect(refusal).to_contain_text(re.compile(f"0.500001 USDC from 0x.* to {shortened}"))
    expect(rows(page, "trail")).to_contain_text(["Policy of the wallet", "Wallet created"])
    assert visitor.faults_of_the_page() == []

    # To the unit what the card says is left, and then nothing.
    assert sign_transfer(behind, 500_000)
    page.get_by_role("button", name="Refresh").click()
    expect(card).to_contain_text("0 of 1.5 USDC left")
    expect(card.locator(".window.empty")).to_have_count(1)
    card.get_by_label("Signed by client").fill("nobody")
    card.get_by_role("button", name="Show").click()
    expect(card.get_by_role("alert")).to_be_visible()
    assert page.url.endswith("?client=nobody")


def test_the_page_of_an_active_user_is_about_one_screen(enter, behind):
    """It has two wallets, deposits, two layers of policies, refusals, and reads of its key."""
    behind.wallets.store_base_account_address(ACTIVE, BASE_ACCOUNT, access=ACCESS)
    behind.wallets.ensure_trading_wallet(ACTIVE, access=ACCESS)
    rules = [payments((86_400, 5_000_000)), FEES]
    policy = behind.policy_versions.create(
        read_policy({"name": "active", "rules": rules}), access=ACCESS
    )
    behind.policy_assignments.assign_to_wallet(ACTIVE, policy.id, access=ACCESS)
    behind.policy_assignments.set_of_user(ACTIVE, read_rules(rules), access=ACCESS)
    for amount in range(1, 9):
        sign_transfer(behind, amount * 1_000_000 + 1, fid=ACTIVE)
        access = replace(CLIENT, ip=ip_address("203.0.113.7"))
        behind.wallets.get_wallet_with_key(ACTIVE, "ethereum", access=access)
        asked = DepositRequest(
            asset="USDC", amount=f"{amount}.5", base_address=None, idempotency_key=None
        )
        behind.deposits.prepare(ACTIVE, asked, access=ACCESS)
    screen = {"width": 1280, "height": 900}
    page = enter(*SCOPES, view=f"#/users/{ACTIVE}", viewport=screen).page
    for card in ("deposits", "signatures", "trail"):
        expect(rows(page, card)).to_have_count(3)
    expect(page.get_by_text("Loading …")).to_have_count(0)
    for card in ("signatures", "trail"):
        lines = rows(page, card).evaluate_all("all => all.map((one) => one.clientHeight)")
        assert max(lines) < 75, lines
    height = page.evaluate("document.documentElement.scrollHeight")
    assert height <= 1.25 * screen["height"]
    # What is not shown is one click away.
    page.get_by_role("link", name="Refused signatures").click()
    expect(rows(page, "entries").first).to_contain_text("Signature refused")
    page.go_back()
    page.get_by_role("link", name="All signatures").click()
    expect(page.get_by_label("Action").locator("option:checked")).to_have_text("Signatures")
    expect(rows(page, "entries")).to_have_count(2)


def test_a_part_that_fails_by_a_mistake_says_so(enter):
    visitor = enter(*SCOPES)
    page = visitor.page

    def answer(route):
        route.fulfill(json=route.fetch().json() | {"data": [None]})

    page.route(f"**/v1/audit?fid={USER}&action=wallet.created*", answer)
    look_for(page, str(USER))
    expect(page.locator("#trail").get_by_role("alert")).to_have_text(
        "This part could not be shown."
    )
    expect(page.locator("[aria-busy]")).to_have_count(0)
    expect(rows(page, "wallets")).to_have_count(2)
    (complaint,) = visitor.complaints
    assert "null" in complaint
    visitor.complaints.clear()


def test_the_parts_of_a_view_together_ask_once_for_what_does_not_change(enter):
    page = enter(*SCOPES).page
    explorer = page.locator("#wallets").get_by_role("link", name="block explorer").first
    asked = []
    look_for(page, str(USER))
    page.on("request", lambda request: asked.append(request.url.endswith("/v1/status")))
    page.reload()
    expect(rows(page, "trail")).to_have_count(3)
    expect(explorer).to_be_visible()
    assert sum(asked) == 1
    # A failure is not kept.
    page.route("**/v1/status", lambda route: route.abort())
    page.reload()
    expect(rows(page, "wallets")).to_have_count(2)
    expect(explorer).to_have_count(0)
    page.unroute("**/v1/status")
    page.get_by_role("button", name="Refresh").click()
    expect(explorer).to_be_visible()


def test_late_and_failed_responses_do_not_reach_another_view(enter):
    page = enter(*SCOPES).page
    trail = f"**/v1/audit?fid={USER}&action=wallet.created*"
    late = hold(page, trail, times=1)
    look_for(page, str(USER))
    has_heading(page, f"FID {USER}")
    expect(rows(page, "wallets")).to_have_count(2)
    look_for(page, str(OTHER))
    expect(rows(page, "trail")).to_have_count(1)
    with page.expect_response(trail):
        late().continue_()
    # What is late would be there by now.
    page.evaluate("new Promise((done) => setTimeout(done, 100))")
    has_heading(page, f"FID {OTHER}")
    expect(rows(page, "trail")).to_have_count(1)

    page.route(trail, lambda route: route.abort(), times=1)
    look_for(page, str(USER))
    expect(page.locator("#outlet").get_by_role("alert")).to_contain_text("cannot be reached")
    expect(rows(page, "wallets")).to_have_count(2)
    expect(page.locator("#trail")).to_contain_text("Not loaded.")
    look_for(page, str(OTHER))
    expect(rows(page, "trail")).to_have_count(1)
    expect(page.locator("#outlet").get_by_role("alert")).to_have_count(0)


def test_the_page_of_a_user_whose_key_does_not_decrypt_reports_it(enter, behind, shared_sql):
    page = enter(*SCOPES).page
    address = behind.wallets.get_wallet_address(DAMAGED, "ethereum", access=ACCESS)
    # As a damaged disk would: no trigger is asked.
    shared_sql.execute("set session_replication_role = replica")
    ciphertext = "select encrypted_private_key from wallets where fid = %s"
    (encrypted,) = shared_sql.execute(ciphertext, [DAMAGED]).fetchone()
    change = "update wallets set encrypted_private_key = %s where fid = %s"
    shared_sql.execute(change, ["ab" * 48, DAMAGED])
    try:
        look_for(page, address)
        has_heading(page, f"FID {DAMAGED}")
        wallets = page.locator("#wallets")
        expect(wallets.get_by_role("alert")).to_contain_text(
            "A key of this user cannot be decrypted"
        )
        expect(rows(page, "wallets")).to_contain_text(["Cannot be decrypted"])
        expect(rows(page, "trail")).to_contain_text(["Wallet created"])
        expect(page.locator(".faults")).to_be_empty()
        assert address not in wallets.inner_html()
    finally:
        shared_sql.execute(change, [encrypted, DAMAGED])


def test_with_wallet_files_the_console_shows_what_is_available(visit_own, services, folder):
    shutil.copytree(SAMPLES, folder, dirs_exist_ok=True)
    (folder / "wallet_5_ethereum.json.bak").touch()
    files = len(list(folder.glob("*.json")))
    keyed = next(entry for entry in EXPECTED if entry["privateKey"])
    asked = str(keyed["fid"])
    settings = {"WALLET_STORAGE_PATH": str(folder)}
    token = give_token(services, *SCOPES)

    visitor = sign_in(visit_own(PHONE, WALLET_STORAGE="filesystem", **settings), token)
    page = visitor.page
    expect(page.locator("#totals")).to_contain_text("Wallets are stored in files.")
    look_for(page, keyed["address"])
    expect(page.locator("#found")).to_contain_text("Wallets are stored in files.")
    look_for(page, asked)
    expect(page.locator("#wallets")).to_contain_text(keyed["address"])
    # The first read of a file records it, before or after the log is read.
    expect(page.locator("#trail")).to_contain_text(
        re.compile(r"No other entries yet|the file had no entry")
    )
    assert visitor.faults_of_the_page() == []
    assert fits(page)
    page.get_by_role("link", name="Status").click()
    expect(page.locator("#place")).to_have_text("Files")
    expect(page.locator("#missing")).to_have_text(str(files))

    page = sign_in(visit_own(WALLET_STORAGE="migrating", **settings), token).page
    expect(page.locator("#users")).to_have_text("0")
    expect(page.locator("#totals")).to_contain_text("not those that are only in files")
    look_for(page, keyed["address"])
    expect(page.locator("#found")).to_contain_text("No wallet in PostgreSQL has this address.")
    look_for(page, asked)
    expect(page.locator("#wallets")).to_contain_text(keyed["address"])
    # What was asked for in files is in PostgreSQL now.
    mine = len(list(folder.glob(f"wallet_{asked}_*.json")))
    page.get_by_role("link", name="Status").click()
    for name, count in (("present", mine), ("missing", files - mine), ("misnamed", 1)):
        expect(page.locator(f"#{name}")).to_have_text(str(count))
