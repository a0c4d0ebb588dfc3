"""The embedded grounder: finds what a product photograph is of, without any weights.

What belongs here: choosing between backdrop and scene, one box, an honest score. What does not:
the cues themselves (``backdrop``, ``cues``, ``scene``).
"""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from vlclip_dagster.grounding.backdrop import Backdrop, fit_backdrop
from vlclip_dagster.grounding.cues import salience
from vlclip_dagster.grounding.packshot import PACKSHOT_PX, PLAIN_SHARE
from vlclip_dagster.grounding.regions import bounds, regions
from vlclip_dagster.grounding.scene import find_product
from vlclip_dagster.grounding.shapes import usual_aspect
from vlclip_dagster.grounding.types import Detection
from vlclip_dagster.grounding.working import in_photograph, lab_of
from vlclip_dagster.grounding.worn import garment, is_garment

SCENE_PX = 160
CELL_PX = 12

# From PLAIN_SHARE of a border on, the photograph is taken for a packshot; from this share on for
# a border as even as only a studio makes it: the product may touch it.
CLEAN_SHARE = 0.75
CLEAN_NOISE = 0.6
# A product covers at least this share of a packshot.
LEAST_SHARE = 0.01


class SaliencyGrounder:
    """Finds the most product-like region of each photograph.

    A plain border is taken for the backdrop of a packshot, and what differs from it for the
    product. Any other photograph is a scene: robust background detection proposes, then box and
    colours explain each other. Of the prompt only this is understood: whether it names something
    wide or tall, or something worn, and above or below the waist; then a person on a backdrop is
    cut to the garment in the middle.

    The score says how far the product's colours differ from the rest, on a scale on which a
    threshold of 0.35 keeps the whole photograph where it is a guess.
    """

    fingerprint = "saliency-4"

    def detect(self, images: Sequence[np.ndarray], prompts: Sequence[str]) -> list[Detection]:
        """The best region per (h, w, 3) uint8 RGB image and its prompt."""
        return [_detect(image, prompt) for image, prompt in zip(images, prompts, strict=True)]


def _detect(image: np.ndarray, prompt: str) -> Detection:
    """Packshot first: its answer is exact, cheap, and says when it does not apply."""
    large = lab_of(image, PACKSHOT_PX)
    backdrop = fit_backdrop(large)
    if _is_packshot(backdrop):
        found = _packshot(large, backdrop, prompt)
        if found is not None:
            return _scaled(found, image, large)
    shrink = SCENE_PX / PACKSHOT_PX
    small = cv2.resize(large, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    found = find_product(small, salience(small, CELL_PX), usual_aspect(prompt))
    return _scaled(found, image, small)


def _is_packshot(backdrop: Backdrop) -> bool:
    """A border that is plain nearly everywhere, or partly and without a trace of texture."""
    clean = backdrop.noise < CLEAN_NOISE
    if clean and backdrop.studio:
        return True
    return backdrop.plain >= (CLEAN_SHARE if clean else PLAIN_SHARE)


def _packshot(lab: np.ndarray, backdrop: Backdrop, prompt: str) -> Detection | None:
    """What differs from the backdrop; None where nothing does."""
    parts = regions(backdrop.product())
    if sum(parts.areas) < LEAST_SHARE * lab.shape[0] * lab.shape[1]:
        return None
    product = np.isin(parts.labels, parts.ids)
    firm = product & ~backdrop.shadow()
    if is_garment(prompt):
        firm &= garment(lab, product, prompt)
    if not firm.any():
        return None
    return Detection(bounds(firm), round(0.5 + 0.5 * backdrop.plain, 4))


def _scaled(found: Detection, image: np.ndarray, working: np.ndarray) -> Detection:
    """The detection in pixels of the photograph."""
    if found.box is None:
        return found
    return replace(found, box=in_photograph(found.box, image, working))
