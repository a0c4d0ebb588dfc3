"""From photograph bytes to the pixels a model sees: one function for training and serving.

Bump ``PREPROCESS_VERSION`` when the pixels change: a checkpoint is only valid with the
preprocessing it was trained with.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import cv2
import numpy as np

from vlclip_dagster.errors import VlclipError

PREPROCESS_VERSION = 1
Image = bytes | np.ndarray
ResizeMode = Literal["squash", "longest", "shortest"]


@dataclass(frozen=True)
class Preprocess:
    """How an image becomes a square model input; stored in open_clip's ``preprocess_cfg``.

    Args:
        size: side of the square in pixels.
        mean: mean of each RGB channel, on a scale of 0 to 1.
        std: standard deviation of each channel.
        resize_mode: ``squash`` stretches the image to the square, ``longest`` letterboxes it,
            ``shortest`` crops its centre.
        fill_color: grey value of the letterbox, 0 to 255.
    """

    size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    resize_mode: ResizeMode = "squash"
    fill_color: int = 255

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Preprocess":
        """Read open_clip's ``preprocess_cfg``; a size may be a number or (height, width)."""
        size = config["size"]
        return cls(
            size=size if isinstance(size, int) else int(size[0]),
            mean=tuple(config["mean"]),
            std=tuple(config["std"]),
            resize_mode=config.get("resize_mode", "shortest"),
            fill_color=config.get("fill_color", 0),
        )

    def to_config(self) -> dict[str, Any]:
        """Give open_clip's ``preprocess_cfg``."""
        return {**asdict(self), "mode": "RGB", "interpolation": "bicubic"}

    def pixels(self, images: Sequence[Image], size: int | None = None) -> np.ndarray:
        """Decode and resize ``images`` to (n, size, size, 3) uint8 RGB.

        Raises:
            VlclipError: bytes that are no readable image.
        """
        side = size or self.size
        pixels = np.empty((len(images), side, side, 3), dtype=np.uint8)
        for row, image in zip(pixels, images, strict=True):
            row[...] = self._fit(decode(image), side)
        return pixels

    def normalise(self, pixels: np.ndarray) -> np.ndarray:
        """Turn (n, s, s, 3) uint8 into the model's (n, 3, s, s) float32."""
        scale = (1 / 255 / np.array(self.std)).astype(np.float32)
        shift = (np.array(self.mean) / np.array(self.std)).astype(np.float32)
        return np.ascontiguousarray((pixels * scale - shift).transpose(0, 3, 1, 2))

    def _fit(self, image: np.ndarray, side: int) -> np.ndarray:
        height, width = image.shape[:2]
        if self.resize_mode == "squash":
            return _resize(image, side, side)
        outer = self.resize_mode == "longest"
        scale = side / (max if outer else min)(height, width)
        fitted = _resize(image, max(1, round(width * scale)), max(1, round(height * scale)))
        if not outer:
            return _centre(fitted, side)
        canvas = np.full((side, side, 3), self.fill_color, dtype=np.uint8)
        top, left = (side - fitted.shape[0]) // 2, (side - fitted.shape[1]) // 2
        canvas[top : top + fitted.shape[0], left : left + fitted.shape[1]] = fitted
        return canvas


def decode(image: Image) -> np.ndarray:
    """Give the (h, w, 3) uint8 RGB pixels of encoded bytes; an array passes through.

    Raises:
        VlclipError: the bytes are no readable image, or the array is not RGB.
    """
    if isinstance(image, np.ndarray):
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise VlclipError(
                f"an image array must be (height, width, 3) uint8 RGB, not {image.shape}"
                f" {image.dtype}; convert it first"
            )
        return image
    data = np.frombuffer(image, dtype=np.uint8)
    pixels = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB) if len(data) else None
    if pixels is None:
        raise VlclipError(
            f"{len(data)} bytes given as an image are no readable photograph; check the file"
        )
    return pixels


def _resize(image: np.ndarray, width: int, height: int) -> np.ndarray:
    shrinks = width <= image.shape[1] and height <= image.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image, (width, height), interpolation=method)


def _centre(image: np.ndarray, side: int) -> np.ndarray:
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    return image[top : top + side, left : left + side]
