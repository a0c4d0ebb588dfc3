"""Photographs made small enough for a page, with or without their box.

What belongs here: encoded bytes in, encoded bytes out. What does not: where photographs come from,
and how they are laid out.
"""

import cv2
import numpy as np

EDGE = 240
_QUALITY = 82
# BGR of the page's accent; the white line under it keeps it visible on dark photographs.
_ACCENT = (99, 110, 11)


def thumbnail(image: bytes, edge: int = EDGE) -> bytes | None:
    """Shrink an encoded picture to at most ``edge`` pixels a side, as JPEG; None if unreadable."""
    pixels = _decode(image)
    return None if pixels is None else _encode(_shrink(pixels, edge)[0])


def boxed(image: bytes, box: tuple[float, float, float, float], edge: int = EDGE) -> bytes | None:
    """A thumbnail with ``box`` drawn on it; None if the picture is unreadable.

    Args:
        image: encoded picture.
        box: x0, y0, x1, y1 in pixels of ``image``.
        edge: longest side of the result in pixels.
    """
    pixels = _decode(image)
    if pixels is None:
        return None
    small, scale = _shrink(pixels, edge)
    x0, y0, x1, y1 = (round(value * scale) for value in box)
    for colour, width in (((255, 255, 255), 4), (_ACCENT, 2)):
        cv2.rectangle(small, (x0, y0), (x1 - 1, y1 - 1), colour, width)
    return _encode(small)


def _decode(image: bytes) -> np.ndarray | None:
    if not image:
        return None
    return cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR)


def _shrink(pixels: np.ndarray, edge: int) -> tuple[np.ndarray, float]:
    """``pixels`` at most ``edge`` a side, never enlarged, and the factor applied."""
    height, width = pixels.shape[:2]
    scale = min(1.0, edge / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), scale


def _encode(pixels: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
