"""Build the documentation site from the Markdown pages of this repository.

    python docs/build_site.py [FOLDER]

The pages are written for GitHub. This program copies them to FOLDER/pages (default build/docs),
rewrites their links, and runs zensical in strict mode: a broken link is an error. FOLDER/site is
the site. It loads nothing from other hosts. It can be read from the disk. The search needs a
server:

    python -m http.server --bind 127.0.0.1 --directory build/docs/site

A link to a source file leads to a copy of that file on the site, in the same version. It needs no
git, so that it also runs in an unpacked source archive.
"""

import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[1]
_CONFIG = Path(__file__).with_name("site.toml")
_PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "benchmarks/README.md")
_PAGES += ("clients/python/README.md", "clients/typescript/README.md", "queries/README.md")
_PLACES = {
    "README.md": "index.md",
    "docs/decisions/README.md": "decisions/index.md",
    "docs/policies/README.md": "policies/examples.md",
}
_PICTURES = {".png", ".svg", ".webp"}
# Code comes first, so that nothing inside it counts as a link.
_LINK = re.compile(
    r"(?P<code>^ *```.*?^ *```|`[^`\n]+`)|(?P<before>\]\()(?P<target>[^)\s#:]+)(?=[)#])",
    re.MULTILINE | re.DOTALL,
)


def main() -> None:
    """Build the site."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "docs")
    shutil.rmtree(folder, ignore_errors=True)
    for page in pages():
        text = indented((ROOT / page).read_text())
        text = rewritten(text, page, folder / "pages")
        _write(folder / "pages" / place(page), text.encode())
    shutil.copy(_CONFIG, folder / "zensical.toml")
    build(folder)


def build(folder: Path) -> None:
    """Run zensical on the pages in a folder. Raises CalledProcessError if a link is broken."""
    program = Path(sys.executable).with_name("zensical")
    subprocess.run([program, "build", "--strict", "--clean"], cwd=folder, check=True)


def pages() -> list[str]:
    """Return the pages of the site, by their paths in the repository."""
    return [*_PAGES, *(str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("docs/**/*.md")))]


def place(path: str) -> str:
    """Return the path of a page or a picture on the site."""
    name = path.removeprefix("docs/").lower().replace("/readme.md", ".md")
    return _PLACES.get(path, name)


def rewritten(text: str, page: str, folder: Path) -> str:
    """Return a page with the links of the site, and copy the files that it links to."""

    def link(match: re.Match[str]) -> str:
        if match["code"]:
            return match[0]
        target = (ROOT / page).parent.joinpath(match["target"]).resolve().relative_to(ROOT)
        found = place(str(target))
        if target.suffix in _PICTURES:
            _write(folder / found, (ROOT / target).read_bytes())
        elif str(target) not in known:
            # Zensical copies no file whose name begins with a dot.
            found = f"source/{'/'.join(part.lstrip('.') for part in target.parts)}.txt"
            _write(folder / found, _source(target))
        upwards = "../" * (len(PurePosixPath(place(page)).parts) - 1)
        return f"{match['before']}{upwards}{found}"

    known = set(pages())
    return _LINK.sub(link, text)


def indented(text: str) -> str:
    """Return a page in which list items are indented by 4, as Python-Markdown requires.

    GitHub's Markdown indents them by the width of the marker.
    """
    items = [
        (*token.map, _content_column(text.splitlines()[token.map[0]]))
        for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text)
        if token.type == "list_item_open" and token.map
    ]
    lines = []
    for number, line in enumerate(text.splitlines()):
        columns = [column for start, end, column in items if start < number < end]
        old = min(max(columns, default=0), len(line) - len(line.lstrip()))
        lines.append((" " * 4 * len(columns) + line[old:]).rstrip())
    return "\n".join(lines) + "\n"


def _content_column(line: str) -> int:
    """Return the column after the marker of a list item."""
    marker = re.match(r" *(?:[-*+]|\d+[.)]) +", line)
    if marker is None:
        raise AssertionError(f"unreachable: {line!r} begins a list item")
    return marker.end()


def _source(path: Path) -> bytes:
    """Return the content of a source file, or the names in a folder."""
    if (ROOT / path).is_file():
        return (ROOT / path).read_bytes()
    rules = (ROOT / ".gitignore").read_text().split()
    ignored = [rule.rstrip("/").rpartition("/")[2] for rule in rules]
    names = [
        f"{child.name}/" if child.is_dir() else child.name
        for child in (ROOT / path).iterdir()
        if not any(fnmatch(child.name, rule) for rule in ignored)
    ]
    return "".join(f"{name}\n" for name in sorted(names)).encode()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


if __name__ == "__main__":
    main()
