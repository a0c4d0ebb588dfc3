"""The embedded grounder: finds what a product photograph is of, without any weights.

What belongs here: choosing between backdrop and scene, one box, an honest score. What does not:
the cues themselves (``backdrop``, ``cues``, ``scene``).
"""

from collections.abc import Sequence

import cv2
import numpy as np

from vlclip_dagster.grounding.backdrop import Backdrop, fit_backdrop
from vlclip_dagster.grounding.cues import salience
from vlclip_dagster.grounding.regions import Regions, around, regions
from vlclip_dagster.grounding.scene import outline
from vlclip_dagster.grounding.types import Box, Detection

PACKSHOT_PX = 256
SCENE_PX = 160
CELL_PX = 10

# From this share of a border on, the photograph is taken for a packshot.
PLAIN_SHARE = 0.8
# A product covers at least this share of a packshot.
LEAST_SHARE = 0.01


class SaliencyGrounder:
    """Finds the most product-like region of each photograph; the prompt is not understood.

    A plain border is taken for the backdrop of a packshot, and what differs from it for the
    product. Any other photograph is a scene: robust background detection proposes, GrabCut
    outlines. The score says how clearly the region stands out, on a scale on which a threshold
    of 0.35 keeps the whole photograph where it is a guess.
    """

    fingerprint = "saliency-1"

    def detect(self, images: Sequence[np.ndarray], prompts: Sequence[str]) -> list[Detection]:
        """The best region per (h, w, 3) uint8 RGB image; ``prompts`` are ignored."""
        return [_detect(image) for image in images]


def _detect(image: np.ndarray) -> Detection:
    """Packshot first: its answer is exact, cheap, and says when it does not apply."""
    large = _lab(image, PACKSHOT_PX)
    backdrop = fit_backdrop(large)
    if backdrop.plain >= PLAIN_SHARE:
        found = _packshot(backdrop)
        if found is not None:
            return _scaled(found, image, large)
    shrink = SCENE_PX / PACKSHOT_PX
    small = cv2.resize(large, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    return _scaled(_scene(small), image, small)


def _packshot(backdrop: Backdrop) -> Detection | None:
    """What differs from the backdrop; None where nothing does."""
    mask = backdrop.product()
    parts = regions(mask)
    if sum(parts.areas) < LEAST_SHARE * mask.size:
        return None
    firm = np.isin(parts.labels, parts.ids) & ~backdrop.shadow()
    rows, columns = np.flatnonzero(firm.any(axis=1)), np.flatnonzero(firm.any(axis=0))
    if not len(rows):
        return None
    box = Box(columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    return Detection(box, round(0.5 + 0.5 * backdrop.plain, 4))


def _scene(lab: np.ndarray) -> Detection:
    """What robust background detection and GrabCut agree on."""
    coarse = salience(lab, CELL_PX)
    mask = outline(lab, coarse)
    parts = regions(mask)
    if not parts.ids:
        return Detection(None, 0.0, "nothing stands out")
    return _choose(parts, cv2.resize(coarse, lab.shape[1::-1]))


def _choose(parts: Regions, fine: np.ndarray) -> Detection:
    """The region with the most salience, and those that belong to it."""
    weights = [float(fine[parts.labels == label].sum()) for label in parts.ids]
    best = int(np.argmax(weights))
    together = [i for i, weight in enumerate(weights) if weight >= 0.4 * weights[best]]
    inside = np.isin(parts.labels, [parts.ids[i] for i in together])
    box = around([parts.boxes[i] for i in together])
    score = float(fine[inside].mean() - fine[~inside].mean()) if not inside.all() else 0.0
    return Detection(box, round(max(0.0, min(1.0, score)), 4))


def _lab(image: np.ndarray, longest: int) -> np.ndarray:
    """CIE Lab float32 of an 8-bit RGB picture, brought to the working size."""
    scale = longest / max(image.shape[:2])
    size = (max(16, round(image.shape[1] * scale)), max(16, round(image.shape[0] * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    # Eight bits per channel resolve Lab finely enough here, and convert ten times as fast.
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32)
    return (lab - np.float32((0, 128, 128))) * np.float32((100 / 255, 1, 1))


def _scaled(found: Detection, image: np.ndarray, working: np.ndarray) -> Detection:
    """The detection in pixels of the photograph."""
    if found.box is None:
        return found
    across, down = image.shape[1] / working.shape[1], image.shape[0] / working.shape[0]
    box = found.box
    return Detection(
        Box(box.x0 * across, box.y0 * down, box.x1 * across, box.y1 * down),
        found.score,
        found.reason,
    )
