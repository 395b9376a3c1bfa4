"""The API documentation and the page of an unknown path, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import DESKTOP, PHONE

pytestmark = pytest.mark.slow


def brightness(page, selector):
    """Return the mean of red, green and blue of an element's background."""
    color = page.locator(selector).evaluate("one => getComputedStyle(one).backgroundColor")
    return sum(int(part) for part in color.strip("rgba()").split(",")[:3]) / 3


@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
def test_the_documentation_follows_the_color_scheme_and_leads_back(visit, scheme, is_dark):
    visitor = visit(DESKTOP, scheme).open("/docs")
    page = visitor.page
    expect(page.get_by_role("heading", name="wallet-api")).to_be_visible()
    # Swagger UI puts a link into the button that opens an operation.
    assert {name for name, _ in visitor.faults_of_the_page()} == {"nested-interactive"}
    assert (page.locator("html.dark-mode").count() == 1) is is_dark
    if is_dark:
        assert brightness(page, "html") < 80
    page.emulate_media(color_scheme="light" if is_dark else "dark")
    expect(page.locator("html.dark-mode")).to_have_count(0 if is_dark else 1)
    # Routes of the API, without pages and their assets.
    paths = page.locator(".opblock-summary-path").all_inner_texts()
    shown = {path.replace("\u200b", "") for path in paths}
    assert "/v1/clients" in shown
    assert not shown & {"/", "/docs", "/console", "/assets/{name}", "/docs/{name}"}
    page.get_by_role("link", name="wallet-api", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("One permanent wallet per user.")


@pytest.mark.parametrize("path", ["/nothing", "/v1/no/such/page?a=b"])
@pytest.mark.parametrize(
    ("viewport", "scheme"), [(PHONE, "light"), (DESKTOP, "dark")], ids=["phone", "desktop"]
)
def test_an_unknown_path_is_a_page_with_a_way_on(visit, viewport, scheme, path):
    visitor = visit(viewport, scheme).open(path)
    page = visitor.page
    expect(page.get_by_role("heading", level=1)).to_have_text("This page does not exist.")
    assert brightness(page, "body") < 80 if scheme == "dark" else brightness(page, "body") > 200
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    assert visitor.faults_of_the_page() == []
    # A route without the method GET.
    response = page.goto(f"{visitor.url}/v1/policies/dry-run")
    assert response.status == 405
    expect(page.get_by_role("heading", level=1)).to_have_text("This path is not a page.")
    page.get_by_role("link", name="API documentation").click()
    expect(page.locator("#description .info")).to_be_visible()
