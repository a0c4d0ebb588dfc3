"""The best box of a picture, out of all boxes on a coarse grid.

What belongs here: where products lie in photographs, and the search. What does not: which cells
speak for the product (``scene``).

Every box is scored by the evidence inside it, read off an integral image, as in efficient
subwindow search (Lampert, Blaschko, Hofmann, CVPR 2008); a coarse grid has so few boxes that
all of them are tried.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from vlclip_dagster.grounding.types import Box

# A product covers about this share of its photograph; deviation of the share's logarithm.
AREA, AREA_SPREAD = 0.4, 1.0
# Where its middle is, across and down; what stands on something has more room above it.
MIDDLE, MIDDLE_SPREAD = (0.5, 0.54), (0.2, 0.13)
# Deviation of the logarithm of width over height.
ASPECT_SPREAD = 0.5
# How much evidence counts against where products usually lie.
EVIDENCE = 12.0
# A box has at least this many cells on each side.
LEAST_CELLS = 3


class _Boxes(NamedTuple):
    """All boxes of a grid: those of ``y0, y1`` times those of ``x0, x1``, with their prior."""

    y0: np.ndarray
    y1: np.ndarray
    x0: np.ndarray
    x1: np.ndarray
    prior: np.ndarray


def best_box(evidence: np.ndarray, aspect: float | None) -> Box:
    """The box with the most evidence inside, weighed against where products usually lie.

    Args:
        evidence: (rows, columns), positive where a cell speaks for the product.
        aspect: usual width over height of this kind of product, None if it has none.

    Returns:
        A box in cells.
    """
    rows, columns = evidence.shape
    boxes = _boxes(rows, columns, aspect)
    sums = np.zeros((rows + 1, columns + 1), dtype=np.float32)
    sums[1:, 1:] = evidence.cumsum(axis=0).cumsum(axis=1)
    bands = sums[boxes.y1] - sums[boxes.y0]
    inside = bands[:, boxes.x1] - bands[:, boxes.x0]
    best = int((EVIDENCE / evidence.size * inside + boxes.prior).argmax())
    down, across = divmod(best, len(boxes.x0))
    return Box(
        int(boxes.x0[across]), int(boxes.y0[down]), int(boxes.x1[across]), int(boxes.y1[down])
    )


@lru_cache(maxsize=64)
def _boxes(rows: int, columns: int, aspect: float | None) -> _Boxes:
    """The boxes of a grid, and (down, across) the log of how usual each is."""
    y0, y1 = _spans(rows)
    x0, x1 = _spans(columns)
    width, height = (x1 - x0) / columns, ((y1 - y0) / rows)[:, None]
    prior = _unlikely((x0 + x1) / (2 * columns), MIDDLE[0], MIDDLE_SPREAD[0])
    prior = prior + _unlikely((y0 + y1) / (2 * rows), MIDDLE[1], MIDDLE_SPREAD[1])[:, None]
    prior = prior + _unlikely(np.log(width * height), np.log(AREA), AREA_SPREAD)
    if aspect is not None:
        shape = np.log((x1 - x0) / (y1 - y0)[:, None])
        prior = prior + _unlikely(shape, np.log(aspect), ASPECT_SPREAD)
    return _Boxes(y0, y1, x0, x1, prior.astype(np.float32))


def _spans(cells: int) -> tuple[np.ndarray, np.ndarray]:
    """First and last edge of every stretch of cells that is long enough."""
    first, last = np.triu_indices(cells + 1, min(LEAST_CELLS, cells))
    return first, last


def _unlikely(value: np.ndarray, usual: float, spread: float) -> np.ndarray:
    """Log of a normal density, without its constant."""
    return -(((value - usual) / spread) ** 2) / 2
