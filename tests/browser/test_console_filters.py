"""The filters of the console's audit log, and other views that a URL may ask for."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.browser.operators import SCOPES, USER, give_token, has_heading, rows, sign_in
from tests.browser.visitor import DESKTOP
from tests.leaks import LEAKS
from tests.policies import FEES, OPERATOR, payments
from wallet_api.models import ClientRights
from wallet_api.policies.reading import read_policy

pytestmark = pytest.mark.slow


def open_view(visitor, view):
    visitor.page.goto(f"{visitor.url}/console{view}")
    return visitor.page


SIGNED = "message.signed,typed_data.signed,transaction.signed,authorization.signed"
ACTIONS = {
    "key.read,key.exported": "2 actions: Private key read, Private key exported to a file",
    "key.exported,key.read": "2 actions: Private key exported to a file, Private key read",
    SIGNED: "Signatures",
    "key.read": "Private key read",
    "foo.bar": "foo.bar",
    "toString": "toString",
}


def test_the_form_shows_the_actions_of_a_link_and_apply_keeps_them(enter):
    visitor = enter(*SCOPES, view="#/status")
    for actions, label in ACTIONS.items():
        page = open_view(visitor, f"#/audit?fid={USER}&action={actions}")
        choice = page.get_by_label("Action")
        expect(choice).to_have_value(actions)
        expect(choice.locator("option:checked")).to_have_text(label)
        page.get_by_label("By", exact=True).fill("client:engine")
        page.get_by_role("button", name="Apply").click()
        query = urlencode({"action": actions, "actor": "client:engine", "fid": USER})
        page.wait_for_url(f"**/console#/audit?{query}")
        expect(choice).to_have_value(actions)


def test_every_filter_of_a_link_is_in_the_form_or_refused(enter):
    visitor = enter(*SCOPES, view="#/status")
    page = open_view(visitor, "#/audit?actor= client:engine &fid=%20" + str(USER) + "%20")
    expect(page.get_by_label("By", exact=True)).to_have_value("client:engine")
    expect(rows(page, "entries")).to_have_count(50)
    assert page.url.endswith(f"#/audit?actor=client%3Aengine&fid={USER}")
    page = open_view(visitor, "#/audit?from=2026-01-01T02:00:00+02:00")
    expect(page.get_by_label("From (UTC)")).to_have_value("2026-01-01T02:00:00+02:00")
    expect(rows(page, "entries")).to_have_count(50)
    for unknown in ("before", "client"):
        page = open_view(visitor, f"#/audit?{unknown}=2026-01-01")
        alert = page.locator("#filters").get_by_role("alert")
        expect(alert).to_contain_text(f"The link has an unknown filter: {unknown}.")
        expect(page.locator("#entries")).to_have_count(0)


def test_errors_of_filters_name_the_fields_of_the_form(enter):
    visitor = enter(*SCOPES, view="#/status")
    for query, sentence in (
        ("from=2026-02-30 02:00", "“2026-02-30 02:00” is not a time."),
        ("from=24:00", "“24:00” is not a time."),
        ("from=2026-02-30T02:00%2B01:00", "“2026-02-30T02:00+01:00” is not a time."),
        ("from=-1h&to=-2h", "From must be earlier than To."),
        ("from=now", "“now” is not a time."),
        ("from=-1h&to=-1h", "From must be earlier than To."),
        ("from=2026-11-30 02:00 03:00", "“2026-11-30 02:00 03:00” is not a time."),
    ):
        page = open_view(visitor, f"#/audit?{query}")
        alert = page.locator("#filters").get_by_role("alert")
        expect(alert).to_contain_text(sentence)
        expect(page.locator("#entries")).to_have_count(0)
    largest = "whole number from 0 to 9223372036854775807."
    for query, sentence in (
        ("from=0001-01-01", "From must be a day, or a time with an offset"),
        # A browser's Date has no microseconds.
        (
            "from=2026-01-01T00:00:00.123789Z&to=2026-01-01T00:00:00.123456Z",
            "From must be earlier than To.",
        ),
        ("fid=x", f"FID must be a {largest}"),
        ("action=foo.bar", "Action: unknown action, see /docs."),
        ("request_id=a-1&from=2026-01-01&to=2026-01-09", "Add FID, or From and To at most 7 days"),
    ):
        page = open_view(visitor, f"#/audit?{query}")
        expect(page.locator("#entries").get_by_role("alert")).to_contain_text(sentence)


def test_what_is_typed_and_not_applied_is_neither_exported_nor_lost(enter):
    page = enter(*SCOPES, view="#/audit").page
    expect(rows(page, "entries")).to_have_count(50)
    actor = page.get_by_label("By", exact=True)
    buttons = [page.get_by_role("button", name=f"Export {kind}") for kind in ("CSV", "JSON")]
    actor.fill("client:engine")
    for button in buttons:
        expect(button).to_be_disabled()
    expect(page.get_by_text("Apply the filters first.")).to_be_visible()
    actor.fill(" ")
    for button in buttons:
        expect(button).to_be_enabled()
    expect(page.get_by_text("Apply the filters first.")).to_have_count(0)
    page.get_by_label("Action").select_option("Wallet created")
    expect(buttons[0]).to_be_disabled()
    # A range keeps what was typed.
    actor.fill("client:engine")
    page.get_by_role("link", name="Last 7 days").click()
    expect(page).to_have_url(re.compile("action=wallet.created&actor=client%3Aengine&from="))
    expect(actor).to_have_value("client:engine")
    expect(buttons[0]).to_be_enabled()


def test_a_link_to_the_view_on_the_screen_shows_it_again(enter):
    page = enter(*SCOPES, view="#/audit").page
    actor = page.get_by_label("By", exact=True)
    for name in ("Clear", "Audit log"):
        actor.fill("client:x")
        page.get_by_role("link", name=name, exact=True).click()
        expect(actor).to_have_value("")
        assert page.url.endswith("#/audit")
    # The same filters, range and search are applied again, too.
    for act in (
        lambda: page.get_by_role("button", name="Apply").click(),
        lambda: page.get_by_role("link", name="Audit log").click(),
    ):
        with page.expect_response("**/v1/audit?*"):
            act()
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("link", name="7 days").click()
    start = page.get_by_label("From (UTC)")
    first = start.input_value()
    start.fill("2026-01-01")
    page.get_by_role("link", name="7 days").click()
    expect(start).to_have_value(first)
    with page.expect_response("**/v1/stats?*"):
        page.get_by_role("button", name="Show").click()
    page.get_by_role("searchbox").fill(f"0x{1:040x}")
    for _ in range(2):
        with page.expect_response("**/v1/wallets?*"):
            page.get_by_role("searchbox").press("Enter")


def test_times_are_those_of_the_service(come, behind, shared_service):
    """The clock of the browser is two hours ahead."""
    visitor = come(shared_service, DESKTOP, "light")
    page = visitor.page
    page.clock.install(time=datetime.now(UTC) + timedelta(hours=2))
    sign_in(visitor, give_token(behind, *SCOPES), "#/status")
    page.goto("about:blank")
    # Before the first response.
    open_view(visitor, f"#/audit?fid={USER}&from=-1h")
    expect(rows(page, "entries")).to_have_count(50)
    shown = page.get_by_label("From (UTC)").input_value()
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    assert abs(datetime.fromisoformat(shown) - an_hour_ago) < timedelta(minutes=1)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export CSV").click()
    digits = re.search(r"as-of-(\d{14})\.csv$", download.value.suggested_filename)[1]
    exported = datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    assert abs(exported - datetime.now(UTC)) < timedelta(minutes=1)


def test_entries_of_clients_and_policies_say_which(enter, behind):
    rights = ClientRights(scopes=frozenset(SCOPES), allowed_networks=None, unrestricted=False)
    made = behind.api_client_changes.create("named", rights, creator=None, access=OPERATOR)
    LEAKS.secrets.add(made.token.reveal())
    given = read_policy({"name": "first", "rules": [payments((86_400, 1_000_000)), FEES]})
    policy = behind.policy_versions.create(given, access=OPERATOR)
    short = f"{str(policy.id)[:8]}…{str(policy.id)[-6:]}"
    changed = read_policy({"name": "second", "rules": [FEES]})
    behind.policy_versions.add_version(policy.id, changed, expected=None, access=OPERATOR)
    behind.policy_assignments.assign_to_wallet(USER + 70, policy.id, access=OPERATOR)
    behind.policy_assignments.remove_from_wallet(USER + 70, access=OPERATOR)
    visitor = enter(*SCOPES, view="#/audit?action=client.created")
    page = visitor.page
    row = rows(page, "entries").first
    expect(row).to_contain_text("named")
    expect(row).to_contain_text("wallets:read, stats:read, audit:read, policies:read")
    expect(row).to_contain_text("does not expire")
    row.get_by_role("link", name="named").click()
    expect(page.get_by_label("By", exact=True)).to_have_value("client:named")
    page = open_view(visitor, "#/audit?fid=0&action=policy.changed")
    changes = rows(page, "entries")
    expect(changes.nth(0)).to_contain_text(f"Policy {short}")
    expect(changes.nth(0)).to_contain_text("version 1 → version 2")
    expect(changes.nth(1)).to_contain_text("none → version 1")
    page = open_view(visitor, f"#/audit?fid={USER + 70}")
    expect(changes.nth(0)).to_contain_text("Policy of the wallet:")
    expect(changes.nth(0)).to_contain_text(re.compile(f"{short}.* version 2 → none"))
    expect(changes.nth(1)).to_contain_text(re.compile(f"none → {short}.* version 2"))
    assert visitor.faults_of_the_page() == []


NOT_FOUND = {
    "#/users": "This view does not exist.",
    "#/users/0": "FID 0 is the service itself.",
    "#/users/abc": "“abc” is not an FID.",
    "#/users/9223372036854775808/deposits": "is not an FID.",
    "#/users/7/nothing": "This view does not exist.",
    "#/audit/7": "This view does not exist.",
    "#/clients/other": "This view does not exist.",
    "#/deposits": "This view does not exist.",
    "#/toString": "This view does not exist.",
}


def test_a_view_that_does_not_exist_says_what_to_enter(enter):
    page = enter(*SCOPES, view="#/status").page
    expect(page.get_by_text("Loading …")).to_have_count(0)
    asked = []
    page.on("request", lambda request: asked.append("/v1/" in request.url))
    for view, sentence in NOT_FOUND.items():
        page.evaluate("view => { location.hash = view }", view)
        expect(page.locator("#outlet")).to_contain_text(sentence)
        has_heading(page, "Not found")
        expect(page.locator("#outlet")).to_contain_text("Search for an FID")
    assert not any(asked)
    page.evaluate("location.hash = '#/users/0'")
    page.get_by_role("link", name="Its audit entries").click()
    expect(page.get_by_label("FID", exact=True)).to_have_value("0")
