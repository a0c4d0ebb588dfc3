"""What every grounder speaks.

What belongs here: plain values and the protocol. What does not: any detector.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of the rendition; ``x1`` and ``y1`` are exclusive."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """``x0``, ``y0``, ``x1``, ``y1``."""
        return self.x0, self.y0, self.x1, self.y1

    @property
    def area(self) -> float:
        """Area in square pixels, 0 for an empty box."""
        return max(0.0, self.x1 - self.x0) * max(0.0, self.y1 - self.y0)

    def clipped(self, width: float, height: float) -> "Box":
        """The part of the box that lies in a picture of this size."""
        return Box(
            min(max(self.x0, 0.0), width),
            min(max(self.y0, 0.0), height),
            min(max(self.x1, 0.0), width),
            min(max(self.y1, 0.0), height),
        )

    def grown(self, share: float) -> "Box":
        """The box with ``share`` of its width and height added on each side."""
        across, down = share * (self.x1 - self.x0), share * (self.y1 - self.y0)
        return Box(self.x0 - across, self.y0 - down, self.x1 + across, self.y1 + down)

    def iou(self, other: "Box") -> float:
        """Intersection over union with another box, 0 to 1."""
        shared = Box(
            max(self.x0, other.x0),
            max(self.y0, other.y0),
            min(self.x1, other.x1),
            min(self.y1, other.y1),
        )
        overlap = shared.area if shared.x1 > shared.x0 and shared.y1 > shared.y0 else 0.0
        union = self.area + other.area - overlap
        return overlap / union if union > 0 else 0.0


@dataclass(frozen=True)
class Detection:
    """The best box a grounder found for one photograph, before any threshold.

    Attributes:
        box: in pixels of the photograph, or None where nothing was found.
        score: the grounder's confidence, 0 to 1.
        reason: why there is no box or why it is doubtful, None if there is nothing to say.
        found_by: the prompt that found it, or what did without one; None if not yet known.
        detector_iou: IoU with the detector's box where both were found, to compare them.
    """

    box: Box | None
    score: float
    reason: str | None = None
    found_by: str | None = None
    detector_iou: float | None = None


@dataclass(frozen=True)
class SweepPoint:
    """One threshold: the share of photographs that are cut, and the mean area of all crops.

    Attributes:
        threshold: a box with a lower score is not used.
        accepted: share of photographs that are cut, 0 to 1.
        mean_area: of what is kept, as a share of the photograph; 1 where it is kept whole.
        recall: Recall@10 of a small training on these crops, None where none was made.
    """

    threshold: float
    accepted: float
    mean_area: float
    recall: float | None = None


class Grounder(Protocol):
    """Finds the named product in each photograph."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever a box could change: it is part of the row key."""
        ...

    def detect(self, images: Sequence[np.ndarray], prompts: Sequence[str]) -> list[Detection]:
        """The best detection per image.

        Args:
            images: (height, width, 3) uint8 RGB pictures of any sizes.
            prompts: one per image, as ``prompt.prompt_for`` writes them.
        """
        ...
