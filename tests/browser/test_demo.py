"""The demo's token, and pages of other origins in a browser on this machine."""

import pytest

from tests.browser.visitor import REBOUND
from tests.leaks import LEAKS

pytestmark = pytest.mark.slow

FETCH = """async (url) => {
  const answer = await fetch(url, { method: "POST" });
  return [answer.status, (await answer.json()).token ?? null];
}"""


@pytest.fixture
def page(chromium):
    # An attacker's page has no policy of ours.
    context = chromium.new_context(bypass_csp=True)
    yield context.new_page()
    context.close()


def button(page):
    return page.get_by_role("button", name="Sign in with the demo token")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_our_page_gets_a_token_under_each_name_of_this_machine(page, shared_service, host):
    page.goto(f"http://{host}:{shared_service.port}/")
    assert button(page).count() == 1
    status, token = page.evaluate(FETCH, "/demo/token")
    LEAKS.secrets.add(token)
    assert status == 200


def test_a_page_that_rebinds_its_name_to_this_machine_gets_no_token(page, shared_service):
    """To the browser it is one origin with us, so that it could read every answer."""
    page.goto(f"http://{REBOUND}:{shared_service.port}/")
    assert button(page).count() == 0
    assert page.evaluate(FETCH, "/demo/token") == [404, None]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", REBOUND])
def test_a_page_of_another_port_gets_no_token(page, shared_service, serve, host):
    other = serve(WEB_CONCURRENCY="1")
    page.goto(f"http://{host}:{other.port}/openapi.json")
    url = f"http://127.0.0.1:{shared_service.port}/demo/token"
    # Without CORS headers the page could not read a token; it must not even be made.
    with page.expect_response(url) as answer:
        page.evaluate(
            "(url) => fetch(url, { method: 'POST', mode: 'no-cors' }).then(() => null)", url
        )
    assert answer.value.status == 404
