"""Horizontal bars in groups as SVG, for light and dark color schemes."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from benchmarks.log_plot import STYLE

_WIDTH, _MARGIN, _BETWEEN = 360, 24, 56
_BAR, _GROUP_TITLE = 18, 26
_COLORS = ("#2f6fde", "#d9822b", "#6b7280")


class Bar(NamedTuple):
    """A value of one of the compared things."""

    name: str
    value: float


class Panel(NamedTuple):
    """Groups of bars with a common scale. All panels have the same groups and names."""

    title: str
    groups: Mapping[str, Sequence[Bar]]


def draw(panels: Sequence[Panel]) -> str:
    """Return an SVG document of panels side by side, and a legend above them."""
    groups = panels[0].groups
    height = 90 + sum(_GROUP_TITLE + len(bars) * _BAR for bars in groups.values())
    width = len(panels) * (_WIDTH + _BETWEEN) + _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">',
        f"<style>{STYLE}</style>",
    ]
    for number, bar in enumerate(next(iter(groups.values()))):
        place = f'x="{_MARGIN + number * 170}" y="20" style="fill: {_COLORS[number]}"'
        parts.append(f"<text {place}>■ {bar.name}</text>")
    for number, panel in enumerate(panels):
        left = _MARGIN + number * (_WIDTH + _BETWEEN)
        parts += [f'<g transform="translate({left} 50)">', *_panel(panel), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel) -> list[str]:
    most = max(bar.value for bars in panel.groups.values() for bar in bars)
    parts = [f'<text x="0" y="0" font-weight="bold">{panel.title}</text>']
    y = 0
    for group, bars in panel.groups.items():
        y += _GROUP_TITLE
        parts.append(f'<text x="0" y="{y - 4}">{group}</text>')
        for number, bar in enumerate(bars):
            length = round(bar.value / most * (_WIDTH - 50), 1)
            size = f'width="{length}" height="{_BAR - 4}"'
            parts += [
                f'<rect x="0" y="{y}" {size} fill="{_COLORS[number]}"/>',
                f'<text x="{length + 5}" y="{y + 11}">{bar.value:,g}</text>',
            ]
            y += _BAR
    return parts
