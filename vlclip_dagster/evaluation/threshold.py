"""What the score threshold decides, as a picture: how much is cut, and how far.

What belongs here: the drawing. What does not: the figures (``grounding.sweep``).
"""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vlclip_dagster.evaluation.drawing import STAND_INS, inline, style, tidy
from vlclip_dagster.grounding.types import SweepPoint

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "threshold"
# In the order of the page's series colours, which its legend repeats.
LINES = ("accepted", "mean_area", "recall")


def threshold_svg(points: Sequence[SweepPoint], chosen: float) -> str:
    """Draw the sweep as an ``<svg>`` to be put inline, the chosen threshold marked.

    Returns:
        An empty string when there is nothing to draw.
    """
    if not points:
        return ""
    buffer = io.StringIO()
    blank = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with style(NAME):
        figure = _draw(points, chosen)
        figure.savefig(buffer, format="svg", transparent=True, metadata=blank)
    return inline(buffer.getvalue(), NAME)


def _draw(points: Sequence[SweepPoint], chosen: float) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.0, 2.9), layout="constrained")
    axes = figure.subplots()
    axes.axvline(chosen, color=STAND_INS.ink, lw=0.9, ls=":")
    for field, colour in zip(LINES, STAND_INS.series, strict=False):
        known = [(p.threshold, getattr(p, field)) for p in points if getattr(p, field) is not None]
        if known:
            marker = "o" if len(known) < len(points) else ""
            axes.plot(*zip(*known, strict=True), color=colour, lw=1.9, marker=marker, ms=4)
    tidy(axes, STAND_INS)
    axes.set_xlabel("score threshold", color=STAND_INS.ink)
    axes.set_ylim(0, 1.05)
    return figure
