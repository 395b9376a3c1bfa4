"""An operator at the console."""

from playwright.sync_api import expect

from tests.factories import new_client

SCOPES = ("stats:read", "wallets:read", "audit:read", "policies:read")
# Users of the shared database.
USER = 8_000_001
OTHER = 8_000_002
DAMAGED = 8_000_003
# How often the key of USER was read.
READS = 125


def give_token(services, *scopes):
    """Return the token of a new client."""
    name = f"console-{len(services.api_clients.list_clients())}"
    return new_client(services.api_clients, *scopes, name=name).reveal()


def sign_in(visitor, token, view=""):
    """Open a view of the console, and sign in."""
    visitor.open(f"/console{view}")
    visitor.page.get_by_label("API client token").fill(token)
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.get_by_role("searchbox")).to_be_focused()
    return visitor


def look_for(page, asked):
    page.get_by_role("searchbox").fill(asked)
    page.keyboard.press("Enter")


def has_heading(page, name):
    expect(page.get_by_role("heading", level=1, name=name, exact=True)).to_be_visible()


def rows(page, card):
    """Return the rows of the table in a card, without its head."""
    return page.locator(f"#{card} tbody tr")


def hold(page, url, **options):
    """Hold requests back, and return a function that waits for the first one and returns it."""
    held = []

    def keep(route):
        held.append(route)

    page.route(url, keep, **options)

    def first():
        while not held:
            page.wait_for_timeout(20)
        return held[0]

    return first


def fits(page):
    """Whether nothing is wider than the screen, nor than the content of its card."""
    width = page.evaluate("document.documentElement.scrollWidth")
    wide = page.locator(".card, .card-body, .figures dd, .note, dialog").evaluate_all(
        "all => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.outerHTML)"
    )
    return (width, wide) == (page.viewport_size["width"], [])
