"""What an operator pastes into the console's search, and where it leads."""

import json
import uuid
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.operators import OTHER, SCOPES, USER, has_heading, look_for, rows
from tests.factories import ACCESS, BASE_ACCOUNT
from wallet_api.request_ids import new_request_id

pytestmark = pytest.mark.slow

ASKED = 8_000_005


def test_what_people_paste_leads_to_the_user(enter, behind):
    page = enter(*SCOPES).page
    address = behind.wallets.get_wallet_address(USER, "ethereum", access=ACCESS)
    for asked in (
        *(f"{USER}", f" FID {USER}", f"fid: {USER}", f"fid_{USER}_ethereum", f"user:{USER}"),
        *(f"fid_{USER}_base-account", f"wallet_{USER}_ethereum.json"),
        *(address, address.upper().replace("X", "x"), address.lower(), BASE_ACCOUNT),
        *(address[2:], address[2:].lower()),
        # As it was copied, and as the console and other wallets shorten it.
        *(
            address[:12],
            f"{address[:8].lower()}…{address[-6:]}",
            f"{address[:10]}...{address[-4:]}",
        ),
    ):
        look_for(page, asked)
        has_heading(page, f"FID {USER}")
        expect(rows(page, "wallets").nth(1)).to_contain_text(address)
        page.get_by_role("link", name="Status").click()
        has_heading(page, "Status")


def test_a_deposit_is_found_by_its_id(enter, behind, shared_sql):
    visitor = enter(*SCOPES)
    page = visitor.page
    (found,) = shared_sql.execute(
        "select id::text from deposits where fid = %s and amount = 7000000", [USER]
    ).fetchone()
    look_for(page, found.upper())
    card = page.locator("#deposit")
    expect(card).to_contain_text("7 USDC")
    expect(card).to_contain_text("The service does not watch the blockchain yet")
    assert page.url.endswith(f"#/deposits/{found}")
    assert visitor.faults_of_the_page() == []
    card.get_by_role("link", name=f"FID {USER}").click()
    has_heading(page, f"FID {USER}")
    look_for(page, str(uuid.uuid4()))
    expect(page.locator("#found")).to_contain_text("No deposit has the id")


def test_a_request_is_found_by_its_id(enter, behind, shared_sql):
    page = enter(*SCOPES).page
    entries = rows(page, "entries")
    behind.wallets.ensure_trading_wallet(ASKED, access=ACCESS)
    made = new_request_id()
    made_by_a_proxy = "proxy-5d2f3b1a4c60"
    made_by_a_uuid = str(uuid.uuid4())
    for request_id in (made, made_by_a_uuid, made_by_a_proxy):
        access = replace(ACCESS, actor="client:engine", request_id=request_id)
        behind.wallets.get_wallet_with_key(ASKED, "ethereum", access=access)
    look_for(page, made)
    expect(entries).to_have_count(1)
    assert page.url.endswith(f"#/audit?request_id={made}")
    # Another id needs a range, which the console gives it.
    look_for(page, "r-1")
    page.wait_for_url("**/console#/audit?from=*&to=*&request_id=r-1")
    expect(page.locator("#entries")).to_contain_text("This request id does not contain its time.")
    look_for(page, made_by_a_uuid)
    page.get_by_role("link", name="Search the audit log").click()
    expect(entries).to_have_count(1)
    expect(page.get_by_role("textbox", name="Request id")).to_have_value(made_by_a_uuid)
    look_for(page, made_by_a_proxy)
    expect(entries).to_have_count(1)
    # In the form, too, and where one end of the range is given.
    (end,) = shared_sql.execute("select (now() + '1 hour')::text").fetchone()
    for field, value in (("To (UTC)", ""), ("From (UTC)", "-6d"), ("To (UTC)", end[:16])):
        page.get_by_role("link", name="Clear").click()
        page.get_by_role("textbox", name="Request id").fill(made_by_a_proxy)
        page.get_by_label(field).fill(value)
        page.get_by_role("button", name="Apply").click()
        expect(entries).to_have_count(1)
    page.get_by_role("link", name="Last 7 days").click()
    expect(entries).to_have_count(1)
    entries.get_by_role("link", name=f"FID {ASKED}").click()
    has_heading(page, f"FID {ASKED}")
    page.locator("#trail").get_by_role("link", name="proxy-5d").click()
    expect(entries).to_have_count(1)
    assert page.url.endswith(f"fid={ASKED}")


