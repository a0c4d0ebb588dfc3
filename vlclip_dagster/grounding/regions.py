"""From a mask to the box of one product.

What belongs here: connected regions and their boxes. What does not: making masks.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from vlclip_dagster.grounding.types import Box

# A region this small beside the largest one is a speck, not a part of the product.
SPECK = 0.02


@dataclass(frozen=True)
class Regions:
    """Connected regions of a mask, the largest first.

    Attributes:
        labels: (h, w) int32, 0 outside all regions.
        ids: labels of the regions, by falling area.
        areas: their areas in pixels.
        boxes: their boxes in mask pixels.
    """

    labels: np.ndarray
    ids: list[int]
    areas: list[int]
    boxes: list[Box]


def regions(mask: np.ndarray) -> Regions:
    """The 8-connected regions of an (h, w) mask, specks left out."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    order = sorted(range(1, count), key=lambda label: -int(stats[label, cv2.CC_STAT_AREA]))
    if order:
        least = SPECK * stats[order[0], cv2.CC_STAT_AREA]
        order = [label for label in order if stats[label, cv2.CC_STAT_AREA] >= least]
    boxes = []
    for label in order:
        x, y, w, h = (int(value) for value in stats[label, :4])
        boxes.append(Box(x, y, x + w, y + h))
    areas = [int(stats[label, cv2.CC_STAT_AREA]) for label in order]
    return Regions(labels, order, areas, boxes)


def bounds(mask: np.ndarray) -> Box:
    """The box of an (h, w) mask that is not empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
