"""Ways to frame one photograph, so that a padded or slightly cropped copy of it is recognised.

What belongs here: the windows, and the fingerprint of what each shows. What does not: comparing
fingerprints (``duplicates``) or pixels (``look``).

A perceptual hash moves with the frame: a tenth of white border changes a third of its bits. So
each photograph is hashed whole, without its plain border, and with a little less than that; of
two copies, one of the windows of either shows the same.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from vlclip_dagster.images.colour import colour_signature, lab_miniature
from vlclip_dagster.images.phash import SIDE, is_degenerate, luma, phash_luma

# A line of pixels is plain while its grey levels span less than this; JPEG noise spans ten.
PLAIN = 28
# Border that leaves less than this share of a side is no border but the picture.
LEAST_SHARE = 0.25
# Shares cut from each side of what the border leaves; shops crop by one to three in a hundred.
CUTS = (0.0, 0.015, 0.03)
FRAMES = 1 + len(CUTS)


class Window(NamedTuple):
    """A part of a picture, in pixels."""

    left: int
    top: int
    right: int
    bottom: int

    def of(self, pixels: np.ndarray) -> np.ndarray:
        """The part of (height, width, ...) ``pixels``, as a view."""
        return pixels[self.top : self.bottom, self.left : self.right]

    def box(self, halved: Image.Image) -> tuple[float, float, float, float]:
        """The part of a picture of half the size, as Pillow wants it."""
        right, bottom = min(self.right / 2, halved.width), min(self.bottom / 2, halved.height)
        return self.left / 2, self.top / 2, right, bottom


class Prints(NamedTuple):
    """Fingerprints of one photograph in all its windows.

    Attributes:
        hashes: perceptual hash of each window, the whole picture first.
        tints: mean CIE Lab colour of each window, three numbers a window.
        colour: colour signature of the whole picture, ``colour.DIMENSIONS`` numbers.
        degenerate: whether the first hash says too little to group by (a blank picture).
    """

    hashes: tuple[int, ...]
    tints: tuple[float, ...]
    colour: tuple[float, ...]
    degenerate: bool


def prints(pixels: np.ndarray) -> Prints:
    """Fingerprints of an (h, w, 3) uint8 sRGB picture; the first hash is its plain pHash."""
    grey = Image.fromarray(pixels).convert("L")
    frames = windows(np.asarray(grey))
    half = grey.reduce(2)
    seen = [luma(grey)] + [
        np.asarray(half.resize((SIDE, SIDE), Image.Resampling.LANCZOS, box=frame.box(half)))
        for frame in frames[1:]
    ]
    miniature = lab_miniature(pixels)
    tints = [value for frame in frames for value in _tint(miniature, frame, pixels)]
    return Prints(
        hashes=tuple(phash_luma(np.stack(seen)).tolist()),
        tints=tuple(round(value, 2) for value in tints),
        colour=colour_signature(miniature),
        degenerate=is_degenerate(seen[0]),
    )


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


def _tint(miniature: np.ndarray, frame: Window, pixels: np.ndarray) -> Sequence[float]:
    """Mean Lab colour of a window of ``pixels``, whose miniature is given."""
    height, width = pixels.shape[:2]
    side = len(miniature)
    left, right = frame.left * side // width, -(-frame.right * side // width)
    top, bottom = frame.top * side // height, -(-frame.bottom * side // height)
    return cv2.mean(miniature[top:bottom, left:right])[:3]
