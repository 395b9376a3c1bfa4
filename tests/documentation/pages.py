"""The links, anchors and tables of Markdown pages."""

import re
from pathlib import Path

from tests.running_service import ROOT

_FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_INLINE_CODE = re.compile(r"`[^`\n]+`")


def _is_ours(path: Path) -> bool:
    *folders, _ = path.relative_to(ROOT).parts
    return not any(name.startswith(".") or name in {"build", "node_modules"} for name in folders)


DOCUMENTS = [path for path in sorted(ROOT.rglob("*.md")) if _is_ours(path)]


def read(name):
    return (ROOT / name).read_text()


def section(text, heading):
    """Return the text of a section, up to the next heading of its level or above."""
    level = heading.partition(" ")[0]
    _, _, rest = text.partition(f"\n{heading}\n")
    assert rest, heading
    return re.split(rf"^#{{1,{len(level)}}} ", rest, flags=re.MULTILINE)[0]


def tables(text):
    """Return all rows of all tables but their headings, each as a list of cells."""
    found = []
    for table in re.findall(r"(?:^\|.*\|\n?)+", text, re.MULTILINE):
        _, rule, *lines = table.strip().split("\n")
        assert re.fullmatch(r"[|\s:-]+", rule), table
        found += [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return found


def code(cell):
    """Return what a cell names as code."""
    return re.findall(r"`([^`]+)`", cell)


def anchors(text):
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#{1,6} (.+?)\s*$", _FENCED.sub("", text), re.MULTILINE)
    found: list[str] = []
    for heading in headings:
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        plain = re.sub(r"[^\w\- ]", "", plain).lower().replace(" ", "-")
        number = sum(
            re.fullmatch(rf"{re.escape(plain)}(-\d+)?", other) is not None for other in found
        )
        found.append(f"{plain}-{number}" if number else plain)
    return set(found)


def links(text):
    """Return where a page leads, images included: each target that is no URL of another host."""
    prose = _INLINE_CODE.sub("`", _FENCED.sub("", text))
    targets = re.findall(r"\]\(<?([^)\s>]+)", prose)
    targets += re.findall(r"^\[[^\]]+\]: <?([^\s>]+)", prose, re.MULTILINE)
    targets += re.findall(r"<[^>]*(?:src|srcset|href)=\"([^\"\s]+)", prose)
    return [target for target in targets if not re.match(r"[a-z][a-z0-9+.-]*:", target)]
