"""Log-log line plots as SVG, for light and dark color schemes."""

import math
from collections.abc import Sequence
from typing import NamedTuple

WIDTH, HEIGHT, MARGIN, BETWEEN = 300, 240, 56, 24
COLORS = ("#2f6fde", "#d9822b")
STYLE = """
    text { font: 11px sans-serif; fill: currentColor }
    svg { color: #333; background: white }
    .grid { stroke: currentColor; stroke-opacity: .18 }
    path { fill: none; stroke-width: 2 }
    @media (prefers-color-scheme: dark) { svg { color: #ddd; background: #151515 } }
"""
"""The style sheet of every plot."""


class Line(NamedTuple):
    """A line with optional dots."""

    name: str
    points: Sequence[tuple[float, float]]
    dots: Sequence[tuple[float, float]] = ()


class Panel(NamedTuple):
    """A plot of lines with common axes."""

    title: str
    lines: Sequence[Line]


def draw(panels: Sequence[Panel], x_label: str) -> str:
    """Return an SVG document of panels side by side with logarithmic axes."""
    width = len(panels) * (WIDTH + MARGIN + BETWEEN)
    height = HEIGHT + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">',
        f"<style>{STYLE}</style>",
    ]
    for number, panel in enumerate(panels):
        left = number * (WIDTH + MARGIN + BETWEEN) + MARGIN
        parts += [f'<g transform="translate({left} {MARGIN})">', *_panel(panel, x_label), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, x_label: str) -> list[str]:
    points = [point for line in panel.lines for point in line.points]
    xs, ys = ([value for value in values if value > 0] for values in zip(*points, strict=True))
    x_first, x_last = _decades(xs)
    y_first, y_last = _decades(ys)

    def place(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - x_first) / (x_last - x_first)
        up = (math.log10(y) - y_first) / (y_last - y_first)
        return round(across * WIDTH, 1), round(HEIGHT - up * HEIGHT, 1)

    parts = [f'<text x="0" y="-12" font-weight="bold">{panel.title}</text>']
    for exponent in range(x_first, x_last + 1):
        x, _ = place(10**exponent, 10**y_first)
        parts.append(f'<line class="grid" x1="{x}" y1="0" x2="{x}" y2="{HEIGHT}"/>')
        label = _short(exponent)
        parts.append(f'<text x="{x}" y="{HEIGHT + 16}" text-anchor="middle">{label}</text>')
    for exponent in range(y_first, y_last + 1):
        _, y = place(10**x_first, 10**exponent)
        parts.append(f'<line class="grid" x1="0" y1="{y}" x2="{WIDTH}" y2="{y}"/>')
        parts.append(f'<text x="-6" y="{y + 4}" text-anchor="end">{_short(exponent)}</text>')
    parts.append(f'<text x="{WIDTH}" y="{HEIGHT + 32}" text-anchor="end">{x_label}</text>')
    for number, line in enumerate(panel.lines):
        color = COLORS[number]
        path = " L".join("{} {}".format(*place(x, y)) for x, y in line.points if y > 0)
        parts.append(f'<path d="M{path}" stroke="{color}"/>')
        for x, y in line.dots:
            across, down = place(x, y)
            parts.append(f'<circle cx="{across}" cy="{down}" r="4" fill="{color}"/>')
        y = 14 + 15 * number
        parts.append(f'<text x="8" y="{y}" style="fill: {color}">{line.name}</text>')
    return parts


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """Return the powers of ten that enclose all values."""
    return math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))


def _short(exponent: int) -> str:
    names = {0: "1", 1: "10", 2: "100", 3: "1k", 4: "10k", 5: "100k", 6: "1M", 7: "10M", 8: "100M"}
    return names.get(exponent, f"{10.0**exponent:g}")
