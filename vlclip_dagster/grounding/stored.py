"""A detection as a row of ``grounded_crops``, and back.

What belongs here: the columns that make up a detection. What does not: the table itself.
"""

from collections.abc import Mapping
from typing import Any

from vlclip_dagster.grounding.types import Box, Detection

BOX = ("x0", "y0", "x1", "y1")
DETECTION = (*BOX, "score", "reason", "found_by", "detector_iou")


def detection_of(row: Mapping[str, Any]) -> Detection:
    """The detection that a row was made from, before any threshold."""
    known = {name: row[name] for name in ("score", "found_by", "detector_iou")}
    if row["x0"] is None:
        return Detection(box=None, reason=row["reason"], **known)
    return Detection(box=Box(*(row[side] for side in BOX)), **known)


def columns_of(detection: Detection) -> dict[str, Any]:
    """The columns of a detection but its reason, which the crop's replaces."""
    corners = detection.box.corners if detection.box else (None,) * 4
    return {
        **dict(zip(BOX, corners, strict=True)),
        "score": detection.score,
        "found_by": detection.found_by,
        "detector_iou": detection.detector_iou,
    }
