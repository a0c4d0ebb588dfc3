"""The small Lab picture that the embedded cues work on, and the way back.

What belongs here: sizes and colour spaces. What does not: cues.
"""

import cv2
import numpy as np

from vlclip_dagster.grounding.types import Box

# From OpenCV's eight-bit Lab to CIE Lab.
LAB_SHIFT = (0, 128, 128)
LAB_SCALE = (100 / 255, 1, 1)


def lab_of(image: np.ndarray, longest: int) -> np.ndarray:
    """CIE Lab float32 of an (h, w, 3) 8-bit RGB picture, its longest side ``longest``."""
    scale = longest / max(image.shape[:2])
    size = (max(16, round(image.shape[1] * scale)), max(16, round(image.shape[0] * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    # Eight bits per channel resolve Lab finely enough here, and convert ten times as fast.
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32)
    factor, shift = np.array(LAB_SCALE, dtype=np.float32), np.array(LAB_SHIFT, dtype=np.float32)
    return (lab - shift) * factor


def in_photograph(box: Box, image: np.ndarray, working: np.ndarray) -> Box:
    """A box of the working picture in pixels of the photograph."""
    across, down = image.shape[1] / working.shape[1], image.shape[0] / working.shape[0]
    return Box(box.x0 * across, box.y0 * down, box.x1 * across, box.y1 * down)
