"""From a detection to the crop that is embedded.

What belongs here: the rule when a box is used, and the cutting. What does not: detecting. The
rule reads stored boxes and scores, so another threshold means cutting again, not detecting.
"""

import io
from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from PIL import Image

from vlclip_dagster.grounding.settings import GroundingSettings
from vlclip_dagster.grounding.types import Box, Detection

QUALITY = 90


@dataclass(frozen=True)
class Crop:
    """The cut-out product, or the whole photograph.

    Attributes:
        jpeg: the encoded crop.
        box: what was cut, in whole pixels of the photograph.
        accepted: whether the detection was used.
        reason: why the whole photograph was kept, None if it was cut.
        width: of the encoded crop, in pixels.
        height: of the encoded crop, in pixels.
    """

    jpeg: bytes
    box: Box
    accepted: bool
    reason: str | None
    width: int
    height: int


def cut(image: np.ndarray, detection: Detection, settings: GroundingSettings) -> Crop:
    """Cut an (h, w, 3) uint8 RGB photograph to its detection, or keep it whole with a reason.

    The box must reach the threshold and cover the least area (VL-CLIP, section 3.1); the margin
    is added afterwards and never leaves the photograph.
    """
    height, width = image.shape[:2]
    reason = refusal(detection, width, height, settings)
    box = used_box(detection, width, height, settings) or Box(0, 0, width, height)
    picture = Image.fromarray(image[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)])
    picture.thumbnail((settings.crop_px, settings.crop_px), Image.Resampling.LANCZOS)
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG", quality=QUALITY)
    return Crop(encoded.getvalue(), box, reason is None, reason, picture.width, picture.height)


def used_box(
    detection: Detection, width: int, height: int, settings: GroundingSettings
) -> Box | None:
    """What is cut out of a photograph of this size, in whole pixels; None if it is kept whole."""
    if detection.box is None or refusal(detection, width, height, settings) is not None:
        return None
    return _whole_pixels(detection.box.grown(settings.margin).clipped(width, height))


def refusal(
    detection: Detection, width: int, height: int, settings: GroundingSettings
) -> str | None:
    """Why the detection may not be used in a photograph of this size; None if it may."""
    if detection.box is None:
        return detection.reason or "nothing was found"
    if not detection.score >= settings.threshold:  # also refuses what is not a number
        return f"score {detection.score:.2f} is below {settings.threshold:.2f}"
    share = detection.box.clipped(width, height).area / (width * height)
    if not share >= max(settings.min_area_share, 1 / (width * height)):
        return f"the box covers {share:.1%} of the photograph, below {settings.min_area_share:.1%}"
    return None


def _whole_pixels(box: Box) -> Box:
    """The smallest box of whole pixels that holds this one."""
    return Box(floor(box.x0), floor(box.y0), ceil(box.x1), ceil(box.y1))
