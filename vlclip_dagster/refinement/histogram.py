"""A small bar chart as SVG, for a dashboard."""

from collections.abc import Mapping
from xml.sax.saxutils import escape

_BAR, _GAP, _HEIGHT, _MARGIN = 48, 16, 120, 24
_INK, _FILL = "#5b6068", "#0b6e63"


def bars(counts: Mapping[int, int], title: str) -> bytes:
    """Draw ``counts`` as bars on white, one for each key, with its count above it.

    Args:
        counts: what stands under a bar, and how high it is.
        title: a short text above the chart.
    """
    most = max(counts.values(), default=0) or 1
    width = 2 * _MARGIN + max(len(counts), 3) * (_BAR + _GAP)
    base = 2 * _MARGIN + _HEIGHT
    shapes = []
    for at, (key, count) in enumerate(sorted(counts.items())):
        left, tall = _MARGIN + at * (_BAR + _GAP), round(_HEIGHT * count / most)
        shapes.append(
            f'<rect x="{left}" y="{base - tall}" width="{_BAR}" height="{tall}" fill="{_FILL}"/>'
            f'<text x="{left + _BAR / 2}" y="{base - tall - 4}">{count}</text>'
            f'<text x="{left + _BAR / 2}" y="{base + 16}">{key}</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{base + _MARGIN}" '
        f'font-family="sans-serif" font-size="12" fill="{_INK}" text-anchor="middle">'
        f'<rect width="100%" height="100%" fill="white"/>'
        f'<text x="{_MARGIN}" y="16" text-anchor="start">{escape(title)}</text>'
        f"{''.join(shapes)}</svg>"
    ).encode()
