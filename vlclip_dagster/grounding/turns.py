"""Asking for a product by each of its names in turn.

What belongs here: which names are tried for which photograph. What does not: where the names
come from (``prompt``), and detectors.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vlclip_dagster.grounding.types import Detection, Grounder

# A detection as sure as this ends the search. Not the threshold, which may change afterwards
# without detecting again.
SURE = 0.5


def detect_in_turn(
    grounder: Grounder, images: Sequence[np.ndarray], prompts: Sequence[str]
) -> list[Detection]:
    """The best detection per (h, w, 3) uint8 RGB image over ``prompts``, tried in order.

    An image is not asked about again once a detection is ``SURE``.
    """
    best: list[Detection | None] = [None] * len(images)
    for prompt in prompts:
        asked = [at for at, known in enumerate(best) if known is None or not known.score >= SURE]
        found = grounder.detect([images[at] for at in asked], [prompt] * len(asked))
        for at, detection in zip(asked, found, strict=True):
            named = replace(detection, found_by=detection.found_by or prompt)
            best[at] = max(best[at] or named, named, key=lambda one: one.score)
    return [detection for detection in best if detection is not None]
