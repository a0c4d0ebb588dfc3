"""The one canvas that a detector sees every photograph on.

What belongs here: fitting photographs to the canvas, and boxes back. What does not: the model.

Padding moves the boxes of these models. With a canvas of one size, filled from its top left
corner, a result never depends on the photographs that happen to share a batch.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from vlclip_dagster.grounding.types import Box

if TYPE_CHECKING:
    import torch


class Canvas:
    """A square canvas, and the pixel values that a checkpoint expects of it.

    Args:
        processor: the checkpoint's image processor, for its size, mean and deviation.
        masked: whether the model is told where the photograph ends; its boxes are then shares
            of the photograph, and padding is zero after normalisation. Otherwise boxes are
            shares of the canvas, and padding is black.
    """

    def __init__(self, processor: Any, *, masked: bool) -> None:
        size: Mapping[str, int] = dict(processor.size)
        self.side = size.get("height") or size["shortest_edge"]
        self._mean, self._deviation = processor.image_mean, processor.image_std
        self._masked = masked

    def inputs(
        self, images: Sequence[np.ndarray], device: str, dtype: "torch.dtype"
    ) -> dict[str, "torch.Tensor"]:
        """What the model takes for (h, w, 3) uint8 RGB images, on its device.

        Returns:
            ``pixel_values`` (n, 3, side, side), and ``pixel_mask`` (n, side, side) if masked.
        """
        import torch

        canvases = np.zeros((len(images), self.side, self.side, 3), dtype=np.uint8)
        mask = torch.zeros(canvases.shape[:3], dtype=torch.int64)
        for at, image in enumerate(images):
            width, height = self._fit(image)
            canvases[at, :height, :width] = _resized(image, (width, height))
            mask[at, :height, :width] = 1
        # Bytes travel to the device, and become numbers there.
        pixels = torch.from_numpy(canvases).to(device).permute(0, 3, 1, 2).float()
        mean, deviation = (
            255 * torch.tensor(values, device=device).view(3, 1, 1)
            for values in (self._mean, self._deviation)
        )
        pixels = pixels.sub_(mean).div_(deviation)
        if not self._masked:
            return {"pixel_values": pixels.to(dtype)}
        mask = mask.to(device)
        return {"pixel_values": pixels.mul_(mask[:, None]).to(dtype), "pixel_mask": mask}

    def box(self, predicted: np.ndarray, image: np.ndarray) -> Box:
        """A predicted (cx, cy, w, h) as a box in pixels of the photograph."""
        height, width = image.shape[:2]
        shown = self._fit(image) if self._masked else (self.side, self.side)
        scale = width / self._fit(image)[0], height / self._fit(image)[1]
        cx, w = (float(predicted[at]) * shown[0] * scale[0] for at in (0, 2))
        cy, h = (float(predicted[at]) * shown[1] * scale[1] for at in (1, 3))
        return Box(cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2).clipped(width, height)

    def _fit(self, image: np.ndarray) -> tuple[int, int]:
        """Width and height of the photograph on the canvas, its proportions kept."""
        height, width = image.shape[:2]
        scale = self.side / max(height, width)
        return max(1, round(width * scale)), max(1, round(height * scale))


def _resized(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if (image.shape[1], image.shape[0]) == size:
        return image
    shrinks = size[0] < image.shape[1]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
