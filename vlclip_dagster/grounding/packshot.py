"""Photographs of one product on a plain backdrop, cut by their border instead of by a detector.

What belongs here: when the border alone is proof enough, and asking a detector otherwise. What
does not: the model of the backdrop (``backdrop``).

A box that holds the whole product can only differ from the border's by empty backdrop, where
the backdrop runs round all four sides, one thing stands on it, and nobody wears or carries it.
"""

from collections.abc import Sequence

import numpy as np

from vlclip_dagster.grounding.backdrop import fit_backdrop
from vlclip_dagster.grounding.regions import bounds, regions
from vlclip_dagster.grounding.types import Box, Detection, Grounder
from vlclip_dagster.grounding.working import in_photograph, lab_of
from vlclip_dagster.grounding.worn import is_worn, skin

PACKSHOT_PX = 256
BORDER = "border"
# So much of the border must be backdrop.
PLAIN_SHARE = 0.93
# A product covers at least this share of the photograph, so that the rest is not specks.
LEAST_SHARE = 0.03
# The boxes with and without what may be shadow must agree this far.
AGREEMENT = 0.9
# A person, or something of the colours of skin, which only a detector tells apart.
SKIN_SHARE = 0.05


class PackshotFirst:
    """Cuts packshots by their border, and asks another grounder about all other photographs.

    The first packshot of each call is asked about all the same: its detection tells how well
    both agree.

    Args:
        grounder: the one to ask.
    """

    def __init__(self, grounder: Grounder) -> None:
        self._grounder = grounder

    @property
    def fingerprint(self) -> str:
        """Names the rule and the other grounder."""
        return f"packshots-1:{self._grounder.fingerprint}"

    def detect(self, images: Sequence[np.ndarray], prompts: Sequence[str]) -> list[Detection]:
        """The border's box where it is proof enough, else the other grounder's detection."""
        lone = [lone_product(image, prompt) for image, prompt in zip(images, prompts, strict=True)]
        packshots = [at for at, box in enumerate(lone) if box is not None]
        asked = [at for at, box in enumerate(lone) if box is None] + packshots[:1]
        answers = self._grounder.detect([images[at] for at in asked], [prompts[at] for at in asked])
        found = dict(zip(asked, answers, strict=True))
        return [
            found[at] if box is None else _by_border(box, found.get(at))
            for at, box in enumerate(lone)
        ]


def _by_border(box: Box, compared: Detection | None) -> Detection:
    """The border's box, and how well it agrees with what the detector was asked to compare."""
    iou = None
    if compared is not None:
        iou = compared.box.iou(box) if compared.box else 0.0
    return Detection(box, 1.0, found_by=BORDER, detector_iou=iou)


def lone_product(image: np.ndarray, prompt: str) -> Box | None:
    """The box of the one thing on a plain backdrop in an (h, w, 3) uint8 RGB photograph.

    Returns:
        In pixels of the photograph; None where the border proves nothing.
    """
    lab = lab_of(image, PACKSHOT_PX)
    backdrop = fit_backdrop(lab)
    if backdrop.plain < PLAIN_SHARE:
        return None
    product = backdrop.product()
    parts = regions(product)
    if len(parts.ids) != 1 or parts.areas[0] < LEAST_SHARE * product.size:
        return None
    product = parts.labels == parts.ids[0]
    if _touches_border(product):
        return None
    firm = product & ~backdrop.shadow()
    if not firm.any() or bounds(firm).iou(bounds(product)) < AGREEMENT:
        return None
    if np.count_nonzero(product & skin(lab)) > SKIN_SHARE * parts.areas[0]:
        return None
    if is_worn(lab, product, prompt):
        return None
    return in_photograph(bounds(firm), image, lab)


def _touches_border(mask: np.ndarray) -> bool:
    """Whether an (h, w) mask reaches a side of the picture."""
    return bool(mask[[0, -1]].any() or mask[:, [0, -1]].any())
