"""The documentation site: built in strict mode, complete, and without other hosts."""

import re
import runpy
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from tests.documentation.pages import DOCUMENTS
from tests.service import ROOT

BUILD = ROOT / "docs" / "build_site.py"
PROGRAM = runpy.run_path(str(BUILD))
pytestmark = [pytest.mark.xdist_group("site"), pytest.mark.slow]
NOT_ON_THE_SITE = {".github", "tests"}
LIST = """\
Steps:

1. Create it (H):

   ```console
   $ make
   ```

   - One,
     continued.

     Another paragraph.

2. Check it.
"""
INDENTED = """\
Steps:

1. Create it (H):

    ```console
    $ make
    ```

    - One,
        continued.

        Another paragraph.

2. Check it.
"""


class Page(HTMLParser):
    """What a page of the site loads, where it leads, and its anchors."""

    def __init__(self, text):
        super().__init__()
        self.loaded, self.links, self.anchors = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        if "src" in given:
            self.loaded.append(given["src"])
        if "href" in given:
            links = self.links if tag == "a" else self.loaded
            links.append(given["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, BUILD, folder]
    built = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder / "site"


@pytest.fixture(scope="module")
def parsed(site):
    return {path: Page(path.read_text()) for path in site.rglob("*.html")}


def test_every_page_is_on_the_site_and_in_the_navigation(site):
    pages = {
        str(path.relative_to(ROOT))
        for path in DOCUMENTS
        if path.relative_to(ROOT).parts[0] not in NOT_ON_THE_SITE
    }
    assert set(PROGRAM["pages"]()) == pages
    places = {PROGRAM["place"](page) for page in pages}
    assert len(places) == len(pages)
    for place in places:
        assert (site / place).with_suffix(".html").exists(), place
    nav = tomllib.loads((BUILD.with_name("site.toml")).read_text())["project"]["nav"]
    named = {place for group in nav for members in group.values() for place in members}
    # The decisions are reached from their index.
    index = PROGRAM["place"]("docs/decisions/README.md")
    assert named == {place for place in places if not place.startswith("decisions/")} | {index}


def test_every_link_of_the_site_has_a_target_and_an_anchor(site, parsed):
    broken = []
    for path, page in parsed.items():
        for link in page.links + page.loaded:
            target, _, anchor = link.partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            # Only 404.html, which is returned for any path, has links from the root.
            base = site if target.startswith("/") else path.parent
            found = (base / unquote(target).lstrip("/")).resolve() if target else path
            found = found / "index.html" if found.is_dir() else found
            if not found.exists() or (
                anchor and found.suffix == ".html" and unquote(anchor) not in parsed[found].anchors
            ):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert broken == []


def test_the_site_loads_nothing_from_another_host(site, parsed):
    for path, page in parsed.items():
        outside = [link for link in page.loaded if re.match(r"(?:[a-z]+:)?//", link)]
        assert [link for link in outside if not link.startswith("data:")] == [], path
    for path in site.rglob("*.css"):
        assert not re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", path.read_text()), path


def test_the_site_can_be_searched(site):
    index = "".join(path.read_text() for path in site.rglob("search*.js*"))
    assert "WALLET_STORAGE" in index


def test_a_broken_link_fails_the_build(site, tmp_path):
    page = site.parent / "pages" / "promises.md"
    text = page.read_text()
    try:
        page.write_text(text + "\n[nowhere](promises.md#absent)\n")
        with pytest.raises(subprocess.CalledProcessError):
            PROGRAM["build"](site.parent)
    finally:
        page.write_text(text)


def test_lists_are_indented_as_python_markdown_requires():
    assert PROGRAM["indented"](LIST) == INDENTED
