"""Training curves like the paper's Figure 4, as SVG for the report and PNG for a dashboard.

What belongs here: the value of a curve and how it is drawn. matplotlib is imported where it is
used, since it takes about as long to load as the whole code location.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vlclip_dagster.evaluation.drawing import ON_WHITE, STAND_INS, Palette, inline, style, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Panel = Literal["loss", "recall"]
_TITLES: dict[Panel, str] = {"loss": "Loss", "recall": "Recall@10 on validation"}


@dataclass(frozen=True)
class CurvePoint:
    """One epoch: mean training loss, validation loss and Recall@10; None where not measured."""

    epoch: int
    train_loss: float | None
    val_loss: float | None = None
    recall10: float | None = None


@dataclass(frozen=True)
class Curve:
    """The training of one variant; ``best_epoch`` is the one whose weights were kept."""

    name: str
    points: tuple[CurvePoint, ...]
    best_epoch: int | None = None


def curve_svg(curves: Sequence[Curve], panel: Panel) -> str:
    """Draw one panel as an ``<svg>`` to be put inline; its colours are the page's variables.

    Returns:
        An empty string when no curve has a point to draw.
    """
    if not _drawable(curves, panel):
        return ""
    buffer = io.StringIO()
    blank = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with style(panel):
        figure = _draw(curves, panel, STAND_INS)
        figure.savefig(buffer, format="svg", transparent=True, metadata=blank)
    return inline(buffer.getvalue(), panel)


def curve_png(curves: Sequence[Curve], panel: Panel) -> bytes:
    """Draw one panel as a PNG on white, at 160 dpi; empty when there is nothing to draw."""
    if not _drawable(curves, panel):
        return b""
    buffer = io.BytesIO()
    with style(panel):
        figure = _draw(curves, panel, ON_WHITE)
        figure.axes[0].legend(frameon=False, fontsize="small", labelcolor=ON_WHITE.ink)
        figure.axes[0].set_title(_TITLES[panel], loc="left", color=ON_WHITE.ink, fontsize="medium")
        figure.savefig(buffer, format="png", dpi=160, facecolor="white")
    return buffer.getvalue()


def _lines(curve: Curve, panel: Panel) -> list[tuple[str, list[tuple[int, float]]]]:
    """The lines of one curve in one panel, each a style and its known, finite points."""
    fields = {"loss": (("train_loss", "--"), ("val_loss", "-")), "recall": (("recall10", "-"),)}
    return [
        (
            style,
            [
                (point.epoch, value)
                for point in curve.points
                if (value := getattr(point, field)) is not None and math.isfinite(value)
            ],
        )
        for field, style in fields[panel]
    ]


def _drawable(curves: Sequence[Curve], panel: Panel) -> bool:
    return any(points for curve in curves for _, points in _lines(curve, panel))


def _draw(curves: Sequence[Curve], panel: Panel, palette: Palette) -> "Figure":
    """Draw on a figure of its own: pyplot's global state is not safe in a web server's threads."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(5.0, 2.9), layout="constrained")
    axes = figure.subplots()
    for position, curve in enumerate(curves):
        _plot(axes, curve, panel, palette.series[position % len(palette.series)])
    tidy(axes, palette)
    axes.set_xlabel("epoch", color=palette.ink)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    return figure


def _plot(axes: "Axes", curve: Curve, panel: Panel, colour: str) -> None:
    for line, points in _lines(curve, panel):
        if not points:
            continue
        thin = line == "--"
        axes.plot(
            *zip(*points, strict=True),
            line,
            color=colour,
            lw=1.1 if thin else 1.9,
            # A lone point draws no line.
            marker="o" if len(points) == 1 else "",
            ms=3.5,
            label=f"{curve.name}, training" if thin else curve.name,
        )
        if not thin:
            for kept in (point for point in points if point[0] == curve.best_epoch):
                axes.plot(*kept, "o", color=colour, ms=5.5)
