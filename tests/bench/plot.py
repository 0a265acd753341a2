"""Draws curves on logarithmic axes as SVG, by hand: what is drawn is little, and nothing has to be installed for it."""

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 720, 440
LEFT, RIGHT, TOP, BOTTOM = 70, 150, 40, 50
COLOURS = ("#c1272d", "#0000a7", "#008176", "#b3860b", "#7b3294", "#444444")

Curve = Sequence[tuple[float, float]]
"""Points of a curve, both numbers above 0."""


def plot(title: str, across: str, up: str, curves: Mapping[str, Curve], shown: Callable[[float], str]) -> str:
    """Return a picture of some curves.

    Args:
        title, across, up: what is written above, below and beside it.
        curves: by their names; at least one point in all.
        shown: writes a number of the vertical axis.

    Returns:
        A whole SVG document.
    """
    points = [point for curve in curves.values() for point in curve]
    x_of = _scale([x for x, _ in points], LEFT, WIDTH - RIGHT)
    y_of = _scale([y for _, y in points], HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(LEFT, 22, title, size=15),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, across, anchor="middle"),
        _text(LEFT, TOP - 4, up),
    ]
    parts += [_grid(y_of(y), shown(y)) for y in _decades([y for _, y in points])]
    parts += [_text(x_of(x), HEIGHT - BOTTOM + 18, f"{x:,g}", anchor="middle") for x in sorted({x for x, _ in points})]
    ends = _apart([y_of(curve[-1][1]) for curve in curves.values()])
    for (name, curve), end, colour in zip(curves.items(), ends, COLOURS * len(curves), strict=False):
        parts += _curve([(x_of(x), y_of(y)) for x, y in curve], colour)
        parts.append(_text(WIDTH - RIGHT + 8, end + 4, name, colour=colour))
    return "\n".join([*parts, "</svg>", ""])


def _scale(values: Sequence[float], first: float, last: float) -> Callable[[float], float]:
    low, high = math.log10(min(values)), math.log10(max(values))
    wide = (high - low) or 1.0
    return lambda value: first + (math.log10(value) - low) / wide * (last - first)


def _decades(values: Sequence[float]) -> list[float]:
    """Round numbers within the range: 1, 2 and 5 of every power of ten, or only 1 where that is enough."""
    low, high = min(values), max(values)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    digits = (1,) if high / low > 1e4 else (1, 2, 5)
    return [digit * 10.0**power for power in powers for digit in digits if low <= digit * 10.0**power <= high]


def _apart(places: Sequence[float], least: float = 15.0) -> list[float]:
    """Move labels down until none lies on another; returned in the given order."""
    moved, lowest = {}, -math.inf
    for place in sorted(range(len(places)), key=places.__getitem__):
        lowest = moved[place] = max(places[place], lowest + least)
    return [moved[place] for place in range(len(places))]


def _grid(y: float, label: str) -> str:
    line = f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#dddddd"/>'
    return line + _text(LEFT - 6, y + 4, label, anchor="end")


def _curve(points: Curve, colour: str) -> list[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    line = f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    return [line, *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)]


def _text(x: float, y: float, words: str, *, anchor: str = "start", size: int = 12, colour: str = "#222222") -> str:
    at = f'x="{x:.1f}" y="{y:.1f}"'
    return f'<text {at} text-anchor="{anchor}" font-size="{size}" fill="{colour}">{escape(words)}</text>'
