"""A real browser: the machine's own Chromium, which opens the page of a real service."""

import shutil
from dataclasses import replace

import psycopg
import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.operators import DAMAGED, OTHER, READS, USER, give_token, sign_in
from tests.browser.visitor import DESKTOP, REBOUND, Visitor
from tests.factories import ACCESS, BASE_ACCOUNT, FID, JWT_SECRET, SECRET
from tests.leaks import LEAKS
from tests.running_service import start_service
from wallet_api.app import create_app
from wallet_api.blueprints.application import application
from wallet_api.config import Settings
from wallet_api.services.deposits import DepositRequest

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "NO CHROMIUM: THE PAGE WAS NOT TRIED IN A BROWSER. Install it (apt-get install chromium)."
# Nothing but the page: no sandbox, because CI is root; no calls home.
SWITCHES = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@pytest.fixture(scope="package")
def chromium():
    """One browser for this folder. Its event loop disturbs other tests."""
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
    """The database of the tests that ignore each other's deposits."""
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


@pytest.fixture(scope="package")
def behind(shared_database):
    """The services behind the console, a user whose key was read many times, and two others."""
    environ = {"DATABASE_URL": shared_database, "ENCRYPTION_SECRET": SECRET}
    app = create_app(Settings.from_environ({**environ, "JWT_SECRET": JWT_SECRET}))
    services = application(app)
    services.open()
    services.wallets.store_base_account_address(USER, BASE_ACCOUNT, access=ACCESS)
    services.wallets.ensure_trading_wallet(USER, access=ACCESS)
    for amount in range(1, 8):
        asked = DepositRequest(
            asset="USDC", amount=str(amount), base_address=None, idempotency_key=None
        )
        services.deposits.prepare(USER, asked, access=ACCESS)
    for number in range(READS):
        because = replace(ACCESS, actor="client:engine", reason=f"=sign swap {number}")
        services.wallets.get_wallet_with_key(USER, "ethereum", access=because)
    for fid in (OTHER, DAMAGED):
        services.wallets.ensure_trading_wallet(fid, access=ACCESS)
    yield services
    services.close()


@pytest.fixture
def enter(visit, behind):
    """Open the console with a new client's token: enter("stats:read", viewport=PHONE)."""

    def enter(*scopes, view="", **screen):
        return sign_in(visit(**screen), give_token(behind, *scopes), view)

    return enter


@pytest.fixture
def come(chromium):
    """Return a function that visits a service; at the end, the browser must have no complaints."""
    visitors = []

    def arrive(service, viewport, color_scheme, **more):
        context = chromium.new_context(viewport=viewport, color_scheme=color_scheme, **more)
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
    """Return a function that visits the shared service: visit(PHONE, "dark")."""
    return lambda viewport=DESKTOP, color_scheme="light": come(
        shared_service, viewport, color_scheme
    )


@pytest.fixture
def visit_own(serve, come):
    """Return a function that visits a service of its own: visit_own(NETWORK="base-testnet").

    In this order: a service stops at once when nobody is connected any more.
    """
    return lambda viewport=DESKTOP, **settings: come(
        serve(WEB_CONCURRENCY="1", **settings), viewport, "light"
    )
