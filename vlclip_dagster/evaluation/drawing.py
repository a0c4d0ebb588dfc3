"""What the report's drawings share: colours, axes, and how an SVG is put into a page.

What belongs here: everything about a drawing but its lines (``curves``, ``threshold``).
matplotlib is imported where it is used, since it takes about as long to load as the whole code
location.
"""

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Palette:
    """Colours of text, of rules and of lines."""

    ink: str
    rule: str
    series: tuple[str, ...]


ON_WHITE = Palette("#5b6068", "#dddbd5", ("#0b6e63", "#b7791f", "#8c5a9e", "#4a6fa5"))
# Stand-ins that become the page's own variables, so that one drawing serves light and dark.
STAND_INS = Palette("#010204", "#010205", ("#010211", "#010212", "#010213", "#010214"))
_ON_PAGE = Palette("var(--quiet)", "var(--rule)", tuple(f"var(--series-{i})" for i in range(1, 5)))


def style(name: str) -> AbstractContextManager[None]:
    """Matplotlib's settings for a drawing; equal drawings of one name are equal bytes."""
    from matplotlib import rc_context

    return rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "font.size": 9.0})


def tidy(axes: "Axes", palette: Palette) -> None:
    """Leave of the axes what is read: a quiet grid, numbers, no frame."""
    from matplotlib.ticker import MaxNLocator

    axes.patch.set_alpha(0.0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(palette.rule)
    axes.grid(axis="y", color=palette.rule, lw=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(colors=palette.ink, length=0, pad=6)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
    axes.margins(x=0.02, y=0.08)


def inline(svg: str, name: str) -> str:
    """Make a standalone SVG file fit to stand in an HTML page beside others."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<(metadata|style)\b.*?</\1>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"| (?:width|height)="[\d.]+pt"', "", svg)
    # Two drawings on one page must not share ids.
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    pairs = zip(
        (STAND_INS.ink, STAND_INS.rule, *STAND_INS.series),
        (_ON_PAGE.ink, _ON_PAGE.rule, *_ON_PAGE.series),
        strict=True,
    )
    for stand_in, colour in pairs:
        svg = svg.replace(stand_in, colour)
    return svg.replace("<svg", '<svg role="img"', 1)