@pytest.mark.parametrize(
    "asked", ["0xabc-1", "12345678901234567890123", str(2**63), "0x24e0zz", "_", "A" * 64]
)
def test_every_id_that_a_request_may_have_is_searched_for(enter, asked):
    page = enter(*SCOPES).page
    look_for(page, asked)
    page.wait_for_url(f"**/console#/audit?from=*&to=*&request_id={asked}")


def test_a_request_whose_id_is_a_uuid_is_found_without_the_scope_of_deposits(enter):
    page = enter("audit:read").page
    asked = str(uuid.uuid4())
    look_for(page, asked)
    expect(page.locator("#found")).to_contain_text("this token lacks the scope wallets:read")
    page.get_by_role("link", name="Search the audit log").click()
    page.wait_for_url(f"**/console#/audit?from=*&to=*&request_id={asked}")


def test_an_actor_leads_to_what_it_did(enter):
    page = enter(*SCOPES).page
    for asked in ("client:engine", "engine"):
        look_for(page, asked)
        expect(page.get_by_label("By", exact=True)).to_have_value("client:engine")
        expect(rows(page, "entries")).to_have_count(50)
        page.get_by_role("link", name="Clear").click()
        expect(page.get_by_label("By", exact=True)).to_have_value("")


def test_what_is_not_found_is_said(enter):
    page = enter(*SCOPES).page
    found = page.locator("#found")
    look_for(page, f"0x{1:040x}")
    expect(found).to_contain_text("No wallet in PostgreSQL has this address.")
    # Or the id of a request.
    look_for(page, f"{1:040x}")
    expect(found).to_contain_text("No wallet in PostgreSQL has this address.")
    page.get_by_role("link", name="Search the audit log").click()
    expect(page.get_by_role("textbox", name="Request id")).to_have_value(f"{1:040x}")
    for asked in ("0x", "0x24e", "0x24e…CD74E2"):
        look_for(page, asked)
        expect(found).to_contain_text("Paste at least 4 digits after 0x.")
    for wrong in ("somebody else", "a" * 65, f"0x{1:064x}", "0x24e08CE1 or so", "é-1", "a/b"):
        look_for(page, wrong)
        expect(found).to_contain_text("The search does not recognize this text.")
    look_for(page, str(2**63 - 3))
    expect(page.locator("#wallets")).to_contain_text("This user has no wallet.")


def wallet(fid, address, **more):
    found = {"fid": fid, "type": "trading", "address": address, "opened": True}
    return {**found, "createdAt": "2026-11-30T02:00:00Z", **more}


@pytest.mark.parametrize(
    ("asked", "sent", "found", "leads_to"),
    [
        # What was copied of an address, and how wallets shorten one.
        ("0x24e08CE1", "0x24e08CE1", [(USER, "0x24e08CE1" + "0" * 32)], USER),
        (
            "0x24E0...ff",
            "0x24E0",
            [(OTHER, "0x24e0" + "0" * 36), (USER, "0x24e0" + "f" * 36)],
            USER,
        ),
        ("0x24e0…00", "0x24e0", [(USER, None), (OTHER, "0x24e0" + "f" * 36)], USER),
        ("0x24e0", "0x24e0", [(USER, "0x24e0" + "0" * 36), (OTHER, "0x24e0" + "f" * 36)], None),
        ("0x24e0", "0x24e0", [], None),
    ],
)
def test_the_beginning_of_an_address_leads_to_its_user(enter, asked, sent, found, leads_to):
    page = enter(*SCOPES).page
    prefixes = []

    def respond(route):
        prefixes.append(parse_qs(urlsplit(route.request.url).query))
        data = [wallet(fid, address, opened=address is not None) for fid, address in found]
        body = json.dumps({"data": data, "next_cursor": None, "has_more": False})
        route.fulfill(content_type="application/json", body=body)

    page.route("**/v1/wallets?*", respond)
    look_for(page, asked)
    if leads_to:
        has_heading(page, f"FID {leads_to}")
    elif found:
        expect(rows(page, "found")).to_have_count(len(found))
        assert page.url.endswith(f"#/search?q={asked}")
    else:
        expect(page.locator("#found")).to_contain_text(
            "No wallet in PostgreSQL has such an address"
        )
    assert prefixes == [{"addressPrefix": [sent]}]
