"""Finding the product in a scene, from a rough idea of where it is.

What belongs here: colours that tell a product from what is around it. What does not: the rough
idea (``cues``), where products usually lie (``search``), and plain backdrops (``backdrop``).

A box tells which colours are the product's, and colours tell which box is: both are found in
turn, as GrabCut does (Rother, Kolmogorov, Blake, SIGGRAPH 2004), but with histograms for colours
and all boxes for outlines, which takes a tenth of the time and knows what a product's box
looks like.
"""

import cv2
import numpy as np

from vlclip_dagster.grounding.search import best_box
from vlclip_dagster.grounding.types import Box, Detection

ROUNDS = 3
# Cells along the longer side of the grid that boxes lie on.
GRID = 28
# Sizes of a colour bin in Lab units: lightness, which shading changes, and chroma.
BIN = (10.0, 6.0)
# A colour seen less often than in this share of the picture says little.
RARE = 1e-4
# Colours of which the product has this share speak for it; so do sides of its box.
OWN, SURELY_OWN = 0.63, 0.69
# A side of the box may move this far, as a share of the picture's longer side, to where the
# product's colours end: where they fill less than ENDS of a row or column.
REACH, ENDS = 0.08, 0.03


def find_product(lab: np.ndarray, salience: np.ndarray, aspect: float | None) -> Detection:
    """The product in an (h, w, 3) float32 Lab picture, in its pixels.

    Args:
        lab: the picture, its longest side 100 to 200 pixels.
        salience: how far each part stands out, 0 to 1, at any resolution.
        aspect: usual width over height of this kind of product, None if it has none.
    """
    if not salience.any():
        return Detection(None, 0.0, "nothing stands out")
    height, width = lab.shape[:2]
    colours = _colour_bins(lab)
    weight = cv2.resize(salience.astype(np.float32), (width, height)) ** 2
    for _ in range(ROUNDS):
        own = _own(colours, weight)
        box = _search(own, aspect)
        weight = _window(box, height, width)
    return Detection(_snapped(box, own), _separation(own, box))


def _colour_bins(lab: np.ndarray) -> np.ndarray:
    """(h, w) int: the bin of each pixel's colour."""
    lightness = (lab[..., 0] / BIN[0]).astype(np.int32)
    chroma = ((lab[..., 1:] + 128) / BIN[1]).astype(np.int32)
    across = int(256 / BIN[1]) + 1
    return (lightness * across + chroma[..., 0]) * across + chroma[..., 1]


def _own(colours: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(h, w) how far each pixel's colour is the product's, 0 to 1, product and rest weighed alike.

    ``weight`` (h, w) says how surely each pixel is the product.
    """
    flat, inside = colours.reshape(-1), weight.reshape(-1)
    product = np.bincount(flat, inside) / inside.sum() + RARE
    outside = (1 - inside) * _towards_border(*colours.shape).reshape(-1)
    others = np.bincount(flat, outside) / outside.sum() + RARE
    shares = (product / (product + others)).astype(np.float32)
    return cv2.blur(shares[colours], (5, 5))


def _towards_border(height: int, width: int) -> np.ndarray:
    """(h, w) from 0 in the middle to 1 at the border, where there is only background."""
    down, across = (np.abs(np.linspace(-1, 1, side)) for side in (height, width))
    return np.maximum(down[:, None], across[None])


def _search(own: np.ndarray, aspect: float | None) -> Box:
    """The best box for shares of colours, in pixels."""
    height, width = own.shape
    shrink = GRID / max(height, width)
    size = (max(3, round(width * shrink)), max(3, round(height * shrink)))
    evidence = cv2.resize(_logit(own) - _logit(np.array(OWN)), size, interpolation=cv2.INTER_AREA)
    cells = best_box(evidence, aspect)
    across, down = width / size[0], height / size[1]
    return Box(cells.x0 * across, cells.y0 * down, cells.x1 * across, cells.y1 * down)


def _logit(share: np.ndarray) -> np.ndarray:
    clipped = np.clip(share, 0.02, 0.98).astype(np.float32)
    return np.asarray(np.log(clipped / (1 - clipped)))


def _window(box: Box, height: int, width: int) -> np.ndarray:
    """(h, w) how surely each pixel is the product in ``box``: high in its middle, fading out."""
    across = (np.arange(width) + 0.5 - (box.x0 + box.x1) / 2) * 2 / (box.x1 - box.x0)
    down = (np.arange(height) + 0.5 - (box.y0 + box.y1) / 2) * 2 / (box.y1 - box.y0)
    return np.exp(-(down**4) / 2)[:, None] * np.exp(-(across**4) / 2)


def _snapped(box: Box, own: np.ndarray) -> Box:
    """The box with its sides moved to where the product's colours end nearby."""
    height, width = own.shape
    near = Box(*np.array((-1, -1, 1, 1)) * REACH * max(height, width) + box.corners)
    left, top, right, bottom = (round(side) for side in near.clipped(width, height).corners)
    sure = own[top:bottom, left:right] > SURELY_OWN
    rows = top + np.flatnonzero(sure.mean(axis=1) > ENDS)
    columns = left + np.flatnonzero(sure.mean(axis=0) > ENDS)
    if not len(rows) or not len(columns):
        return box
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def _separation(own: np.ndarray, box: Box) -> float:
    """How far the colours inside the box differ from those outside, 0 to 1."""
    left, top, right, bottom = (round(side) for side in box.corners)
    inside = own[top:bottom, left:right]
    rest = own.size - inside.size
    outside = (float(own.sum()) - float(inside.sum())) / rest if rest else 1.0
    return round(min(1.0, max(0.0, float(inside.mean()) - outside)), 4)
