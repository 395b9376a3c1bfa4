"""Addresses, ids and hashes in the pages: each can be copied, and addresses have an explorer."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.operators import SCOPES, USER, rows
from tests.factories import ACCESS, new_client
from tests.policies import CLIENT, FEES, OPERATOR, RECIPIENT, SPENDER, payments, transfer
from tests.signing import CHAIN_ID, TOKEN
from wallet_api.errors import PolicyRefused
from wallet_api.policies.reading import read_policy

pytestmark = pytest.mark.slow

SIGNER = 8_000_006
BIG = 2**53 + 1
EXPLORER = "https://basescan.org/address/"

# Return each visible address, id and hash that has no button next to it that copies it, or that is
# an address without a link to its page.
BARE = """(explorer) => {
  const identifier = new RegExp([
    "0x[0-9a-f]{40,}", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}", "\\\\b(?:[0-9a-f]{16}){1,2}\\\\b",
    "[0-9a-zA-Z-]{6,}\\u2026", "FID [0-9]+",
  ].join("|"), "i");
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const found = [];
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const place = text.parentElement;
    const seen = place.checkVisibility() && !place.closest("option, .unseen, .card-head, .who");
    const what = seen && identifier.exec(text.data)?.[0];
    if (!what) continue;
    const holder = place.closest(".copyable, .title, .address");
    const button = holder?.parentElement.querySelector("button[aria-label^=Copy], #copy");
    const whole = place.closest("[title]")?.title ?? what;
    const linked = [...holder?.querySelectorAll("a") ?? []].some(
      (link) => link.href.toLowerCase() === (explorer + whole).toLowerCase());
    if (!button || (/^0x[0-9a-f]{40}$/i.test(whole) && !place.closest(".title") && !linked))
      found.push(place.closest("section, form, div").id + ": " + text.data.trim());
  }
  return found;
}"""


@pytest.fixture(scope="module")
def signed(behind):
    """Signatures of a wallet, one that was refused, and a client with a policy of its own."""
    behind.wallets.ensure_trading_wallet(SIGNER, access=ACCESS)
    address = behind.wallets.get_wallet_address(SIGNER, "ethereum", access=ACCESS)
    rules = [payments((86_400, 5_000_000), to=[RECIPIENT]), FEES]
    rules += [payments((3600, 10**30), id="other", tokens=[RECIPIENT], spenders=[SPENDER])]
    policy = behind.policy_versions.create(
        read_policy({"name": "ids", "rules": rules}), access=OPERATOR
    )
    behind.policy_assignments.assign_to_wallet(SIGNER, policy.id, access=OPERATOR)
    new_client(
        behind.api_clients,
        "wallets:sign",
        name="with-a-policy",
        policy_id=policy.id,
        unrestricted=False,
    )
    for amount in (1_000_000, 5_000_001):
        try:
            behind.signing.sign_transaction(
                SIGNER,
                transfer(amount),
                chain_id=CHAIN_ID,
                method="sign/transaction",
                access=CLIENT,
            )
        except PolicyRefused:
            assert amount > 5_000_000
    return address


def test_every_address_id_and_hash_can_be_copied_and_addresses_have_an_explorer(
    enter, behind, signed, shared_sql
):
    deposit = "select id::text from deposits where fid = %s limit 1"
    (deposit_id,) = shared_sql.execute(deposit, [USER]).fetchone()
    visitor = enter(*SCOPES, "clients:read")
    page = visitor.page
    for view in (
        *("", "#/status", "#/clients", "#/clients/new", "#/audit", "#/audit?fid=0"),
        *(f"#/users/{SIGNER}", f"#/users/{USER}", f"#/users/{USER}/deposits"),
        *(f"#/users/{SIGNER}?client=nobody", "#/users/nobody"),
        *(f"#/deposits/{deposit_id}", f"#/search?q=0x{1:040x}", f"#/search?q={deposit_id[:-2]}00"),
    ):
        page.goto(f"{visitor.url}/console{view}")
        expect(page.get_by_text("Loading …")).to_have_count(0)
        page.locator("summary").evaluate_all(
            "all => all.slice(0, 20).forEach((one) => one.click())"
        )
        opened = page.locator("td details[open]")
        expect(page.get_by_label("The entry", exact=True)).to_have_count(opened.count())
        assert page.evaluate(BARE, EXPLORER) == [], view


def test_what_was_signed_shows_its_digest_its_effects_and_their_addresses(
    enter, signed, shared_sql
):
    page = enter(*SCOPES, view=f"#/audit?fid={SIGNER}&action=transaction.signed").page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    row = rows(page, "entries").first
    (digest,) = shared_sql.execute(
        "select details::json ->> 'digest' from wallet_audit_log"
        " where fid = %s and action = 'transaction.signed' order by id desc limit 1",
        [SIGNER],
    ).fetchone()
    for name, value in (("digest", digest), ("address", signed.lower())):
        row.get_by_role("button", name=f"Copy the {name}").first.click()
        expect(page.get_by_text(f"The {name} is copied.")).to_have_count(1)
        assert page.evaluate("navigator.clipboard.readText()") == value
    effect = row.locator(".effects li").first
    expect(effect).to_contain_text(f"token transfer: 1 USDC from {signed.lower()[:8]}…")
    links = effect.get_by_role("link").evaluate_all("all => all.map((one) => one.href)")
    assert links == [f"{EXPLORER}{signed.lower()}", f"{EXPLORER}{RECIPIENT}"]


def test_an_effect_of_another_chain_has_no_link_to_this_explorer(enter):
    """And the time of a deadline is a time."""
    page = enter(*SCOPES).page
    shown = page.evaluate(
        """async ([chain, token]) => {
          const { auditTable } = await import("/assets/audit_rows.js");
          const effect = { kind: "allowance", token, amount: "7", deadline: "1764504000",
            expires_at: "281474976710655", increases: false };
          const entry = { createdAt: "2026-11-30T02:00:00Z", requestId: "proxy-1", action: "x",
            actor: "client:engine", details: { chain_id: chain, effects: [effect] } };
          const network = { chainId: 8453, usdc: token, explorer: "https://basescan.org" };
          const row = auditTable([entry], network).querySelector(".effects li");
          row.querySelector(".local").remove();
          return [row.textContent, row.querySelectorAll("a").length];
        }""",
        [1, TOKEN],
    )
    token = f"{TOKEN[:8]}…{TOKEN[-6:]}"
    times = "deadline 2025-11-30 12:00:00 UTC expires at 281,474,976,710,655"
    assert shown == [f"allowance: 7 units of {token} {times}", 0]


def test_a_fid_that_javascript_would_round_is_shown_and_exported_exactly(enter, behind):
    for fid in (BIG, 2**63 - 1):
        behind.wallets.ensure_trading_wallet(fid, access=ACCESS)
    visitor = enter(*SCOPES)
    page = visitor.page
    address = behind.wallets.get_wallet_address(BIG, "ethereum", access=ACCESS)
    page.get_by_role("searchbox").fill(address)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"FID {BIG}")
    page.goto(f"{visitor.url}/console#/audit?fid={2**63 - 1}")
    expect(rows(page, "entries").first).to_contain_text(f"FID {2**63 - 1}")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export JSON").click()
    assert f'"fid": {2**63 - 1},' in Path(download.value.path()).read_text()


def test_on_the_page_of_users_addresses_and_ids_can_be_copied(visit):
    visitor = visit().sign_in()
    visitor.deposit("20")
    page = visitor.page
    expect(page.locator("#qr svg")).to_be_visible()
    expect(page.locator("#deposit-list li").first).to_be_visible()
    assert page.evaluate(BARE, EXPLORER) == []
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy address").click()
    expect(page.locator("#said")).to_have_text("The address is copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch("0x[0-9a-fA-F]{40}", copied)
    assert page.locator("#address").inner_text().strip() == copied
