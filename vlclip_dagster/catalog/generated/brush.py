"""The calls with which a product is drawn, in its own units.

``Brush`` is what a drawing is handed; a ``Ruler`` answers the same calls and only measures, and
``Shifted`` draws the second one of a pair. What does not belong here: pixels (``pen``).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np

from vlclip_dagster.catalog.generated.geometry import Points, moved
from vlclip_dagster.catalog.generated.palette import Rgb, toned
from vlclip_dagster.catalog.generated.surface import Surface


@dataclass(frozen=True)
class Decal:
    """A motif printed once on a part: where its centre lies and how wide it is, in units."""

    motif: str
    x: float
    y: float
    width: float
    first: Rgb
    second: Rgb
    seed: int


@dataclass(frozen=True)
class Form:
    """How a part is shaped and lit.

    Attributes:
        turn: degrees by which the surface is rotated with the part (a sleeve's angle).
        bulge: width of the rounded edge in units; half the part's width makes a cylinder.
        puff: how high that edge rises; below zero it is a dent.
        drop: strength of the shadow it throws on what is already painted.
        tone: brightness factor (an inside in the shade is below 1).
        folds: a relief other than the material's own.
        fold_gain: factor on the height of the folds.
        decal: a motif printed on the part.
    """

    turn: float = 0.0
    bulge: float = 3.0
    puff: float = 1.0
    drop: float = 0.3
    tone: float = 1.0
    folds: str | None = None
    fold_gain: float = 1.0
    decal: Decal | None = None


class Brush(ABC):
    """What a product's drawing needs: filled shapes, lines and stitches."""

    def fill(
        self,
        outline: Points,
        surface: Surface,
        *,
        turn: float = 0.0,
        bulge: float = 3.0,
        puff: float = 1.0,
        drop: float = 0.3,
        tone: float = 1.0,
        folds: str | None = None,
        fold_gain: float = 1.0,
        decal: Decal | None = None,
    ) -> None:
        """Paint a closed (n, 2) outline; the keywords are the fields of :class:`Form`."""
        form = Form(turn, bulge, puff, drop, tone, folds, fold_gain, decal)
        self.paint(outline, surface, form)

    @abstractmethod
    def paint(self, outline: Points, surface: Surface, form: Form) -> None:
        """Paint a closed outline."""

    @abstractmethod
    def line(self, path: Points, rgb: Rgb, width: float, opacity: float = 1.0) -> None:
        """Stroke an open path, ``width`` in units."""

    @abstractmethod
    def stitches(self, path: Points, rgb: Rgb, width: float = 0.35, dash: float = 1.4) -> None:
        """Stroke an open path with dashes of length ``dash`` units."""


class Ruler(Brush):
    """A brush that paints nothing and remembers how far the drawing reached.

    Attributes:
        low: smallest x and y.
        high: largest x and y.
    """

    def __init__(self) -> None:
        self.low = np.full(2, np.inf)
        self.high = np.full(2, -np.inf)

    def paint(self, outline: Points, surface: Surface, form: Form) -> None:
        """Take note of an outline."""
        self._reach(outline, 0.0)

    def line(self, path: Points, rgb: Rgb, width: float, opacity: float = 1.0) -> None:
        """Take note of a path."""
        self._reach(path, width / 2)

    def stitches(self, path: Points, rgb: Rgb, width: float = 0.35, dash: float = 1.4) -> None:
        """Dashes lie on parts that were measured already."""

    def _reach(self, points: Points, margin: float) -> None:
        self.low = np.minimum(self.low, points.min(axis=0) - margin)
        self.high = np.maximum(self.high, points.max(axis=0) + margin)


class Shifted(Brush):
    """Draws with another brush, shifted and, if wished, darker."""

    def __init__(self, brush: Brush, dx: float, dy: float, tone: float = 1.0) -> None:
        self._brush, self._dx, self._dy, self._tone = brush, dx, dy, tone

    def paint(self, outline: Points, surface: Surface, form: Form) -> None:
        """Paint the shifted outline; a placed print stays on the first of the pair."""
        darker = replace(form, tone=form.tone * self._tone, decal=None)
        self._brush.paint(moved(outline, self._dx, self._dy), surface, darker)

    def line(self, path: Points, rgb: Rgb, width: float, opacity: float = 1.0) -> None:
        """Stroke the shifted path."""
        colour = toned(rgb, self._tone)
        self._brush.line(moved(path, self._dx, self._dy), colour, width, opacity)

    def stitches(self, path: Points, rgb: Rgb, width: float = 0.35, dash: float = 1.4) -> None:
        """Dash the shifted path."""
        self._brush.stitches(moved(path, self._dx, self._dy), rgb, width, dash)
