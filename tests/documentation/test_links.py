"""Every link in a document has a target."""

import re
from pathlib import Path

import pytest

from tests.documentation.pages import DOCUMENTS, anchors, links
from tests.running_service import ROOT

README = ROOT / "README.md"
PLACES = r"(?:wallet_api|tests|docs|queries|migrations|benchmarks)/[\w./-]*\w/?"
PAGES = r"\b(?:docs/[\w/-]+\.svg|[\w./-]*\w\.md)\b"
FOLDERS = ("wallet_api", "tests", "queries", "migrations", "benchmarks")
TEXTS = {"", ".py", ".sql", ".cfg", ".toml", ".json", ".html", ".js", ".example"}
SAMPLE = """\
# A `b`, and *c*: d-e_f?
## Again
## Again
```
# no heading, [no link](absent.md)
```
`[no link](absent.md)` but [one](a.md#again) and ![an image](b.svg)
[elsewhere](https://example.com/#x) [here](#again-1)
<img src="c.svg" alt="an image">
"""
each_document = pytest.mark.parametrize(
    "path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)


@each_document
def test_every_link_has_a_target_file_and_heading(path):
    for link in links(path.read_text()):
        target, _, anchor = link.partition("#")
        there = path.parent / target if target else path
        assert there.exists(), link
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there.read_text()), link


@each_document
def test_every_image_has_a_description(path):
    assert "![](" not in path.read_text()


# Once: the folders have thousands of files.
MODULES = {
    found.name for folder in (*FOLDERS, "clients") for found in (ROOT / folder).rglob("*.py")
} | {found.name for found in ROOT.glob("*.py")}


@pytest.mark.parametrize(
    "path",
    # The changelog names modules of earlier versions.
    [path for path in DOCUMENTS if path.name != "CHANGELOG.md"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_every_module_that_is_named_without_its_folder_exists(path):
    assert set(re.findall(r"`(\w+\.py)`", path.read_text())) <= MODULES


@each_document
def test_every_path_that_is_named_exists(path):
    for name in re.findall(rf"`({PLACES})`", path.read_text()):
        assert "NNNN" in name or (ROOT / name).exists(), name


def test_every_page_that_code_names_exists_and_has_the_section_that_is_named():
    """Comments and messages outlive the pages that they refer to."""
    paths = [path for path in ROOT.iterdir() if path.is_file()]
    paths += [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.*")]
    missing = {
        named: path.name
        for path in paths
        if path.suffix in TEXTS and path != Path(__file__)
        for named in broken(path.read_text(errors="replace"), path.parent)
    }
    assert missing == {}


def broken(text, folder):
    """Return the pages that a text names and that do not exist, and missing sections."""
    for name, heading in re.findall(rf"({PAGES})(?:(?:, | says under )([A-Z]\w+))?", text):
        places = [ROOT / name, folder / name, *(page for page in DOCUMENTS if page.name == name)]
        there = [page.read_text() for page in places if page.exists()]
        if not there:
            yield name
        elif heading and not re.search(rf"^#+ {heading}\b", there[0], re.MULTILINE):
            yield f"{name}, {heading}"


def test_pages_that_code_names_are_detected_in_every_form():
    text = "see docs/absent.md, absent.svg; docs/absent.svg and README.md, Try it. README.md, No"
    assert [*broken(text, ROOT)] == ["docs/absent.md", "docs/absent.svg", "README.md, No"]
    assert [*broken("README.md says under Nothing what it is", ROOT)] == ["README.md, Nothing"]
    assert [*broken("see README.md; operations.md, Rotating the encryption secret", ROOT)] == []


def test_every_page_can_be_reached_from_the_readme():
    reached, waiting = set(), [README]
    while waiting:
        path = waiting.pop()
        if path in reached or path.suffix != ".md" or not path.exists():
            continue
        reached.add(path)
        targets = [link.partition("#")[0] for link in links(path.read_text())]
        waiting += [(path.parent / target).resolve() for target in targets if target]
    pages = {path for path in DOCUMENTS if ROOT / "docs" in path.parents}
    assert {str(path.relative_to(ROOT)) for path in pages - reached} == set()


def test_the_readme_has_at_most_two_screens():
    assert len(README.read_text().splitlines()) <= 100


def test_links_and_anchors_are_found_as_github_finds_them():
    assert anchors(SAMPLE) == {"a-b-and-c-d-e_f", "again", "again-1"}
    assert links(SAMPLE) == ["a.md#again", "b.svg", "#again-1", "c.svg"]
