"""From a mask to the box of one product.

What belongs here: connected regions and their boxes. What does not: making masks.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from vlclip_dagster.grounding.types import Box

# A region this small beside the largest one is a speck, not a part of the product.
SPECK = 0.02

# Parts of one product lie closer together than this share of the picture's longer side.
NEAR = 0.08
# Two of a pair have mean colours closer than this, in Lab units.
ALIKE = 20.0


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


def belonging(parts: Regions, best: int, weights: list[float], lab: np.ndarray) -> list[int]:
    """Labels of the best region and of those that are part of the same product.

    A lamp's base hangs below its shade, a handle above its bag, a shoe lies beside its like.

    Args:
        parts: the regions.
        best: position of the best region.
        weights: how much each region matters.
        lab: (h, w, 3) Lab picture.
    """
    reach = NEAR * max(lab.shape[:2])
    main = parts.boxes[best]
    colour = lab[parts.labels == parts.ids[best]].mean(axis=0)
    labels = [parts.ids[best]]
    for label, box, weight in zip(parts.ids, parts.boxes, weights, strict=True):
        if label == parts.ids[best] or _gap(main, box) > reach:
            continue
        apart = float(np.linalg.norm(lab[parts.labels == label].mean(axis=0) - colour))
        pair = apart < ALIKE and weight > 0.35 * weights[best]
        if pair or (_stacked(main, box) and weight > 0.1 * weights[best]):
            labels.append(label)
    return labels


def _gap(one: Box, other: Box) -> float:
    """Pixels between two boxes, along the axis where they are further apart."""
    across = max(one.x0, other.x0) - min(one.x1, other.x1)
    down = max(one.y0, other.y0) - min(one.y1, other.y1)
    return max(across, down, 0.0)


def _stacked(one: Box, other: Box) -> bool:
    """Whether one box lies above the other."""
    shared = min(one.x1, other.x1) - max(one.x0, other.x0)
    return shared > 0.7 * min(one.x1 - one.x0, other.x1 - other.x0)
