"""Ways to frame one photograph, so that a padded or slightly cropped copy of it is recognised.

What belongs here: the windows, and the fingerprint of what each shows. What does not: comparing
fingerprints (``duplicates``) or pixels (``look``).

A perceptual hash moves with the frame: a tenth of white border changes a third of its bits. So
each photograph is hashed whole, without its plain border, and with a little less than that; of
two copies, one of the windows of either shows the same.
"""

from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from vlclip_dagster.images.phash import SIDE, is_degenerate, phash_luma

# A line of pixels is plain while its grey levels span less than this; JPEG noise spans ten.
PLAIN = 28
# Border that leaves less than this share of a side is no border but the picture.
LEAST_SHARE = 0.25
# Shares cut from each side of what the border leaves; shops crop by one to three in a hundred.
CUTS = (0.0, 0.015, 0.03)
FRAMES = 1 + len(CUTS)
TINT_SIDE = 64


class Window(NamedTuple):
    """A part of a picture, in pixels."""

    left: int
    top: int
    right: int
    bottom: int

    def of(self, pixels: np.ndarray) -> np.ndarray:
        """The part of (height, width, ...) ``pixels``, as a view."""
        return pixels[self.top : self.bottom, self.left : self.right]


class Prints(NamedTuple):
    """Fingerprints of one photograph in all its windows.

    Attributes:
        hashes: perceptual hash of each window, the whole picture first.
        tints: mean CIE Lab colour of each window, three numbers a window.
        degenerate: whether the first hash says too little to group by (a blank picture).
    """

    hashes: tuple[int, ...]
    tints: tuple[float, ...]
    degenerate: bool


def prints(pixels: np.ndarray) -> Prints:
    """Fingerprints of an (h, w, 3) uint8 sRGB picture; the first hash is its plain pHash."""
    grey = Image.fromarray(pixels).convert("L")
    frames = windows(np.asarray(grey))
    size = (SIDE, SIDE)
    seen = [grey.resize(size, Image.Resampling.LANCZOS, box=frame) for frame in frames]
    thumbnails = np.stack([np.asarray(image) for image in seen])
    hashes = tuple(int(value) for value in phash_luma(thumbnails))
    return Prints(hashes, _tints(pixels, frames), is_degenerate(thumbnails[0]))


def framed(pixels: np.ndarray) -> list[np.ndarray]:
    """What each window of an (h, w, 3) uint8 picture shows, as views, the whole first."""
    grey = np.asarray(Image.fromarray(pixels).convert("L"))
    return [window.of(pixels) for window in windows(grey)]


def windows(grey: np.ndarray) -> list[Window]:
    """The ``FRAMES`` windows of an (h, w) uint8 grey picture, the whole first."""
    height, width = grey.shape
    inner = _without_border(grey)
    across, down = inner.right - inner.left, inner.bottom - inner.top
    cuts = [(round(cut * across), round(cut * down)) for cut in CUTS]
    return [Window(0, 0, width, height)] + [
        Window(inner.left + x, inner.top + y, inner.right - x, inner.bottom - y) for x, y in cuts
    ]


def _without_border(grey: np.ndarray) -> Window:
    """The picture without plain lines at its edges; all of it where little else would be left."""
    height, width = grey.shape
    top, bottom = _busy(grey, axis=1)
    left, right = _busy(grey[top:bottom], axis=0)
    # With the plain columns gone, rows may be plain that crossed a border of another colour.
    upper, lower = _busy(grey[top:bottom, left:right], axis=1)
    top, bottom = top + upper, top + lower
    if bottom - top < LEAST_SHARE * height or right - left < LEAST_SHARE * width:
        return Window(0, 0, width, height)
    return Window(left, top, right, bottom)


def _busy(grey: np.ndarray, axis: int) -> tuple[int, int]:
    """From the first to behind the last line that is not plain; all lines if every one is."""
    spread = grey.max(axis=axis).astype(np.int16) - grey.min(axis=axis)
    busy = np.flatnonzero(spread >= PLAIN)
    return (int(busy[0]), int(busy[-1]) + 1) if len(busy) else (0, len(spread))


def _tints(pixels: np.ndarray, frames: list[Window]) -> tuple[float, ...]:
    height, width = pixels.shape[:2]
    small = cv2.resize(pixels, (TINT_SIDE, TINT_SIDE), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB)
    means = []
    for frame in frames:
        left, right = frame.left * TINT_SIDE // width, -(-frame.right * TINT_SIDE // width)
        top, bottom = frame.top * TINT_SIDE // height, -(-frame.bottom * TINT_SIDE // height)
        means += lab[top:bottom, left:right].mean(axis=(0, 1)).tolist()
    return tuple(round(value, 2) for value in means)
