"""What the console does when a write fails, when its answer is lost, and when its view is left."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.operators import SCOPES, give_token, has_heading, hold, rows, sign_in
from tests.factories import new_client, revoke_client

pytestmark = pytest.mark.slow

MANAGES = (*SCOPES, "clients:read", "clients:write")
TOKEN = "API client token"
FAULT = '{"error": "The database is not available right now.", "code": "database_unavailable"}'


def is_active(services, name):
    (found,) = [one for one in services.api_clients.list_clients() if one.name == name]
    return found.active


def lose(route):
    """Let a request arrive, and lose its answer."""
    assert route.fetch().ok
    route.abort()


def fail_at_a_proxy(route):
    assert route.fetch().ok
    route.fulfill(status=504, content_type="text/html", body="<p>Gateway timeout")


def fail(route):
    assert route.fetch().ok
    route.fulfill(status=503, content_type="application/problem+json", body=FAULT)


@pytest.fixture
def ask_to_revoke(enter, behind):
    """Open the dialog that revokes a new client."""

    def ask(name, view="#/clients"):
        new_client(behind.api_clients, "stats:read", name=name)
        visitor = enter(*MANAGES, view="#/status")
        page = visitor.page
        page.goto(f"{visitor.url}/console{view}")
        page.get_by_role("button", name=f"Revoke {name}").click()
        dialog = page.get_by_role("dialog", name=f"Revoke {name}?")
        expect(dialog).to_be_visible()
        return page, dialog

    return ask


def test_a_list_of_policies_that_is_cut_says_so(enter):
    visitor = enter(*MANAGES, view="#/status")
    page = visitor.page
    policies = {"data": [], "next_cursor": "2", "has_more": True}
    page.route("**/v1/policies?*", lambda route: route.fulfill(json=policies))
    page.goto(f"{visitor.url}/console#/clients/new")
    expect(page.get_by_label("Policy", exact=True)).to_contain_text("Only 100 policies are listed")


@pytest.mark.parametrize("loses", [lose, fail_at_a_proxy, fail])
def test_a_client_whose_creation_is_not_answered_may_exist(enter, behind, loses):
    visitor = enter(*MANAGES, view="#/clients/new")
    page = visitor.page
    name = loses.__name__.replace("_", "-")
    page.route("**/v1/clients", loses)
    page.get_by_label("Name").fill(name)
    page.get_by_label("audit:read").check()
    page.get_by_role("button", name="Create").click()
    alert = page.locator("#new-client").get_by_role("alert")
    expect(alert).to_contain_text(f"It is not known whether {name} was created.")
    expect(alert).to_contain_text("look for it in the list of all clients, revoke it")
    assert "Nothing was lost" not in alert.text_content()
    expect(page.get_by_label("Name")).to_have_value(name)
    page.unroute("**/v1/clients")
    page.get_by_role("link", name="All clients").click()
    row = rows(page, "clients").filter(has=page.get_by_text(name, exact=True))
    expect(row).to_contain_text("never used")
    row.get_by_role("button", name=f"Revoke {name}").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(row).to_contain_text("Revoked")
    expect(page.locator("#said")).to_have_text(f"{name} is revoked.")
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_another_client_is_created_after_the_first(enter, behind):
    visitor = enter(*MANAGES, view="#/status")
    page = visitor.page
    page.goto(f"{visitor.url}/console#/clients/new")
    for name in ("first-of-two", "second-of-two"):
        page.get_by_label("Name").fill("Not A Name")
        page.get_by_label("audit:read").check()
        page.get_by_role("button", name="Create").click()
        alert = page.locator("#new-client").get_by_role("alert")
        expect(alert).to_contain_text(re.compile("^Name"))
        page.get_by_label("Name").fill(name)
        page.get_by_label("Allowed networks").fill("300.1.1.1")
        page.get_by_role("button", name="Create").click()
        expect(alert).to_contain_text(re.compile("^Allowed networks: each must be an address"))
        page.get_by_label("Allowed networks").fill("")
        page.get_by_role("button", name="Create").click()
        expect(page.locator("#new-token")).to_contain_text("wapi_")
        page.get_by_role("link", name="Create another one").click()
        expect(page.locator("#new-token")).to_have_count(0)
        expect(page.get_by_label("Name")).to_have_value("")
        assert is_active(behind, name)


@pytest.mark.parametrize("lists", [True, False])
def test_the_revocation_of_the_own_token_says_so_and_signs_out(visit, behind, lists):
    scopes = MANAGES if lists else ("audit:read", "clients:write")
    token = give_token(behind, *scopes)
    name = f"console-{len(behind.api_clients.list_clients()) - 1}"
    page = sign_in(visit(), token, f"#/audit?actor=client:{name}").page
    if lists:
        page.get_by_role("link", name="API clients").click()
        own = rows(page, "clients").filter(has=page.get_by_text("You", exact=True))
        expect(own).to_contain_text([name])
    page.get_by_role("button", name=f"Revoke {name}", exact=True).click()
    dialog = page.get_by_role("dialog")
    warning = "You are signed in with" if lists else "If you are signed in with"
    expect(dialog).to_contain_text(f"{warning} this client")
    dialog.get_by_role("button", name="Revoke").click()
    if not lists:
        page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_label(TOKEN)).to_be_focused()
    if lists:
        expect(page.get_by_role("alert")).to_contain_text(f"{name} is revoked.")
        # Another one says nothing of the kind.
        new_client(behind.api_clients, "stats:read", name="of-somebody-else")
        other = give_token(behind, *MANAGES)
        page.get_by_label(TOKEN).fill(other)
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Revoke of-somebody-else").click()
        expect(dialog).to_be_visible()
        expect(dialog).not_to_contain_text("signed in with")
    assert not is_active(behind, name)


def test_a_revocation_that_is_not_answered_may_be_repeated(ask_to_revoke, behind):
    name = "revoked-twice"
    page, dialog = ask_to_revoke(name, view=f"#/audit?actor=client:{name}")
    page.route("**/revoke", lose, times=1)
    dialog.get_by_role("button", name="Revoke").click()
    alert = dialog.get_by_role("alert")
    expect(alert).to_contain_text(f"It is not known whether {name} is revoked. Revoke it again")
    dialog.get_by_role("button", name="Revoke").click()
    expect(page.locator(".note", has_text=f"{name} is revoked.")).to_be_visible()
    expect(page.get_by_role("button", name=f"Revoke {name}")).to_have_count(0)
    assert not is_active(behind, name)


def test_escape_and_back_close_the_dialog_and_revoke_nothing(ask_to_revoke, behind):
    page, dialog = ask_to_revoke("kept")
    # The dialog has the focus, and what is behind it has none.
    for _ in range(4):
        page.keyboard.press("Tab")
        inside = (
            "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )
        assert page.evaluate(inside)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    revoke = page.get_by_role("button", name="Revoke kept")
    expect(revoke).to_be_focused()
    revoke.click()
    page.go_back()
    has_heading(page, "Status")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.get_by_role("link", name="Overview").click()
    has_heading(page, "Overview")
    assert is_active(behind, "kept")


def test_a_session_that_ends_closes_the_dialog_and_says_why(visit, behind):
    new_client(behind.api_clients, "stats:read", name="stays")
    token = give_token(behind, *MANAGES)
    own = behind.api_clients.list_clients()
    (operator,) = [one.name for one in own if one.name == f"console-{len(own) - 1}"]
    page = sign_in(visit(), token, "#/clients").page
    page.get_by_role("button", name="Revoke stays").click()
    revoke_client(behind.api_clients, operator)
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_label(TOKEN)).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("the token is missing", ignore_case=True)
    page.keyboard.type("x")
    expect(page.get_by_label(TOKEN)).to_have_value("x")
    assert is_active(behind, "stays")


@pytest.mark.parametrize("leave", ["Escape", "Back"])
def test_a_revocation_that_fails_after_its_dialog_was_left_is_reported(
    ask_to_revoke, behind, leave
):
    page, dialog = ask_to_revoke(f"left-by-{leave.lower()}")
    held = hold(page, "**/revoke")
    dialog.get_by_role("button", name="Revoke").click()
    expect(dialog.get_by_role("button", name="Loading …")).to_be_visible()
    if leave == "Back":
        page.go_back()
        has_heading(page, "Status")
    else:
        page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    held().abort()
    alert = page.locator(".faults").get_by_role("alert")
    expect(alert).to_contain_text(f"It is not known whether left-by-{leave.lower()} is revoked.")
    assert is_active(behind, f"left-by-{leave.lower()}")


@pytest.mark.parametrize(
    ("ends", "reported"),
    [
        ("continue_", "left-continue was created after its view was left, so that its token was"),
        ("abort", "It is not known whether left-abort was created."),
    ],
)
def test_a_client_that_is_created_after_its_view_was_left_is_reported(enter, ends, reported):
    visitor = enter(*MANAGES, view="#/status")
    page = visitor.page
    page.goto(f"{visitor.url}/console#/clients/new")
    held = hold(page, "**/v1/clients")
    page.get_by_label("Name").fill(f"left-{ends.strip('_')}")
    page.get_by_label("audit:read").check()
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("button", name="Loading …")).to_be_visible()
    page.go_back()
    has_heading(page, "Status")
    getattr(held(), ends)()
    expect(page.locator(".faults").get_by_role("alert")).to_contain_text(reported)
