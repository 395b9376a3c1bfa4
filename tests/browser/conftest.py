"""A real browser: the machine's own Chromium, which opens the page of a real service."""

import shutil

import psycopg
import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import expect, sync_playwright

from tests.conftest import FID, JWT_SECRET, LEAKS, SECRET
from tests.service import start_service

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "NO CHROMIUM: THE PAGE WAS NOT TRIED IN A BROWSER. Install it (apt-get install chromium)."
# Nothing but the page: no sandbox, because CI is root; no calls home.
SWITCHES = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
# A name of an attacker's, which resolves to this machine (DNS rebinding).
REBOUND = "rebound.example"
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}


class Visitor:
    """Somebody with a browser, and what the browser complained of."""

    def __init__(self, page, url):
        self.page = page
        self.url = url
        self.complaints = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)
        page.on("request", self._watch)

    def _hear(self, message):
        # Refusals are answers like others: the browser alone calls them errors.
        expected = message.text.startswith("Failed to load resource")
        if message.type in ("error", "warning") and not expected:
            self.complaints.append(message.text)

    def _watch(self, request):
        if not request.url.startswith(self.url):
            self.complaints.append(f"asked another host: {request.url}")

    def open(self, path="/"):
        self.page.goto(self.url + path)
        return self

    def sign_in(self):
        self.open()
        with self.page.expect_response("**/demo/token") as answer:
            self.page.get_by_role("button", name="Sign in with the demo token").click()
        LEAKS.secrets.add(answer.value.json()["token"])
        expect(self.page.get_by_text(f"Signed in as FID {FID}")).to_be_visible()
        return self

    def deposit(self, amount, asset="USDC"):
        self.page.get_by_text(asset, exact=True).check()
        self.page.get_by_label("Amount").fill(amount)
        self.page.get_by_role("button", name="Deposit").click()

    def faults_of_the_page(self):
        """Ask axe-core, and return what is serious or worse, with the elements it is about."""
        self.page.evaluate(AXE_FILE_PATH.read_text())
        found = self.page.evaluate("axe.run()")
        assert len(found["passes"]) > 15
        return [
            (fault["id"], [node["html"] for node in fault["nodes"]])
            for fault in found["violations"]
            if fault["impact"] in ("serious", "critical")
        ]


@pytest.fixture(scope="package")
def chromium():
    """One browser for this folder. It ends with it: its event loop is in the way of others."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=[*SWITCHES, f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def shared_database(clone):
    """The database of the tests that do not mind each other's deposits."""
    with clone("browser") as url:
        yield url


@pytest.fixture(scope="package")
def shared_service(shared_database, tmp_path_factory):
    """One service as `wallet-api dev` starts it, for most tests: a start takes a second."""
    log = tmp_path_factory.mktemp("browser") / "gunicorn.log"
    LEAKS.logs.append(log)
    environ = {
        "DATABASE_URL": shared_database,
        "ENCRYPTION_SECRET": SECRET,
        "JWT_SECRET": JWT_SECRET,
        "WEB_CONCURRENCY": "1",
        "DEMO_FID": str(FID),
    }
    service = start_service(environ, log)
    yield service
    service.stop()


@pytest.fixture
def shared_sql(shared_database):
    with psycopg.connect(shared_database, autocommit=True) as connection:
        yield connection


@pytest.fixture
def come(chromium):
    """Let somebody come to a service, and hear at the end what their browser complained of."""
    visitors = []

    def arrive(service, viewport, color_scheme):
        context = chromium.new_context(viewport=viewport, color_scheme=color_scheme)
        # A busy machine is no fault of the page.
        context.set_default_timeout(30_000)
        expect.set_options(timeout=20_000)
        visitors.append(Visitor(context.new_page(), f"http://127.0.0.1:{service.port}"))
        return visitors[-1]

    yield arrive
    for visitor in visitors:
        visitor.page.context.close()
        assert visitor.complaints == []


@pytest.fixture
def visit(come, shared_service):
    """Let somebody visit the shared service: visit(PHONE, "dark")."""
    return lambda viewport=DESKTOP, color_scheme="light": come(
        shared_service, viewport, color_scheme
    )


@pytest.fixture
def visit_own(serve, come):
    """Let somebody visit a service with other settings: visit_own(NETWORK="base-testnet").

    In this order: a service stops at once when nobody is connected any more.
    """
    return lambda viewport=DESKTOP, **settings: come(
        serve(WEB_CONCURRENCY="1", **settings), viewport, "light"
    )
