"""Training curves like the paper's Figure 4, as SVG for the report and PNG for a dashboard.

What belongs here: the value of a curve and how it is drawn. matplotlib is imported where it is
used, since it takes about as long to load as the whole code location.
"""

import io
import math
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Panel = Literal["loss", "recall"]
_TITLES: dict[Panel, str] = {"loss": "Loss", "recall": "Recall@10 on validation"}


@dataclass(frozen=True)
class _Palette:
    ink: str
    rule: str
    series: tuple[str, ...]


_ON_WHITE = _Palette("#5b6068", "#dddbd5", ("#0b6e63", "#b7791f", "#8c5a9e", "#4a6fa5"))
# Stand-ins that become the page's own variables, so that one drawing serves light and dark.
_STAND_INS = _Palette("#010204", "#010205", ("#010211", "#010212", "#010213", "#010214"))
_ON_PAGE = _Palette("var(--quiet)", "var(--rule)", tuple(f"var(--series-{i})" for i in range(1, 5)))


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
    with _style(panel):
        figure = _draw(curves, panel, _STAND_INS)
        figure.savefig(buffer, format="svg", transparent=True, metadata=blank)
    return _inline(buffer.getvalue(), panel)


def curve_png(curves: Sequence[Curve], panel: Panel) -> bytes:
    """Draw one panel as a PNG on white, at 160 dpi; empty when there is nothing to draw."""
    if not _drawable(curves, panel):
        return b""
    buffer = io.BytesIO()
    with _style(panel):
        figure = _draw(curves, panel, _ON_WHITE)
        figure.axes[0].legend(frameon=False, fontsize="small", labelcolor=_ON_WHITE.ink)
        figure.axes[0].set_title(_TITLES[panel], loc="left", color=_ON_WHITE.ink, fontsize="medium")
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


def _style(panel: Panel) -> AbstractContextManager[None]:
    from matplotlib import rc_context

    return rc_context({"svg.fonttype": "none", "svg.hashsalt": panel, "font.size": 9.0})


def _draw(curves: Sequence[Curve], panel: Panel, palette: _Palette) -> "Figure":
    """Draw on a figure of its own: pyplot's global state is not safe in a web server's threads."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.0, 2.9), layout="constrained")
    axes = figure.subplots()
    for position, curve in enumerate(curves):
        _plot(axes, curve, panel, palette.series[position % len(palette.series)])
    _tidy(axes, palette)
    return figure


def _plot(axes: "Axes", curve: Curve, panel: Panel, colour: str) -> None:
    for style, points in _lines(curve, panel):
        if not points:
            continue
        thin = style == "--"
        axes.plot(
            *zip(*points, strict=True),
            style,
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


def _tidy(axes: "Axes", palette: _Palette) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.patch.set_alpha(0.0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(palette.rule)
    axes.grid(axis="y", color=palette.rule, lw=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(colors=palette.ink, length=0, pad=6)
    axes.set_xlabel("epoch", color=palette.ink)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
    axes.margins(x=0.02, y=0.08)


def _inline(svg: str, panel: Panel) -> str:
    """Make a standalone SVG file fit to stand in an HTML page beside others."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<(metadata|style)\b.*?</\1>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"| (?:width|height)="[\d.]+pt"', "", svg)
    # Two drawings on one page must not share ids.
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{panel}-", svg)
    pairs = zip(
        (_STAND_INS.ink, _STAND_INS.rule, *_STAND_INS.series),
        (_ON_PAGE.ink, _ON_PAGE.rule, *_ON_PAGE.series),
        strict=True,
    )
    for stand_in, colour in pairs:
        svg = svg.replace(stand_in, colour)
    return svg.replace("<svg", '<svg role="img"', 1)
