"""A visitor with a browser."""

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import expect

from tests.factories import FID
from tests.leaks import LEAKS

# An attacker's host name, which resolves to this machine (DNS rebinding).
REBOUND = "rebound.example"
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}


class Visitor:
    """A browser's page, and the errors that the browser reported."""

    def __init__(self, page, url):
        self.page = page
        self.url = url
        self.complaints = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)
        page.on("request", self._watch)

    def _hear(self, message):
        # Refusals are ordinary responses: only the browser calls them errors.
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
        self.page.get_by_role("button", name="Deposit", exact=True).click()

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
