"""The maps of the code are complete: folders, tables, queries, decisions, dependencies."""

import re
from configparser import ConfigParser

from tests.documentation.pages import code, links, read, section, tables
from tests.factories import FID
from tests.running_service import ROOT

ARCHITECTURE = read("docs/architecture.md")
DECISIONS = ROOT / "docs" / "decisions"
QUERIES = ROOT / "queries"
# dbmate's own, which schema.sql leaves out.
BESIDE_THE_SCHEMA = {"schema_migrations"}


def test_every_folder_of_the_map_exists():
    for first, *_ in tables(section(ARCHITECTURE, "## Where things are")):
        for name in code(first):
            assert (ROOT / name).exists(), name


def test_every_folder_is_on_the_map():
    mapped = {
        name.rstrip("/")
        for first, *_ in tables(section(ARCHITECTURE, "## Where things are"))
        for name in code(first)
    }
    ours = [*ROOT.iterdir(), *(ROOT / "wallet_api").iterdir()]
    there = {
        str(path.relative_to(ROOT))
        for path in ours
        if path.is_dir() and re.fullmatch(r"[a-z][a-z_]*", path.name) and any(path.glob("*.*"))
    }
    assert there - {"wallet_api", "storage"} <= mapped


def test_every_route_is_mapped_to_its_blueprint_and_to_files_that_exist(make_app):
    app = make_app(DEMO_FID=str(FID))
    served = {
        rule.rule.replace("uuid:", ""): app.view_functions[rule.endpoint].__module__
        for rule in app.url_map.iter_rules()
    }
    mapped = {}
    for routes, blueprint, places, queries in tables(
        section(ARCHITECTURE, "## From a route to the code")
    ):
        (module,) = code(blueprint)
        for route in code(routes):
            mapped[route] = f"wallet_api.{module.removesuffix('.py').replace('/', '.')}"
        for place in code(places):
            assert (ROOT / "wallet_api" / place).exists(), place
        for name in code(queries):
            assert (QUERIES / f"{name}.sql").exists(), name
    assert mapped == served


def test_every_table_is_drawn_and_explained():
    made = set(re.findall(r"^CREATE TABLE public\.(\w+)", read("schema.sql"), re.MULTILINE))
    text = section(ARCHITECTURE, "## Tables")
    drawing = text.split("```")[1]
    drawn = set(re.findall(r"^[ ┊┄▲]*([a-z][a-z_]+)  ", drawing, re.MULTILINE))
    assert drawn == made | BESIDE_THE_SCHEMA
    assert {name for first, *_ in tables(text) for name in code(first)} == made


def test_every_query_is_in_the_readme_of_the_queries():
    told = {}
    text = read("queries/README.md")
    for first, *places in tables(text):
        (file,) = code(first)
        told[file] = [name for place in places for name in code(place)]
    for path in QUERIES.rglob("*.sql"):
        file = str(path.relative_to(QUERIES).with_suffix(""))
        there = re.findall(r"^-- name: (\w+)\(", path.read_text(), re.MULTILINE)
        if there:
            assert sorted(told.pop(file)) == sorted(there), file
        else:
            assert f"`{path.name}`" in text, path.name
    assert told == {}


def test_the_index_of_decisions_has_every_page_under_its_title():
    index = (DECISIONS / "README.md").read_text()
    listed = dict(re.findall(r"\| \[(.+)\]\(([\w-]+\.md)\) \|$", index, re.MULTILINE))
    pages = {path for path in DECISIONS.glob("*.md") if path.name != "README.md"}
    titles = {path.read_text().split("\n", 1)[0].removeprefix("# "): path.name for path in pages}
    assert listed == titles
    assert len(listed) == len(pages)


def test_every_decision_links_to_its_code():
    for path in DECISIONS.glob("*.md"):
        if path.name != "README.md":
            *_, last = path.read_text().strip().split("\n\n")
            assert last.startswith("In the code:"), path.name
            assert links(last), path.name


def test_every_dependency_has_a_reason():
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")
    extras = config["options.extras_require"].values()
    asked = [config["options"]["install_requires"], *extras]
    names = {re.split(r"[\[>]", line)[0] for text in asked for line in text.split()}
    reasons = [first for first, *_ in tables((DECISIONS / "dependencies.md").read_text())]
    told = {name for first in reasons for name in re.sub(r" \(.*?\)", "", first).split(", ")}
    assert told == names
