"""What other score thresholds would do, out of stored boxes and scores: nothing is detected.

What belongs here: shares at each threshold. What does not: pictures of them.
"""

from collections.abc import Sequence

import numpy as np

from vlclip_dagster.grounding.crop import used_box
from vlclip_dagster.grounding.settings import GroundingSettings
from vlclip_dagster.grounding.types import Detection, SweepPoint

THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(21))


def sweep(
    detections: Sequence[Detection],
    sizes: Sequence[tuple[int, int]],
    settings: GroundingSettings,
    thresholds: Sequence[float] = THRESHOLDS,
) -> tuple[SweepPoint, ...]:
    """Accepted share and mean area at each threshold, all else as in ``settings``.

    Args:
        detections: as stored, one per photograph.
        sizes: (width, height) of each photograph in pixels.
        settings: the margin and the least area; their own threshold is not looked at.
        thresholds: from 0 to 1.
    """
    if not detections:
        return ()
    freely = settings.model_copy(update={"threshold": 0.0})
    areas = np.ones(len(detections))
    scores = np.full(len(detections), -1.0)
    for at, (detection, (width, height)) in enumerate(zip(detections, sizes, strict=True)):
        box = used_box(detection, width, height, freely)
        if box is not None:
            areas[at], scores[at] = box.area / (width * height), detection.score
    return tuple(
        SweepPoint(
            threshold,
            float((scores >= threshold).mean()),
            float(np.where(scores >= threshold, areas, 1.0).mean()),
        )
        for threshold in thresholds
    )
