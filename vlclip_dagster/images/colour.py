"""Colour signatures: what a perceptual hash does not see.

What belongs here: the signature and the distance between two of them. What does not: the
decision which photographs are duplicates (``duplicates``).

pHash looks at luminance only, so a red and a green shirt of one cut share a hash. The signature
is the mean CIE Lab colour of each cell of a 8 x 8 grid over the photograph. Two copies of one
photograph differ by a unit or two in any cell, whatever their size or JPEG quality; a colour
variant differs in every cell that its garment covers. So the distance is the colour difference
of the cells that differ most, and a white background cannot dilute it.
"""

from collections.abc import Sequence

import cv2
import numpy as np

GRID = 8
SIDE = 8 * GRID
DIMENSIONS = GRID * GRID * 3

# The distance averages this many of the most different cells: few, since two variants may
# differ in a waistband only.
STRONGEST = 2


def lab_miniature(pixels: np.ndarray) -> np.ndarray:
    """An (h, w, 3) uint8 sRGB picture as (``SIDE``, ``SIDE``, 3) float32 CIE Lab."""
    small = cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB))


def colour_signature(miniature: np.ndarray) -> tuple[float, ...]:
    """Mean Lab colour per grid cell of a ``lab_miniature``, row by row.

    Returns ``DIMENSIONS`` numbers in CIE Lab units, rounded to 1/100 so that they survive
    float32 storage unchanged in meaning.
    """
    cell = SIDE // GRID
    means = miniature.reshape(GRID, cell, GRID, cell, 3).mean(axis=(1, 3), dtype=np.float64)
    return tuple(means.reshape(-1).round(2).tolist())


def colour_distances(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Distances between paired signatures, (n, DIMENSIONS) each, as (n,) in Lab units.

    The mean CIE76 difference of the ``STRONGEST`` most different cells.
    """
    shape = (-1, GRID * GRID, 3)
    cells = np.linalg.norm(left.reshape(shape) - right.reshape(shape), axis=2)
    strongest = np.partition(cells, -STRONGEST, axis=1)[:, -STRONGEST:]
    return np.asarray(strongest.mean(axis=1))


def distance(left: Sequence[float], right: Sequence[float]) -> float:
    """Distance between two signatures in Lab units; see ``colour_distances``."""
    pair = np.asarray([left, right], dtype=np.float32)
    return float(colour_distances(pair[:1], pair[1:])[0])


def perceived_differences(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """CIE94 colour differences (CIE 116, 1995) of paired Lab colours, (..., 3) each, as (...).

    What JPEG does to a saturated colour is large in Lab and hardly seen; a shade of beige is the
    reverse. This measure is to the eye as Lab's own is not.
    """
    chroma, other_chroma = (np.hypot(lab[..., 1], lab[..., 2]) for lab in (one, other))
    between = np.sqrt(chroma * other_chroma)
    apart = one - other
    purer = chroma - other_chroma
    hue = np.maximum(apart[..., 1] ** 2 + apart[..., 2] ** 2 - purer**2, 0)
    return np.asarray(
        np.sqrt(
            apart[..., 0] ** 2
            + (purer / (1 + 0.045 * between)) ** 2
            + hue / (1 + 0.015 * between) ** 2
        )
    )
